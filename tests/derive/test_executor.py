"""How a command is started."""

import os
import subprocess
from pathlib import Path

import pytest

from relgraph.derive.executor import argv_of, matching

_PATH = "/usr/bin:/bin"


@pytest.mark.parametrize("command", ["cat a.txt b.txt", "sh step.sh out/t1.txt src/s1.txt", "env A=1 printenv A"])
def test_words_that_mean_nothing_to_a_shell_need_none(command: str) -> None:
    assert argv_of(command, _PATH) == tuple(command.split())


@pytest.mark.parametrize(
    "command",
    [
        "cat a > b", "cat *.txt", "A=1 cat b", "cat a; cat b", "cat 'a b'", "cat a  b", "cat a\ncat b", "cd x", "echo a", "test -e a",
        "exit 3", "no-such-program a", " cat a", "cat ~", "cat $HOME", "cat a#b", "! cat a", "time cat a", "{ cat a", "cat a\\ b", "",
    ],
)  # fmt: skip
def test_everything_else_is_left_to_the_shell(command: str) -> None:
    assert argv_of(command, _PATH) == ("/bin/sh", "-e", "-c", command)


@pytest.mark.parametrize("command", ["cat a.txt b.txt", "ls -1 a.txt", "head -c2 a.txt", "cmp a.txt b.txt", "cat none.txt"])
def test_both_ways_come_to_the_same(command: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n")
    (tmp_path / "b.txt").write_text("two\n")
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    runs = [
        subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, check=False)
        for argv in (argv_of(command, _PATH), ("/bin/sh", "-e", "-c", command))
    ]
    assert runs[0].args != runs[1].args
    assert (runs[0].returncode, runs[0].stdout, runs[0].stderr) == (runs[1].returncode, runs[1].stdout, runs[1].stderr)


def test_files_of_patterns_and_names(tmp_path: Path) -> None:
    for path in ("a.txt", "d/b.txt", "d/e/c.txt", ".git/x.txt", "other"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    (tmp_path / "link").symlink_to("nowhere")
    assert matching(tmp_path, ["**/*.txt", "link", "d", "none"]) == ["a.txt", "d/b.txt", "d/e/c.txt", "link"]
