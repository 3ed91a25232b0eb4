import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from relgraph.engine.contents import Contents
from relgraph.engine.files import Files
from relgraph.engine.keys import Mark
from relgraph.engine.traces import Traces

SMALL = b"small"
LARGE = bytes(range(256)) * 8192  # 2 MiB
SIZES = [b"", SMALL, b"x" * (16 << 10), b"x" * ((16 << 10) + 1), LARGE]


@pytest.fixture
def traces(tmp_path: Path) -> Iterator[Traces]:
    traces = Traces(str(tmp_path / "state.db"), warn=pytest.fail)
    yield traces
    traces.close()


@pytest.fixture
def contents(tmp_path: Path, traces: Traces) -> Contents:
    return Contents(str(tmp_path / "outputs"), traces)


def keep(contents: Contents, path: Path, data: bytes) -> Mark:
    path.write_bytes(data)
    kept = contents.keep(str(path))
    assert kept is not None
    return kept[0]


@pytest.mark.parametrize("data", SIZES, ids=len)
def test_what_was_kept_is_put_back(tmp_path: Path, contents: Contents, data: bytes) -> None:
    path = tmp_path / "file"
    mark = keep(contents, path, data)
    assert mark == Files(str(tmp_path)).mark("file")
    assert contents.has(mark)
    path.write_bytes(b"overwritten")
    assert contents.restore(mark, str(path))
    assert path.read_bytes() == data
    assert contents.restore(mark, str(tmp_path / "new/folder/file"))
    assert (tmp_path / "new/folder/file").read_bytes() == data


def test_modes_and_links_are_put_back(tmp_path: Path, contents: Contents) -> None:
    script, link = tmp_path / "script", tmp_path / "link"
    script.write_text("#!/bin/sh")
    script.chmod(0o755)
    link.symlink_to("script")
    marks = [kept[0] for path in (script, link) if (kept := contents.keep(str(path))) is not None]
    script.unlink()
    link.unlink()
    assert [contents.restore(mark, str(path)) for mark, path in zip(marks, (script, link), strict=True)] == [True, True]
    assert os.access(script, os.X_OK)
    assert os.readlink(link) == "script"


@pytest.mark.parametrize("data", SIZES, ids=len)
def test_writing_into_an_output_changes_nothing_that_is_kept(tmp_path: Path, contents: Contents, data: bytes) -> None:
    path = tmp_path / "file"
    mark = keep(contents, path, data)
    for _ in range(2):
        with path.open("r+b") as file:
            file.write(b"damage")
        assert contents.restore(mark, str(path))
        assert path.read_bytes() == data


def test_damaged_content_is_not_put_back_and_goes(tmp_path: Path, contents: Contents) -> None:
    path = tmp_path / "file"
    mark = keep(contents, path, LARGE)
    (kept,) = (tmp_path / "outputs").glob("*/*")
    kept.write_bytes(b"damage")
    path.write_bytes(b"as it is")
    assert not contents.restore(mark, str(path))
    assert path.read_bytes() == b"as it is"
    assert not contents.has(mark)


def test_what_is_no_file_is_not_kept(tmp_path: Path, contents: Contents) -> None:
    assert contents.keep(str(tmp_path)) is None
    assert contents.keep(str(tmp_path / "none")) is None
    os.mkfifo(tmp_path / "pipe")
    assert contents.keep(str(tmp_path / "pipe")) is None


def test_a_folder_in_the_place_of_an_output_is_left_alone(tmp_path: Path, contents: Contents) -> None:
    mark = keep(contents, tmp_path / "file", SMALL)
    (tmp_path / "folder").mkdir()
    assert not contents.restore(mark, str(tmp_path / "folder"))
    assert list((tmp_path / "outputs").glob(".*")) == []


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path, traces: Traces) -> None:
    contents = Contents(str(tmp_path / "outputs"), traces, limit=100_000)
    path = tmp_path / "file"
    marks = [keep(contents, path, bytes([number]) * 24_000) for number in range(4)]
    for age, mark in enumerate(marks):
        name = mark[1:].hex()
        os.utime(tmp_path / "outputs" / name[:2] / name[2:], (1000 + age, 1000 + age))
    contents.trim()
    assert [contents.has(mark) for mark in marks] == [True] * 4
    assert contents.restore(marks[0], str(path))
    marks.append(keep(contents, path, b"x" * 24_000))
    contents.trim()
    assert [contents.has(mark) for mark in marks] == [True, False, False, True, True]


def test_what_is_too_large_to_keep_is_only_marked(tmp_path: Path, traces: Traces) -> None:
    contents = Contents(str(tmp_path / "outputs"), traces, limit=80_000)
    mark = keep(contents, tmp_path / "file", b"x" * 24_000)
    assert mark == Files(str(tmp_path)).mark("file")
    assert not contents.has(mark)


def test_state_on_another_file_system_is_no_hindrance(tmp_path: Path, contents: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    marks = [keep(contents, path, data) for data in (SMALL, LARGE)]
    replace = os.replace

    def within(source: str, target: str) -> None:
        if os.path.dirname(source) != os.path.dirname(target):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        replace(source, target)

    monkeypatch.setattr(os, "replace", within)
    assert [
        (contents.restore(mark, str(path)), path.read_bytes() == data) for mark, data in zip(marks, (SMALL, LARGE), strict=True)
    ] == [
        (True, True),
        (True, True),
    ]
    assert sorted(entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")) == []

    def fail(source: str, target: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        contents.restore(marks[0], str(path))
    assert sorted(entry.name for entry in (tmp_path / "outputs").iterdir() if entry.name.startswith(".")) == []


def test_what_never_stops_changing_is_not_kept(tmp_path: Path, contents: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(SMALL)
    lstat = os.lstat
    looked = 0

    def write_and_look(name: str) -> os.stat_result:
        nonlocal looked
        looked += 1
        path.write_bytes(b"x" * looked)
        return lstat(name)

    monkeypatch.setattr(os, "lstat", write_and_look)
    assert contents.keep(str(path)) is None


def test_content_that_was_there_all_along_is_kept_once(tmp_path: Path, contents: Contents) -> None:
    marks = {keep(contents, tmp_path / name, LARGE) for name in ("a", "b")}
    assert len(marks) == 1
    assert len(list((tmp_path / "outputs").glob("*/*"))) == 1
