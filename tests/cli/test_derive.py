"""``derive`` in real repositories."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deriving import HEAD, write_deriving
from gitworld import git
from relgraph.cli.main import main


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The system's folder for temporary files, which every test must leave empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield folder
    assert list(folder.iterdir()) == []


class World:
    """A workspace, and the program in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def run(self, *words: str) -> tuple[int, str, str]:
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            status = main(["derive", *words])
        finally:
            os.chdir(before)
        out, err = self._capsys.readouterr()
        return status, out, err

    def json(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(*words, "--format", "json")[1])
        return found

    def read(self, path: str) -> str:
        return (self.folder / path).read_text("utf-8")

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, "utf-8")

    def derived(self, rows: str) -> "World":
        self.write("graph/graph.yaml", HEAD + "derived:\n" + rows)
        return self

    def made(self, *words: str) -> list[str]:
        """The steps that ran."""
        return sorted(row["step"] for row in self.json(*words)["steps"] if row["state"] == "done")

    def everything(self) -> dict[str, tuple[bytes, int, int]]:
        """All files but relgraph's own, with mode and time."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and ".relgraph" not in path.parts:
                found[str(path.relative_to(self.folder))] = (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
        return found


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    return World(write_deriving(tmp_path / "platform"), capsys)


def test_derived_files_are_made_in_order_and_then_are_up_to_date(world: World) -> None:
    status, out, err = world.run()
    assert (status, out) == (0, "3 made\n")
    assert [line.split()[:2] for line in err.splitlines()] == [["[1/3]", "done"], ["[2/3]", "done"], ["[3/3]", "done"]]
    assert world.read("chart/templates/list.yaml") == "FIRST\nSECOND\n"
    assert world.run() == (0, "up to date (3)\n", "")
    assert git(world.folder, "status", "--porcelain", "-uall").splitlines() == [
        "?? chart/templates/list.yaml",
        "?? made/one.up",
        "?? made/two.up",
    ]


def test_only_what_changed_is_made_again(world: World) -> None:
    world.run()
    world.write("words/one.txt", "FIRST\n")  # the same result
    assert world.made() == ["derive derived.upper:one"]
    world.write("words/one.txt", "other\n")
    assert world.made() == ["derive derived.list", "derive derived.upper:one"]
    os.utime(world.folder / "words/two.txt")
    assert world.made() == []


def test_each_follows_files_that_come_and_go(world: World) -> None:
    world.run()
    world.write("words/three.txt", "third\n")
    assert world.made() == ["derive derived.list", "derive derived.upper:three"]
    assert world.read("chart/templates/list.yaml") == "FIRST\nTHIRD\nSECOND\n"


def test_what_nothing_makes_any_more_goes(world: World) -> None:
    world.run()
    world.write("made/hand.up", "by hand\n")
    (world.folder / "words/two.txt").unlink()
    _, out, err = world.run("--dry-run")
    assert "what it had made would be removed: made/two.up" in err
    assert "run        derive derived.list" in out
    assert (world.folder / "made/two.up").exists()
    status, out, err = world.run()
    assert (status, out) == (0, "1 made, 1 up to date\n")
    assert "removed what it had made: made/two.up" in err
    assert not (world.folder / "made/two.up").exists()
    assert world.read("chart/templates/list.yaml") == "by hand\nFIRST\n"
    assert world.run() == (0, "up to date (2)\n", "")


def test_what_somebody_else_edited_or_had_stays(world: World) -> None:
    world.write("made/one.up", "there before the first run\n")
    world.run()
    world.write("made/two.up", "edited\n")
    world.derived("  none: {from: platform, inputs: [words/**], outputs: [none.txt], run: echo > none.txt}\n")
    assert world.run()[0] == 0
    assert world.read("made/one.up") == "FIRST\n"
    assert world.read("made/two.up") == "edited\n"
    assert not (world.folder / "chart/templates/list.yaml").exists()


def test_a_choice_of_nodes_retires_nothing(world: World) -> None:
    world.run()
    (world.folder / "words/two.txt").unlink()
    assert world.run("upper:one")[0] == 0
    assert (world.folder / "made/two.up").exists()


def test_a_file_may_become_a_folder(world: World) -> None:
    world.derived("  x: {from: platform, inputs: [data], outputs: [x], run: 'cat data data/* > x 2>/dev/null || true'}\n")
    world.write("data", "one file\n")
    assert world.run()[0] == 0
    (world.folder / "data").unlink()
    world.write("data/a", "in a folder\n")
    status, _, err = world.run()
    assert status == 3
    assert "is a folder" in err
    assert world.run()[0] == 0
    assert world.read("x") == "in a folder\n"


def test_the_graph_is_read_again_when_it_changes(world: World) -> None:
    world.run()
    world.write("graph/graph.yaml", world.read("graph/graph.yaml").replace("tr a-z A-Z", "tr a-z B-ZA"))
    assert "derive derived.upper:one" in world.made()
    world.write("graph/graph.yaml", "kind: Graph\n")
    assert world.run()[0] == 2


def test_a_damaged_or_deleted_result_is_repaired(world: World) -> None:
    world.run()
    world.write("made/one.up", "tampered\n")
    (world.folder / "chart/templates/list.yaml").unlink()
    status, out, err = world.run()
    assert (status, out) == (0, "2 put back, 1 up to date\n")
    assert "put back: made/one.up" in err
    assert world.read("made/one.up") == "FIRST\n"
    assert world.read("chart/templates/list.yaml") == "FIRST\nSECOND\n"


def test_nodes_are_chosen_by_name_by_step_and_by_what_they_are_among(world: World) -> None:
    assert world.made("upper:one") == ["derive derived.upper:one"]
    assert world.made("derived.upper") == ["derive derived.upper:two"]
    assert world.made("charts.web") == ["derive derived.list"]
    assert world.made("repos.platform") == []


@pytest.mark.parametrize(
    ("word", "hint"),
    [("uper", "did you mean 'upper'?"), ("xyz", "derived are derived.list, derived.upper"), ("charts.x", "derived are")],
)
def test_a_word_that_names_nothing(world: World, word: str, hint: str) -> None:
    status, out, err = world.run(word)
    assert (status, out) == (2, "")
    assert hint in err


def test_a_failure_says_what_the_command_said_and_leaves_nothing(world: World) -> None:
    world.derived(
        "  bad: {from: platform, inputs: [words/**], outputs: [bad.txt], run: 'echo half > bad.txt; echo because >&2; exit 3'}\n"
        "  good: {from: platform, inputs: [words/**], outputs: [good.txt], run: echo good > good.txt}\n"
        "  after: {from: platform, inputs: [bad.txt], outputs: [after.txt], run: cp bad.txt after.txt}\n"
    )
    status, out, err = world.run("--keep-going")
    assert (status, out) == (3, "1 made, 1 failed, 1 not begun\n")
    assert "because" in err
    assert "ended with status 3" in err
    assert not (world.folder / "bad.txt").exists()
    assert world.read("good.txt") == "good\n"
    status, out, _ = world.run("--keep-going")
    assert (status, out) == (3, "1 up to date, 1 failed, 1 not begun\n")  # a failure is not remembered


def test_a_check_names_no_log_that_is_gone_when_it_ends(world: World) -> None:
    world.derived("  bad: {from: platform, inputs: [words/**], outputs: [bad.txt], run: 'echo broken words; false'}\n")
    assert "(all of it: " in world.run("bad")[2]
    status, _, err = world.run("bad", "--check")
    assert status == 3
    assert "broken words" in err
    assert "all of it" not in err


def test_the_first_line_that_fails_ends_a_command(world: World) -> None:
    world.derived(
        "  x:\n    from: platform\n    inputs: [words/**]\n    outputs: [x]\n    run: |\n      false\n      echo made > x\n"
    )
    assert world.run()[0] == 3
    assert not (world.folder / "x").exists()


def test_a_command_is_given_nothing_but_what_is_declared(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAKED", "from outside")
    monkeypatch.setenv("ALLOWED", "by name")
    world.derived("  x: {from: platform, inputs: [words/**], outputs: [x], environment: [ALLOWED], run: env > x}\n")
    assert world.run()[0] == 0
    given = dict(line.split("=", 1) for line in world.read("x").splitlines())
    assert given.keys() - {"PWD", "OLDPWD", "SHLVL", "_"} == {"PATH", "HOME", "LANG", "TZ", "ALLOWED"}
    assert given["HOME"] != os.environ["HOME"]
    monkeypatch.setenv("ALLOWED", "another")
    assert world.made() == ["derive derived.x"]


def test_a_declared_output_has_to_be_made(world: World) -> None:
    world.derived("  x: {from: platform, inputs: [words/**], outputs: [x], run: 'true'}\n")
    status, _, err = world.run()
    assert status == 3
    assert "did not write 'x'" in err


def test_outputs_may_lie_among_the_inputs(world: World) -> None:
    world.derived("  x: {from: platform, inputs: [words/**], outputs: [words/all.gen], run: cat words/*.txt > words/all.gen}\n")
    assert world.run()[1] == "1 made\n"
    assert world.run()[1] == "up to date (1)\n"
    world.write("words/all.gen", "tampered")
    world.run()
    assert world.read("words/all.gen") == "first\nsecond\n"


class TestForesight:
    def test_what_would_be_made_is_what_then_is(self, world: World) -> None:
        assert world.run("--dry-run")[1].endswith("3 would run\n")
        assert not (world.folder / "made").exists()
        assert not (world.folder / ".relgraph").exists()
        world.run()
        assert world.run("--dry-run")[:2] == (0, "3 up to date\n")
        world.write("words/one.txt", "other\n")
        before = world.everything()
        seen = {row["step"]: row["forecast"] for row in world.json("--dry-run")["steps"]}
        assert seen == {"derive derived.upper:one": "run", "derive derived.upper:two": "cached", "derive derived.list": "may run"}
        assert world.everything() == before
        assert world.made() == ["derive derived.list", "derive derived.upper:one"]

    def test_what_would_be_put_back(self, world: World) -> None:
        world.run()
        (world.folder / "made/one.up").unlink()
        _, out, _ = world.run("--dry-run")
        assert out == "put back   derive derived.upper:one\n  put back: made/one.up\n3 up to date\n"

    def test_why_names_the_input_and_its_content(self, world: World) -> None:
        world.run()
        assert world.run("--why", "upper:one")[1] == "up to date derive derived.upper:one\n  nothing that decides it has changed\n"
        world.write("words/one.txt", "other\n")
        (row,) = world.json("--why", "upper:one")["steps"]
        (change,) = row["changes"]
        assert (change["kind"], change["name"]) == ("input", "words/one.txt")
        assert "input words/one.txt was" in world.run("--why", "upper:one")[1]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--why", "upper"), "names 2 steps"),
            (("--why", "none"), "no derived files"),
            (("--check", "--dry-run"), "two different"),
        ],
    )
    def test_questions_without_an_answer(self, world: World, words: tuple[str, ...], said: str) -> None:
        status, out, err = world.run(*words)
        assert (status, out) == (2, "")
        assert said in err


_WORKDIR = """\
  where:
    from: platform
    workdir: github.com/example/platform
    inputs: [words/**]
    outputs: [where/**]
    run: pwd > where/pwd.txt; cat words/*.txt > where/all.txt; git ls-files > where/files.txt; chmod +x where/all.txt
"""


def test_a_command_that_insists_on_the_name_of_its_folder(world: World) -> None:
    world.derived(_WORKDIR)
    git(world.folder, "tag", "v1.0.0")
    world.write("where/old.txt", "not made by it\n")
    assert world.run()[0] == 0
    assert world.read("where/pwd.txt").endswith("/github.com/example/platform\n")
    assert world.read("where/all.txt") == "first\nsecond\n"
    assert os.access(world.folder / "where/all.txt", os.X_OK)
    assert world.read("where/files.txt").splitlines() == git(world.folder, "ls-files").splitlines()
    assert world.read("where/old.txt") == "not made by it\n"
    assert world.run() == (0, "up to date (1)\n", "")
    world.write("words/one.txt", "changed\n")
    assert world.made() == ["derive derived.where"]
    assert world.read("where/all.txt") == "changed\nsecond\n"


class TestCheck:
    def test_what_is_as_it_is_made(self, world: World) -> None:
        world.run()
        before = world.everything()
        assert world.run("--check")[:2] == (0, "all derived files are what is made (3 commands)\n")
        assert world.everything() == before

    def test_it_needs_no_earlier_run_and_leaves_no_trace(self, world: World) -> None:
        world.run()
        git(world.folder, "add", "made", "chart")
        git(world.folder, "commit", "-q", "-m", "derived")
        clone = World(world.folder.parent / "clone", world._capsys)
        git(world.folder.parent, "clone", "-q", str(world.folder), "clone")
        before = clone.everything()
        assert clone.run("--check")[0] == 0
        assert clone.everything() == before
        assert not (clone.folder / ".relgraph").exists()
        assert not (clone.folder / ".git/worktrees").exists()

    def test_every_difference_is_said_with_its_lines(self, world: World) -> None:
        world.run()
        world.write("made/one.up", "EDITED\n")
        (world.folder / "made/two.up").unlink()
        before = world.everything()
        status, out, _ = world.run("--check")
        assert status == 1
        assert "made/one.up: is not what derived.upper makes of its inputs" in out
        assert "    -EDITED\n    +FIRST\n" in out
        assert "made/two.up: is made by derived.upper, and is not there" in out
        assert out.endswith("2 derived files are not what is made; `relgraph derive` makes them\n")
        assert world.everything() == before

    def test_as_json(self, world: World) -> None:
        world.run()
        world.write("made/one.up", "EDITED\n")
        found = world.json("--check")
        assert found["schema"] == "relgraph.dev/derive-check/v1"
        (row,) = found["differences"]
        assert (row["path"], row["node"], row["kind"]) == ("made/one.up", "derived.upper", "changed")
        assert found["summary"] == {"done": 3, "cached": 0, "failed": 0, "skipped": 0, "cancelled": 0, "differences": 1}

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("github", "::error file=made/one.up,line=2,"),
            ("sarif", '"ruleId": "RG106"'),
            ("junit", "<failure"),
            ("gitlab", '"path": "made/one.up"'),
            ("markdown", "made/one.up"),
        ],
    )
    def test_as_findings(self, world: World, name: str, said: str) -> None:
        world.run()
        world.write("made/one.up", "FIRST\nEDITED\n")
        status, out, _ = world.run("--check", "--format", name)
        assert status == 1
        assert said in out
        world.run()
        assert world.run("--check", "--format", name)[0] == 0
        assert world.run("--format", name)[0] == 2

    def test_only_what_was_asked_for(self, world: World) -> None:
        world.run()
        world.write("made/two.up", "EDITED\n")
        assert world.run("--check", "upper:one")[0] == 0
        assert world.run("--check", "list")[0] == 1  # what it is made from counts

    def test_files_beyond_those_that_were_declared(self, world: World) -> None:
        world.derived(
            "  x: {from: platform, inputs: [words/**], outputs: [out/**], run: 'echo 1 > out/a; echo 2 > out/b; echo 3 > beside; rm -f out/c'}\n"
        )
        world.write("out/a", "1\n")
        world.write("out/c", "3\n")
        status, out, err = world.run("--check")
        assert status == 1
        assert "out/b: is made by derived.x, and is not there" in out
        assert "out/c: is no longer made by derived.x" in out
        assert "note: beside: a command changes it" in err

    def test_what_nothing_makes_any_more_is_noted(self, world: World) -> None:
        world.run()
        (world.folder / "words/two.txt").unlink()
        (world.folder / ".relgraph/state.db").unlink()  # as in another clone
        status, _, err = world.run("--check")
        assert "note: made/two.up: nothing makes it any more, since there is no words/two.txt" in err
        assert status == 0
        assert world.json("--check")["left_over"] == [{"repo": "repos.platform", "path": "made/two.up", "source": "words/two.txt"}]

    def test_modes_and_links_count(self, world: World) -> None:
        world.derived(
            "  x: {from: platform, inputs: [words/**], outputs: [a, b], run: 'echo 1 > a; chmod +x a; ln -sf words/one.txt b'}\n"
        )
        world.write("a", "1\n")
        (world.folder / "b").symlink_to("words/two.txt")
        found = {row["path"]: row["kind"] for row in world.json("--check")["differences"]}
        assert found == {"a": "mode", "b": "changed"}

    def test_what_git_ignores_is_made_and_not_compared(self, world: World) -> None:
        world.derived(
            "  tool: {from: platform, inputs: [words/**], outputs: [bin/tool], run: 'echo tool > bin/tool'}\n"
            "  x: {from: platform, inputs: [bin/tool], outputs: [x], run: cp bin/tool x}\n"
        )
        world.write(".gitignore", "/bin/\n")
        world.write("x", "tool\n")
        assert world.run("--check")[0] == 0

    def test_an_ignored_file_is_there_if_it_is_an_input(self, world: World) -> None:
        world.derived("  x: {from: platform, inputs: [bin/tool], outputs: [x], run: cp bin/tool x}\n")
        world.write(".gitignore", "/bin/\n")
        world.write("bin/tool", "tool\n")
        world.write("x", "tool\n")
        assert world.run("--check")[0] == 0

    def test_in_a_folder_of_the_name_that_is_insisted_on(self, world: World) -> None:
        world.derived(
            "  x:\n    from: platform\n    workdir: github.com/example/platform\n    inputs: [words/**]\n    outputs: [x]\n"
            '    run: basename "$PWD" > x; case $PWD in */github.com/example/platform) ;; *) exit 1;; esac; git describe --tags >> x\n'
        )
        git(world.folder, "tag", "v1.0.0")
        world.write("x", "platform\nv1.0.0\n")
        status, out, _ = world.run("--check")
        assert (status, out) == (0, "all derived files are what is made (1 command)\n")

    def test_a_command_that_fails(self, world: World) -> None:
        world.derived("  x: {from: platform, inputs: [words/**], outputs: [x], run: 'echo why >&2; exit 1'}\n")
        status, out, err = world.run("--check")
        assert (status, out) == (3, "")
        assert "why" in err

    def test_a_command_may_commit(self, world: World) -> None:
        world.derived(
            "  x:\n    from: platform\n    inputs: [words/**]\n    outputs: [x]\n    environment: [GIT_CONFIG_GLOBAL]\n"
            "    run: echo x > x; git -c user.name=a -c user.email=a@example.org commit -qm x --allow-empty; git tag sneaky; git gc -q\n"
        )
        world.write("x", "x\n")
        before = world.everything()
        assert world.run("--check")[0] == 0
        assert world.everything() == before

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
    def test_nothing_is_left_when_it_is_ended(self, world: World, number: int, temporary: Path) -> None:
        world.derived("  x: {from: platform, inputs: [words/**], outputs: [x], run: 'echo x > x; sleep 60'}\n")
        before = world.everything()
        process = subprocess.Popen(
            [sys.executable, "-m", "relgraph", "derive", "--check"],
            cwd=world.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"TMPDIR": str(temporary)},
            start_new_session=True,
        )
        _wait(lambda: any(path.name == "x" for path in temporary.rglob("*")))
        process.send_signal(number)
        process.wait(30)
        _wait(lambda: not list(temporary.iterdir()))
        assert world.everything() == before
        assert not (world.folder / ".relgraph").exists()


def test_a_repository_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A workspace of its own beside the repository, whose work tree is named or looked for among clones."""
    repository = write_deriving(tmp_path / "clones/platform", "")
    (repository / "graph/graph.yaml").unlink()
    workspace = tmp_path / "workspace"
    (workspace / "graph").mkdir(parents=True)
    world = World(workspace, capsys)
    world.write(
        "graph/graph.yaml",
        HEAD.replace(", path: .", "")
        + "derived:\n  all: {from: platform, inputs: [words/**], outputs: [all.txt], run: cat words/* > all.txt}\n",
    )
    status, _, err = world.run()
    assert status == 3
    assert "repos.platform: no work tree here" in err
    assert world.run("--repos", str(tmp_path / "clones"))[:2] == (0, "1 made\n")
    assert (repository / "all.txt").read_text() == "first\nsecond\n"
    assert world.run("--repos", str(tmp_path / "clones"))[1] == "up to date (1)\n"
    assert not (repository / ".relgraph").exists()
    assert world.run("--check", "--repos", str(tmp_path / "clones"))[0] == 0


def test_a_graph_that_derives_nothing(world: World) -> None:
    world.write("graph/graph.yaml", HEAD)
    assert world.run() == (0, "up to date (0)\n", "")


def test_nonsense_is_refused(world: World) -> None:
    assert world.run("--jobs", "none")[0] == 2
    world.derived("  x: {from: platform, inputs: [words/**], outputs: [../x], run: 'true'}\n")
    status, _, err = world.run()
    assert status == 2
    assert "graph/graph.yaml:7:3" in err


def _wait(reached: Any) -> None:
    until = time.monotonic() + 30
    while not reached() and time.monotonic() < until:
        time.sleep(0.02)
