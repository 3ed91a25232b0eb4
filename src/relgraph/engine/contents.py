"""What steps wrote, kept by its digest, so that a lost or damaged output is put back instead of made again.

``<folder>/ab/cdef...`` holds the content whose sha256 is ``abcdef...``. Contents are copies, or share blocks where the file system
can, but are never hard links: writing into an output must not change what is kept. The folder may lose files at any time. What was not
used for longest goes first when it grows beyond its limit; times of use are the files' own modification times.

Small contents lie in the database of the traces instead: a file system takes ten times as long to make a file as a database to add a row.
"""

import errno
import os
import stat
import time
from hashlib import sha256

from relgraph.effects import chance
from relgraph.engine.files import link_mark, mark_of
from relgraph.engine.keys import Mark
from relgraph.engine.traces import Traces

__all__ = ["Contents"]

_SMALL = 16 << 10  # bytes; larger ones have a file
_CHUNK = 1 << 20
_FICLONE = 0x40049409
_LIMIT = 2 << 30
_LINK, _EXECUTABLE = b"lx"


class Contents:
    """A folder of contents, made when something is put into it, and a database of small ones. ``limit`` is in bytes."""

    def __init__(self, folder: str, small: Traces, limit: int = _LIMIT) -> None:
        self._folder = folder
        self._base = small
        self._limit = limit
        self._made: set[str] = set()
        self._clones = True
        self.added = 0

    def has(self, mark: Mark) -> bool:
        """Whether this content could be put back."""
        return self._base.has_content(mark[1:]) or os.path.exists(self._name(mark[1:].hex()))

    def keep(self, path: str) -> tuple[Mark, os.stat_result, int] | None:
        """Keep what a file or link holds now: its mark, its status, and when the reading began (nanoseconds since the epoch).

        None where there is neither a file nor a link, or it changes while it is read. A file that is larger than a quarter of all that may
        be kept is only marked.
        """
        for _ in range(3):
            began = time.time_ns()
            try:
                found = os.lstat(path)
                mark = self._keep(path, found)
                after = os.lstat(path)
            except (FileNotFoundError, NotADirectoryError):
                return None
            if mark is None:
                return None
            if (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino) == (
                after.st_mtime_ns,
                after.st_ctime_ns,
                after.st_size,
                after.st_ino,
            ):
                return mark, after, began
        return None

    def restore(self, mark: Mark, path: str) -> bool:
        """Put content back under a name, in one step; False where it is not kept (any longer), or was damaged."""
        name = self._name(mark[1:].hex())
        # Not beside the target: a pattern that somebody looks for right now may match there.
        temporary = self.room()
        mode = 0o755 if mark[0] == _EXECUTABLE else 0o644
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            data = self._base.content(mark[1:])
            if mark[0] == _LINK:
                text = os.fsdecode(data or b"")
                if link_mark(text) != mark:
                    return False
                os.symlink(text, temporary)
            elif data is not None:
                if sha256(data).digest() != mark[1:]:
                    return False
                _write(temporary, data, mode)
            elif self._copy(name, temporary, mode) != mark[1:]:
                os.unlink(name)
                return False
            _move(temporary, path)
            if data is None:
                os.utime(name)
            else:
                self._base.keep_content(mark[1:], data)
        except (FileNotFoundError, NotADirectoryError, FileExistsError, IsADirectoryError):
            return False
        finally:
            if os.path.lexists(temporary):
                os.unlink(temporary)
        return True

    def room(self) -> str:
        """A free name for a file on its way; whoever takes it removes it."""
        return self._temporary()

    def flush(self) -> None:
        """Write what was kept where it outlives this process."""
        self._base.flush()

    def trim(self) -> None:
        """Remove what was not used for longest until nine tenths of the limit are left, where there is more than the limit."""
        rows = []
        total = 0
        yesterday = time.time_ns() - 86_400_000_000_000
        for folder in _entries(self._folder):
            # What a process that was killed had on its way.
            if folder.name.endswith(".tmp") and folder.stat(follow_symlinks=False).st_mtime_ns < yesterday:
                os.unlink(folder.path)
            for entry in _entries(folder.path):
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                rows.append((found.st_mtime_ns, found.st_size, entry.path))
                total += found.st_size
        if total <= self._limit:
            return
        for _, size, path in sorted(rows):
            try:
                os.unlink(path)
            except FileNotFoundError:
                continue
            total -= size
            if total <= self._limit * 9 // 10:
                return

    def _name(self, digest: str) -> str:
        return f"{self._folder}/{digest[:2]}/{digest[2:]}"

    def _keep(self, path: str, found: os.stat_result) -> Mark | None:
        if stat.S_ISLNK(found.st_mode):
            text = os.readlink(path)
            self._base.keep_content(link_mark(text)[1:], os.fsencode(text))
            return link_mark(text)
        if not stat.S_ISREG(found.st_mode):
            return None
        executable = bool(found.st_mode & 0o100)
        if found.st_size <= _SMALL:
            with open(path, "rb", buffering=0) as file:
                data = file.readall()
            if len(data) <= _SMALL:
                digest = sha256(data).digest()
                self._base.keep_content(digest, data)
                return mark_of(digest, executable=executable)
        if found.st_size > self._limit // 4:
            from hashlib import file_digest

            with open(path, "rb", buffering=0) as file:
                return mark_of(file_digest(file, "sha256").digest(), executable=executable)
        temporary = self._temporary()
        try:
            content = self._copy(path, temporary, 0o644)
            self._place(temporary, content.hex())
        finally:
            if os.path.lexists(temporary):
                os.unlink(temporary)
        self.added += found.st_size
        return mark_of(content, executable=executable)

    def _temporary(self) -> str:
        if "" not in self._made:
            os.makedirs(self._folder, exist_ok=True)
            self._made.add("")
        return f"{self._folder}/.{chance.name()}.tmp"

    def _place(self, temporary: str, digest: str) -> None:
        prefix = digest[:2]
        if prefix not in self._made:
            os.makedirs(f"{self._folder}/{prefix}", exist_ok=True)
            self._made.add(prefix)
        os.replace(temporary, self._name(digest))

    def _copy(self, source: str, target: str, mode: int) -> bytes:
        """Copy a file to a name that is free; the digest of what was copied."""
        with open(source, "rb", buffering=0) as reading:
            descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            with open(descriptor, "r+b", buffering=0) as writing:
                if self._clones and os.fstat(reading.fileno()).st_size >= _CHUNK and not self._clone(reading.fileno(), descriptor):
                    self._clones = False
                elif self._clones and os.fstat(descriptor).st_size:
                    from hashlib import file_digest

                    return file_digest(writing, "sha256").digest()
                digest = sha256()
                while data := reading.read(_CHUNK):
                    digest.update(data)
                    left = memoryview(data)
                    while left:
                        left = left[writing.write(left) :]
                return digest.digest()

    @staticmethod
    def _clone(source: int, target: int) -> bool:
        try:
            import fcntl

            fcntl.ioctl(target, _FICLONE, source)
        except (ImportError, OSError):
            return False
        return True


def _move(source: str, target: str) -> None:
    try:
        os.replace(source, target)
    except OSError as problem:
        if problem.errno != errno.EXDEV:
            raise
        # The state lies on another file system than the output.
        import shutil

        beside = os.path.join(os.path.dirname(target), f".{chance.name()}.tmp")
        try:
            shutil.copy2(source, beside, follow_symlinks=False)
            os.replace(beside, target)
        finally:
            if os.path.lexists(beside):
                os.unlink(beside)


def _write(path: str, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb", buffering=0) as file:
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]


def _entries(folder: str) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
