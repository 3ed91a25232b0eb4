"""Content that is made while it is hashed: small in memory, large in a temporary file that no name leads to."""

import hashlib
import io
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from relgraph.errors import EnvironmentFailure
from relgraph.oci.codecs.artifact import Blob
from relgraph.oci.content import BytesSource, FileSource, Source, chunks
from relgraph.oci.descriptor import NOTHING, Descriptor
from relgraph.oci.digest import Digest

__all__ = ["SpooledSource", "Watch", "described", "spool"]

# What stays in memory, of each blob and of the pieces on their way to a file.
_IN_MEMORY = 1 << 20


class SpooledSource:
    """Content of an unlinked temporary file; the space is free when the last reader and this object are gone."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._file = descriptor
        self._size = size
        weakref.finalize(self, os.close, descriptor)

    def open(self) -> "_Pieces":
        """A new reader at the first byte; readers do not disturb each other."""
        return _Pieces(self, self._file, self._size)


class _Pieces(io.RawIOBase):
    def __init__(self, owner: SpooledSource, file: int, size: int) -> None:
        super().__init__()
        self._owner = owner  # keeps the file open
        self._file = file
        self._size = size
        self._offset = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # what BufferedReader passes
        with memoryview(buffer) as view:
            count = os.preadv(self._file, [view[: max(0, self._size - self._offset)]], self._offset)
        self._offset += count
        return count


class Watch:
    """Hashes what passes through: the digest of a tar within a gzip."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.size = 0

    def pass_on(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces, unchanged."""
        for piece in pieces:
            self._hash.update(piece)
            self.size += len(piece)
            yield piece

    @property
    def digest(self) -> Digest:
        """The digest of what has passed."""
        return Digest(f"sha256:{self._hash.hexdigest()}")


def described(path: Path, media_type: str, *, annotations: Mapping[str, str] = NOTHING) -> Blob:
    """A file as it lies, read once to learn its digest. Raises EnvironmentFailure where it cannot be read."""
    watch = Watch()
    source = FileSource(path)
    try:
        with source.open() as reader:
            for _ in watch.pass_on(chunks(reader)):
                pass
    except OSError as problem:
        raise EnvironmentFailure(f"{path}: {problem.strerror}") from problem
    return Blob(Descriptor(media_type, watch.digest, watch.size, annotations), source)


def spool(pieces: Iterable[bytes], media_type: str, *, annotations: Mapping[str, str] = NOTHING) -> Blob:
    """Keep all pieces, and describe them. Raises OSError where the temporary file cannot be written."""
    hasher = hashlib.sha256()
    held = io.BytesIO()
    file: int | None = None
    size = 0
    for piece in pieces:
        hasher.update(piece)
        size += len(piece)
        held.write(piece)
        if held.tell() > _IN_MEMORY:
            file = _temporary() if file is None else file
            _write(file, held.getbuffer())
            held = io.BytesIO()
    source: Source
    if file is None:
        source = BytesSource(held.getvalue())
    else:
        _write(file, held.getbuffer())
        source = SpooledSource(file, size)
    digest = Digest(f"sha256:{hasher.hexdigest()}")
    return Blob(Descriptor(media_type, digest, size, annotations), source)


def _temporary() -> int:
    with tempfile.TemporaryFile(prefix="relgraph-", buffering=0) as file:
        return os.dup(file.fileno())


def _write(file: int, data: memoryview) -> None:
    with data:
        done = 0
        while done < len(data):
            done += os.write(file, data[done:])
