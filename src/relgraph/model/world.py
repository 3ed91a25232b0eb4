"""The facts that inference and rules work on: repositories at a revision, their sites, and their siblings."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from operator import le
from types import MappingProxyType
from typing import TypeAlias

from relgraph.model.repository import Entry, Repository, Tag, Tree
from relgraph.model.site import Site
from relgraph.syntax.text import Text

__all__ = ["Reader", "Subject", "World", "is_ordered"]

_NEAR = 2000


def _start(site: Site) -> int:
    return site.span.start


def _path(site: Site) -> str:
    return site.path


def is_ordered(paths: Sequence[str]) -> bool:
    """Whether the paths are in alphabetical order, as they nearly always are."""
    return all(map(le, paths, paths[1:]))


class Subject:
    """One repository at one revision, with the sites found in it.

    What costs a look into git is read when first asked for, and kept. ``files`` counts the files that were read for sites,
    ``unread`` are the paths of those that should have been and could not.
    """

    def __init__(
        self,
        repository: Repository,
        tree: Tree,
        sites: tuple[Site, ...] = (),
        *,
        files: int = 0,
        unread: tuple[str, ...] = (),
        reader: "Reader | None" = None,
    ) -> None:
        self.repository = repository
        self.tree = tree
        self.sites = sites if is_ordered([site.path for site in sites]) else tuple(sorted(sites, key=_path))
        self.files = files
        self.unread = unread
        self._reader = reader
        self._released: dict[str, Subject | None] = {}
        self._texts: dict[str, Text | None] = {}
        self._trees: dict[str, Tree | None] = {}

    @property
    def name(self) -> str:
        """The short name used in reports."""
        return self.repository.name

    @property
    def rev(self) -> str:
        """Full commit id, ``worktree`` or ``index``."""
        return self.tree.rev

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """All paths of the tree, in alphabetical order: what is told first must not follow from how a tree is listed."""
        entries = self.tree.entries
        paths = [*entries]
        return entries if is_ordered(paths) else MappingProxyType({path: entries[path] for path in sorted(paths)})

    @cached_property
    def directories(self) -> frozenset[str]:
        """All directories of the tree, without a trailing slash; the root is the empty string."""
        found = {""}
        for path in self.tree.entries:
            while "/" in path:
                path = path.rpartition("/")[0]
                if path in found:
                    break
                found.add(path)
        return frozenset(found)

    def exists(self, path: str) -> bool:
        """Whether the tree has a file or directory at this path."""
        path = path.strip("/")
        return path in self.tree.entries or path in self.directories

    def text(self, path: str) -> Text | None:
        """The decoded content of a file, or None; kept, so meant for the few files that rules read again."""
        if path not in self._texts:
            data = self.tree.read(path)
            self._texts[path] = None if data is None else Text(path, data)
        return self._texts[path]

    def at(self, ref: str) -> Tree | None:
        """The tree of another revision of the same repository, or None where that does not exist."""
        if ref not in self._trees:
            self._trees[ref] = self.repository.tree(ref)
        return self._trees[ref]

    def released(self, ref: str) -> "Subject | None":
        """The repository at another revision, with the sites of what it ships there (see :data:`Reader`); None where there is none."""
        if ref not in self._released:
            tree = self.at(ref)
            self._released[ref] = None if tree is None or self._reader is None else self._reader(tree)
        return self._released[ref]

    @cached_property
    def sites_by_path(self) -> Mapping[str, tuple[Site, ...]]:
        """The sites of each file, in order of position."""
        grouped: dict[str, list[Site]] = {}
        for site in self.sites:
            grouped.setdefault(site.path, []).append(site)
        return MappingProxyType({path: tuple(sites) for path, sites in grouped.items()})

    def near(self, site: Site) -> tuple[Site, ...]:
        """The sites of the same file that begin at most 2000 bytes away, itself included, in order of position.

        A command or a line is not longer, but for files that are a single line; to compare all of their sites with each other
        would take quadratic time.
        """
        sites = self.sites_by_path.get(site.path, ())
        first = bisect_left(sites, site.span.start - _NEAR, key=_start)
        return sites[first : bisect_right(sites, site.span.start + _NEAR, lo=first, key=_start)]

    @cached_property
    def tags_here(self) -> tuple[Tag, ...]:
        """The tags that name exactly this revision."""
        return tuple(tag for tag in self.repository.tags if tag.commit == self.tree.rev)


#: Reads the sites of the files that a revision ships; given by whoever builds the world, since values read nothing themselves.
Reader: TypeAlias = Callable[[Tree], Subject]


class World:
    """All that one scan knows: the judged repositories (targets) and those that only lend facts (siblings)."""

    def __init__(self, targets: tuple[Subject, ...], siblings: tuple[Subject, ...] = ()) -> None:
        self.targets = targets
        self.siblings = siblings

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Targets, then siblings."""
        return self.targets + self.siblings
