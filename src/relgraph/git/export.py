"""Files of a tree, written into a folder as git has them: for programs that build from a folder.

Nothing is converted on the way, whatever attributes or the user's configuration say: what is built follows from the commit alone.
"""

import os
import shutil
from collections.abc import Iterable
from hashlib import sha1

from relgraph.effects.process import Child, ChildEnded
from relgraph.errors import EnvironmentFailure
from relgraph.git.repository import GitRepository
from relgraph.model.repository import WORKTREE, Tree

__all__ = ["content_ids", "export"]

_LINK, _MODULE, _PROGRAM = 0o120000, 0o160000, 0o100755
_PIECE = 1 << 20


def export(repository: GitRepository, tree: Tree, paths: Iterable[str], folder: str) -> None:
    """Write these files of a tree below ``folder``, which exists, with their modes and links; submodules are left out.

    Raises EnvironmentFailure where an object is missing or a file cannot be written.
    """
    wanted = [path for path in paths if (entry := tree.entries.get(path)) is not None and entry.mode != _MODULE]
    if bad := next((path for path in wanted if not _is_fit(path)), None):
        raise EnvironmentFailure(
            f"{repository.name}: {bad!r} at {tree.rev[:12]} is no path that git would check out",
            hint="somebody made this commit without git's own checks; `git fsck` tells more",
        )
    try:
        _make_folders(folder, wanted)
        if tree.rev == WORKTREE:
            for path in wanted:
                source, target = os.path.join(str(repository.location.worktree), path), os.path.join(folder, path)
                if not os.path.lexists(source) and (data := tree.read(path)) is not None:  # a sparse checkout left it out
                    with open(target, "xb") as file:
                        file.write(data)
                else:
                    shutil.copyfile(source, target, follow_symlinks=False)
                if tree.entries[path].mode != _LINK:
                    os.chmod(target, _mode(tree.entries[path].mode))
            return
        child = repository.location.git.spawn("cat-file", "--batch")
        try:
            for path in wanted:
                entry = tree.entries[path]
                child.write(f"{entry.oid}\n".encode())
                answer = child.line().split(b" ")
                if len(answer) != 3:
                    raise _unreadable(repository, tree, path)
                _write(os.path.join(folder, path), entry.mode, child, int(answer[2]))
                child.skip(1)
        except ChildEnded:
            raise _unreadable(repository, tree, "a file") from None
        finally:
            child.close()
    except OSError as problem:
        raise EnvironmentFailure(f"{problem.filename or folder}: {problem.strerror or problem}") from problem


def content_ids(tree: Tree, paths: Iterable[str], worktree: str = "") -> dict[str, str]:
    """By path, what a file is: its mode (octal) and git's id of its content, whichever revision it comes from.

    ``worktree`` is the folder of a work tree's files. Raises EnvironmentFailure for one that cannot be read.
    """
    entries = tree.entries
    return {
        path: f"{entry.mode:o} {entry.oid or _blob_id(tree, path, entry.mode, worktree)}"
        for path in paths
        if (entry := entries.get(path)) is not None
    }


def _blob_id(tree: Tree, path: str, mode: int, worktree: str) -> str:
    # Git's own name for the content, so that a file has the same one before and after it is committed.
    if mode == _MODULE:
        return "0" * 40  # it is not built from
    place = os.path.join(worktree, path)
    try:
        if mode == _LINK:
            return _named(os.fsencode(os.readlink(place)))
        with open(os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb", buffering=0) as file:
            found = sha1(b"blob %d\0" % os.fstat(file.fileno()).st_size, usedforsecurity=False)
            while piece := file.read(_PIECE):
                found.update(piece)
            return found.hexdigest()
    except FileNotFoundError:
        return _named(tree.read(path) or b"")  # a sparse checkout left it out
    except OSError as problem:
        raise EnvironmentFailure(f"{place}: {problem.strerror or problem}") from problem


def _named(data: bytes) -> str:
    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _is_fit(path: str) -> bool:
    """Whether every part of a path is one that git checks out: trees of others may hold anything."""
    return not any(part in ("", ".", "..") or part.lower() == ".git" for part in path.split("/"))


def _make_folders(folder: str, paths: Iterable[str]) -> None:
    made = {""}
    for parent in sorted({os.path.dirname(path) for path in paths}):
        at = ""
        for part in parent.split("/"):
            at = f"{at}/{part}" if at else part
            if at not in made:
                made.add(at)
                place = os.path.join(folder, at)
                os.makedirs(place, exist_ok=True)
                os.chmod(place, _mode(_PROGRAM))


def _mode(mode: int) -> int:
    # Whatever the user's mask says: modes are built in, and two machines are to come to the same.
    return 0o755 if mode == _PROGRAM else 0o644


def _write(path: str, mode: int, child: Child, size: int) -> None:
    if mode == _LINK:
        os.symlink(child.read(size), os.fsencode(path))
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, _mode(mode))
        while size > 0:
            file.write(piece := child.read(min(size, _PIECE)))
            size -= len(piece)


def _unreadable(repository: GitRepository, tree: Tree, path: str) -> EnvironmentFailure:
    return EnvironmentFailure(
        f"{repository.name}: {path} at {tree.rev[:12]} cannot be read",
        hint="is the clone partial or damaged? `git fsck` tells; a full clone has everything",
    )
