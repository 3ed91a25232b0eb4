"""Unpacking: regular files and folders only, inside their folder, bounded, and all of them or none.

An archive is unpacked into a folder of its own beside the target and renamed when it is complete. Every name is opened
relative to its parent's descriptor, follows no link and overwrites nothing, so that neither the archive nor somebody who
works on the same folder can turn a path elsewhere.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from relgraph.effects import chance, clock
from relgraph.errors import EnvironmentFailure
from relgraph.oci.bounds import BOUNDS, Bounds, Tally, check_ratio, inflated
from relgraph.oci.content import CHUNK, Reader
from relgraph.oci.errors import UnsafeArchive
from relgraph.oci.names import NameBook, safe_parts
from relgraph.oci.tarstream import MemberKind, TarReader

__all__ = [
    "FolderWriter",
    "assembled",
    "assembled_in",
    "extract_tar",
    "extract_zip",
    "open_folder",
    "opened_below",
    "remove_leftovers",
    "safe_file_name",
    "tar_into",
    "zip_into",
]

_PREFIX = ".relgraph-unpack-"
_SETTLED = 10.0  # seconds from making a folder to holding its lock, with a wide margin
_END_OF_CENTRAL = b"PK\x05\x06"
_CENTRAL_ENTRY = 46
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def extract_tar(reader: Reader, target: Path, bounds: Bounds = BOUNDS) -> int:
    """Unpack a tar, compressed with gzip or not, into ``target``, which must not exist or be empty; how many files.

    Raises :class:`~relgraph.oci.errors.UnsafeArchive`, and EnvironmentFailure where the target cannot be written; nothing is
    left behind then.
    """
    with assembled(target) as writer:
        return tar_into(writer, inflated(reader, bounds), bounds)


def extract_zip(file: IO[bytes], target: Path, bounds: Bounds = BOUNDS) -> int:
    """Unpack a zip like :func:`extract_tar`. ``file`` can seek."""
    with assembled(target) as writer:
        return zip_into(writer, file, bounds)


class FolderWriter:
    """Writes files below a folder, which is open; names are components that were checked."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._book = NameBook()

    def folder(self, parts: tuple[str, ...]) -> None:
        """Make a folder and those on the way to it."""
        self._book.add(parts, folder=True)
        with opened_below(self._root, parts):
            pass

    def file(self, parts: tuple[str, ...], chunks: Iterator[bytes], *, executable: bool = False) -> None:
        """Write a file. It can be read by all and written by its owner, whatever its archive says."""
        if not parts:
            raise UnsafeArchive("a file without a name")
        self._book.add(parts, folder=False)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with opened_below(self._root, parts[:-1]) as parent:
            number = os.open(parts[-1], flags, 0o755 if executable else 0o644, dir_fd=parent)
            try:
                for chunk in chunks:
                    left = memoryview(chunk)
                    while left:
                        left = left[os.write(number, left) :]
            finally:
                os.close(number)


@contextmanager
def assembled(target: Path) -> Generator[FolderWriter, None, None]:
    """A writer into a folder that becomes ``target`` when the context ends without an error, and is gone otherwise.

    Raises EnvironmentFailure where the target exists and is not an empty folder.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target.parent)
    parent = open_folder(target.parent)
    try:
        with assembled_in(parent, target.name, shown=target) as writer:
            yield writer
    finally:
        os.close(parent)


@contextmanager
def assembled_in(parent: int, name: str, *, shown: Path) -> Generator[FolderWriter, None, None]:
    """:func:`assembled` for a name in a folder that is open; ``shown`` is the whole path, for messages."""
    _check_free(parent, name, shown)
    temporary = f"{_PREFIX}{chance.name()}"
    os.mkdir(temporary, 0o700, dir_fd=parent)
    try:
        root = os.open(temporary, _FOLDER, dir_fd=parent)
        try:
            fcntl.flock(root, fcntl.LOCK_EX)
            yield FolderWriter(root)
            os.fchmod(root, 0o755)
        finally:
            os.close(root)
        try:
            os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
        except OSError as problem:
            raise EnvironmentFailure(f"{shown}: {problem.strerror}", hint="name a folder that does not exist yet") from problem
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True, dir_fd=parent)
        raise


def open_folder(path: Path) -> int:
    """A descriptor of a folder, through links where the user's own path has some."""
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


@contextmanager
def opened_below(root: int, parts: tuple[str, ...]) -> Generator[int, None, None]:
    """A folder below one that is open; folders on the way are made, links are not followed (OSError)."""
    number = os.dup(root)
    try:
        for part in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o755, dir_fd=number)
            inner = os.open(part, _FOLDER, dir_fd=number)
            os.close(number)
            number = inner
        yield number
    finally:
        os.close(number)


def remove_leftovers(folder: Path) -> None:
    """Remove what an unpacking that was ended left in a folder: one that still goes on holds its lock."""
    for item in folder.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            number = os.open(item, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if clock.now() - os.fstat(number).st_mtime > _SETTLED:
                    fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(item, ignore_errors=True)
            finally:
                os.close(number)


def safe_file_name(name: str, bounds: Bounds = BOUNDS) -> tuple[str, ...]:
    """The components of a file's path that a stranger chose; raises UnsafeArchive for one that no file may have."""
    parts = safe_parts(name, bounds)
    if not parts or name.endswith("/"):
        raise UnsafeArchive(f"{name!r}: not a file's name", entry=name)
    return parts


def tar_into(writer: FolderWriter, reader: Reader, bounds: Bounds, *, prefix: str = "") -> int:
    """Write the entries of a tar; how many files. ``prefix`` (``web/``) is taken off the names where the first has it."""
    archive = TarReader(reader)
    tally = Tally(bounds)
    files = 0
    strip = 0
    for number, member in enumerate(archive):
        if member.kind not in (MemberKind.FILE, MemberKind.FOLDER):
            raise UnsafeArchive(f"{member.name[:200]!r}: a {member.kind}; only files and folders are unpacked", entry=member.name)
        tally.entry(member.name, member.size)
        parts = safe_parts(member.name, bounds)
        above = safe_parts(prefix, bounds) if prefix else ()
        if number == 0 and above and parts[: len(above)] == above:
            strip = len(above)
        if strip and parts[:strip] != above:
            raise UnsafeArchive(f"{member.name[:200]!r}: outside of {prefix!r}", entry=member.name)
        parts = parts[strip:]
        if member.kind is MemberKind.FOLDER:
            writer.folder(parts)
            continue
        if member.name.endswith("/"):
            raise UnsafeArchive(f"{member.name[:200]!r}: a file with the name of a folder", entry=member.name)
        writer.file(parts, iter(archive.read, b""), executable=bool(member.mode & 0o100))
        files += 1
    return files


def zip_into(writer: FolderWriter, file: IO[bytes], bounds: Bounds) -> int:
    """Write the entries of a zip; how many files."""
    _check_directory(file, bounds)
    tally = Tally(bounds)
    files = 0
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            _check_overlaps(infos, archive.start_dir)
            check_ratio(sum(info.file_size for info in infos), sum(info.compress_size for info in infos), bounds)
            for info in infos:
                _check_info(info)
                tally.entry(info.filename, info.file_size)
                parts = safe_parts(info.filename, bounds)
                if info.is_dir():
                    writer.folder(parts)
                    continue
                with archive.open(info) as member:
                    chunks = iter(lambda member=member: member.read(CHUNK), b"")  # type: ignore[misc]  # bound now
                    writer.file(parts, chunks, executable=bool(info.external_attr >> 16 & 0o100))
                files += 1
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError) as problem:
        raise UnsafeArchive(f"not a zip archive, or a damaged one: {problem}") from None
    except OSError as problem:
        raise EnvironmentFailure(f"unpacking failed: {problem.strerror or problem}") from problem
    return files


def _check_directory(file: IO[bytes], bounds: Bounds) -> None:
    # The library reads the whole directory into objects before it can be asked how large it is.
    file.seek(0, os.SEEK_END)
    size = file.tell()
    start = max(0, size - (1 << 16) - 22)
    file.seek(start)
    tail = file.read()
    found = tail.rfind(_END_OF_CENTRAL)
    if found < 0 or found + 22 > len(tail):
        raise UnsafeArchive("not a zip archive: it has no end record")
    length = int.from_bytes(tail[found + 12 : found + 16], "little")
    if min(length, start + found) // _CENTRAL_ENTRY > bounds.entries:
        raise UnsafeArchive(f"more than the {bounds.entries} entries allowed")
    file.seek(0)


def _check_overlaps(infos: list[zipfile.ZipInfo], end: int) -> None:
    # Entries that share their bytes let a small archive become a huge one, each within its limits.
    limit = end
    for info in sorted(infos, key=lambda info: info.header_offset, reverse=True):
        if info.header_offset + info.compress_size + 30 + len(info.orig_filename.encode()) > limit:
            raise UnsafeArchive(f"{info.filename[:200]!r}: it overlaps with another entry", entry=info.filename)
        limit = info.header_offset


def _check_info(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename
    if "\0" in name:
        raise UnsafeArchive(f"{name[:200]!r}: its name has control characters", entry=name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind and not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        raise UnsafeArchive(f"{name[:200]!r}: only files and folders are unpacked", entry=name)
    if info.is_dir() and info.file_size:
        raise UnsafeArchive(f"{name[:200]!r}: a folder with content", entry=name)
    if info.flag_bits & 0x1:
        raise UnsafeArchive(f"{name[:200]!r}: it is encrypted", entry=name)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnsafeArchive(f"{name[:200]!r}: compressed by method {info.compress_type}, which is not read", entry=name)


def _check_free(parent: int, name: str, shown: Path) -> None:
    try:
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return
    if stat.S_ISDIR(status.st_mode):
        number = os.open(name, _FOLDER, dir_fd=parent)
        try:
            with os.scandir(number) as items:
                if not any(items):
                    return
        finally:
            os.close(number)
    raise EnvironmentFailure(f"{shown}: something is there already", hint="name a folder that does not exist yet")
