"""Limits on what comes out of little."""

import gzip
import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.oci.bounds import Bounds, Gunzip, Peek, Tally, check_ratio, inflated
from relgraph.oci.content import chunks
from relgraph.oci.errors import UnsafeArchive


def gunzip(data: bytes, bounds: Bounds = Bounds(), size: int = 1000) -> bytes:  # noqa: B008 - a frozen value
    return b"".join(chunks(Gunzip(io.BytesIO(data), bounds), size))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(1, 500))
def test_members_are_unpacked_one_after_the_other(parts: list[bytes], size: int) -> None:
    assert gunzip(b"".join(gzip.compress(part) for part in parts), size=size) == b"".join(parts)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_stream_or_refused(data: bytes) -> None:
    try:
        gunzip(data)
    except UnsafeArchive:
        pass


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "too early"),
        (gzip.compress(b"x")[:-1], "too early"),
        (gzip.compress(b"x")[:5], "too early"),
        (b"nonsense", "damaged"),
        (gzip.compress(b"x" * 1000)[:-8] + bytes(8), "damaged"),
        (gzip.compress(b"x") + b"hidden", "something follows"),
        (gzip.compress(b"x") + b"\x1f", "something follows"),
    ],
)
def test_a_stream_that_is_not_whole_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(UnsafeArchive, match=words):
        gunzip(data)


def test_zeros_may_follow() -> None:
    assert gunzip(gzip.compress(b"x") + bytes(2000)) == b"x"


def test_bombs_are_stopped_early() -> None:
    bomb = gzip.compress(bytes(80 << 20), 9)
    with pytest.raises(UnsafeArchive, match="grows more than 250-fold"):
        gunzip(bomb, size=1 << 20)
    with pytest.raises(UnsafeArchive, match="more than the 1000 bytes"):
        gunzip(bomb, Bounds(total=1000))
    with pytest.raises(UnsafeArchive, match="more than the 5000 bytes"):
        gunzip(gzip.compress(bytes(3000)) * 2, Bounds(total=5000))


def test_a_little_that_becomes_little_is_no_bomb() -> None:
    check_ratio(1 << 20, 1, Bounds())
    with pytest.raises(UnsafeArchive):
        check_ratio(65 << 20, 1, Bounds())


def test_never_more_is_unpacked_than_asked_for() -> None:
    reader = Gunzip(io.BytesIO(gzip.compress(bytes(1 << 20))))
    assert len(reader.read(10)) <= 10
    reader.close()


def test_what_is_not_packed_passes() -> None:
    assert b"".join(chunks(inflated(io.BytesIO(b"plain")))) == b"plain"
    assert b"".join(chunks(inflated(io.BytesIO(gzip.compress(b"packed"))))) == b"packed"
    assert b"".join(chunks(inflated(io.BytesIO(b"")))) == b""
    assert zlib.decompress(b"".join(chunks(inflated(io.BytesIO(zlib.compress(b"x")))))) == b"x"


def test_peeking_takes_nothing_away() -> None:
    peek = Peek(io.BytesIO(b"abcdef"))
    assert (peek.peek(2), peek.read(1), peek.peek(3), peek.read(), peek.read()) == (b"ab", b"a", b"bcd", b"bcd", b"ef")
    assert peek.peek(1) == peek.read(5) == b""
    peek.close()


def test_entries_are_counted() -> None:
    tally = Tally(Bounds(entries=2, file=10, total=15))
    tally.entry("a", 10)
    with pytest.raises(UnsafeArchive, match="allowed for a file"):
        tally.entry("b", 11)
    with pytest.raises(UnsafeArchive, match="entries allowed"):
        tally.entry("c", 0)
    with pytest.raises(UnsafeArchive, match="15 bytes allowed"):
        tally.add(6)
