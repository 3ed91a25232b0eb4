import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitworld import git, write_world
from relgraph.git.repository import GitRepository, open_repository
from relgraph.model.example import Commit
from relgraph.model.repository import INDEX, WORKTREE, Entry, Tree

FILE, PROGRAM, LINK, MODULE = 0o100644, 0o100755, 0o120000, 0o160000
LARGE = 17 << 20


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return write_world(tmp_path / "platform", [Commit({"a": "one\n", "dir/b": "two\n", "dir/c": "three\n"})])


@pytest.fixture
def repository(clone: Path) -> Iterator[GitRepository]:
    with open_repository(str(clone)) as opened:
        yield opened


def tree(repository: GitRepository, rev: str = WORKTREE) -> Tree:
    found = repository.require(rev)
    assert found is not None
    return found


def contents(found: Tree) -> dict[str, bytes]:
    return dict(found.read_many(found.entries))


def test_paths_are_in_byte_order_and_reading_in_the_order_asked(clone: Path, repository: GitRepository) -> None:
    for path in ("B", "dir-x", "dir.y", "é", "\U0001f600", "\uff5e", "\udcff"):
        (clone / path).write_text(path, "utf-8", "surrogateescape")
    git(clone, "add", ".")
    git(clone, "commit", "-q", "-m", "more")
    (clone / "dir0").write_text("untracked")
    expected = sorted(["B", "a", "dir-x", "dir.y", "dir/b", "dir/c", "é", "\uff5e", "\U0001f600", "\udcff"], key=os.fsencode)
    assert list(tree(repository, "HEAD").entries) == expected
    assert list(tree(repository, INDEX).entries) == expected
    assert list(tree(repository).entries) == sorted([*expected, "dir0"], key=os.fsencode)
    for rev in ("HEAD", INDEX, WORKTREE):
        asked = [*reversed(expected), "nope", "dir", "a"]
        assert [path for path, _ in tree(repository, rev).read_many(asked)] == [*reversed(expected), "a"]


def test_the_three_trees_show_three_states(clone: Path, repository: GitRepository) -> None:
    (clone / "a").write_text("staged\n")
    git(clone, "add", "a")
    (clone / "a").write_text("on disk\n")
    (clone / "dir" / "b").unlink()
    (clone / "new").write_text("new\n")
    (clone / ".gitignore").write_text("*.log\n")
    (clone / "ignored.log").write_text("")
    assert contents(tree(repository, "HEAD")) == {"a": b"one\n", "dir/b": b"two\n", "dir/c": b"three\n"}
    assert contents(tree(repository, INDEX)) == {"a": b"staged\n", "dir/b": b"two\n", "dir/c": b"three\n"}
    assert contents(tree(repository)) == {".gitignore": b"*.log\n", "a": b"on disk\n", "dir/c": b"three\n", "new": b"new\n"}
    head = tree(repository, "HEAD")
    assert [tree(repository, rev).time for rev in (INDEX, WORKTREE)] == [head.time] * 2
    assert [tree(repository, rev).rev for rev in (INDEX, WORKTREE)] == ["index", "worktree"]
    assert tree(repository).entries["a"] == Entry(FILE, "")


def test_modes(clone: Path, repository: GitRepository) -> None:
    (clone / "run").write_text("#!/bin/sh\n")
    (clone / "run").chmod(0o755)
    (clone / "link").symlink_to("a")
    git(clone, "add", ".")
    git(clone, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    git(clone, "commit", "-q", "-m", "modes")
    (clone / "module").mkdir()
    for rev in ("HEAD", INDEX, WORKTREE):
        found = tree(repository, rev)
        modes = {path: entry.mode for path, entry in found.entries.items()}
        assert modes == {"a": FILE, "dir/b": FILE, "dir/c": FILE, "link": LINK, "module": MODULE, "run": PROGRAM}
        assert found.read("link") is None
        assert found.read("module") is None
        assert found.read("run") == b"#!/bin/sh\n"
    assert tree(repository, "HEAD").entries["module"].oid == "1" * 40


def test_links_are_not_followed(clone: Path, tmp_path: Path, repository: GitRepository) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b").write_text("secret")
    (clone / "a").unlink()
    (clone / "a").symlink_to(outside / "b")
    for name in ("b", "c"):
        (clone / "dir" / name).unlink()
    (clone / "dir").rmdir()
    (clone / "dir").symlink_to(outside, target_is_directory=True)
    found = tree(repository)
    assert found.entries == {"a": Entry(LINK, ""), "dir": Entry(LINK, "")}
    assert contents(found) == {}


def test_a_link_that_takes_a_file_s_place_after_the_listing_is_not_followed(
    clone: Path, tmp_path: Path, repository: GitRepository
) -> None:
    (tmp_path / "outside").write_text("secret")
    found = tree(repository)
    assert "a" in found.entries
    (clone / "a").unlink()
    (clone / "a").symlink_to(tmp_path / "outside")
    assert found.read("a") is None
    (clone / "a").unlink()
    assert found.read("a") is None
    os.mkfifo(clone / "a")
    assert found.read("a") is None


def test_what_is_no_file_any_more_is_absent(clone: Path, repository: GitRepository) -> None:
    (clone / "a").unlink()
    os.mkfifo(clone / "a")
    for name in ("b", "c"):
        (clone / "dir" / name).unlink()
    (clone / "dir").rmdir()
    (clone / "dir").write_text("a file now")
    assert contents(tree(repository)) == {"dir": b"a file now"}


def test_repositories_within_are_not_entered(clone: Path, repository: GitRepository) -> None:
    write_world(clone / "inner", [Commit({"x": "x"})])
    (clone / "dir" / "inner").mkdir()
    git(clone / "dir" / "inner", "init", "-q")
    assert list(tree(repository).entries) == ["a", "dir/b", "dir/c"]


def test_a_conflict_shows_ours_else_theirs(clone: Path, repository: GitRepository) -> None:
    blobs = [git(clone, "hash-object", "-w", "--stdin", data=data) for data in (b"base", b"ours", b"theirs")]
    rows = ["0 " + "0" * 40 + "\ta", *(f"100644 {blob} {stage}\ta" for stage, blob in enumerate(blobs, 1))]
    rows += [f"100644 {blobs[0]} 1\tdeleted-here", f"100644 {blobs[2]} 3\tdeleted-here", f"100644 {blobs[0]} 1\tdeleted-twice"]
    git(clone, "update-index", "--index-info", data="".join(f"{row}\n" for row in rows).encode())
    assert contents(tree(repository, INDEX)) == {"a": b"ours", "deleted-here": b"theirs", "dir/b": b"two\n", "dir/c": b"three\n"}
    assert contents(tree(repository))["a"] == b"one\n"


def test_files_left_out_by_a_sparse_checkout_count_as_staged(clone: Path, repository: GitRepository) -> None:
    git(clone, "update-index", "--skip-worktree", "dir/b", "dir/c")
    (clone / "dir" / "b").unlink()
    (clone / "dir" / "c").write_text("present all the same\n")
    assert contents(tree(repository)) == {"a": b"one\n", "dir/b": b"two\n", "dir/c": b"present all the same\n"}


def test_a_path_out_of_the_tree_is_not_read(clone: Path, tmp_path: Path, repository: GitRepository) -> None:
    # No git writes such an index; a repository made to deceive may bring one.
    (tmp_path / "bb").write_text("secret")
    blob = git(clone, "hash-object", "-w", "--stdin", data=b"x")
    git(clone, "update-index", "--add", "--cacheinfo", f"100644,{blob},xx/bb")
    index = clone / ".git" / "index"
    raw = index.read_bytes()
    assert raw.count(b"xx/bb") == 1
    index.write_bytes(raw.replace(b"xx/bb", b"../bb"))
    git(clone, "config", "index.skipHash", "true")
    found = tree(repository)
    try:
        listed = list(found.entries)
    except Exception:  # noqa: BLE001 - a git that checks the index refuses it
        return
    assert "../bb" not in listed


def test_large_files_are_entries_without_content(clone: Path, repository: GitRepository) -> None:
    with (clone / "large").open("wb") as file:
        file.truncate(LARGE)
    git(clone, "add", "large")
    git(clone, "commit", "-q", "-m", "large")
    for rev in ("HEAD", INDEX, WORKTREE):
        found = tree(repository, rev)
        assert "large" in found.entries
        assert found.read("large") is None
        assert list(contents(found)) == ["a", "dir/b", "dir/c"]


def test_a_file_of_a_gigabyte_on_disk(clone: Path, repository: GitRepository) -> None:
    with (clone / "huge.yaml").open("wb") as file:
        file.truncate(1 << 30)
    found = tree(repository)
    assert found.entries["huge.yaml"] == Entry(FILE, "")
    assert found.read("huge.yaml") is None


def test_missing_and_damaged_objects_are_unreadable(clone: Path, repository: GitRepository) -> None:
    entries = tree(repository, "HEAD").entries
    for path, damage in (("a", None), ("dir/b", b"garbage")):
        oid = entries[path].oid
        file = clone / ".git" / "objects" / oid[:2] / oid[2:]
        if not file.exists():
            git(clone, "unpack-objects", "-q", data=b"")
        for pack in (clone / ".git" / "objects" / "pack").glob("*.pack"):
            moved = pack.rename(clone / ".git" / "moved.pack")
            git(clone, "unpack-objects", "-q", data=moved.read_bytes())
        assert file.exists()
        file.chmod(stat.S_IRWXU)
        file.write_bytes(damage) if damage else file.unlink()
    with open_repository(str(clone)) as fresh:
        for rev in ("HEAD", INDEX):
            assert contents(tree(fresh, rev)) == {"dir/c": b"three\n"}
            assert list(tree(fresh, rev).entries) == ["a", "dir/b", "dir/c"]


def test_a_staged_file_without_content_yet(clone: Path, repository: GitRepository) -> None:
    (clone / "planned").write_text("x")
    git(clone, "add", "--intent-to-add", "planned")
    assert tree(repository, INDEX).read("planned") in (None, b"")
    assert tree(repository).read("planned") == b"x"


paths = st.binary(min_size=1, max_size=12).filter(
    lambda raw: b"\0" not in raw and all(part not in (b"", b".", b"..") and part.lower() != b".git" for part in raw.split(b"/"))
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.dictionaries(paths, st.binary(max_size=60), min_size=1, max_size=8))
def test_any_path_and_content_survive(tmp_path_factory: pytest.TempPathFactory, files: dict[bytes, bytes]) -> None:
    folders = {b"/".join(parts[:end]) for raw in files for parts in [raw.split(b"/")] for end in range(1, len(parts))}
    world = {os.fsdecode(raw): data for raw, data in files.items() if raw not in folders}
    folder = write_world(tmp_path_factory.mktemp("paths"), [Commit(world)])
    with open_repository(str(folder)) as repository:
        for rev in ("HEAD", INDEX, WORKTREE):
            assert contents(tree(repository, rev)) == world
