from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitworld import git, write_world
from relgraph.errors import EnvironmentFailure, UsageError
from relgraph.git.repository import GitRepository
from relgraph.git.target import NothingThen, Target, open_target, parse_target
from relgraph.model.example import Commit

WORLD = (
    Commit({"a": "1"}, ("v1.0.0",), "2026-01-10", ("release-1.0",)),
    Commit({"a": "2"}, ("v1.1.0",), "2026-02-10", ("odd@name",)),
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return write_world(tmp_path / "platform", WORLD)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return write_world(tmp_path / "platform.git", WORLD, bare=True)


@pytest.fixture(autouse=True)
def no_processes_left() -> Iterator[None]:
    yield
    # Warnings are errors: a child that nobody ended would fail the test here.
    import gc

    gc.collect()


@pytest.mark.parametrize(
    ("word", "existing", "target"),
    [
        ("p", {"p"}, Target("p", None)),
        ("p@v1", {"p"}, Target("p", "v1")),
        ("p@worktree", {"p"}, Target("p", "worktree")),
        ("p@q@v1", {"p@q"}, Target("p@q", "v1")),
        ("p@q@v1", {"p"}, Target("p", "q@v1")),
        ("p@q@v1", {"p", "p@q"}, Target("p@q", "v1")),
        ("p@v1", {"p", "p@v1"}, Target("p@v1", None)),
        ("p@", {"p@"}, Target("p@", None)),
        ("./p@dir/q@feature/x", {"./p@dir/q"}, Target("./p@dir/q", "feature/x")),
    ],
)
def test_the_longest_path_that_exists_is_meant(word: str, existing: set[str], target: Target) -> None:
    parsed = parse_target(word, exists=existing.__contains__)
    assert parsed == target
    assert str(parsed) == word


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("q@v1", "q@v1: no such file or directory", "path of a clone"),
        ("@v1", "@v1: no such file", "path of a clone"),
        ("", "the path is empty", "current folder"),
        ("~/q", "~/q: no such file or directory", "$HOME"),
        ("p@", "the revision after '@' is empty", "p@REVISION"),
        (
            "https://user:secret@github.com/example/platform",
            "https://github.com/example/platform: an address",
            "clone the repository",
        ),
        ("git@github.com:example/platform.git", "an address", "clone the repository"),
        ("p\0", "NUL", ""),
    ],
)
def test_words_that_name_nothing(word: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_target(word, exists={"p"}.__contains__)
    assert message in str(raised.value)
    assert "secret" not in str(raised.value)
    assert hint in raised.value.hint
    assert raised.value.status == 2


@given(st.text(), st.sets(st.text(max_size=3)))
def test_parsing_loses_nothing(word: str, existing: set[str]) -> None:
    try:
        target = parse_target(word, exists=existing.__contains__)
    except UsageError:
        return
    assert str(target) == word
    assert target.path in existing


def test_without_a_revision_the_worktree_else_head(clone: Path, bare: Path) -> None:
    assert open_target(str(clone)).tree.rev == "worktree"
    assert open_target(str(clone / ".git")).tree.rev == "worktree"
    assert open_target(str(bare)).tree.rev == git(bare, "rev-parse", "HEAD")
    day = date(2026, 1, 20)
    for path in (clone, bare):
        assert open_target(str(path), as_of=day).tree.rev == git(path, "rev-parse", "v1.0.0")
    assert open_target(f"{clone}@worktree", as_of=day).tree.rev == "worktree"


def test_with_a_revision(clone: Path) -> None:
    for name in ("v1.0.0", "release-1.0", "HEAD~1"):
        opened = open_target(parse_target(f"{clone}@{name}"))
        assert opened.tree.rev == git(clone, "rev-parse", "v1.0.0")
        assert opened.repository.name == "platform"
    assert open_target(f"{clone}@odd@name").tree.rev == git(clone, "rev-parse", "v1.1.0")
    assert open_target(f"{clone}@index").tree.rev == "index"


def test_an_unknown_revision_suggests_close_ones(clone: Path) -> None:
    with pytest.raises(UsageError, match=r"no revision 'v1\.0\.1'") as raised:
        open_target(f"{clone}@v1.0.1")
    assert "v1.0.0" in raised.value.hint
    with pytest.raises(UsageError) as raised:
        open_target(f"{clone}@relaese-1.0")
    assert "release-1.0" in raised.value.hint
    with pytest.raises(UsageError) as raised:
        open_target(f"{clone}@{'f' * 40}")
    assert "git tag" in raised.value.hint


def test_a_bare_repository_has_neither_worktree_nor_index(bare: Path) -> None:
    for name in ("worktree", "index"):
        with pytest.raises(UsageError, match=f"a bare repository has no {name}") as raised:
            open_target(f"{bare}@{name}")
        assert f"{bare}@HEAD" in raised.value.hint


def test_a_folder_without_a_repository(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a git repository"):
        open_target(str(tmp_path))


def test_a_repository_without_commits(tmp_path: Path) -> None:
    new = write_world(tmp_path / "new", [])
    (new / "a").write_text("x")
    assert list(open_target(str(new)).tree.entries) == ["a"]
    assert open_target(f"{new}@index").tree.rev == "index"
    with pytest.raises(NothingThen, match="no commits") as raised:
        open_target(f"{new}@HEAD")
    assert "@worktree" in raised.value.hint
    with pytest.raises(NothingThen, match="no commits"):
        open_target(str(new), as_of=date(2026, 1, 1))
    empty = write_world(tmp_path / "empty.git", [], bare=True)
    with pytest.raises(NothingThen, match="no commits") as raised:
        open_target(str(empty))
    assert raised.value.status == 3


def test_a_head_that_names_no_branch(bare: Path) -> None:
    git(bare, "symbolic-ref", "HEAD", "refs/heads/master")
    with pytest.raises(EnvironmentFailure, match="HEAD names the branch 'master', which does not exist") as raised:
        open_target(str(bare))
    assert not isinstance(raised.value, NothingThen)
    assert f"{bare}@main" in raised.value.hint


def test_a_day_before_everything(clone: Path, bare: Path) -> None:
    day = date(2025, 12, 31)
    for path in (clone, bare):
        for word in (str(path), f"{path}@HEAD", f"{path}@v1.0.0", f"{path}@main"):
            with pytest.raises(NothingThen, match="nothing there until the end of 2025-12-31"):
                open_target(word, as_of=day)
        with pytest.raises(UsageError, match="no revision"):
            open_target(f"{path}@v9.9.9", as_of=day)


def test_a_shallow_clone_says_so(clone: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{clone}", "shallow")
    with pytest.raises(NothingThen) as raised:
        open_target(str(tmp_path / "shallow"), as_of=date(2026, 1, 20))
    assert "--unshallow" in raised.value.hint
    with pytest.raises(UsageError) as refused:
        open_target(f"{tmp_path / 'shallow'}@v1.0.0")
    assert "--unshallow" in refused.value.hint


def test_a_damaged_tree_is_told(clone: Path) -> None:
    for pack in (clone / ".git" / "objects" / "pack").glob("*.pack"):
        moved = pack.rename(clone / ".git" / "moved.pack")
        git(clone, "unpack-objects", "-q", data=moved.read_bytes())
    oid = git(clone, "rev-parse", "v1.0.0^{tree}")
    (clone / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(EnvironmentFailure, match="git ls-tree"):
        open_target(f"{clone}@v1.0.0")


@pytest.mark.parametrize("rev", ["@HEAD", "@worktree", ""])
def test_what_is_to_be_done_meanwhile_is_done_once_in_each_wait(clone: Path, rev: str) -> None:
    calls: list[GitRepository | None] = []
    repository, tree = open_target(f"{clone}{rev}", meanwhile=calls.append)
    assert calls == [None, repository]
    assert [*tree.entries] == ["a"]
    repository.close()


def test_a_failure_meanwhile_leaves_no_process(clone: Path) -> None:
    def fail(_: GitRepository | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_target(f"{clone}@HEAD", meanwhile=fail)
