"""Gzip (RFC 1952) whose bytes follow from the content alone: no name, no time, no system in the header."""

import struct
import zlib
from collections.abc import Iterable, Iterator

__all__ = ["gzip_chunks"]

# Magic, deflate, no flags, no time, no extra flags, unknown system: also what Go's writer puts there.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LEVEL = 6
_BLOCK = 1 << 16


def gzip_chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The compressed form of all pieces together, in pieces. How the input is cut does not matter."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_DEFAULT_STRATEGY)
    checksum, size = 0, 0
    yield _HEADER
    for block in _blocks(pieces):
        checksum = zlib.crc32(block, checksum)
        size += len(block)
        data = compressor.compress(block)
        if data:
            yield data
    yield compressor.flush()
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
