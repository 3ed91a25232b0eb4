"""A tree as it would be after an edit that nobody has written."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from relgraph.model.repository import Entry, Tree

__all__ = ["EditedTree"]


class EditedTree:
    """Another tree with other contents for some of its files."""

    def __init__(self, below: Tree, contents: Mapping[str, bytes]) -> None:
        self._below = below
        self._contents = contents

    @property
    def rev(self) -> str:
        """The revision of the tree below."""
        return self._below.rev

    @property
    def time(self) -> int:
        """The time of the tree below."""
        return self._below.time

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """The paths of the tree below; what was edited has no object."""
        changed = {path: entry._replace(oid="") for path in self._contents if (entry := self._below.entries.get(path))}
        return {**self._below.entries, **changed}

    def read(self, path: str) -> bytes | None:
        """The content of a file, edited or not."""
        return self._contents[path] if path in self._contents else self._below.read(path)

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The contents of many files in the order given, without the unreadable ones."""
        wanted = list(paths)
        below = self._below.read_many(path for path in wanted if path not in self._contents)
        found = next(below, None)
        for path in wanted:
            if path in self._contents:
                yield path, self._contents[path]
            elif found is not None and found[0] == path:
                yield found
                found = next(below, None)
