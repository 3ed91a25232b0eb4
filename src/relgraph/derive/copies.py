"""A copy of a work tree in a temporary folder, as a repository of its own: whatever a program does there, the original does not see it."""

import os
import shutil
import stat
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from relgraph.effects.vanishing import vanishing_folder
from relgraph.errors import EnvironmentFailure
from relgraph.git.repository import open_repository
from relgraph.git.standalone import write_standalone
from relgraph.model.repository import WORKTREE

__all__ = ["copied_worktree", "copy_file", "same_file"]

_SUBMODULE = 0o160000
_CHUNK = 1 << 20


@contextmanager
def copied_worktree(worktree: Path, name: str, more: Iterable[str] = ()) -> Generator[Path, None, None]:
    """A copy of a work tree: tracked files as they are now, untracked ones that are not ignored, and the paths in ``more``.

    The folder's path ends with ``name`` (the work tree's own name by default). Times of files are those of the original. git works in
    it: it has the original's commits, tags and index, but whatever is written stays in the copy. The copy goes at the end, also if this
    process is killed. Raises EnvironmentFailure where something cannot be read.
    """
    with vanishing_folder("relgraph-derive-") as parent:
        folder = parent / (name or worktree.name)
        folder.mkdir(parents=True)
        try:
            _fill(worktree, folder, more)
        except OSError as problem:
            raise EnvironmentFailure(
                f"{problem.filename or worktree}: cannot be copied: {problem.strerror or problem}"
            ) from problem
        yield folder


def _fill(worktree: Path, folder: Path, more: Iterable[str]) -> None:
    with open_repository(str(worktree)) as repository:
        tree = repository.tree(WORKTREE)
        if tree is None or repository.location.worktree is None:
            raise EnvironmentFailure(f"{worktree}: has no work tree", hint="a bare clone has no files to derive others in")
        write_standalone(repository.location, folder)
        made = {""}
        for path, entry in tree.entries.items():
            if (parent := path.rpartition("/")[0]) not in made:
                (folder / parent).mkdir(parents=True, exist_ok=True)
                made.add(parent)
            if entry.mode == _SUBMODULE:
                _copy_submodule(worktree / path, folder / path)
            elif not _copy_new(f"{worktree}/{path}", f"{folder}/{path}") and (data := tree.read(path)) is not None:
                # A sparse checkout leaves it out.
                (folder / path).write_bytes(data)
    for path in more:
        if not os.path.lexists(folder / path):
            copy_file(worktree / path, folder / path)


def _copy_submodule(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))


def _copy_new(source: str, target: str) -> bool:
    """Copy a file or link, with its mode and times, to where nothing is yet; False where there is none. Raises OSError."""
    try:
        reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        # A link, or what nobody may read; the slower way tells.
        return copy_file(Path(source), Path(target))
    try:
        found = os.fstat(reading)
        if not stat.S_ISREG(found.st_mode):
            return False
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            while data := os.read(reading, _CHUNK):
                left = memoryview(data)
                while left:
                    left = left[os.write(writing, left) :]
                if len(data) < _CHUNK and len(data) >= found.st_size:
                    break
            os.fchmod(writing, stat.S_IMODE(found.st_mode))
            os.utime(writing, ns=(found.st_atime_ns, found.st_mtime_ns))
        finally:
            os.close(writing)
    finally:
        os.close(reading)
    return True


def copy_file(source: Path, target: Path) -> bool:
    """Copy a file or link with its mode and times, in one step; False where there is none. Raises OSError."""
    try:
        found = os.lstat(source)
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = f"{target.parent}/.{target.name[:80]}.{os.getpid()}.tmp"
    try:
        if stat.S_ISLNK(found.st_mode):
            os.symlink(os.readlink(source), temporary)
        else:
            shutil.copyfile(source, temporary)
            os.chmod(temporary, stat.S_IMODE(found.st_mode))
        os.utime(temporary, ns=(found.st_atime_ns, found.st_mtime_ns), follow_symlinks=False)
        os.replace(temporary, target)
    except BaseException:
        if os.path.lexists(temporary):
            os.unlink(temporary)
        raise
    return True


def same_file(one: Path, other: Path) -> bool:
    """Whether both are the same: neither there, links to the same place, or files of one mode (executable or not) and content."""
    left, right = _status(one), _status(other)
    if left is None or right is None:
        return left is right
    if stat.S_IFMT(left.st_mode) != stat.S_IFMT(right.st_mode):
        return False
    if stat.S_ISLNK(left.st_mode):
        return os.readlink(one) == os.readlink(other)
    if not stat.S_ISREG(left.st_mode):
        return True
    if left.st_size != right.st_size or bool(left.st_mode & 0o100) != bool(right.st_mode & 0o100):
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while data := first.read(1 << 20):
            if second.read(1 << 20) != data:
                return False
    return True


def _status(path: Path) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
