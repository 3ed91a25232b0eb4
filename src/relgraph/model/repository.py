"""What rules and inference may know of a repository: trees, tags and branches, as values and narrow interfaces.

The implementations live in :mod:`relgraph.git`: one over real repositories, one in memory for tests and examples.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from relgraph.model.version import Version

__all__ = ["INDEX", "WORKTREE", "Entry", "Repository", "Tag", "Tree"]

WORKTREE = "worktree"
INDEX = "index"


class Entry(NamedTuple):
    """One file of a tree: git mode (0o100644, 0o100755, 0o120000, 0o160000) and object id (empty in a worktree)."""

    mode: int
    oid: str


class Tag(NamedTuple):
    """A tag: its name, the full id of the commit it names in the end, its time (tagger's, else the commit's; seconds since
    the epoch), and its name read as a version, where a prefix path such as ``component/v1.2.3`` is skipped."""

    name: str
    commit: str
    time: int
    version: Version | None


class Tree(Protocol):
    """The files of one revision. Reading never checks out."""

    @property
    def rev(self) -> str:
        """A full commit id, ``worktree`` or ``index``."""

    @property
    def time(self) -> int:
        """The committer's time of the revision in seconds since the epoch; 0 where there is no commit."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """All paths, POSIX, relative to the root, in byte order; submodules and symbolic links included."""

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is no such file, its object is missing, or it is no regular file."""

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The content of many files in the order given, faster than one by one; unreadable ones are left out."""


class Repository(Protocol):
    """One repository, as of a moment: tags after that moment do not exist in it."""

    @property
    def name(self) -> str:
        """A short name for reports: the last part of its path or address."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Addresses of its remotes as "host/owner/repo" (``github.com/kubestellar/kubeflex``); may be empty."""

    @property
    def tags(self) -> tuple[Tag, ...]:
        """All tags until the moment, by time, then name."""

    @property
    def branches(self) -> frozenset[str]:
        """Names of its branches, local and remote-tracking, without remote."""

    @property
    def default_branch(self) -> str:
        """The branch that HEAD names, or empty when detached."""

    @property
    def complete(self) -> bool:
        """Whether all of its commits are at hand: a shallow or partial clone cannot tell that one does not exist."""

    def tree(self, rev: str) -> Tree | None:
        """The tree of a tag, branch, commit id, ``worktree`` or ``index``; None where there is none."""

    def contains(self, rev: str) -> bool:
        """Whether the revision exists; unlike :meth:`tree`, without a look into its tree."""

    def ancestors(self, rev: str) -> frozenset[str]:
        """Names of the tags whose commit the revision contains (itself included)."""

    def distance(self, base: str, rev: str) -> int:
        """How many commits the revision has that the base has not; 0 where one of them is unknown."""
