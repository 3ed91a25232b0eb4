"""A repository that somebody else made may not run anything, fetch anything or change by being read."""

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from gitworld import git, write_world
from relgraph.git.repository import GitRepository, open_repository
from relgraph.model.example import Commit
from relgraph.model.repository import INDEX, WORKTREE

HOOKS = "pre-commit post-checkout post-index-change fsmonitor-watchman reference-transaction query-watchman".split()


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "it-ran"


@pytest.fixture
def trap(tmp_path: Path, marker: Path) -> Path:
    """A clone whose configuration names the same program wherever git might look for one."""
    program = tmp_path / "trap.sh"
    program.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{marker}'\n")
    program.chmod(0o755)
    clone = write_world(
        tmp_path / "trap", [Commit({"a": "one", "b.x": "two", ".gitattributes": "* filter=evil diff=evil\n"}, ("v1",))]
    )
    lines = [
        f"[core]\n fsmonitor = {program}\n pager = {program}\n editor = {program}\n sshCommand = {program}\n askPass = {program}",
        f" gitProxy = {program}\n hooksPath = {tmp_path}/hooks\n alternateRefsCommand = {program}\n untrackedCache = true",
        f'[filter "evil"]\n clean = {program}\n smudge = {program}\n process = {program}\n required = true',
        f'[diff "evil"]\n textconv = {program}\n command = {program}\n[diff]\n external = {program}',
        "[alias]\n"
        + "\n".join(f" {name} = !{program}" for name in ("rev-parse", "cat-file", "ls-files", "ls-tree", "for-each-ref")),
        f"[pager]\n ls-files = {program}\n ls-tree = {program}\n rev-list = {program}\n config = {program}\n for-each-ref = {program}",
        f"[credential]\n helper = !{program}\n[gpg]\n program = {program}\n[uploadpack]\n packObjectsHook = {program}",
        f'[remote "origin"]\n url = ext::{program} %S\n promisor = true\n uploadpack = {program}\n partialclonefilter = blob:none',
        f'[remote "other"]\n url = ssh://nobody@invalid.example/x\n promisor = true\n vcs = {program}',
        '[protocol]\n allow = always\n[protocol "ext"]\n allow = always\n[extensions]\n partialClone = origin',
        "[log]\n showSignature = true\n[core]\n repositoryFormatVersion = 1",
    ]
    with (clone / ".git" / "config").open("a") as config:
        config.write("\n".join(lines) + "\n")
    for folder in (tmp_path / "hooks", clone / ".git" / "hooks"):
        folder.mkdir(exist_ok=True)
        for name in HOOKS:
            (folder / name).write_text(program.read_text())
            (folder / name).chmod(0o755)
    return clone


def look_at_everything(repository: GitRepository) -> list[str]:
    seen: list[str] = []
    for rev in ("HEAD", "v1", INDEX, WORKTREE, "nope", "0" * 40, "e" * 40):
        tree = repository.tree(rev)
        if tree is not None:
            seen += [path for path, _ in tree.read_many(tree.entries)]
        repository.ancestors(rev)
    assert repository.tags
    assert repository.branches
    assert repository.default_branch == "main"
    assert repository.name
    assert repository.addresses == ("invalid.example/x",)
    return seen


def test_no_program_of_the_repository_runs(trap: Path, marker: Path) -> None:
    for as_of in (None, date(2026, 6, 1)):
        with open_repository(str(trap), as_of=as_of) as repository:
            assert set(look_at_everything(repository)) == {"a", "b.x", ".gitattributes"}
    assert not marker.exists()


def test_missing_objects_are_not_fetched(trap: Path, marker: Path) -> None:
    oid = git(trap, "rev-parse", "HEAD:a")
    for pack in (trap / ".git" / "objects" / "pack").glob("*.pack"):
        moved = pack.rename(trap / ".git" / "moved.pack")
        git(trap, "unpack-objects", "-q", data=moved.read_bytes())
    (trap / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    with open_repository(str(trap)) as repository:
        head = repository.tree("HEAD")
        assert head is not None
        assert [path for path, _ in head.read_many(head.entries)] == [".gitattributes", "b.x"]
        assert head.read("a") is None
        index = repository.tree(INDEX)
        assert index is not None
        assert index.read("a") is None
    assert not marker.exists()
    with suppress(AssertionError):
        git(trap, "cat-file", "-p", oid)
    assert marker.exists()  # an ordinary git does fetch


def test_the_trap_would_have_sprung(trap: Path, marker: Path) -> None:
    # Guards the tests above: an ordinary status does run what the configuration names.
    (trap / "a").write_text("changed")
    with suppress(AssertionError):  # it may fail, too: the trap is no proper filter
        git(trap, "status", "--short")
    assert marker.exists()


def test_nothing_is_written(tmp_path: Path) -> None:
    clone = write_world(tmp_path / "r", [Commit({"a": "one", "d/b": "two"}, ("v1",))])
    git(clone, "config", "core.untrackedCache", "true")
    (clone / "a").write_text("one")  # a new stat that an ordinary status would write into the index

    def state() -> dict[str, tuple[int, int]]:
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in clone.rglob("*")}

    before = state()
    with open_repository(str(clone)) as repository:
        for rev in ("HEAD", INDEX, WORKTREE):
            tree = repository.tree(rev)
            assert tree is not None
            assert dict(tree.read_many(tree.entries)) == {"a": b"one", "d/b": b"two"}
        assert repository.ancestors("HEAD") == {"v1"}
    assert state() == before


def test_replaced_objects_are_read_as_they_were_committed(tmp_path: Path) -> None:
    clone = write_world(tmp_path / "r", [Commit({"a": "one"}), Commit({"a": "two"})])
    git(clone, "replace", git(clone, "rev-parse", "HEAD:a"), git(clone, "rev-parse", "HEAD~1:a"))
    with open_repository(str(clone)) as repository:
        tree = repository.tree("HEAD")
        assert tree is not None
        assert tree.read("a") == b"two"
