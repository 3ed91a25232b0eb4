"""A repository in memory, for the examples of rules and for tests: what the one on disk answers, without a process.

The ids are those that git gives to the same content, so that the double and the repository that
``tests/support/gitworld.py`` writes from the same commits agree in every answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from relgraph.git.objects import blob_id, commit_id, tree_id
from relgraph.git.refs import is_hex, tag_of
from relgraph.git.repository import end_of_day
from relgraph.model.example import Commit
from relgraph.model.repository import INDEX, WORKTREE, Entry, Tag, Tree

__all__ = ["MemoryRepository", "MemoryTree", "time_of"]

_NOON = 12 * 3600 - 1


def time_of(commit: Commit, position: int) -> int:
    """When the commit at a position (from 0) of a world was made: its day's noon, UTC, and a second more a position."""
    return end_of_day(date.fromisoformat(commit.date)) - _NOON + position


class MemoryTree:
    """Files that are given, at a revision that is given."""

    def __init__(self, rev: str, time: int, files: Mapping[str, str | bytes]) -> None:
        self.rev = rev
        self.time = time
        self._files = {path: encoded(content) for path, content in sorted(files.items(), key=lambda item: encoded(item[0]))}
        self.entries: Mapping[str, Entry] = MappingProxyType(
            {path: Entry(0o100644, "" if rev == WORKTREE else blob_id(data)) for path, data in self._files.items()}
        )

    def read(self, path: str) -> bytes | None:
        """The content of a file."""
        return self._files.get(path)

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The content of many files."""
        for path in paths:
            if path in self._files:
                yield path, self._files[path]


class MemoryRepository:
    """A linear history on the branch ``main``. Tags are lightweight: their time is their commit's.

    ``worktree`` holds files on disk and in the index, where there are to be any; without it the repository is bare.
    """

    default_branch = "main"
    complete = True

    def __init__(
        self,
        commits: Sequence[Commit],
        *,
        name: str = "platform",
        addresses: tuple[str, ...] | None = None,
        as_of: date | None = None,
        worktree: Mapping[str, str | bytes] | None = None,
    ) -> None:
        self.name = name
        self.addresses = (f"github.com/example/{name}",) if addresses is None else addresses
        self._moment = None if as_of is None else end_of_day(as_of)
        self._trees: list[MemoryTree] = []
        self._tips: dict[str, int] = {}
        parent: str | None = None
        tags: list[Tag] = []
        for position, commit in enumerate(commits):
            time = time_of(commit, position)
            files = {path: encoded(content) for path, content in commit.files.items()}
            parent = commit_id(tree_id(files), parent, time)
            self._trees.append(MemoryTree(parent, time, files))
            tags += [tag_of(tag, parent, time) for tag in commit.tags]
            self._tips |= dict.fromkeys((*commit.branches, "main"), position)
        self.branches = frozenset(self._tips)
        self.tags: tuple[Tag, ...] = tuple(
            sorted((tag for tag in tags if self._moment is None or tag.time <= self._moment), key=lambda tag: (tag.time, tag.name))
        )
        self._local: dict[str, MemoryTree] = {}
        if worktree is not None:
            time = self._trees[-1].time if self._trees else 0
            self._local = {rev: MemoryTree(rev, time, worktree) for rev in (WORKTREE, INDEX)}

    def tree(self, rev: str) -> Tree | None:
        """The tree of a tag, else a branch, else a commit id, of ``HEAD``, ``worktree`` or ``index``; None where there is none."""
        if rev in (WORKTREE, INDEX):
            return self._local.get(rev)
        position = self._position(rev)
        return None if position is None else self._trees[position]

    def contains(self, rev: str) -> bool:
        """Whether there is such a revision."""
        return rev in self._local if rev in (WORKTREE, INDEX) else self._position(rev) is not None

    def ancestors(self, rev: str) -> frozenset[str]:
        """Names of the tags whose commit the revision contains, itself included."""
        position = len(self._trees) - 1 if rev in (WORKTREE, INDEX) else self._position(rev)
        if position is None:
            return frozenset()
        contained = {tree.rev for tree in self._trees[: position + 1]}
        return frozenset(tag.name for tag in self.tags if tag.commit in contained)

    def distance(self, base: str, rev: str) -> int:
        """How many commits the revision has that the base has not."""
        start, end = self._position(base), len(self._trees) - 1 if rev in (WORKTREE, INDEX) else self._position(rev)
        return 0 if start is None or end is None else max(0, end - start)

    def _position(self, rev: str) -> int | None:
        revs = {tree.rev: position for position, tree in enumerate(self._trees)}
        tag = rev.removeprefix("refs/tags/")
        if not rev.startswith("refs/heads/") and (found := next((one.commit for one in self.tags if one.name == tag), None)):
            return revs[found]
        branch = "main" if rev in ("HEAD", "@") else rev.removeprefix("refs/heads/")
        if not rev.startswith("refs/tags/") and branch in self._tips:
            reachable = range(self._tips[branch], -1, -1)
            position = next((one for one in reachable if self._moment is None or self._trees[one].time <= self._moment), None)
            if position is not None:
                return position
        matching = [position for known, position in revs.items() if known.startswith(rev)] if is_hex(rev) else []
        return matching[0] if len(matching) == 1 else None


def encoded(text: str | bytes) -> bytes:
    """Text as bytes, surrogates as the bytes they stand for."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
