"""Bytes on their way: readers that check what passes through them, and sources that can be read again.

Nothing here holds more than a chunk in memory. A reader given out by a storage is verified: whoever has read it to its end
without an error has the bytes of the descriptor, no fewer and no more.
"""

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, runtime_checkable

from relgraph.oci.descriptor import Descriptor
from relgraph.oci.errors import ContentMismatch, InvalidContent

__all__ = ["CHUNK", "BytesSource", "FileSource", "Reader", "Source", "VerifiedReader", "chunks", "drain", "verified", "verify"]

#: How many bytes are moved at a time.
CHUNK = 1 << 18


class Reader(Protocol):
    """What can be read once, from its start to its end: every binary file is one. Close it when done."""

    def read(self, size: int = -1, /) -> bytes | None:
        """Up to ``size`` bytes; ``b""`` at the end. Readers of this package never answer None."""

    def close(self) -> None:
        """Let go of what stands behind it (a file, a connection)."""


@runtime_checkable
class Source(Protocol):
    """Content that can be read as often as needed: an upload that failed begins anew with a new reader."""

    def open(self) -> AbstractContextManager[Reader]:
        """A new reader at the first byte."""


class BytesSource:
    """Content in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def open(self) -> io.BytesIO:
        """A new reader at the first byte."""
        return io.BytesIO(self.data)


class FileSource:
    """Content of a file that does not change while it is used."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> io.FileIO:
        """A new reader at the first byte. Raises OSError where the file cannot be read."""
        return io.FileIO(self.path, "rb")


class VerifiedReader(io.RawIOBase):
    """A reader of exactly the bytes that a descriptor promises.

    The chunk that completes the content is given out only when the digest is right, so that a consumer that stops after
    ``size`` bytes was told, too. Raises :class:`~relgraph.oci.errors.ContentMismatch` from :meth:`read`; ``where`` names the
    origin in its message. Reading after an error raises it again. Closing it closes the reader beneath.
    """

    def __init__(self, reader: Reader, descriptor: Descriptor, *, where: str) -> None:
        super().__init__()
        self._reader = reader
        self._descriptor = descriptor
        self._where = where
        self._hash = descriptor.digest.hasher()
        self._left = descriptor.size
        self._failure: ContentMismatch | None = None
        self._ended = False

    def readable(self) -> bool:
        """Always."""
        return True

    def verifies(self, descriptor: Descriptor) -> bool:
        """Whether this reader, of which nothing was read yet, gives the bytes of ``descriptor`` or an error."""
        return (
            (self._descriptor.digest, self._descriptor.size)
            == (descriptor.digest, descriptor.size)
            == (descriptor.digest, self._left)
        )

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to ``size`` bytes, all that are left by default."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(CHUNK), b""))
        if self._failure is not None:
            raise self._failure
        if self._ended or size == 0:
            return b""
        data = self._reader.read(min(size, self._left)) or b"" if self._left else b""
        self._left -= len(data)
        self._hash.update(data)
        if not data and self._left:
            wanted, got = self._descriptor.size, self._descriptor.size - self._left
            self._fail(f"only {got} of {wanted} bytes came", str(wanted), str(got))
        if not self._left:
            self._finish()
        return data

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # what BufferedReader passes
        """Fill a part of ``buffer``; how many bytes."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close this reader and the one beneath."""
        if not self.closed:
            self._reader.close()
        super().close()

    def _finish(self) -> None:
        self._ended = True
        digest = self._descriptor.digest
        if self._reader.read(1):
            self._fail(f"more than its {self._descriptor.size} bytes came", str(self._descriptor.size), "more")
        actual = f"{digest.algorithm}:{self._hash.hexdigest()}"
        if actual != digest:
            self._fail(f"its bytes have the digest {actual}", digest, actual)

    def _fail(self, problem: str, expected: str, actual: str) -> None:
        self._failure = ContentMismatch(f"{self._where}: {self._descriptor.digest}: {problem}", expected=expected, actual=actual)
        raise self._failure


def verified(reader: Reader, descriptor: Descriptor, *, where: str) -> VerifiedReader:
    """A reader that checks what ``reader`` gives; ``reader`` itself where it does so already."""
    if isinstance(reader, VerifiedReader) and reader.verifies(descriptor):
        return reader
    return VerifiedReader(reader, descriptor, where=where)


def verify(data: bytes, descriptor: Descriptor, *, where: str) -> bytes:
    """``data``, if it is what the descriptor promises; raises :class:`~relgraph.oci.errors.ContentMismatch` otherwise."""
    with VerifiedReader(io.BytesIO(data), descriptor, where=where) as reader:
        drain(reader)
    return data


def chunks(reader: Reader, size: int = CHUNK) -> Iterator[bytes]:
    """The rest of a reader in pieces of at most ``size`` bytes."""
    while data := reader.read(size):
        yield data


def drain(reader: Reader, limit: int | None = None, *, what: str = "content") -> int:
    """Read to the end and drop it; how many bytes. More than ``limit`` raise InvalidContent."""
    total = 0
    for data in chunks(reader):
        total += len(data)
        if limit is not None and total > limit:
            raise InvalidContent(f"{what}: more than the {limit} bytes allowed")
    return total
