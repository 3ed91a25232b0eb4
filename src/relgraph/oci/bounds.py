"""Limits on what an archive may become, and readers that keep to them."""

import zlib
from typing import NamedTuple

from relgraph.oci.content import CHUNK, Reader
from relgraph.oci.errors import UnsafeArchive

__all__ = ["BOUNDS", "Bounds", "Gunzip", "Peek", "Tally", "check_ratio", "inflated"]

_GZIP = b"\x1f\x8b"
# Below this, a ratio says nothing: an empty disk image shrinks a thousandfold and harms nobody.
_RATIO_FROM = 64 << 20


class Bounds(NamedTuple):
    """The most that is unpacked: entries, bytes in all, bytes of one file, bytes out for each byte in, path length, depth."""

    entries: int = 100_000
    total: int = 16 << 30
    file: int = 8 << 30
    ratio: int = 250
    path: int = 4096
    depth: int = 64


#: What is allowed where nothing else is said.
BOUNDS = Bounds()


class Tally:
    """Counts what comes out of an archive and refuses what is too much."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.entries = 0
        self.bytes = 0

    def entry(self, name: str, size: int) -> None:
        """One more entry, of a size that is said and not yet seen."""
        self.entries += 1
        if self.entries > self.bounds.entries:
            raise UnsafeArchive(f"more than the {self.bounds.entries} entries allowed", entry=name)
        if size > self.bounds.file:
            raise UnsafeArchive(f"{name}: {size} bytes, more than the {self.bounds.file} allowed for a file", entry=name)
        self.add(size, name)

    def add(self, size: int, name: str = "") -> None:
        """So many more bytes."""
        self.bytes += size
        if self.bytes > self.bounds.total:
            raise UnsafeArchive(f"unpacked it has more than the {self.bounds.total} bytes allowed", entry=name)


class Peek:
    """A reader whose first bytes can be looked at before they are read."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._head = b""

    def peek(self, size: int) -> bytes:
        """The first bytes that are still to be read, fewer at the end."""
        while len(self._head) < size:
            data = self._reader.read(size - len(self._head))
            if not data:
                break
            self._head += data
        return self._head[:size]

    def is_gzip(self) -> bool:
        """Whether a gzip stream begins here."""
        return self.peek(2) == _GZIP

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes."""
        if self._head and size:
            take = len(self._head) if size < 0 else size
            data, self._head = self._head[:take], self._head[take:]
            return data
        return self._reader.read(size) or b""

    def close(self) -> None:
        """Close the reader beneath."""
        self._reader.close()


class Gunzip:
    """The content of a gzip stream (RFC 1952, any number of members), never much more of it than is asked for.

    Raises :class:`~relgraph.oci.errors.UnsafeArchive` for a stream that is damaged, that ends early, that has something
    behind it, or that becomes larger than the bounds allow.
    """

    def __init__(self, reader: Reader, bounds: Bounds = BOUNDS) -> None:
        self._reader = reader
        self._bounds = bounds
        self._inflate = zlib.decompressobj(wbits=31)
        self._input = b""
        self._taken = 0
        self._given = 0
        self._ended = False

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes."""
        limit = CHUNK if size < 0 else size
        while not self._ended and limit:
            if self._inflate.eof:
                if not self._begin_member():
                    break
            elif not self._input:
                self._input = self._more()
                if not self._input:
                    raise UnsafeArchive("the compressed stream ends too early")
            try:
                data = self._inflate.decompress(self._input, limit)
            except zlib.error as problem:
                raise UnsafeArchive(f"the compressed stream is damaged: {problem}") from None
            self._input = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            if data:
                self._count(len(data))
                return data
        return b""

    def close(self) -> None:
        """Close the reader beneath."""
        self._reader.close()

    def _begin_member(self) -> bool:
        if not self._input:
            self._input = self._more()
        # Tapes and some writers pad with zeros.
        while self._input and not self._input.strip(b"\0"):
            self._input = self._more()
        if not self._input:
            self._ended = True
            return False
        while len(self._input) < len(_GZIP) and (data := self._more()):
            self._input += data
        if not self._input.startswith(_GZIP):
            raise UnsafeArchive("something follows the compressed stream")
        self._inflate = zlib.decompressobj(wbits=31)
        return True

    def _more(self) -> bytes:
        data = self._reader.read(CHUNK) or b""
        self._taken += len(data)
        return data

    def _count(self, size: int) -> None:
        self._given += size
        if self._given > self._bounds.total:
            raise UnsafeArchive(f"unpacked it has more than the {self._bounds.total} bytes allowed")
        check_ratio(self._given, self._taken, self._bounds)


def inflated(reader: Reader, bounds: Bounds = BOUNDS) -> Reader:
    """The content of a reader: unpacked where it is a gzip stream, else as it is."""
    peek = Peek(reader)
    return Gunzip(peek, bounds) if peek.is_gzip() else peek


def check_ratio(unpacked: int, packed: int, bounds: Bounds) -> None:
    """Raise UnsafeArchive where so many bytes have come out of so few."""
    if unpacked > _RATIO_FROM and unpacked > packed * bounds.ratio:
        raise UnsafeArchive(f"it grows more than {bounds.ratio}-fold when it is unpacked")
