"""The compressor whose bytes are the same everywhere."""

import hashlib
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relgraph.oci.codecs import deflate
from relgraph.oci.codecs.deflate import PureDeflate, has_reference_zlib, sample
from relgraph.oci.codecs.gzipped import gzip_chunks

_WORDS = st.lists(
    st.sampled_from([b"kind: ", b"name: web\n", b"a", b"ab", b"\0" * 300, b"abc" * 100, bytes(range(256))]), max_size=60
)


def _pure(pieces: list[bytes]) -> bytes:
    stream = PureDeflate()
    return b"".join([*map(stream.compress, pieces), stream.flush()])


def _reference(pieces: list[bytes]) -> bytes:
    stream = deflate._zlib()
    return b"".join([*map(stream.compress, pieces), stream.flush()])


def _check(pieces: list[bytes]) -> None:
    made = _pure(pieces)
    assert zlib.decompress(made, -zlib.MAX_WBITS) == b"".join(pieces)
    if has_reference_zlib():
        assert made == _reference(pieces)


def test_the_sample_becomes_what_the_reference_makes_of_it() -> None:
    assert hashlib.sha256(_pure([sample()])).hexdigest() == deflate._EXPECTED


@settings(max_examples=40)
@given(_WORDS.map(b"".join) | st.binary(max_size=2000), st.integers(1, 3000))
def test_it_gives_the_bytes_of_the_reference(data: bytes, step: int) -> None:
    _check([data[start : start + step] for start in range(0, len(data), step)])


@pytest.mark.parametrize("size", [0, 1, 2, 3, 16383, 16384, 32506, 32768, 65274, 65536, 98042, 100_000])
def test_it_does_so_around_the_sizes_of_its_window_and_blocks(size: int) -> None:
    noise = hashlib.shake_128(b"noise").digest(size)
    _check([noise])
    _check([noise[: size // 2], noise[: size // 2]])
    _check([bytes(size)])


def test_it_gives_the_right_distances_at_the_edge_of_the_window() -> None:
    mark = b"a mark that occurs twice"
    for distance in (32505, 32506, 32507, 32768):
        noise = hashlib.shake_128(b"noise").digest(distance - len(mark))
        for before in (0, 1, 100, 32768):
            _check([hashlib.shake_128(b"before").digest(before) + mark + noise + mark])


def test_very_uneven_frequencies_need_shortened_codes() -> None:
    fibonacci = [1, 1]
    while len(fibonacci) < 20:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    _check([b"".join(bytes([symbol]) * count for symbol, count in enumerate(fibonacci))])
    mixed = b"".join(bytes([symbol, 255 - symbol]) for symbol, count in enumerate(fibonacci) for _ in range(count))
    _check([mixed])


def test_a_foreign_zlib_is_noticed_and_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = b"".join(gzip_chunks([b"content " * 100]))
    monkeypatch.setattr(deflate, "_zlib", lambda: zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS))
    has_reference_zlib.cache_clear()
    try:
        assert not has_reference_zlib()
        assert isinstance(deflate.compressor(), PureDeflate)
        if expected:
            assert b"".join(gzip_chunks([b"content " * 100])) == expected
    finally:
        has_reference_zlib.cache_clear()
