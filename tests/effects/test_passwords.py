"""Passwords: asked for on a terminal, never shown, and not waited for where nobody can answer."""

import io
import os
import pty
import subprocess
import sys
import warnings
from getpass import GetPassWarning

import pytest

from relgraph.effects import passwords

ASK = "import sys; from relgraph.effects.passwords import ask; sys.stdout.write(repr(ask('password of key: ')))"


def talk(typed: bytes) -> str:
    """What a terminal shows when somebody types this at the prompt."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", "-c", ASK])
    shown = b""
    asked = False
    while True:
        try:
            data = os.read(terminal, 1024)
        except OSError:  # Linux has it so when the other side is closed
            break
        if not data:
            break
        shown += data
        if not asked and b"password of key: " in shown:
            asked = True
            os.write(terminal, typed)
    os.close(terminal)
    assert os.waitpid(child, 0)[1] == 0
    return shown.decode()


def test_what_is_typed_is_not_shown() -> None:
    shown, _, answer = talk(b"correct horse\n").partition("\r\n")
    assert shown == "password of key: "
    assert answer == "b'correct horse'"


def test_a_password_may_be_of_any_letters_or_none() -> None:
    assert talk("pässwörd\n".encode()).endswith(repr("pässwörd".encode()))
    assert talk(b"\n").endswith("b''")


def test_an_end_instead_of_an_answer_is_none() -> None:
    assert talk(b"\x04").endswith("None")


def nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.effects.passwords.os.path.exists", lambda path: path != "/dev/tty")


@pytest.mark.parametrize("standard_input", [None, io.StringIO("not for you\n")])
def test_without_a_terminal_nobody_is_asked(standard_input: io.StringIO | None, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody_there(monkeypatch)
    monkeypatch.setattr(sys, "stdin", standard_input)
    assert passwords.ask("password: ") is None
    if standard_input is not None:
        assert standard_input.read() == "not for you\n"  # it is data for somebody else


@pytest.mark.parametrize("problem", [EOFError(), OSError(5, "Input/output error")])
def test_a_terminal_that_goes_away_is_no_answer(problem: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(prompt: str) -> str:
        raise problem

    monkeypatch.setattr("relgraph.effects.passwords.os.path.exists", lambda _: True)
    monkeypatch.setattr("relgraph.effects.passwords.getpass.getpass", fail)
    assert passwords.ask("password: ") is None


def test_a_password_that_would_be_shown_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    # /dev/tty is there and belongs to nobody: getpass would read standard input, and warn that it shows what it reads.
    monkeypatch.setattr("relgraph.effects.passwords.os.path.exists", lambda _: True)

    def shown(prompt: str) -> str:
        warnings.warn("Can not control echo on the terminal.", GetPassWarning, stacklevel=2)
        return "seen by all"

    monkeypatch.setattr("relgraph.effects.passwords.getpass.getpass", shown)
    assert passwords.ask("password: ") is None


def test_a_process_without_a_terminal_asks_nobody() -> None:
    # In a session of its own no terminal is its, even where /dev/tty exists.
    done = subprocess.run(
        [sys.executable, "-c", ASK], input=b"not for you\n", capture_output=True, start_new_session=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"None", b"")
