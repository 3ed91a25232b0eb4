"""Copies of work trees."""

import os
from pathlib import Path

import pytest

from gitworld import git, write_world
from relgraph.derive.copies import copied_worktree, copy_file, same_file
from relgraph.errors import EnvironmentFailure, UsageError
from relgraph.model.example import Commit


@pytest.fixture
def worktree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    files = {"a.txt": "a\n", "bin/tool": "#!/bin/sh\n", "deep/er/b.txt": "b\n", ".gitignore": "/ignored/\n*.log\n"}
    folder = write_world(tmp_path / "platform", (Commit(files, tags=("v1.0.0",)),))
    (folder / "bin/tool").chmod(0o755)
    (folder / "link").symlink_to("a.txt")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "mode and link")
    return folder


def _files(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if ".git" not in path.relative_to(folder).parts and (path.is_symlink() or path.is_file()):
            status = path.lstat()
            data = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
            found[str(path.relative_to(folder))] = (status.st_mode, status.st_mtime_ns, data)
    return found


def test_a_copy_has_the_files_as_they_are_now(worktree: Path) -> None:
    os.utime(worktree / "a.txt", (1_700_000_000, 1_700_000_000))
    (worktree / "deep/er/b.txt").write_text("edited\n")
    (worktree / "new.txt").write_text("untracked\n")
    (worktree / "noise.log").write_text("ignored\n")
    (worktree / "ignored").mkdir()
    (worktree / "ignored/wanted").write_text("an input\n")
    (worktree / "ignored/other").write_text("not wanted\n")
    before = _files(worktree)
    with copied_worktree(worktree, "", ["ignored/wanted"]) as folder:
        assert folder.name == "platform"
        wanted = {path: row for path, row in before.items() if path not in ("noise.log", "ignored/other")}
        assert _files(folder) == wanted
        assert git(folder, "status", "--porcelain").splitlines() == [" M deep/er/b.txt", "?? new.txt"]
        assert git(folder, "describe", "--tags", "--long").startswith("v1.0.0-1-g")
    assert not folder.exists()
    assert _files(worktree) == before


def test_a_copy_lies_where_it_is_wanted(worktree: Path) -> None:
    with copied_worktree(worktree, "github.com/example/platform") as folder:
        assert folder.parts[-3:] == ("github.com", "example", "platform")
        assert (folder / "a.txt").read_text() == "a\n"


def test_of_a_sparse_checkout_everything_is_copied(worktree: Path) -> None:
    git(worktree, "sparse-checkout", "set", "--no-cone", "/a.txt")
    assert not (worktree / "deep/er/b.txt").exists()
    with copied_worktree(worktree, "") as folder:
        assert (folder / "deep/er/b.txt").read_text() == "b\n"


def test_of_a_submodule_the_files_are_copied(worktree: Path, tmp_path: Path) -> None:
    library = write_world(tmp_path / "library", (Commit({"lib.txt": "x\n"}),))
    git(worktree, "submodule", "add", "-q", str(library), "vendor/library")
    with copied_worktree(worktree, "") as folder:
        assert (folder / "vendor/library/lib.txt").read_text() == "x\n"
        assert not (folder / "vendor/library/.git").exists()


def test_files_that_were_deleted_are_not_there(worktree: Path) -> None:
    (worktree / "a.txt").unlink()
    with copied_worktree(worktree, "") as folder:
        assert not (folder / "a.txt").exists()
        assert (folder / "link").is_symlink()


def test_without_a_work_tree_there_is_no_copy(tmp_path: Path, worktree: Path) -> None:
    bare = write_world(tmp_path / "bare", (Commit({"a": "1"}),), bare=True)
    with pytest.raises(EnvironmentFailure), copied_worktree(bare, ""):
        raise AssertionError
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UsageError), copied_worktree(tmp_path / "nothing", ""):
        raise AssertionError
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("relgraph-derive-")]


def test_a_file_is_copied_over_another_in_one_step(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("new\n")
    (tmp_path / "a").chmod(0o755)
    (tmp_path / "b").write_text("old\n")
    assert copy_file(tmp_path / "a", tmp_path / "b")
    assert same_file(tmp_path / "a", tmp_path / "b")
    assert copy_file(tmp_path / "a", tmp_path / "new/folder/c")
    assert not copy_file(tmp_path / "none", tmp_path / "d")
    assert not copy_file(tmp_path / "new", tmp_path / "d")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "new"]


def test_what_makes_files_the_same(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    assert same_file(one, other)
    one.write_text("x")
    assert not same_file(one, other)
    other.write_text("y")
    assert not same_file(one, other)
    other.write_text("x")
    assert same_file(one, other)
    other.chmod(0o755)
    assert not same_file(one, other)
    other.unlink()
    other.symlink_to("one")
    assert not same_file(one, other)
    one.unlink()
    one.symlink_to("elsewhere")
    assert not same_file(one, other)
