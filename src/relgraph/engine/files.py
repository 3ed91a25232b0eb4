"""Files of a root folder: what each holds, by its mark, with as little reading as can be.

What was read once is known by the file's modification time, size, inode and change time. As git has it ("racy git"): a file that
changed as late as it was read may have changed again without a trace in these, so that such a reading is not relied on.
"""

import os
import stat
import time
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import TypeAlias

from relgraph.engine.keys import ABSENT, Mark
from relgraph.engine.patterns import base_of, matcher

__all__ = ["FOLDER", "OTHER", "Files", "Row", "link_mark", "mark_of"]

#: modification time and change time in nanoseconds are the first and the fourth; size in bytes, inode; then the mark.
Row: TypeAlias = tuple[int, int, int, int, Mark]

#: Marks of what is neither a file nor a link.
FOLDER: Mark = b"d" + bytes(32)
OTHER: Mark = b"s" + bytes(32)

_SKIPPED = frozenset({".git", ".relgraph"})
_CHUNK = 1 << 20
_TICK = 25_000_000  # nanoseconds; times of files advance in steps of at most 10 ms
_COARSE = 2_100_000_000  # where times are whole seconds (or two)


class Files:
    """The files below a root (an absolute path). Safe for several threads: two of them may at worst read one file twice."""

    def __init__(self, root: str, known: Mapping[str, Row] | None = None) -> None:
        self.base = root.rstrip("/") + "/"
        self.known: dict[str, Row] = dict(known or {})
        self.changed = False
        self._racy: set[str] = set()
        self._listings: dict[str, tuple[str, ...]] = {}

    def mark(self, path: str) -> Mark:
        """The mark of a file; :data:`ABSENT` of none. A symbolic link is marked by where it leads, as text."""
        try:
            found = os.lstat(self.base + path)
        except (FileNotFoundError, NotADirectoryError):
            if self.known.pop(path, None) is not None:
                self.changed = True
            return ABSENT
        row = self.known.get(path)
        if (
            row is not None
            and row[0] == found.st_mtime_ns
            and row[3] == found.st_ctime_ns
            and row[1] == found.st_size
            and row[2] == found.st_ino
        ):
            return row[4]
        return self._read(path, found)

    def input_mark(self, path: str) -> Mark:
        """Like :meth:`mark`, but what a link leads to enters as well."""
        mark = self.mark(path)
        return mark if mark[0] != 108 else self.followed(path, mark)

    def followed(self, path: str, mark: Mark) -> Mark:
        """The mark of a link together with that of the file it leads to."""
        target = os.path.realpath(self.base + path)
        try:
            found = os.stat(target)
            content = _digest(target, found.st_size) if stat.S_ISREG(found.st_mode) else b""
        except OSError:
            content = b""
        return b"l" + sha256(mark + content).digest()

    def expand(self, pattern: str) -> list[str]:
        """The files and links that match, sorted; never what lies in ``.git`` or ``.relgraph``."""
        base = base_of(pattern)
        return list(filter(matcher(pattern), self._listing(base)))

    def forget_listings(self) -> None:
        """Look folders up again: something may have made or removed files."""
        self._listings = {}

    def learn(self, path: str, found: os.stat_result, mark: Mark, began: int) -> None:
        """Rely on a reading that began at a moment (nanoseconds since the epoch) of a file with this status."""
        self.known[path] = (found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns, mark)
        self.changed = True
        if _is_racy(found, began):
            self.known.pop(path, None)
            self._racy.add(path)
        else:
            self._racy.discard(path)

    def settle(self) -> dict[str, Row]:
        """What is worth keeping for the next run, after readings that were too fresh to rely on have been made again."""
        racy = self._racy
        if racy:
            youngest = 0
            for path in racy:
                try:
                    youngest = max(youngest, os.lstat(self.base + path).st_ctime_ns)
                except OSError:
                    continue
            pause = (youngest + _TICK + 1_000_000 - time.time_ns()) / 1e9
            if 0 < pause < 0.05:
                time.sleep(pause)
            for path in tuple(racy):
                try:
                    self.mark(path)
                except OSError:
                    continue
        return self.known

    def _read(self, path: str, found: os.stat_result) -> Mark:
        kind = stat.S_IFMT(found.st_mode)
        if kind == stat.S_IFDIR:
            return FOLDER
        name = self.base + path
        began = time.time_ns()
        if kind == stat.S_IFLNK:
            try:
                return link_mark(os.readlink(name))
            except OSError:
                return self.mark(path)
        if kind != stat.S_IFREG:
            return OTHER
        try:
            mark = mark_of(_digest(name, found.st_size), executable=bool(found.st_mode & 0o100))
            after = os.lstat(name)
        except FileNotFoundError:
            return ABSENT
        if _same(found, after):
            self.learn(path, after, mark, began)
        return mark

    def _listing(self, base: str) -> tuple[str, ...]:
        listing = self._listings.get(base)
        if listing is None:
            listing = self._listings[base] = tuple(sorted(_walk(self.base, base)))
        return listing


def mark_of(digest: bytes, *, executable: bool) -> Mark:
    """The mark of a regular file."""
    return (b"x" if executable else b"-") + digest


def link_mark(text: str) -> Mark:
    """The mark of a symbolic link."""
    return b"l" + sha256(text.encode("utf-8", "surrogateescape")).digest()


def _digest(name: str, size: int) -> bytes:
    """The sha256 of a file that had this size a moment ago."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        # One byte more than there should be: fewer are the end, and no second read has to find that out.
        data = os.read(descriptor, min(size + 1, _CHUNK))
        digest = sha256(data)
        if len(data) <= size < _CHUNK:
            return digest.digest()
        while data := os.read(descriptor, _CHUNK):
            digest.update(data)
        return digest.digest()
    finally:
        os.close(descriptor)


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return (
        one.st_mtime_ns == other.st_mtime_ns
        and one.st_ctime_ns == other.st_ctime_ns
        and one.st_size == other.st_size
        and one.st_ino == other.st_ino
        and one.st_mode == other.st_mode
    )


def _is_racy(found: os.stat_result, began: int) -> bool:
    changed = max(found.st_ctime_ns, found.st_mtime_ns if found.st_mtime_ns <= began else 0)
    return changed > began - (_TICK if found.st_ctime_ns % 1_000_000_000 else _COARSE)


def _walk(root: str, base: str) -> Iterator[str]:
    # A pattern that names these folders itself gets none of it either.
    if not _SKIPPED.isdisjoint(base.split("/")):
        return
    folders = [base]
    while folders:
        folder = folders.pop()
        prefix = folder + "/" if folder else ""
        try:
            with os.scandir(root + folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in _SKIPPED:
                            folders.append(prefix + entry.name)
                    else:
                        yield prefix + entry.name
        except (FileNotFoundError, NotADirectoryError):
            continue
