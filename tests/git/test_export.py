"""Files of a tree in a folder: as git has them, whatever revision, size and name."""

import os
import stat
from pathlib import Path

import pytest

from releases import git
from relgraph.errors import EnvironmentFailure
from relgraph.git.export import content_ids, export
from relgraph.git.repository import GitRepository, open_repository

FILES = {"a.txt": b"one\r\n", "bin/run": b"#!/bin/sh\n", "deep/er/ü \n.bin": bytes(range(256)) * 10_000, "empty": b""}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "clone"
    for path, data in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    (root / "bin/run").chmod(0o755)
    (root / "link").symlink_to("../outside")
    (root / ".gitattributes").write_text("*.txt text eol=lf export-ignore\na.txt export-subst\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "-c", "core.autocrlf=false", "add", ".")
    git(root, "commit", "-qm", "Begin")
    return root


def exported(root: Path, rev: str, folder: Path) -> dict[str, tuple[int, bytes]]:
    repository = open_repository(str(root))
    tree = repository.tree(rev)
    assert tree is not None
    folder.mkdir()
    export(repository, tree, tree.entries, str(folder))
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[path.relative_to(folder).as_posix()] = (0, os.fsencode(os.readlink(path)))
        elif path.is_file():
            found[path.relative_to(folder).as_posix()] = (stat.S_IMODE(path.stat().st_mode) & 0o111, path.read_bytes())
    return found


@pytest.mark.parametrize("rev", ["HEAD", "worktree"])
def test_files_links_and_modes_are_as_they_were(root: Path, tmp_path: Path, rev: str) -> None:
    found = exported(root, rev, tmp_path / "out")
    assert found["link"] == (0, b"../outside")
    assert found["bin/run"] == (0o111, FILES["bin/run"])
    assert found["deep/er/ü \n.bin"] == (0, FILES["deep/er/ü \n.bin"])
    assert found["empty"] == (0, b"")
    assert not (tmp_path / "outside").exists()


def test_a_bare_clone_gives_the_same(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(root), "bare.git")
    assert exported(tmp_path / "bare.git", "HEAD", tmp_path / "out") == exported(root, "HEAD", tmp_path / "other")


def test_a_committed_file_is_what_it_was_before(root: Path) -> None:
    repository = open_repository(str(root))
    (root / "new.txt").write_bytes(b"new\n")
    worktree = repository.tree("worktree")
    assert worktree is not None
    before = content_ids(worktree, ["new.txt", "bin/run", "gone"], str(root))
    git(root, "add", ".")
    git(root, "commit", "-qm", "More")
    again = GitRepository(open_repository(str(root)).location)
    head = again.tree("HEAD")
    assert head is not None
    assert content_ids(head, ["new.txt", "bin/run"]) == before


def test_links_and_large_files_of_a_work_tree_are_told_apart(root: Path) -> None:
    large = root / "large.bin"
    large.touch()
    os.truncate(large, 17 << 20)

    def ids() -> dict[str, str]:
        worktree = open_repository(str(root)).tree("worktree")
        assert worktree is not None
        return content_ids(worktree, ["large.bin", "link"], str(root))

    before = ids()
    with large.open("r+b") as file:
        file.write(b"1")
    (root / "link").unlink()
    (root / "link").symlink_to("elsewhere")
    after = ids()
    assert after["large.bin"] != before["large.bin"]
    assert after["link"] != before["link"]
    git(root, "add", ".")
    git(root, "commit", "-qm", "More")
    head = GitRepository(open_repository(str(root)).location).tree("HEAD")
    assert head is not None
    assert content_ids(head, ["large.bin", "link"]) == after


@pytest.mark.parametrize("rev", ["HEAD", "worktree"])
def test_modes_do_not_follow_the_mask_of_the_user(root: Path, tmp_path: Path, rev: str) -> None:
    mask = os.umask(0o077)
    try:
        exported(root, rev, tmp_path / "out")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "out/a.txt").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "out/bin/run").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "out/deep/er").stat().st_mode) == 0o755


def test_what_a_sparse_checkout_left_out_is_there(root: Path, tmp_path: Path) -> None:
    head = open_repository(str(root)).tree("HEAD")
    assert head is not None
    whole, before = exported(root, "HEAD", tmp_path / "whole"), content_ids(head, ["bin/run"])
    git(root, "sparse-checkout", "set", "deep")
    worktree = open_repository(str(root)).tree("worktree")
    assert worktree is not None
    assert not (root / "bin/run").exists()
    assert content_ids(worktree, ["bin/run"], str(root)) == before
    assert exported(root, "worktree", tmp_path / "out")["bin/run"] == whole["bin/run"]


@pytest.mark.parametrize("name", ["..", ".git", ".GIT"])
def test_a_tree_that_git_would_not_check_out_is_refused(root: Path, tmp_path: Path, name: str) -> None:
    blob = git(root, "rev-parse", "HEAD:a.txt")
    inner = _tree(root, "100644", "evil", blob)
    commit = git(root, "commit-tree", "-m", "Evil", _tree(root, "40000", name, inner))
    git(root, "update-ref", "refs/heads/evil", commit)
    with pytest.raises(EnvironmentFailure, match="no path that git would check out"):
        exported(root, commit, tmp_path / "out")
    assert not (tmp_path / "evil").exists()
    assert not (tmp_path / "out" / name / "evil").exists()


def _tree(root: Path, mode: str, name: str, oid: str) -> str:
    """A tree object of one entry, with whatever name."""
    raw = root.parent / "raw"
    raw.write_bytes(f"{mode} {name}\0".encode() + bytes.fromhex(oid))
    return git(root, "hash-object", "-t", "tree", "--literally", "-w", str(raw))


def test_a_missing_object_is_said(root: Path, tmp_path: Path) -> None:
    oid = git(root, "rev-parse", "HEAD:a.txt")
    repository = open_repository(str(root))
    tree = repository.tree("HEAD")
    assert tree is not None
    _ = tree.entries
    (root / ".git/objects" / oid[:2] / oid[2:]).unlink()
    (tmp_path / "out").mkdir()
    with pytest.raises(EnvironmentFailure, match=r"a\.txt at [0-9a-f]{12} cannot be read"):
        export(repository, tree, tree.entries, str(tmp_path / "out"))


def test_what_is_there_already_is_not_followed(root: Path, tmp_path: Path) -> None:
    repository = open_repository(str(root))
    tree = repository.tree("HEAD")
    assert tree is not None
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.txt").symlink_to(tmp_path / "victim")
    with pytest.raises(EnvironmentFailure):
        export(repository, tree, ["a.txt"], str(tmp_path / "out"))
    assert not (tmp_path / "victim").exists()
