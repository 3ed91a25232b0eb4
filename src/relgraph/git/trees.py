"""The files of a commit, of the index and of the work tree, behind one interface.

Paths are text as Python knows it: UTF-8, with bytes that are none kept as surrogates, so that every path survives.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

from relgraph.errors import EnvironmentFailure
from relgraph.git.batch import ObjectReader
from relgraph.git.command import BIG, Git, Pending
from relgraph.model.repository import INDEX, WORKTREE, Entry

__all__ = ["CommitTree", "IndexTree", "WorkTree"]

_MODES = {
    "100644": 0o100644, "100664": 0o100644, "100600": 0o100644, "100755": 0o100755, "120000": 0o120000, "160000": 0o160000,
}  # fmt: skip
_FILES = (0o100644, 0o100755)
_MISSING = -1


class CommitTree:
    """The files of one commit, read from the object store.

    ``partial``: the repository is a partial clone, whose absent objects must not be touched, because a git that does not
    know how to leave them alone would try to fetch each. ``sizes``: the whole tree will be read, so what is too large for that, or not
    there, is told beforehand.
    """

    def __init__(
        self, git: Git, reader: ObjectReader, commit: str, time: int, *, partial: bool = False, sizes: bool = True, limit: int = BIG
    ) -> None:
        self._git = git
        self._reader = reader
        self._partial = partial
        self._sizes = sizes and not partial
        self._limit = limit
        self._pending: Pending | None = None
        self.rev = commit
        self.time = time

    def prefetch(self) -> None:
        """Let git list the files while the caller does something else."""
        if self._pending is None:
            # Sizes so that nobody asks for what is too large or not there; looking them up takes git longer than the names.
            long = ("-l",) if self._sizes else ()
            self._pending = self._git.start("ls-tree", "-r", *long, "-z", "--full-tree", self.rev)

    @property
    def entries(self) -> Mapping[str, Entry]:
        """All paths in byte order. Raises EnvironmentFailure where a directory's object is missing or damaged."""
        return self._listing[0]

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is none, or none of at most 16 MiB."""
        return dict(self.read_many((path,))).get(path)  # to its end: a reading that is left early costs its process

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The content of many files, in the order given, without the unreadable ones."""
        entries, unreadable = self._listing
        wanted = [
            (path, entry.oid)
            for path in paths
            if (entry := entries.get(path)) and entry.mode in _FILES and entry.oid not in unreadable
        ]
        return _contents(self._reader, wanted)

    @cached_property
    def _listing(self) -> tuple[Mapping[str, Entry], frozenset[str]]:
        self.prefetch()
        assert self._pending is not None
        output = self._pending.output()
        self._pending = None
        entries: dict[str, Entry] = {}
        unreadable: set[str] = set()
        for record in output.decode("utf-8", "surrogateescape").split("\0"):
            meta, tab, path = record.partition("\t")
            if not tab:
                continue
            fields = meta.split()
            mode = _MODES.get(fields[0], 0o100644)
            entries[path] = Entry(mode, fields[2])
            if len(fields) == 4 and mode in _FILES and (not fields[3].isdigit() or int(fields[3]) > self._limit):
                unreadable.add(fields[2])  # "BAD" stands where the size of a missing object would
        if self._partial:
            unreadable |= self._absent()
        return MappingProxyType(entries), frozenset(unreadable)

    def _absent(self) -> set[str]:
        lines = (
            self._git.run("rev-list", "--objects", "--missing=print", f"{self.rev}^{{tree}}").decode("utf-8", "replace").split("\n")
        )
        return {line[1:] for line in lines if line.startswith("?")}


class IndexTree:
    """The files as they are staged. Of a path in conflict, ours; else theirs."""

    rev = INDEX

    def __init__(self, git: Git, reader: ObjectReader, time: int, *, limit: int = BIG) -> None:
        self._git = git
        self._reader = reader
        self._limit = limit
        self.time = time

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """All paths in byte order."""
        return MappingProxyType(
            {path: Entry(mode, oid) for path, (mode, oid) in _staged(self._git.run("ls-files", "-z", "-s")).items()}
        )

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is none, or none of at most 16 MiB."""
        return dict(self.read_many((path,))).get(path)  # to its end: a reading that is left early costs its process

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The content of many files, in the order given, without the unreadable ones."""
        wanted = [(path, entry.oid) for path in paths if (entry := self.entries.get(path)) and entry.mode in _FILES]
        try:
            sizes = self._reader.sizes(oid for _, oid in wanted)
        except EnvironmentFailure:
            # Old versions of git end over the first object that a partial clone lacks; reading goes on behind each.
            return _contents(self._reader, wanted)
        return _contents(
            self._reader, [pair for pair, size in zip(wanted, sizes, strict=True) if size is not None and size <= self._limit]
        )


class WorkTree:
    """The files on disk: tracked ones and untracked ones that are not ignored.

    Symbolic links are entries and never followed, neither as a file nor as a folder on the way to one; submodules are
    entries without content; a tracked file that is gone from the disk is gone, unless a sparse checkout left it out: then
    its staged content counts. ``oid`` of an entry is empty.
    """

    rev = WORKTREE

    def __init__(self, git: Git, reader: ObjectReader, root: str, time: int, *, limit: int = BIG) -> None:
        self._git = git
        self._reader = reader
        self._root = os.fsencode(root)
        self._limit = limit
        self._pending: Pending | None = None
        self.time = time

    def prefetch(self) -> None:
        """Let git list the files while the caller does something else."""
        if self._pending is None:
            # -t tells staged, left out by a sparse checkout (S) and untracked (?) apart.
            self._pending = self._git.start("ls-files", "-z", "-s", "-t", "--cached", "--others", "--exclude-standard")

    @property
    def entries(self) -> Mapping[str, Entry]:
        """All paths in byte order."""
        return self._listing[0]

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is none, or none of at most 16 MiB."""
        return dict(self.read_many((path,))).get(path)  # to its end: a reading that is left early costs its process

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The content of many files, in the order given, without the unreadable ones."""
        entries, left_out = self._listing
        for path in paths:
            entry = entries.get(path)
            if entry is None or entry.mode not in _FILES:
                continue
            if path in left_out:
                found = self._reader.read(left_out[path])
                data = found.data if found is not None else None
            else:
                data = _content(os.path.join(self._root, _encoded(path)), self._limit)
            if data is not None:
                yield path, data

    @cached_property
    def _listing(self) -> tuple[Mapping[str, Entry], Mapping[str, str]]:
        self.prefetch()
        assert self._pending is not None
        output = self._pending.output()
        self._pending = None
        folders: dict[bytes, bool] = {b"": True}
        entries: dict[str, Entry] = {}
        left_out: dict[str, str] = {}
        for record in filter(None, output.split(b"\0")):
            sign, rest = record[:1], record[2:]
            mode, oid = "", ""
            if sign == b"?":
                raw = rest
            else:
                meta, _, raw = rest.partition(b"\t")
                mode, oid = meta.decode().split(" ")[:2]
            if not raw or raw.endswith(b"/") or not _inside(raw):
                continue
            path = raw.decode("utf-8", "surrogateescape")
            if mode == "160000":
                entries[path] = Entry(0o160000, "")
                continue
            try:
                found = self._mode(raw, folders)
            except PermissionError:
                # It is there, for all that can be told; reading it fails, and whoever reads can say so.
                found = _MODES.get(mode, 0o100644)
            if found is None and sign == b"S" and mode in _MODES:
                found = _MODES[mode]
                left_out[path] = oid
            if found is not None:
                entries[path] = Entry(found, "")
        ordered = {path: entries[path] for path in sorted(entries, key=_encoded)}
        return MappingProxyType(ordered), left_out

    def _mode(self, raw: bytes, folders: dict[bytes, bool]) -> int | None:
        """Git's mode of what lies on disk; None where nothing does, or nothing that git could hold. Raises PermissionError."""
        if not self._is_folder(raw.rpartition(b"/")[0], folders):
            return None
        try:
            mode = os.lstat(os.path.join(self._root, raw)).st_mode
        except PermissionError:
            raise
        except (OSError, ValueError):
            return None
        if stat.S_ISREG(mode):
            return 0o100755 if mode & 0o100 else 0o100644
        return 0o120000 if stat.S_ISLNK(mode) else None

    def _is_folder(self, folder: bytes, folders: dict[bytes, bool]) -> bool:
        # Every part of the way has to be a real folder: behind a link may lie anything.
        known = folders.get(folder)
        if known is None:
            known = self._is_folder(folder.rpartition(b"/")[0], folders)
            if known:
                try:
                    known = stat.S_ISDIR(os.lstat(os.path.join(self._root, folder)).st_mode)
                except (OSError, ValueError):
                    known = False
            folders[folder] = known
        return known


def _contents(reader: ObjectReader, wanted: list[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    answers = reader.read_many(oid for _, oid in wanted)
    for (path, _), answer in zip(wanted, answers, strict=True):
        if answer is not None and answer.kind == "blob" and answer.data is not None:
            yield path, answer.data


def _staged(output: bytes) -> dict[str, tuple[int, str]]:
    chosen: dict[str, tuple[int, str]] = {}
    ranks: dict[str, int] = {}
    for record in output.decode("utf-8", "surrogateescape").split("\0"):
        meta, tab, path = record.partition("\t")
        if not tab:
            continue
        mode, oid, stage = meta.split(" ")
        rank = "0231".index(stage)
        if rank < 3 and rank <= ranks.get(path, 3):
            chosen[path] = (_MODES.get(mode, 0o100644), oid)
            ranks[path] = rank
    return chosen


def _content(path: bytes, limit: int) -> bytes | None:
    # No link is followed and no pipe or device is waited for, even if one took the file's place since the listing.
    try:
        descriptor = os.open(
            path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
    except (OSError, ValueError):
        return None
    with open(descriptor, "rb", buffering=0) as file:
        try:
            found = os.fstat(descriptor)
            return file.read() if stat.S_ISREG(found.st_mode) and found.st_size <= limit else None
        except OSError:
            return None


def _inside(raw: bytes) -> bool:
    return not raw.startswith(b"/") and b"/../" not in b"/" + raw + b"/"


def _encoded(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
