"""The cache folder: small files that may vanish at any time, private to the user, written whole or not at all.

The folder is bounded, however many repositories and workspaces are looked at: whoever writes a file removes those that were not used
for the longest time, until what is left is small enough. Removing takes no lock. A file that another process removes at the same moment
is gone, as it should be; one that it was about to read is read as none, and one that is open is read to its end.
"""

import os
import stat
from hashlib import blake2b
from pathlib import Path

from relgraph.effects.environment import variable

__all__ = ["CacheFile", "cache_folder", "program_stamp"]

_CHECK = 16
_MOST_BYTES = 512 << 20
_MOST_FILES = 1000
# A temporary file that is older was left behind by a process that was killed.
_ABANDONED = 3600


def cache_folder() -> Path | None:
    """``$XDG_CACHE_HOME/relgraph`` (``~/.cache`` by default), there or not; None where ``RELGRAPH_CACHE=off``, or nobody has a home."""
    if (variable("RELGRAPH_CACHE") or "").lower() in ("off", "0", "no", "false"):
        return None
    root = variable("XDG_CACHE_HOME") or os.path.join(variable("HOME") or "", ".cache")
    return Path(root, "relgraph") if os.path.isabs(root) else None


class CacheFile:
    """One file of the cache, ``$XDG_CACHE_HOME/relgraph/FAMILY-STAMP`` (``~/.cache`` by default).

    Writing it removes those of its family with another stamp, and of all others those that were not used for the longest time where
    the folder holds more than 512 MiB or 1000 files.

    A cache that cannot be read or written is an empty one: nothing here raises. The content is stored behind its own checksum, so
    that a torn or damaged file reads as none. With ``RELGRAPH_CACHE=off`` nothing is read or written.
    """

    def __init__(self, family: str, stamp: str) -> None:
        folder = cache_folder()
        self._path = None if folder is None else folder / f"{family}-{stamp}"

    def read(self) -> bytes | None:
        """The content; None where there is none, or it is somebody else's or damaged."""
        if self._path is None:
            return None
        try:
            # Whatever took the file's place is not waited for.
            descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
            with os.fdopen(descriptor, "rb") as file:
                found = os.fstat(descriptor)
                if found.st_uid != os.geteuid() or not stat.S_ISREG(found.st_mode):
                    return None
                data = file.read()
                _mark_used(descriptor)
        except OSError:
            return None
        check, content = data[:_CHECK], data[_CHECK:]
        return content if blake2b(content, digest_size=_CHECK).digest() == check else None

    def write(self, content: bytes) -> None:
        """Replace the content in one step."""
        if self._path is None:
            return
        family = self._path.name.rpartition("-")[0]
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(blake2b(content, digest_size=_CHECK).digest() + content)
            temporary.replace(self._path)
            for old in self._path.parent.glob(f"{family}-*"):
                if old != self._path:
                    old.unlink(missing_ok=True)
            _make_room(self._path)
        except BaseException as problem:
            try:
                temporary.unlink(missing_ok=True)
            except OSError:
                pass  # a leftover in a cache harms nobody
            if not isinstance(problem, OSError):
                raise


def _make_room(written: Path) -> None:
    """Remove the files of a folder that were not used for the longest time, but for the one just written, until it is within its bounds."""
    now = os.stat(written).st_mtime
    files: list[tuple[float, int, str]] = []
    with os.scandir(written.parent) as entries:
        for entry in entries:
            try:
                if not entry.is_file(follow_symlinks=False):
                    continue
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # another process was faster
            if entry.name.startswith("."):
                if now - found.st_mtime > _ABANDONED:
                    _remove(entry.path)
            elif entry.name != written.name:
                files.append((found.st_mtime, found.st_size, entry.path))
    number, size = len(files) + 1, sum(size for _, size, _ in files) + os.stat(written).st_size
    for _, freed, path in sorted(files):
        if number <= _MOST_FILES and size <= _MOST_BYTES:
            break
        _remove(path)
        number, size = number - 1, size - freed


def _mark_used(descriptor: int) -> None:
    try:
        os.utime(descriptor)
    except OSError:
        pass  # a cache that nobody can write to is not emptied either


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass  # gone already, or not ours to remove


def program_stamp(*folders: str) -> str:
    """What tells one state of program text from another: names, times and sizes of the modules in these folders."""
    rows = sorted(
        (entry.path, entry.stat().st_mtime_ns, entry.stat().st_size)
        for folder in folders
        for entry in os.scandir(folder)
        if entry.name.endswith(".py")
    )
    return blake2b(repr(rows).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
