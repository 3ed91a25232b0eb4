"""The parts of a pulled artifact as files: verified while they are written, named safely, never over something else."""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from relgraph.effects import chance
from relgraph.errors import EnvironmentFailure, Refused
from relgraph.oci.bounds import BOUNDS, Bounds, inflated
from relgraph.oci.codecs.codec import Form, Part
from relgraph.oci.content import CHUNK, Reader, chunks, drain, verified
from relgraph.oci.crew import Crew
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.errors import ContentMismatch
from relgraph.oci.extract import (
    FolderWriter,
    assembled_in,
    open_folder,
    opened_below,
    remove_leftovers,
    safe_file_name,
    tar_into,
    zip_into,
)
from relgraph.oci.names import NameBook
from relgraph.oci.storage import Fetcher

__all__ = ["FileExists", "check_parts", "write_part", "write_parts"]

_COMPARED = ".relgraph-compared-"


class FileExists(Refused):
    """Something that is there already and is not what was to be written."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: exists with other content", hint="move it away, or name another folder with --output")
        self.path = path


def check_parts(parts: Sequence[Part], bounds: Bounds = BOUNDS) -> None:
    """Refuse parts whose names are unsafe, or of which one would overwrite another. Raises UnsafeArchive."""
    book = NameBook()
    for part in parts:
        if part.form is Form.FILE:
            book.add(safe_file_name(part.path, bounds), folder=False)
        elif part.path:
            book.add(safe_file_name(part.path.removesuffix("/"), bounds), folder=True)


def write_parts(fetcher: Fetcher, parts: Sequence[Part], folder: Path, bounds: Bounds = BOUNDS, *, workers: int = 8) -> list[Path]:
    """Write all parts below ``folder``, which is made where it is missing; their paths. Several are fetched at once.

    What is there already with the same content stays as it is. Raises :class:`FileExists` for other content,
    :class:`~relgraph.oci.errors.UnsafeArchive`, and what fetching raises; of a part that failed nothing is there.
    """
    check_parts(parts, bounds)
    with Crew(workers) as crew:
        return crew.each(lambda part: write_part(fetcher, part, folder, bounds), parts)


def write_part(fetcher: Fetcher, part: Part, folder: Path, bounds: Bounds = BOUNDS) -> Path:
    """Write one part; see :func:`write_parts`."""
    if part.form is not Form.FILE and not part.path:
        # An archive that is the whole: its folder is made beside where it will be.
        folder = folder.absolute()
        above = folder.parent
        names: tuple[str, ...] = (folder.name,)
    else:
        above = folder
        names = safe_file_name(part.path if part.form is Form.FILE else part.path.removesuffix("/"), bounds)
    target = above.joinpath(*names)
    try:
        above.mkdir(parents=True, exist_ok=True)
        root = open_folder(above)
        try:
            with opened_below(root, names[:-1]) as parent:
                if part.form is Form.FILE:
                    _write_file(fetcher, part.descriptor, parent, names[-1], target)
                else:
                    remove_leftovers(target.parent)
                    _write_folder(fetcher, part, parent, names[-1], target, bounds)
        finally:
            os.close(root)
    except OSError as problem:
        raise EnvironmentFailure(f"{target}: cannot be written: {problem.strerror or problem}") from problem
    return target


def _write_file(fetcher: Fetcher, descriptor: Descriptor, parent: int, name: str, target: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if _holds(parent, name, descriptor):
            return
        raise FileExists(target)
    number, temporary = _unnamed(parent)
    try:
        with fetcher.fetch(descriptor) as reader:
            _write(number, chunks(verified(reader, descriptor, where=str(target))))
        os.fsync(number)
        # A link, unlike a rename, never replaces anything.
        source = temporary or f"/proc/self/fd/{number}"
        os.link(source, name, src_dir_fd=parent if temporary else None, dst_dir_fd=parent, follow_symlinks=True)
    except FileExistsError:
        if not _holds(parent, name, descriptor):
            raise FileExists(target) from None
    finally:
        os.close(number)
        if temporary:
            os.unlink(temporary, dir_fd=parent)


def _write_folder(fetcher: Fetcher, part: Part, parent: int, name: str, target: Path, bounds: Bounds) -> None:
    there = _is_occupied(parent, name)
    scratch = f"{_COMPARED}{chance.name()}" if there else name
    with assembled_in(parent, scratch, shown=target) as writer:
        _unpack(fetcher, part, writer, bounds)
    if there:
        # What an earlier run has finished is no reason to fail; anything else is not touched.
        try:
            if not _same_tree(parent, scratch, name):
                raise FileExists(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True, dir_fd=parent)


def _unpack(fetcher: Fetcher, part: Part, writer: FolderWriter, bounds: Bounds) -> None:
    descriptor = part.descriptor
    with fetcher.fetch(descriptor) as reader:
        content = verified(reader, descriptor, where=part.path or "archive")
        if part.form is Form.ZIP:
            with tempfile.TemporaryFile(prefix="relgraph-") as file:
                for data in chunks(content):
                    file.write(data)
                zip_into(writer, file, bounds)
            return
        hashed = _Hashed(inflated(content, bounds))
        tar_into(writer, hashed, bounds, prefix=f"{part.path}/" if part.path else "")
        # The end of a tar comes before that of what it is packed in; only there the digest is known to be right.
        drain(hashed, bounds.total, what=part.path or "archive")
        drain(content)
    actual = f"sha256:{hashed.digest}"
    if part.content and part.content.startswith("sha256:") and actual != part.content:
        raise ContentMismatch(f"{part.path}: unpacked it has the digest {actual}", expected=part.content, actual=actual)


class _Hashed:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._hash = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        data = self._reader.read(size) or b""
        self._hash.update(data)
        return data

    def close(self) -> None:
        self._reader.close()

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def _unnamed(parent: int) -> tuple[int, str]:
    """A new file in a folder: without a name where the system has such, so that a process that is ended leaves none."""
    if hasattr(os, "O_TMPFILE"):
        try:
            return os.open(".", os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o644, dir_fd=parent), ""
        except OSError as problem:
            if problem.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL):
                raise
    temporary = f".relgraph-{chance.name()}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(temporary, flags, 0o644, dir_fd=parent), temporary


def _write(number: int, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        left = memoryview(piece)
        while left:
            left = left[os.write(number, left) :]


def _holds(parent: int, name: str, descriptor: Descriptor) -> bool:
    """Whether a regular file has the content; raises FileNotFoundError where there is nothing."""
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode) or status.st_size != descriptor.size:
        return False
    return f"{descriptor.digest.algorithm}:{_digest(parent, name, descriptor.digest.algorithm)}" == descriptor.digest


def _is_occupied(parent: int, name: str) -> bool:
    try:
        number = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    except OSError:
        return False  # nothing, or something that is no folder: the one who makes it says so
    try:
        with os.scandir(number) as items:
            return any(items)
    finally:
        os.close(number)


def _same_tree(parent: int, one: str, other: str) -> bool:
    return _facts(parent, one) == _facts(parent, other)


def _facts(parent: int, name: str) -> dict[str, tuple[bool, bool, str]]:
    """All that is below a folder: whether it is a folder, whether it can be run, and the digest of its content."""
    found: dict[str, tuple[bool, bool, str]] = {}
    for path, folders, files, number in os.fwalk(name, dir_fd=parent, follow_symlinks=False):
        inner = path[len(name) :]
        for folder in folders:
            status = os.stat(folder, dir_fd=number, follow_symlinks=False)
            found[f"{inner}/{folder}"] = (stat.S_ISDIR(status.st_mode), False, "")
        for file in files:
            status = os.stat(file, dir_fd=number, follow_symlinks=False)
            digest = _digest(number, file, "sha256") if stat.S_ISREG(status.st_mode) else "?"
            found[f"{inner}/{file}"] = (False, bool(status.st_mode & 0o100), digest)
    return found


def _digest(parent: int, name: str, algorithm: str) -> str:
    hasher = hashlib.new(algorithm)
    number = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    try:
        while data := os.read(number, CHUNK):
            hasher.update(data)
    finally:
        os.close(number)
    return hasher.hexdigest()
