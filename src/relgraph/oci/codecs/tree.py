"""Files as a value: what goes into an archive, whether it lies in a folder or in memory."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from relgraph.errors import DeclarationError, EnvironmentFailure
from relgraph.oci.bounds import BOUNDS
from relgraph.oci.content import BytesSource, FileSource, Source
from relgraph.oci.errors import UnsafeArchive
from relgraph.oci.names import NameBook, safe_parts

__all__ = ["Entry", "Kind", "Tree", "read_folder", "tree_of"]

_NOTHING = BytesSource(b"")


class Kind(StrEnum):
    """What an entry is. Devices, sockets and pipes are no part of an artifact."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"


class Entry(NamedTuple):
    """One entry: a POSIX path relative to the root, its permission bits, and its content or, for a link, its target."""

    path: str
    kind: Kind
    mode: int
    size: int = 0
    source: Source = _NOTHING
    target: str = ""


class Tree(NamedTuple):
    """Entries sorted by path, byte by byte; every path once."""

    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, entries: Iterable[Entry], *, portable: bool = True) -> "Tree":
        """The tree of these entries.

        Raises :class:`~relgraph.errors.DeclarationError` for names that cannot be unpacked everywhere, by the same rules by
        which relgraph unpacks: absolute ones, ``..``, control characters, backslashes, two that differ in case or Unicode
        form only, a file with something below it. The file system of an image is one system's own: with ``portable=False``
        only what no tar can mean is refused.
        """
        ordered = sorted(entries, key=lambda entry: entry.path.encode("utf-8", "surrogateescape"))
        if portable:
            _check_portable(ordered)
        else:
            _check_paths(ordered)
        return cls(tuple(ordered))

    @property
    def files(self) -> tuple[Entry, ...]:
        """The regular files."""
        return tuple(entry for entry in self.entries if entry.kind is Kind.FILE)

    @property
    def size(self) -> int:
        """Bytes in all files."""
        return sum(entry.size for entry in self.entries)

    def get(self, path: str) -> Entry | None:
        """The entry of that path."""
        return next((entry for entry in self.entries if entry.path == path), None)

    def read(self, path: str, *, limit: int) -> bytes | None:
        """The content of a file, None where there is no such file. Raises DeclarationError beyond ``limit`` bytes."""
        entry = self.get(path)
        if entry is None or entry.kind is not Kind.FILE:
            return None
        if entry.size > limit:
            raise DeclarationError(f"{path}: {entry.size} bytes, more than the {limit} allowed")
        with entry.source.open() as reader:
            return reader.read(limit + 1) or b""


def tree_of(files: Mapping[str, bytes], *, executable: Iterable[str] = ()) -> Tree:
    """A tree of files in memory, by path; ``executable`` are the paths with permission to be run."""
    runnable = set(executable)
    return Tree.of(
        Entry(path, Kind.FILE, 0o755 if path in runnable else 0o644, len(data), BytesSource(data)) for path, data in files.items()
    )


def read_folder(root: Path, *, portable: bool = True) -> Tree:
    """All entries below a folder, links as links; ``portable`` as for :meth:`Tree.of`.

    Raises :class:`~relgraph.errors.EnvironmentFailure` where something cannot be read or is neither file, folder nor link.
    """
    try:
        return Tree.of(_walk(root, ""), portable=portable)
    except OSError as problem:
        raise EnvironmentFailure(f"{problem.filename}: {problem.strerror}") from problem


def _walk(folder: Path, prefix: str) -> Iterator[Entry]:
    with os.scandir(folder) as found:
        for item in found:
            path = prefix + item.name
            info = item.stat(follow_symlinks=False)
            mode = stat.S_IMODE(info.st_mode)
            if stat.S_ISLNK(info.st_mode):
                yield Entry(path, Kind.LINK, 0o777, target=os.readlink(item.path))  # noqa: PTH115 - the text as it is stored
            elif stat.S_ISDIR(info.st_mode):
                yield Entry(path, Kind.FOLDER, mode)
                yield from _walk(folder / item.name, path + "/")
            elif stat.S_ISREG(info.st_mode):
                yield Entry(path, Kind.FILE, mode, info.st_size, FileSource(folder / item.name))
            else:
                raise EnvironmentFailure(f"{item.path}: neither a file, a folder nor a link", hint="leave it out")


def _check_portable(entries: Sequence[Entry]) -> None:
    book = NameBook()
    for entry in entries:
        try:
            parts = safe_parts(entry.path, BOUNDS)
            if not parts or entry.path.endswith("/") or entry.path.startswith("./"):
                raise DeclarationError(f"{entry.path!r}: not a path within a folder")
            book.add(parts, folder=entry.kind is Kind.FOLDER)
        except UnsafeArchive as problem:
            raise DeclarationError(str(problem), hint="such names cannot be unpacked everywhere; rename the file") from None


def _check_paths(entries: Sequence[Entry]) -> None:
    seen: dict[str, Kind] = {}
    for entry in entries:
        parts = entry.path.split("/")
        if entry.path in seen or any(part in ("", ".", "..") or "\0" in part for part in parts):
            raise DeclarationError(f"{entry.path[:200]!r}: not a path within a folder, or one that stands twice")
        if seen.get(entry.path.rpartition("/")[0], Kind.FOLDER) is not Kind.FOLDER:
            raise DeclarationError(f"{entry.path!r} lies below what is no folder")
        seen[entry.path] = entry.kind
