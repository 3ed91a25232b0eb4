"""Files that are either whole or not there, and locks between processes.

A file is written under a name of its own, flushed to the disk and renamed: a reader, a second process or a machine that lost
its power sees the old content or the new one. POSIX only (``flock``).
"""

import fcntl
import os
import stat
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from relgraph.effects import chance, clock
from relgraph.errors import EnvironmentFailure

__all__ = ["locked", "open_regular", "sync_folder", "temporary_beside", "write_file"]


def write_file(path: Path, chunks: Iterable[bytes], *, mode: int = 0o644, replace: bool = True) -> None:
    """Write a file as a whole. ``replace=False`` raises FileExistsError where the name is taken.

    Raises OSError; nothing is left behind then.
    """
    temporary = temporary_beside(path)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        try:
            for chunk in chunks:
                left = memoryview(chunk)
                while left:
                    left = left[os.write(descriptor, left) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if replace:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)  # unlike a rename, it fails where something is
            temporary.unlink()
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def temporary_beside(path: Path) -> Path:
    """A name in the same folder that no other process uses; it begins with a dot."""
    return path.with_name(f".{path.name[:80]}.{chance.name()}.tmp")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_regular(path: Path) -> int:
    """A descriptor for reading a regular file; a link, a device or a pipe under that name raises OSError, and none blocks."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path}: not a regular file")
    return descriptor


@contextmanager
def locked(path: Path, *, limit: float = 60.0) -> Generator[None, None, None]:
    """Hold the lock of a file, which is created where it is missing; threads and processes exclude each other.

    The lock ends with the process, however that ends. Raises EnvironmentFailure when it is not to be had in ``limit`` seconds.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        _acquire(descriptor, path, clock.monotonic() + limit)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, until: float) -> None:
    pause = 0.001
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if clock.monotonic() > until:
                raise EnvironmentFailure(
                    f"{path}: another process holds this lock", hint="wait until it has finished, or end it"
                ) from None
            clock.sleep(pause * (0.5 + chance.fraction()))
            pause = min(pause * 2, 0.1)
        else:
            return
