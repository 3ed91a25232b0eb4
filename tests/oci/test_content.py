import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifacts import blob
from relgraph.oci.content import BytesSource, FileSource, Source, VerifiedReader, chunks, drain, verified, verify
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.errors import ContentMismatch, InvalidContent


@given(st.binary(max_size=100), st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_what_is_right_comes_through(data: bytes, sizes: list[int]) -> None:
    reader = VerifiedReader(io.BytesIO(data), Descriptor.of("a/b", data), where="here")
    parts: list[bytes] = []
    while part := reader.read(sizes[len(parts) % len(sizes)]):
        parts.append(part)
    assert b"".join(parts) == data
    assert reader.read() == b""


@given(st.binary(min_size=1, max_size=60), st.binary(min_size=1, max_size=60), st.integers(1, 70))
def test_what_is_wrong_never_comes_through_whole(data: bytes, other: bytes, size: int) -> None:
    if data == other:
        return
    descriptor = Descriptor.of("a/b", data)
    reader = VerifiedReader(io.BytesIO(other), descriptor, where="here")
    came = b""
    with pytest.raises(ContentMismatch):  # noqa: PT012 - any of the reads may be the one
        while part := reader.read(size):
            came += part
    assert len(came) < descriptor.size
    with pytest.raises(ContentMismatch):
        reader.read(1)


def test_the_last_bytes_are_kept_back_until_all_are_right() -> None:
    descriptor = Descriptor.of("a/b", b"abcd")
    reader = VerifiedReader(io.BytesIO(b"abcX"), descriptor, where="here")
    assert reader.read(3) == b"abc"
    with pytest.raises(ContentMismatch, match="digest"):
        reader.read(1)


@pytest.mark.parametrize(("given_bytes", "word"), [(b"abc", "only 3 of 4"), (b"abcde", "more than its 4")])
def test_sizes_count(given_bytes: bytes, word: str) -> None:
    with pytest.raises(ContentMismatch, match=word):
        VerifiedReader(io.BytesIO(given_bytes), Descriptor.of("a/b", b"abcd"), where="here").read()


def test_closing_closes_what_is_beneath() -> None:
    beneath = io.BytesIO(b"x")
    with VerifiedReader(beneath, Descriptor.of("a/b", b"x"), where="here") as reader:
        assert reader.readable()
    assert beneath.closed


def test_it_can_be_buffered() -> None:
    data = blob(10_000)
    with io.BufferedReader(VerifiedReader(io.BytesIO(data), Descriptor.of("a/b", data), where="here")) as reader:
        assert reader.read() == data


def test_a_reader_that_verifies_is_not_wrapped_again() -> None:
    descriptor = Descriptor.of("a/b", b"abcd")
    reader = VerifiedReader(io.BytesIO(b"abcd"), descriptor, where="here")
    assert verified(reader, descriptor, where="there") is reader
    others = [verified(reader, Descriptor.of("a/b", b"abce"), where="there")]
    reader.read(1)
    others.append(verified(reader, descriptor, where="there"))
    assert reader not in others


def test_sources_can_be_read_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    sources: list[Source] = [BytesSource(b"abc"), FileSource(tmp_path / "file")]
    for source in sources:
        for _ in range(2):
            with source.open() as reader:
                assert b"".join(chunks(reader, 2)) == b"abc"


def test_draining_has_a_limit() -> None:
    assert drain(io.BytesIO(b"abc"), 3) == 3
    with pytest.raises(InvalidContent, match="more than the 2 bytes"):
        drain(io.BytesIO(b"abc"), 2)


def test_bytes_are_verified_at_once() -> None:
    assert verify(b"abc", Descriptor.of("a/b", b"abc"), where="here") == b"abc"
    with pytest.raises(ContentMismatch):
        verify(b"abd", Descriptor.of("a/b", b"abc"), where="here")
