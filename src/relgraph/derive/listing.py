"""The files that a pattern with ``{name}`` matches."""

import os

from relgraph.derive.patterns import base_of, expression
from relgraph.errors import EnvironmentFailure

__all__ = ["files_named"]


def files_named(root: str, pattern: str) -> list[str]:
    """The paths below a folder, in no order; nothing in ``.git`` or ``.relgraph``. Raises EnvironmentFailure."""
    matches = expression(pattern).fullmatch
    deep = "**" in pattern
    depth = pattern.count("/")
    found = []
    folders = [base_of(pattern)]
    while folders:
        folder = folders.pop()
        prefix = folder + "/" if folder else ""
        try:
            with os.scandir(f"{root}/{folder}") as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in (".git", ".relgraph") and (deep or prefix.count("/") < depth):
                            folders.append(prefix + entry.name)
                    elif matches(prefix + entry.name):
                        found.append(prefix + entry.name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as problem:
            raise EnvironmentFailure(f"{root}/{folder}: {problem.strerror}") from problem
    return found
