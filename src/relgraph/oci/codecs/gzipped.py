"""Gzip (RFC 1952) whose bytes follow from the content alone: no name, no time, no system in the header."""

import struct
import zlib
from collections.abc import Iterable, Iterator

from relgraph.oci.codecs.deflate import compressor

__all__ = ["gzip_chunks"]

# Magic, deflate, no flags, no time, no extra flags, unknown system: also what Go's writer puts there.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_BLOCK = 1 << 16


def gzip_chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The compressed form of all pieces together, in pieces. How the input is cut does not matter."""
    stream = compressor()
    checksum, size = 0, 0
    yield _HEADER
    for block in _blocks(pieces):
        checksum = zlib.crc32(block, checksum)
        size += len(block)
        data = stream.compress(block)
        if data:
            yield data
    yield stream.flush()
    yield struct.pack("<II", checksum, size & 0xFFFFFFFF)


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= _BLOCK:
            yield bytes(held[:_BLOCK])
            del held[:_BLOCK]
    if held:
        yield bytes(held)
