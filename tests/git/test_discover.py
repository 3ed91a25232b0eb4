import shutil
from pathlib import Path

import pytest

from gitworld import git, write_world
from relgraph.errors import EnvironmentFailure, UsageError
from relgraph.git import command
from relgraph.git.command import Git
from relgraph.git.discover import discover
from relgraph.git.repository import open_repository
from relgraph.model.example import Commit

WORLD = (Commit({"a": "one\n", "sub/b": "two\n"}, ("v1.0.0",)), Commit({"a": "1\n", "sub/b": "2\n"}, ("v1.0.1",), "2026-02-01"))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return write_world(tmp_path / "platform", WORLD, remotes={"origin": "https://github.com/example/platform.git"})


def files(path: Path | str, rev: str = "HEAD") -> list[str]:
    with open_repository(str(path)) as repository:
        tree = repository.tree(rev)
        assert tree is not None
        return [path for path, _ in tree.read_many(tree.entries)]


def test_root_folder_below_and_git_directory_are_the_same_repository(clone: Path) -> None:
    for path in (clone, clone / "sub", clone / ".git", f"{clone}/sub/.."):
        location = discover(str(path))
        assert location.worktree == str(clone)
        assert (location.shallow, location.partial) == (False, False)
        assert files(path, "worktree") == ["a", "sub/b"]


def test_a_link_to_a_clone_is_the_clone(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(clone)
    assert discover(str(tmp_path / "link")).worktree == str(clone)


def test_a_bare_repository_has_no_worktree(tmp_path: Path) -> None:
    bare = write_world(tmp_path / "platform.git", WORLD, bare=True)
    with open_repository(str(bare)) as repository:
        assert not repository.has_worktree
        assert repository.name == "platform"
        assert repository.tree("worktree") is None
        assert repository.tree("index") is None
        assert repository.complete
    assert files(bare) == ["a", "sub/b"]


def test_a_repository_without_a_configuration_file(tmp_path: Path) -> None:
    bare = write_world(tmp_path / "example+platform" / "repo", WORLD, bare=True)
    (bare / "config").unlink()
    with open_repository(str(bare)) as repository:
        assert repository.name == "platform"
        assert repository.addresses == ()
    assert files(bare) == ["a", "sub/b"]


def test_a_linked_worktree_has_its_own_files_and_the_same_tags(clone: Path, tmp_path: Path) -> None:
    git(clone, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"), "v1.0.0")
    (tmp_path / "linked" / "new").write_text("x")
    with open_repository(str(tmp_path / "linked")) as repository:
        assert [tag.name for tag in repository.tags] == ["v1.0.0", "v1.0.1"]
        assert repository.default_branch == ""
        tree = repository.tree("HEAD")
        assert tree is not None
        assert tree.rev == repository.tags[0].commit
        local = repository.tree("worktree")
        assert local is not None
        assert list(local.entries) == ["a", "new", "sub/b"]


def test_a_submodule_checkout_is_a_repository_of_its_own(clone: Path, tmp_path: Path) -> None:
    outer = write_world(tmp_path / "outer", [Commit({"x": "x"})])
    git(outer, "submodule", "--quiet", "add", str(clone), "deps/platform")
    git(outer, "commit", "-q", "-m", "add")
    inner = outer / "deps" / "platform"
    assert discover(str(inner)).worktree == str(inner)
    assert files(inner, "worktree") == ["a", "sub/b"]
    with open_repository(str(outer)) as repository:
        for rev in ("HEAD", "index", "worktree"):
            tree = repository.tree(rev)
            assert tree is not None
            assert tree.entries["deps/platform"].mode == 0o160000
            assert tree.read("deps/platform") is None
            assert [path for path, _ in tree.read_many(tree.entries)] == [".gitmodules", "x"]
    # Its git directory within the outer one is looked at as it is.
    assert files(outer / ".git" / "modules" / "deps" / "platform") == ["a", "sub/b"]


def test_a_shallow_clone_is_incomplete_and_readable(clone: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{clone}", "shallow")
    with open_repository(str(tmp_path / "shallow")) as repository:
        assert repository.location.shallow
        assert not repository.complete
        assert repository.ancestors("HEAD") == {tag.name for tag in repository.tags}
    assert files(tmp_path / "shallow") == ["a", "sub/b"]


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_a_partial_clone_is_read_without_fetching(clone: Path, tmp_path: Path, kind: str) -> None:
    git(clone, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--no-checkout", f"--filter={kind}", f"file://{clone}", "partial")
    partial = tmp_path / "partial"
    before = sorted(path.name for path in (partial / ".git" / "objects").rglob("*"))
    with open_repository(str(partial)) as repository:
        assert repository.location.partial
        assert not repository.complete
        assert [tag.name for tag in repository.tags] == ["v1.0.0", "v1.0.1"]
        tree = repository.tree("HEAD")
        if kind == "tree:0":
            assert tree is None
            with pytest.raises(EnvironmentFailure) as raised:
                repository.require("HEAD")
            assert "fsck" in raised.value.hint or "objects" in raised.value.hint
        else:
            assert tree is not None
            assert list(tree.entries) == ["a", "sub/b"]
            assert [*tree.read_many(tree.entries)] == []
            assert tree.read("a") is None
    assert sorted(path.name for path in (partial / ".git" / "objects").rglob("*")) == before


def test_a_partial_clone_gives_what_it_has(clone: Path, tmp_path: Path) -> None:
    git(clone, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{clone}", "partial")
    shutil.rmtree(clone)
    assert files(tmp_path / "partial") == ["a", "sub/b"]
    assert files(tmp_path / "partial", "v1.0.0") == []
    assert files(tmp_path / "partial", "worktree") == ["a", "sub/b"]
    assert files(tmp_path / "partial", "index") == ["a", "sub/b"]


def test_sha256_repositories(tmp_path: Path) -> None:
    folder = write_world(tmp_path / "r", WORLD, object_format="sha256", annotated=True)
    with open_repository(str(folder)) as repository:
        tree = repository.tree("v1.0.1")
        assert tree is not None
        assert len(tree.rev) == 64
        assert [*tree.read_many(tree.entries)] == [("a", b"1\n"), ("sub/b", b"2\n")]
        assert [len(tag.commit) for tag in repository.tags] == [64, 64]
        assert repository.tree(tree.rev) is tree
        assert repository.tree(tree.rev[:12]) is tree
        assert repository.ancestors("main") == {"v1.0.0", "v1.0.1"}
        index = repository.tree("index")
        assert index is not None
        assert index.read("a") == b"1\n"


def test_a_separate_git_directory(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--separate-git-dir", str(tmp_path / "elsewhere"), "r")
    (tmp_path / "r" / "a").write_text("x")
    assert files(tmp_path / "r", "worktree") == ["a"]


def test_a_folder_with_a_newline_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    folder = write_world(tmp_path / "new\nline \udcff" / "sub", WORLD)
    assert files(folder, "worktree") == ["a", "sub/b"]
    assert files(folder / "sub", "v1.0.0") == ["a", "sub/b"]
    assert files(folder / ".git") == ["a", "sub/b"]


def test_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or directory"):
        discover(str(tmp_path / "gone"))
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="a file, not a repository"):
        discover(str(tmp_path / "file"))
    with pytest.raises(UsageError, match="not a git repository") as raised:
        discover(str(tmp_path))
    assert "clone" in raised.value.hint


def test_a_git_directory_that_is_none(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for path in (tmp_path, tmp_path / ".git"):
        with pytest.raises(UsageError, match="not a git repository"):
            discover(str(path))


def test_git_that_is_not_installed(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_environment", lambda: {"PATH": str(clone)})
    with pytest.raises(EnvironmentFailure, match="git: not found on PATH") as raised:
        discover(str(clone))
    assert "install git" in raised.value.hint


def test_a_folder_of_another_owner_gets_the_command_that_trusts_it(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = command._environment() | {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1", "HOME": "/nonexistent"}
    monkeypatch.setattr(command, "_environment", lambda: environment)
    with pytest.raises(EnvironmentFailure) as raised:
        discover(str(clone))
    assert f"safe.directory '{clone}'" in raised.value.hint


def test_a_damaged_configuration_is_told_in_git_s_words(clone: Path) -> None:
    (clone / ".git" / "config").write_text("[core\n")
    with pytest.raises(EnvironmentFailure, match="bad config"):
        discover(str(clone))


def test_a_worktree_elsewhere_is_not_read_on_the_repository_s_word(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("secret")
    git(clone, "config", "core.worktree", str(tmp_path))
    location = discover(str(clone))
    assert location.worktree is None
    assert files(clone) == ["a", "sub/b"]


def test_variables_of_a_surrounding_git_do_not_lead_astray(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = write_world(tmp_path / "other", [Commit({"other": ""})])
    for name, value in {
        "GIT_DIR": other / ".git",
        "GIT_WORK_TREE": other,
        "GIT_OBJECT_DIRECTORY": other / ".git" / "objects",
    }.items():
        monkeypatch.setenv(name, str(value))
    command._environment.cache_clear()
    try:
        assert files(clone) == ["a", "sub/b"]
        assert files(clone, "worktree") == ["a", "sub/b"]
    finally:
        command._environment.cache_clear()


def test_the_index_of_a_running_commit_is_the_one_that_counts(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What `git commit --only` and `-a` tell their hooks.
    other = write_world(tmp_path / "other", [Commit({"other": ""})])
    index = shutil.copy(clone / ".git" / "index", clone / ".git" / "next-index")
    git(clone, "rm", "-q", "--cached", "a", env={"GIT_INDEX_FILE": str(index)})
    monkeypatch.setenv("GIT_INDEX_FILE", str(clone / ".git" / "next-index"))
    assert files(clone, "index") == ["sub/b"]
    assert files(other, "index") == ["other"]
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index")
    monkeypatch.chdir(clone)
    assert files(clone, "index") == ["sub/b"]


def test_the_last_words_of_git_are_kept_when_none_is_fatal(clone: Path) -> None:
    with pytest.raises(EnvironmentFailure, match=r"git no-such-command: .*"):
        Git(str(clone)).run("no-such-command")
    with pytest.raises(EnvironmentFailure, match=r"git rev-parse: .*status 1"):
        Git(str(clone)).run("rev-parse", "--quiet", "--verify", "nope")
