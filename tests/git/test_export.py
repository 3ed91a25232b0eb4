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
    before = content_ids(worktree, ["new.txt", "bin/run", "gone"])
    git(root, "add", ".")
    git(root, "commit", "-qm", "More")
    again = GitRepository(open_repository(str(root)).location)
    head = again.tree("HEAD")
    assert head is not None
    assert content_ids(head, ["new.txt", "bin/run"]) == before


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
