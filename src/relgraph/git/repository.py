"""A git repository as of a moment: its trees, tags and branches, read and never changed.

As of a day means the end of that day, UTC. Tags whose time is later do not exist then. A branch stood, at that moment,
where its first-parent line stands on the newest commit that is not later: what was merged into it later is not in it, and
commits on side branches that were merged later are not either, whatever their dates say. Dates of commits need not grow
along that line (clocks are wrong, histories are imported): the walk starts at the branch's tip and takes the first commit
whose committer's date is not later than the moment. A commit that is named by its id exists at any moment.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from relgraph.errors import EnvironmentFailure
from relgraph.git.address import addresses_of, name_of, remotes_of
from relgraph.git.batch import ObjectReader
from relgraph.git.command import Pending
from relgraph.git.discover import Location, discover
from relgraph.git.refs import TAG_FORMAT, Unpeeled, branch_names, committer_time, is_hex, tag_of, tagger_time, tags_from
from relgraph.git.trees import CommitTree, IndexTree, WorkTree
from relgraph.model.repository import INDEX, WORKTREE, Tag, Tree

if TYPE_CHECKING:
    from datetime import date  # a millisecond that runs without a day need not pay

__all__ = ["GitRepository", "end_of_day", "open_repository"]

_EPOCH = 719163  # the ordinal of 1970-01-01

# A ref's name (git-check-ref-format(1)), then steps to ancestors. Nothing that searches: `:/text`, `^{/text}`, `@{...}`.
_REVISION = re.compile(r"(?P<name>(?!.*(?:\.\.|@\{))[^\x00-\x20\x7f~^:?*\[\\]+)(?P<steps>(?:~\d*|\^\d*)*)")


def open_repository(path: str, *, as_of: "date | None" = None, meanwhile: Callable[[], None] | None = None) -> "GitRepository":
    """The repository at a path, as of the end of a day (UTC) or of now. ``meanwhile`` is called while git looks it up.

    The path may be a work tree's root or a folder in it, a ``.git`` directory or a bare repository. Raises UsageError
    where there is none and EnvironmentFailure where git fails.
    """
    return GitRepository(discover(path, meanwhile), as_of=as_of)


def end_of_day(day: "date") -> int:
    """The last second of a day in UTC, in seconds since the epoch."""
    return (day.toordinal() - _EPOCH + 1) * 86400 - 1


class GitRepository:
    """The :class:`~relgraph.model.repository.Repository` on disk. Close it, or leave it to the garbage collector.

    Everything is read when it is first asked for, and kept.
    """

    def __init__(self, location: Location, *, as_of: "date | None" = None) -> None:
        self.location = location
        self.as_of = as_of
        self._git = location.git
        self._moment = None if as_of is None else end_of_day(as_of)
        self._reader = ObjectReader(location.git)
        self._pending_tags: Pending | None = None
        self._commits: dict[str, tuple[str, int] | None] = {}
        self._trees: dict[str, Tree | None] = {}
        self._ancestors: dict[str, frozenset[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the processes that serve this repository; what is asked afterwards starts new ones."""
        self._reader.close()

    def prefetch(self) -> None:
        """Let git list the tags while the caller does something else."""
        if self._pending_tags is None:
            self._pending_tags = self._git.start("for-each-ref", f"--format={TAG_FORMAT}", "refs/tags")

    @property
    def has_worktree(self) -> bool:
        """Whether there are files on disk and an index."""
        return self.location.worktree is not None

    @cached_property
    def name(self) -> str:
        """A short name for reports."""
        return name_of(self.location.folder, self.addresses)

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """Addresses of its remotes as "host/owner/repo", those of ``origin`` first; without credentials."""
        return addresses_of(self._remotes)

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """All tags that name a commit, until the moment, by time, then name."""
        tags = self._all_tags[0]
        if (moment := self._moment) is not None:
            tags = [tag for tag in tags if tag.time <= moment]
        return tuple(sorted(tags, key=lambda tag: (tag.time, tag.name)))

    @property
    def lost_tags(self) -> tuple[str, ...]:
        """Names of the tags of which an object is missing or damaged, so that nobody can tell what they name, in order; of any time."""
        return tuple(sorted(self._all_tags[1]))

    @cached_property
    def _all_tags(self) -> tuple[list[Tag], list[str]]:
        """The tags that name a commit, at any time, and the names of those of which nobody can tell what they name."""
        self.prefetch()
        assert self._pending_tags is not None
        try:
            lines = self._pending_tags.output().decode("utf-8", "surrogateescape").split("\n")
        except EnvironmentFailure:
            # One damaged object ends git's listing; the names are still to be had, and the objects one by one.
            tags: list[Tag] = []
            unpeeled = [Unpeeled(ref[10:], None) for ref in self._refs("refs/tags")]
        else:
            tags, unpeeled = tags_from(lines)
        peeled, lost = self._peeled(unpeeled)
        return tags + peeled, lost

    @cached_property
    def branches(self) -> frozenset[str]:
        """Names of its branches, local and remote-tracking, without remote; those of today, whatever the moment."""
        return branch_names((ref for _, ref in self._heads), tuple(self._remotes))

    @cached_property
    def default_branch(self) -> str:
        """The branch that HEAD names, whether it has commits or not; empty when detached."""
        current = next((ref for here, ref in self._heads if here), None)
        if current is None:  # detached, or no commits yet
            current = self._git.run("symbolic-ref", "-q", "HEAD", ok=(0, 1)).decode("utf-8", "surrogateescape").strip("\n")
        return current.removeprefix("refs/heads/") if current.startswith("refs/heads/") else ""

    @property
    def complete(self) -> bool:
        """Whether the clone is neither shallow nor partial."""
        return not (self.location.shallow or self.location.partial)

    def tree(self, rev: str) -> Tree | None:
        """The tree of a tag, else a branch, else a commit id (at least seven digits), of ``HEAD``, a full name of a ref, each
        with ``~2`` or ``^`` behind it if wanted, of ``worktree`` or ``index``.

        None where there is none, where it does not exist at the moment, or where its objects are not all there.
        """
        try:
            return self._tree(rev, None, sizes=False)
        except EnvironmentFailure:
            return None

    def require(self, rev: str, meanwhile: Callable[[], None] | None = None) -> Tree | None:
        """Like :meth:`tree`, but raise EnvironmentFailure where the revision exists and its objects are damaged or missing.

        ``meanwhile`` is called while git lists the files; this is for the tree that will be read as a whole.
        """
        return self._tree(rev, meanwhile, sizes=True)

    def _tree(self, rev: str, meanwhile: Callable[[], None] | None, *, sizes: bool) -> Tree | None:
        if rev in (WORKTREE, INDEX):
            local = self._local(rev)
            if isinstance(local, WorkTree) and meanwhile is not None:
                local.prefetch()
                meanwhile()
                assert local.entries is not None  # a listing that is under way cannot be read by two processes, should there be two
            return local
        commit = self._commit(rev)
        if commit is None:
            return None
        oid, time = commit
        tree = self._trees.get(oid)
        if tree is None:
            tree = CommitTree(self._git, self._reader, oid, time, partial=self.location.partial, sizes=sizes)
            tree.prefetch()
            if meanwhile is not None:
                meanwhile()
            # Asked for now, so that a commit without its trees is no surprise in the midst of things.
            assert tree.entries is not None
            self._trees[oid] = tree
        return tree

    def contains(self, rev: str) -> bool:
        """Whether there is such a revision at the moment, whatever is left of its tree."""
        return self._local(rev) is not None if rev in (WORKTREE, INDEX) else self._commit(rev) is not None

    def kind_of(self, rev: str) -> str | None:
        """``tree`` or ``blob`` where a tag or an id names one instead of a commit; None for anything else."""
        for name in (f"refs/tags/{rev}", rev) if is_hex(rev) else (f"refs/tags/{rev}",):
            found = self._reader.read(f"{name}^{{}}")
            if found is not None and found.kind in ("tree", "blob"):
                return found.kind
        return None

    def ancestors(self, rev: str) -> frozenset[str]:
        """Names of the tags whose commit the revision contains, itself included; of worktree and index, those that HEAD
        contains as it is now. Where the history is damaged, only those that name the revision itself; a shallow clone
        knows no more than it holds.
        """
        commit = self._head if rev in (WORKTREE, INDEX) else self._commit(rev)
        if commit is None:
            return frozenset()
        oid = commit[0]
        if oid not in self._ancestors:
            try:
                merged = (ref[10:] for ref in self._refs(f"--merged={oid}", "refs/tags"))
                self._ancestors[oid] = frozenset(name for name in merged if name in self._tag_names)
            except EnvironmentFailure:
                self._ancestors[oid] = frozenset(tag.name for tag in self.tags if tag.commit == oid)
        return self._ancestors[oid]

    def distance(self, base: str, rev: str) -> int:
        """How many commits the revision has that the base has not; of worktree and index, those of HEAD; 0 where one is unknown."""
        start = self._commit(base)
        commit = self._head if rev in (WORKTREE, INDEX) else self._commit(rev)
        if start is None or commit is None:
            return 0
        return int(self._git.run("rev-list", "--count", f"{start[0]}..{commit[0]}"))

    def merge_base(self, base: str, rev: str) -> str:
        """The id of the newest commit that both revisions contain (of worktree and index: that HEAD contains), else the base's own.

        Empty where a revision is unknown.
        """
        start = self._commit(base)
        commit = self._head if rev in (WORKTREE, INDEX) else self._commit(rev)
        if start is None or commit is None:
            return ""
        found = self._git.run("merge-base", start[0], commit[0], ok=(0, 1)).decode().split()
        return found[0] if found else start[0]

    @cached_property
    def has_commits(self) -> bool:
        """Whether HEAD names a commit, at any moment."""
        return self._head is not None

    @cached_property
    def _head(self) -> tuple[str, int] | None:
        """HEAD as it is now, which is what index and work tree are changes of."""
        return self._peel("HEAD")

    @cached_property
    def _tag_names(self) -> frozenset[str]:
        return frozenset(tag.name for tag in self.tags)

    @cached_property
    def _remotes(self) -> dict[str, Sequence[str]]:
        return dict(remotes_of(self.location.config))

    @cached_property
    def _heads(self) -> list[tuple[bool, str]]:
        """The full name of every branch, and whether HEAD names it."""
        output = self._git.run("for-each-ref", "--format=%(HEAD)%(refname)", "refs/heads", "refs/remotes")
        return [(line[0] == "*", line[1:]) for line in output.decode("utf-8", "surrogateescape").split("\n") if line]

    def _refs(self, *arguments: str) -> list[str]:
        output = self._git.run("for-each-ref", "--format=%(refname)", *arguments).decode("utf-8", "surrogateescape")
        return [line for line in output.split("\n") if line]

    def _local(self, rev: str) -> Tree | None:
        root = self.location.worktree
        if root is None:
            return None
        if rev not in self._trees:
            time = 0 if self._head is None else self._head[1]
            self._trees[rev] = (
                WorkTree(self._git, self._reader, root, time) if rev == WORKTREE else IndexTree(self._git, self._reader, time)
            )
        return self._trees[rev]

    def _commit(self, rev: str) -> tuple[str, int] | None:
        """Full id and committer's time of the commit that a revision names at the moment."""
        if rev not in self._commits:
            self._commits[rev] = self._resolved(rev)
        return self._commits[rev]

    def _resolved(self, rev: str) -> tuple[str, int] | None:
        match = _REVISION.fullmatch(rev)
        if match is None:
            return None
        for ref, moves in self._candidates(match["name"]):
            found = self._peel(ref)
            if found is not None and moves and self._moment is not None and found[1] > self._moment:
                found = self._earlier(found[0])
            if found is not None:
                return self._peel(found[0] + match["steps"]) if match["steps"] else found
        return None

    def _candidates(self, name: str) -> Iterator[tuple[str, bool]]:
        """Names that git resolves without guessing, best first, and whether the name moves with time."""
        if name in ("HEAD", "@"):
            yield "HEAD", True
            return
        if name.startswith("refs/"):
            name = name.removeprefix("refs/tags/") if (tag := name.startswith("refs/tags/")) else name
            if not tag:
                yield name, True
            elif self._exists_by_now(name):
                yield f"refs/tags/{name}", False
            return
        if self._exists_by_now(name):
            yield f"refs/tags/{name}", False
        yield f"refs/heads/{name}", True
        for remote in self._remotes or ("origin",):
            yield f"refs/remotes/{remote}/{name}", True
        yield f"refs/remotes/{name}", True  # origin/main
        if is_hex(name):
            yield name, False

    def _exists_by_now(self, tag: str) -> bool:
        return self._moment is None or tag in self._tag_names

    def _peel(self, name: str) -> tuple[str, int] | None:
        found = self._reader.read(f"{name}^{{commit}}")
        if found is None or found.kind != "commit" or found.data is None:
            return None
        return found.oid, committer_time(found.data)

    def _earlier(self, commit: str) -> tuple[str, int] | None:
        if self._moment is None or self._moment < 0:
            return None
        found = self._git.run("rev-list", "-1", "--first-parent", f"--min-age={self._moment}", commit).decode().strip()
        return self._peel(found) if found else None

    def _peeled(self, unpeeled: Sequence[Unpeeled]) -> tuple[list[Tag], list[str]]:
        """The tags whose commit has to be looked up object by object, and the names of those that lead nowhere."""
        names = [tag.name for tag in unpeeled]
        commits = [*self._reader.read_many(f"refs/tags/{name}^{{commit}}" for name in names)]
        objects = [*self._reader.read_many(f"refs/tags/{name}" for name in names)]
        tags: list[Tag] = []
        lost: list[str] = []
        for tag, commit, found in zip(unpeeled, commits, objects, strict=True):
            if commit is None or commit.kind != "commit" or commit.data is None:
                if self._reader.read(f"refs/tags/{tag.name}^{{}}") is None:  # otherwise it names a tree or a blob
                    lost.append(tag.name)
                continue
            time = tag.time
            if time is None and found is not None and found.kind == "tag" and found.data is not None:
                time = tagger_time(found.data)
            tags.append(tag_of(tag.name, commit.oid, committer_time(commit.data) if time is None else time))
        return tags, lost
