"""How content enters a layout: whole and verified, or not at all; a large piece that broke off is gone on with.

A piece is written to ``.relgraph/ingest`` and renamed to its digest when its bytes are known to be right. Large pieces are
written to a file named for their digest, which the next attempt (of this process or another) completes: it hashes what is
there and asks its source for the rest.
"""

import errno
import fcntl
import itertools
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, runtime_checkable

from relgraph.effects import chance
from relgraph.oci.content import CHUNK, Reader, Source, chunks, verified
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.errors import ContentMismatch

__all__ = ["INGEST", "ResumableSource", "ingest"]

#: The folder within ``.relgraph``.
INGEST = "ingest"

_WORTH_RESUMING = 4 << 20


@runtime_checkable
class ResumableSource(Source, Protocol):
    """A source that can begin in the middle."""

    def open_at(self, offset: int) -> AbstractContextManager[Reader]:
        """A new reader at a byte's offset."""


def ingest(private: Path, target: Path, descriptor: Descriptor, source: Source, *, where: str) -> None:
    """Write the content of ``source`` to ``target``, verified.

    ``private`` is the layout's private folder. Raises :class:`~relgraph.oci.errors.ContentMismatch` for wrong bytes and what
    the source raises; ``target`` is then as it was.
    """
    digest = descriptor.digest
    if descriptor.size >= _WORTH_RESUMING and isinstance(source, ResumableSource):
        (private / INGEST).mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = private / INGEST / f"{digest.algorithm}-{digest.hex}.part"
        with _exclusive(partial) as number:
            if number is not None:
                _resume(number, partial, target, descriptor, source, where)
                return
    temporary = f"{private}/{INGEST}/{digest.hex[:16]}.{_names()}.tmp"
    try:
        number = _create(temporary)
        try:
            with source.open() as reader:
                content = chunks(verified(reader, descriptor, where=where))
                for data in content if descriptor.size > CHUNK else (b"".join(content),):
                    _write(number, data)
            os.fsync(number)
        finally:
            os.close(number)
        _rename(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


# Folders are made when they turn out to be missing: with many small pieces, to ask each time costs as much as to write.


_PROCESS: list[str] = []
_NUMBERS = itertools.count()


def _names() -> str:
    """A name that no other process and no other call gives."""
    if not _PROCESS or not _PROCESS[0].startswith(f"{os.getpid()}."):
        _PROCESS[:] = [f"{os.getpid()}.{chance.name()}"]  # a child after a fork is another process
    return f"{_PROCESS[0]}.{next(_NUMBERS)}"


def _create(path: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o644)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o644)


def _rename(path: str, target: Path) -> None:
    try:
        Path(path).replace(target)
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        Path(path).replace(target)


def _resume(number: int, partial: Path, target: Path, descriptor: Descriptor, source: ResumableSource, where: str) -> None:
    hasher = descriptor.digest.hasher()
    there = 0
    os.lseek(number, 0, os.SEEK_SET)
    while data := os.read(number, CHUNK):
        hasher.update(data)
        there += len(data)
    if there >= descriptor.size:  # it ended between the last byte and the rename, or is nonsense
        if there == descriptor.size and f"{descriptor.digest.algorithm}:{hasher.hexdigest()}" == descriptor.digest:
            os.fsync(number)
            partial.replace(target)
            return
        os.ftruncate(number, 0)
        there, hasher = 0, descriptor.digest.hasher()
    os.lseek(number, there, os.SEEK_SET)
    got = there
    with source.open_at(there) as reader:
        for data in chunks(reader):
            got += len(data)
            if got > descriptor.size:
                break
            hasher.update(data)
            _write(number, data)
    actual = f"{descriptor.digest.algorithm}:{hasher.hexdigest()}"
    if got != descriptor.size or actual != descriptor.digest:
        # What is wrong cannot be completed by anyone; what is only short can.
        if got >= descriptor.size:
            partial.unlink(missing_ok=True)
        raise ContentMismatch(
            f"{where}: {descriptor.digest}: {got} bytes with the digest {actual} came", expected=descriptor.digest, actual=actual
        )
    os.fsync(number)
    partial.replace(target)


@contextmanager
def _exclusive(path: Path) -> Iterator[int | None]:
    """The descriptor of a partial file that nobody else writes; None where somebody does."""
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = path.lstat().st_ino == os.fstat(number).st_ino
        except BlockingIOError:
            ours = False
        except FileNotFoundError:  # completed and renamed by another process since it was opened
            ours = False
        yield number if ours else None
    finally:
        os.close(number)


def _write(number: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        written = os.write(number, left)
        if written == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left = left[written:]
