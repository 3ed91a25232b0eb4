import io
import os
from typing import TextIO

import pytest

from relgraph.cli.terminal import Terminal
from relgraph.errors import EnvironmentFailure


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("screen", "variables", "color"),
    [
        (True, {}, True),
        (True, {"TERM": "xterm"}, True),
        (True, {"TERM": "dumb"}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (False, {}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_color_is_for_terminals_and_for_who_asks(screen: bool, variables: dict[str, str], color: bool) -> None:
    assert Terminal(Screen() if screen else io.StringIO(), None, variables).color is color
    assert Terminal(None, Screen() if screen else io.StringIO(), variables).vivid is color


def test_data_and_words_go_different_ways() -> None:
    out, err = io.StringIO(), Screen()
    terminal = Terminal(out, err, {})
    terminal.write("data\n")
    terminal.say("for people")
    terminal.complain("wrong")
    assert (out.getvalue(), err.getvalue()) == ("data\n", "for people\nwrong\n")


def test_where_nobody_looks_nothing_is_said() -> None:
    err = io.StringIO()
    Terminal(io.StringIO(), err, {}).say("for people")
    assert err.getvalue() == ""


def test_no_output_is_a_failure_and_no_error_stream_is_not() -> None:
    terminal = Terminal(None, None, {})
    terminal.complain("into the void")
    with pytest.raises(EnvironmentFailure, match="standard output is closed"):
        terminal.write("data")


def test_a_width_that_nobody_knows_is_a_hundred() -> None:
    assert Terminal(io.StringIO(), None, {}).width == 100
    assert Terminal(Screen(), None, {}).width == 100


class Failing(io.StringIO):
    """A stream that fails in the way that is given, and has no descriptor."""

    def __init__(self, problem: OSError) -> None:
        super().__init__()
        self.problem = problem
        self.tried = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.tried += 1
        raise self.problem


def test_who_has_gone_is_not_written_to_again() -> None:
    out, err = Failing(BrokenPipeError(32, "Broken pipe")), io.StringIO()
    terminal = Terminal(out, err, {})
    terminal.write("one")
    terminal.write("two")
    assert (out.tried, err.getvalue()) == (1, "")


def test_output_that_cannot_be_written_is_a_failure_with_its_reason() -> None:
    terminal = Terminal(Failing(OSError(28, "No space left on device")), None, {})
    with pytest.raises(EnvironmentFailure, match="cannot write to standard output: No space left on device"):
        terminal.write("data")


def test_complaints_that_cannot_be_written_end_nothing() -> None:
    terminal = Terminal(io.StringIO(), Failing(OSError(5, "Input/output error")), {})
    terminal.complain("wrong")
    terminal.progress("half")
    terminal.say("for people")


def test_progress_is_one_line_that_makes_way() -> None:
    out, err = io.StringIO(), Screen()
    terminal = Terminal(out, err, {})
    terminal.progress("reading 1 of 2")
    terminal.progress("reading 2 of 2")
    terminal.write("data\n")
    terminal.complain("wrong")
    clear = "\r\x1b[K"
    assert err.getvalue() == f"{clear}reading 1 of 2{clear}reading 2 of 2{clear}wrong\n"
    assert out.getvalue() == "data\n"


def test_progress_is_for_terminals_only() -> None:
    err = io.StringIO()
    terminal = Terminal(io.StringIO(), err, {})
    terminal.progress("reading")
    terminal.progress("")
    assert err.getvalue() == ""


@pytest.mark.parametrize(("columns", "width"), [(20, 40), (72, 72), (500, 120), (0, 100)])
def test_the_width_is_the_terminal_s_within_reason(columns: int, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.cli.terminal.os.get_terminal_size", lambda _: os.terminal_size((columns, 24)))
    with open(os.devnull, "w") as stream:
        assert Terminal(Wired(stream), None, {}).width == width


class Wired(Screen):
    """A terminal with a descriptor."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def fileno(self) -> int:
        return self._stream.fileno()


class Window(Screen):
    """A terminal whose size changes, and what is seen of it: as terminals that break lines anew where they become narrower."""

    columns = 20

    def fileno(self) -> int:
        return 1


def test_lines_that_are_drawn_again_replace_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    err = Window()
    monkeypatch.setattr(os, "get_terminal_size", lambda _: (err.columns, 24))
    terminal = Terminal(io.StringIO(), err, {"TERM": "xterm"})

    def drawn(*lines: str) -> str:
        before = len(err.getvalue())
        terminal.draw(lines)
        return err.getvalue()[before:]

    assert drawn("one", "\x1b[32mtwo\x1b[0m") == "\r\x1b[Kone\n\x1b[K\x1b[32mtwo\x1b[0m"
    assert drawn("three") == "\x1b[1A\r\x1b[Kthree\n\x1b[K\x1b[1A"
    assert drawn("x" * 18, "y" * 18) == f"\r\x1b[K{'x' * 18}\n\x1b[K{'y' * 18}"
    err.columns = 10  # each takes two rows now
    assert drawn("z") == "\x1b[3A\r\x1b[Kz\n\x1b[K\n\x1b[K\n\x1b[K\x1b[3A"
    assert drawn() == "\r\x1b[K"
    assert drawn() == ""


def test_a_dumb_terminal_is_drawn_nothing_and_told_everything() -> None:
    err = Screen()
    terminal = Terminal(io.StringIO(), err, {"TERM": "dumb"})
    terminal.progress("on the way")
    terminal.say("done")
    assert err.getvalue() == "done\n"
