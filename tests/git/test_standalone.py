"""A repository that borrows another's objects."""

from pathlib import Path

import pytest

from gitworld import git, write_world
from relgraph.git.discover import discover
from relgraph.git.standalone import write_standalone
from relgraph.model.example import Commit


@pytest.fixture
def original(tmp_path: Path) -> Path:
    commits = (Commit({"a": "1", "dir/b": "1"}, tags=("v1.0.0",)), Commit({"a": "2", "dir/b": "1"}, branches=("topic",)))
    return write_world(tmp_path / "original", commits, remotes={"origin": "https://github.com/example/platform.git"})


def _copy(original: Path, folder: Path) -> Path:
    folder.mkdir()
    write_standalone(discover(str(original)), folder)
    return folder


def _state(folder: Path) -> list[tuple[str, bytes]]:
    files = [path for path in (folder / ".git").rglob("*") if path.is_file()]
    return sorted((str(path), path.read_bytes()) for path in files)


def test_git_finds_everything_in_it(original: Path, tmp_path: Path) -> None:
    copy = _copy(original, tmp_path / "copy")
    for words in (
        ("log", "--format=%H %s"),
        ("tag", "--list"),
        ("branch", "--list"),
        ("describe", "--tags"),
        ("ls-files", "-s"),
        ("remote", "-v"),
        ("symbolic-ref", "HEAD"),
    ):
        assert git(copy, *words) == git(original, *words)
    assert git(copy, "show", "v1.0.0:a") == "1"
    assert git(copy, "rev-parse", "--show-toplevel") == str(copy.resolve())


def test_the_same_files_are_known_to_be_unchanged(original: Path, tmp_path: Path) -> None:
    copy = _copy(original, tmp_path / "copy")
    assert git(copy, "status", "--porcelain").splitlines() == [" D a", " D dir/b"]
    for path in ("a", "dir/b"):
        (copy / path).parent.mkdir(exist_ok=True)
        (copy / path).write_bytes((original / path).read_bytes())
    assert git(copy, "status", "--porcelain") == ""


def test_nothing_that_is_done_in_it_reaches_the_original(original: Path, tmp_path: Path) -> None:
    before = _state(original)
    copy = _copy(original, tmp_path / "copy")
    (copy / "new").write_text("x")
    git(copy, "add", ".")
    git(copy, "commit", "-q", "-m", "more")
    git(copy, "tag", "v9.9.9")
    git(copy, "branch", "-D", "topic")
    assert _state(original) == before


def test_what_names_programs_and_places_is_left_out(original: Path, tmp_path: Path) -> None:
    git(original, "config", "core.hooksPath", "/hooks")
    git(original, "config", "core.fsmonitor", "/monitor")
    git(original, "config", "include.path", "/other")
    git(original, "config", "user.name", 'A "B" \\ C')
    copy = _copy(original, tmp_path / "copy")
    listed = git(copy, "config", "--local", "--list")
    assert "/hooks" not in listed
    assert "/monitor" not in listed
    assert "/other" not in listed
    assert git(copy, "config", "user.name") == 'A "B" \\ C'


def test_of_a_linked_work_tree_a_detached_head_and_an_empty_repository(original: Path, tmp_path: Path) -> None:
    git(original, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"), "v1.0.0")
    copy = _copy(tmp_path / "linked", tmp_path / "copy")
    assert git(copy, "rev-parse", "HEAD") == git(original, "rev-parse", "v1.0.0^{commit}")
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q", "--template=")
    copied = _copy(empty, tmp_path / "copied")
    assert git(copied, "status", "--porcelain") == ""


def test_of_a_shallow_clone_and_another_object_format(original: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{original}", "shallow")
    copy = _copy(tmp_path / "shallow", tmp_path / "copy")
    assert git(copy, "log", "--format=%H") == git(original, "rev-parse", "HEAD")
    other = write_world(tmp_path / "other", (Commit({"a": "1"}),), object_format="sha256")
    assert git(_copy(other, tmp_path / "of-other"), "rev-parse", "HEAD") == git(other, "rev-parse", "HEAD")
