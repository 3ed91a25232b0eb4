"""A folder of a work tree as it was at a commit."""

from pathlib import Path

from relgraph.errors import UsageError
from relgraph.git.repository import open_repository

__all__ = ["folder_at"]


def folder_at(folder: Path, rev: str) -> dict[str, bytes] | None:
    """The files below a folder (which need not be there any more) at a revision of the repository that its parent lies in, by path from it.

    None where there is no such revision. Raises UsageError where the parent is in no repository.
    """
    with open_repository(str(folder.parent)) as repository:
        top = Path(repository.location.worktree or folder.parent)
        tree = repository.tree(rev)
        if tree is None:
            return None
        try:
            prefix = (folder.parent.resolve().relative_to(top.resolve()) / folder.name).as_posix() + "/"
        except ValueError:
            raise UsageError(f"{folder} is not in the work tree {top}") from None
        paths = [path for path in tree.entries if path.startswith(prefix)]
        return {path.removeprefix(prefix): data for path, data in tree.read_many(paths)}
