import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from relgraph.engine.files import FOLDER, OTHER, Files, Row
from relgraph.engine.keys import ABSENT


def long_ago(path: Path) -> None:
    os.utime(path, (1_000_000, 1_000_000))


class Counting(Files):
    """Files that count what is read."""

    def __init__(self, root: Path, known: dict[str, Row] | None = None) -> None:
        super().__init__(str(root), known)
        self.reads: list[str] = []

    def _read(self, path: str, found: os.stat_result) -> bytes:
        self.reads.append(path)
        return super()._read(path, found)


def test_marks_tell_content_and_mode_apart(tmp_path: Path) -> None:
    files = Files(str(tmp_path))
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").write_text("one")
    (tmp_path / "c").write_text("two")
    (tmp_path / "x").write_text("one")
    (tmp_path / "x").chmod(0o755)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert files.mark("a") == files.mark("b")
    assert len({files.mark(path) for path in ("a", "c", "x", "folder", "pipe", "none", "a/none")}) == 6
    assert files.mark("none") == files.mark("a/none") == ABSENT
    assert (files.mark("folder"), files.mark("pipe")) == (FOLDER, OTHER)
    assert files.mark("x")[1:] == files.mark("a")[1:]


def test_large_files_are_read_to_their_end(tmp_path: Path) -> None:
    files = Files(str(tmp_path))
    (tmp_path / "a").write_bytes(bytes(3_000_000))
    before = files.mark("a")
    with (tmp_path / "a").open("r+b") as file:
        file.seek(2_999_999)
        file.write(b"x")
    assert files.mark("a") != before


@pytest.mark.parametrize("step", [1, 10_000_000, 1_000_000_000])
def test_a_file_changed_in_the_same_moment_is_seen(tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of files advance in steps, of 10 ms on many systems and of whole seconds on a few."""
    lstat = os.lstat

    def coarse(path: str) -> SimpleNamespace:
        found = lstat(path)
        times = {name: getattr(found, name) // step * step for name in ("st_mtime_ns", "st_ctime_ns")}
        return SimpleNamespace(st_size=found.st_size, st_ino=found.st_ino, st_mode=found.st_mode, **times)

    monkeypatch.setattr(os, "lstat", coarse)
    files = Files(str(tmp_path))
    path = tmp_path / "a"
    for number in range(50):
        path.write_text(f"{number:04}")
        mark = files.mark("a")
        path.write_text(f"{number:04}"[::-1])
        assert (files.mark("a") == mark) == (f"{number:04}" == f"{number:04}"[::-1])


def test_what_is_known_is_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    files = Counting(tmp_path)
    files.mark("a")
    kept = files.settle()
    assert set(kept) == {"a"}
    again = Counting(tmp_path, kept)
    assert again.mark("a") == files.mark("a")
    assert again.reads == []
    assert not again.changed


def test_times_set_back_hide_no_change(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("one")
    long_ago(path)
    files = Files(str(tmp_path))
    before = files.mark("a")
    known = files.settle()
    path.write_text("two")
    long_ago(path)
    assert Files(str(tmp_path), known).mark("a") != before


def test_links_count_by_where_they_lead_and_as_inputs_by_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "broken").symlink_to("none")
    files = Files(str(tmp_path))
    link, followed = files.mark("link"), files.input_mark("link")
    (tmp_path / "a").write_text("two")
    assert files.mark("link") == link
    assert files.input_mark("link") != followed
    assert files.input_mark("broken") != files.input_mark("link")
    assert files.input_mark("a") == files.mark("a")


def test_patterns_find_files_and_links_but_nothing_of_git_or_ours(tmp_path: Path) -> None:
    for path in ("a/x.go", "a/b/y.go", ".git/z.go", ".relgraph/z.go", "a/.git/z.go", "c.go"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    (tmp_path / "a/link.go").symlink_to("x.go")
    (tmp_path / "a/d.go").mkdir()
    (tmp_path / "loop").symlink_to(".")
    files = Files(str(tmp_path))
    assert files.expand("**/*.go") == ["a/b/y.go", "a/link.go", "a/x.go", "c.go"]
    assert files.expand("a/*.go") == ["a/link.go", "a/x.go"]
    assert files.expand(".git/**") == files.expand("none/**") == files.expand("c.go/**") == []
    (tmp_path / "a/new.go").write_text("")
    files.forget_listings()
    assert "a/new.go" in files.expand("a/**")


def test_a_file_that_changes_while_it_is_read_is_not_relied_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("one")
    long_ago(path)
    files = Files(str(tmp_path))
    read = os.read

    def write_and_read(descriptor: int, size: int) -> bytes:
        data = read(descriptor, size)
        path.write_text("two")
        return data

    monkeypatch.setattr(os, "read", write_and_read)
    mark = files.mark("a")
    monkeypatch.undo()
    assert files.known == {}
    assert files.mark("a") != mark
    assert stat.S_ISREG(path.stat().st_mode)
