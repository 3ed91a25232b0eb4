"""How content gets into a layout."""

import fcntl
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from artifacts import blob
from relgraph.oci.content import BytesSource, Reader
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import digest_of
from relgraph.oci.errors import ContentMismatch
from relgraph.oci.ingest import INGEST, ResumableSource, ingest

SIZE = 5 << 20
DATA = blob(SIZE)
IT = Descriptor.of("a/b", DATA)


class Resumable:
    """A source that breaks off once, and remembers from where it was asked."""

    def __init__(self, data: bytes = DATA, *, break_at: int | None = None) -> None:
        self.data = data
        self.break_at = break_at
        self.asked: list[int] = []

    @contextmanager
    def open(self) -> Iterator[Reader]:
        self.asked.append(-1)
        yield io.BytesIO(self.data)

    @contextmanager
    def open_at(self, offset: int) -> Iterator[Reader]:
        self.asked.append(offset)
        end = len(self.data) if self.break_at is None else self.break_at
        yield Breaking(self.data[offset:end], fails=self.break_at is not None)


class Breaking(io.BytesIO):
    def __init__(self, data: bytes, *, fails: bool) -> None:
        super().__init__(data)
        self.fails = fails

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data and self.fails:
            raise ConnectionResetError
        return data


def partial(folder: Path) -> Path:
    return folder / INGEST / f"sha256-{IT.digest.hex}.part"


def take(folder: Path, source: "Resumable | BytesSource", descriptor: Descriptor = IT) -> bytes:
    target = folder / "blobs" / descriptor.digest.hex
    ingest(folder, target, descriptor, source, where="here")
    return target.read_bytes()


def leftovers(folder: Path) -> list[str]:
    return [item.name for item in (folder / INGEST).iterdir()]


def test_content_appears_whole(tmp_path: Path) -> None:
    assert take(tmp_path, BytesSource(DATA)) == DATA
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"!", bytes(SIZE)])
@pytest.mark.parametrize("resumable", [True, False])
def test_wrong_content_does_not_appear(tmp_path: Path, data: bytes, resumable: bool) -> None:
    with pytest.raises(ContentMismatch):
        take(tmp_path, Resumable(data) if resumable else BytesSource(data))
    assert not (tmp_path / "blobs" / IT.digest.hex).exists()
    assert len(leftovers(tmp_path)) == (1 if resumable and data == DATA[:-1] else 0)


def test_what_broke_off_is_gone_on_with(tmp_path: Path) -> None:
    source = Resumable(break_at=3 << 20)
    with pytest.raises(ConnectionResetError):
        take(tmp_path, source)
    assert partial(tmp_path).stat().st_size == 3 << 20
    source.break_at = None
    assert take(tmp_path, source) == DATA
    assert source.asked == [0, 3 << 20]
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("left", "asked"),
    [
        (b"", [0]),
        (DATA[:1000], [1000]),
        (DATA, []),
        (DATA + b"more", [0]),
        (bytes(SIZE), [0]),
    ],
    ids=["nothing", "a part", "all", "more", "nonsense"],
)
def test_whatever_a_process_left_is_completed(tmp_path: Path, left: bytes, asked: list[int]) -> None:
    partial(tmp_path).parent.mkdir()
    partial(tmp_path).write_bytes(left)
    source = Resumable()
    assert take(tmp_path, source) == DATA
    assert source.asked == asked


def test_a_part_that_is_wrong_is_not_kept(tmp_path: Path) -> None:
    partial(tmp_path).parent.mkdir()
    partial(tmp_path).write_bytes(b"wrong")
    source = Resumable()
    with pytest.raises(ContentMismatch):
        take(tmp_path, source)
    assert leftovers(tmp_path) == []
    assert take(tmp_path, source) == DATA


def test_a_part_that_somebody_else_writes_is_left_to_him(tmp_path: Path) -> None:
    partial(tmp_path).parent.mkdir()
    with partial(tmp_path).open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(b"his")
        file.flush()
        source = Resumable()
        assert take(tmp_path, source) == DATA
        assert source.asked == [-1]
        assert partial(tmp_path).read_bytes() == b"his"


def test_a_link_in_the_place_of_a_part_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    partial(tmp_path).parent.mkdir()
    partial(tmp_path).symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match=r"Too many levels|symbolic"):
        take(tmp_path, Resumable())
    assert (tmp_path / "victim").read_bytes() == b"precious"


def test_small_content_is_not_worth_a_part(tmp_path: Path) -> None:
    small = blob(100)
    source = Resumable(small)
    assert take(tmp_path, source, Descriptor("a/b", digest_of(small), 100)) == small
    assert source.asked == [-1]
    assert isinstance(source, ResumableSource)


def test_a_full_disk_leaves_nothing_that_looks_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int, data: memoryview) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        take(tmp_path, BytesSource(DATA))
    assert leftovers(tmp_path) == []
    assert not (tmp_path / "blobs" / IT.digest.hex).exists()
