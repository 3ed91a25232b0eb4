"""The program as a whole: what it prints where, and how it exits."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gitworld import write_world
from relgraph import __version__
from relgraph.cli import main as program
from relgraph.cli.main import main
from relgraph.model.example import Commit

PROGRAM = Path(sys.executable).with_name("relgraph")


def start(*words: str | os.PathLike[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the installed program, as a user would."""
    return subprocess.run(
        [PROGRAM, *words], capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"], **variables}, timeout=60
    )


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return write_world(tmp_path / "clean", [Commit({"README.md": "# nothing to see\n"})])


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_the_version_is_one_line(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 0
    assert capsys.readouterr() == (f"relgraph {__version__}\n", "")


def test_help_is_data() -> None:
    done = start("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == start("help").stdout


@pytest.mark.parametrize("words", [["scan", "--help"], ["help", "scan"], ["scan", "-h", "--nonsense"]])
def test_a_command_explains_itself(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("relgraph scan: find every reference that is wrong")


def test_nothing_asked_is_nothing_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: relgraph COMMAND" in capsys.readouterr().out


def test_a_wrong_command_line_is_two_lines_and_status_2() -> None:
    done = start("scan", "--fromat", "json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "relgraph: error: scan has no option --fromat\nhint: did you mean --format?\n"


def test_a_clean_repository_is_status_0(clean: Path) -> None:
    done = start("scan", clean)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("nothing wrong (")


def test_no_repository_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(tmp_path / "nowhere")]) == 2
    assert "nowhere: no such file or directory" in capsys.readouterr().err


def test_no_git_is_status_3(clean: Path, tmp_path: Path) -> None:
    done = start("scan", clean, PATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("relgraph: error: ")
    assert "Traceback" not in done.stderr


def test_what_the_message_quotes_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["\x1b]0;owned\x07\nscan"]) == 2
    assert capsys.readouterr().err.startswith("relgraph: error: no such command: \\x1b]0;owned\\x07 scan\n")


def fail(monkeypatch: pytest.MonkeyPatch, problem: BaseException) -> None:
    def run(*_: object) -> int:
        raise problem

    monkeypatch.setattr(program, "_run", run)


def test_a_defect_is_reported_as_one_and_shows_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RELGRAPH_DEBUG", raising=False)
    fail(monkeypatch, KeyError("tag"))
    assert main([]) == 3
    assert capsys.readouterr().err == (
        "relgraph: error: internal error: KeyError: 'tag'\n"
        "hint: this is a defect of relgraph; please report it with the output of the same command under RELGRAPH_DEBUG=1\n"
    )


def test_whoever_asks_gets_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("RELGRAPH_DEBUG", "1")
    fail(monkeypatch, KeyError("tag"))
    assert main([]) == 3
    assert capsys.readouterr().err.startswith("Traceback (most recent call last):\n")


def test_a_failure_of_the_system_is_no_defect(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    fail(monkeypatch, PermissionError(13, "Permission denied", "/x"))
    assert main([]) == 3
    assert capsys.readouterr().err == "relgraph: error: /x: Permission denied\n"


def test_an_interrupt_ends_like_a_shell_has_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    fail(monkeypatch, KeyboardInterrupt())
    assert main([]) == 128 + signal.SIGINT
    assert capsys.readouterr().err == "relgraph: interrupted\n"


def test_an_interrupt_during_the_start_shows_no_traceback() -> None:
    code = (
        "import sys\n"
        "class Impatient:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'relgraph.cli.main':\n"
        "            raise KeyboardInterrupt\n"
        "before = set(sys.modules)\n"
        "sys.meta_path.insert(0, Impatient())\n"
        "from relgraph.__main__ import run\n"
        "assert set(sys.modules) - before == {'relgraph', 'relgraph.__main__'}\n"
        "raise SystemExit(run())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env={"PYTHONPATH": _source()})
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "relgraph: interrupted\n")


def test_the_package_is_the_program() -> None:
    done = subprocess.run([sys.executable, "-m", "relgraph", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"relgraph {__version__}\n"


def test_a_reader_who_leaves_changes_neither_status_nor_silence() -> None:
    with subprocess.Popen([PROGRAM, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_output_that_cannot_be_written_is_status_3() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "relgraph: error: cannot write to standard output: No space left on device\n")


def test_a_closed_output_is_status_3() -> None:
    done = subprocess.run(["sh", "-c", f"'{PROGRAM}' --version >&-"], stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "relgraph: error: standard output is closed\n")


def test_the_light_commands_import_nothing_heavy() -> None:
    heavy = "relgraph.rules.registry argparse asyncio datetime difflib inspect invoke jinja2 json networkx pathlib semver subprocess yaml".split()
    for words in (["--version"], ["complete", "--", "sc"], ["complete", "--", "scan", "--f"], ["complete", "--", "explain", "RG1"]):
        code = f"import sys; from relgraph.cli.main import main; main({words}); print(*(set({heavy}) & set(sys.modules)), file=sys.stderr)"
        done = subprocess.run(
            [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": _source()}
        )
        assert done.stderr.split() == []


def _source() -> str:
    import relgraph

    return str(Path(relgraph.__file__).parents[1])
