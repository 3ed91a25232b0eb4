"""Files by path, in a folder or in a tar: what the parts of an image are read from.

A tar is not unpacked: its headers are read once, and a member is the part of the archive where it lies.
"""

import io
import os
import tarfile
from pathlib import Path, PurePosixPath
from typing import Protocol

from relgraph.errors import EnvironmentFailure
from relgraph.oci.content import FileSource, Source
from relgraph.oci.errors import InvalidContent

__all__ = ["Files", "open_files"]

_MOST_MEMBERS = 100_000
_LONGEST_LINKS = 8


class Files(Protocol):
    """Regular files by their paths (``/`` between, relative)."""

    where: str

    def size(self, path: str) -> int | None:
        """Bytes of a file; None where there is no such file."""

    def source(self, path: str) -> Source:
        """The content of a file. Raises InvalidContent where there is none."""

    def read(self, path: str, *, limit: int) -> bytes:
        """The whole of a small file. Raises InvalidContent where there is none, or it is larger than ``limit``."""


def open_files(path: Path) -> Files:
    """The files of a folder or of an uncompressed tar.

    Raises :class:`~relgraph.errors.EnvironmentFailure` where it cannot be read and
    :class:`~relgraph.oci.errors.InvalidContent` where it is neither.
    """
    if path.is_dir():
        return _Folder(path)
    try:
        return _Archive(path)
    except tarfile.TarError as problem:
        raise InvalidContent(f"{path}: neither a folder nor a tar: {problem}", hint="unpack a compressed archive first") from None
    except OSError as problem:
        raise EnvironmentFailure(f"{path}: {problem.strerror or problem}") from problem


class _Base:
    where: str

    def size(self, path: str) -> int | None:
        raise NotImplementedError

    def source(self, path: str) -> Source:
        raise NotImplementedError

    def read(self, path: str, *, limit: int) -> bytes:
        size = self.size(path)
        if size is None:
            raise InvalidContent(f"{self.where}: {path} is missing")
        if size > limit:
            raise InvalidContent(f"{self.where}: {path}: {size} bytes, more than the {limit} allowed")
        with self.source(path).open() as reader:
            return reader.read(limit + 1) or b""


class _Folder(_Base):
    def __init__(self, root: Path) -> None:
        self.where = str(root)
        self._root = root

    def size(self, path: str) -> int | None:
        real = self._real(path)
        return real.stat().st_size if real is not None else None

    def source(self, path: str) -> Source:
        real = self._real(path)
        if real is None:
            raise InvalidContent(f"{self.where}: {path} is missing")
        return FileSource(real)

    def _real(self, path: str) -> Path | None:
        # Paths come from documents in the folder: they stay in it, and so do links.
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or "\0" in path:
            return None
        real = (self._root / pure).resolve()
        return real if real.is_file() and real.is_relative_to(self._root.resolve()) else None


class _Archive(_Base):
    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self._path = path
        self._members: dict[str, tuple[int, int]] = {}
        links: dict[str, str] = {}
        with tarfile.open(path, "r:") as archive:
            for count, member in enumerate(archive):
                if count > _MOST_MEMBERS:
                    raise InvalidContent(f"{path}: more than {_MOST_MEMBERS} members")
                name = os.path.normpath(member.name)
                if member.isreg() and not member.issparse():
                    self._members[name] = (member.offset_data, member.size)
                elif member.issym():
                    # Older archives of docker save name a layer that occurs twice by a link.
                    links[name] = os.path.normpath(f"{os.path.dirname(name)}/{member.linkname}")  # noqa: PTH120 - names, no files
                elif member.islnk():
                    links[name] = os.path.normpath(member.linkname)
        for name, target in links.items():
            for _ in range(_LONGEST_LINKS):
                target = links.get(target, target)
            if target in self._members:
                self._members.setdefault(name, self._members[target])

    def size(self, path: str) -> int | None:
        found = self._members.get(path)
        return found[1] if found else None

    def source(self, path: str) -> Source:
        found = self._members.get(path)
        if found is None:
            raise InvalidContent(f"{self.where}: {path} is missing")
        return _Slice(self._path, *found)


class _Slice:
    """A part of a file."""

    def __init__(self, path: Path, start: int, size: int) -> None:
        self._path = path
        self._start = start
        self._size = size

    def open(self) -> io.RawIOBase:
        file = io.FileIO(self._path, "rb")
        file.seek(self._start)
        return _Bounded(file, self._size)


class _Bounded(io.RawIOBase):
    def __init__(self, file: io.FileIO, left: int) -> None:
        super().__init__()
        self._file = file
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # what BufferedReader passes
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()
