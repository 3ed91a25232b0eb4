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
    try:
        for parent in sorted({os.path.dirname(path) for path in wanted}):
            os.makedirs(os.path.join(folder, parent), exist_ok=True)
        if tree.rev == WORKTREE:
            for path in wanted:
                shutil.copy(
                    os.path.join(str(repository.location.worktree), path), os.path.join(folder, path), follow_symlinks=False
                )
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


def content_ids(tree: Tree, paths: Iterable[str]) -> dict[str, str]:
    """By path, what a file is: its mode (octal) and git's id of its content, whichever revision it comes from."""
    entries = tree.entries
    known = [path for path in paths if path in entries]
    unread = [path for path in known if not entries[path].oid]
    contents = dict(tree.read_many(unread)) if unread else {}
    return {path: f"{entries[path].mode:o} {entries[path].oid or _blob_id(contents.get(path, b''))}" for path in known}


def _blob_id(data: bytes) -> str:
    # Git's own name for the content, so that a file has the same one before and after it is committed.
    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _write(path: str, mode: int, child: Child, size: int) -> None:
    if mode == _LINK:
        os.symlink(child.read(size), os.fsencode(path))
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o755 if mode == _PROGRAM else 0o644)
    with os.fdopen(descriptor, "wb") as file:
        while size > 0:
            file.write(piece := child.read(min(size, _PIECE)))
            size -= len(piece)


def _unreadable(repository: GitRepository, tree: Tree, path: str) -> EnvironmentFailure:
    return EnvironmentFailure(
        f"{repository.name}: {path} at {tree.rev[:12]} cannot be read",
        hint="is the clone partial or damaged? `git fsck` tells; a full clone has everything",
    )
