"""What a word of the command line names: ``PATH`` or ``PATH@REVISION``."""

import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from relgraph.errors import EnvironmentFailure, UsageError
from relgraph.git.repository import GitRepository, open_repository
from relgraph.model.repository import INDEX, WORKTREE, Tree

if TYPE_CHECKING:
    from datetime import date

__all__ = ["NothingThen", "Opened", "Target", "open_target", "parse_target"]


class NothingThen(EnvironmentFailure):
    """The repository has nothing to look at: no commits at all, or none as early as the day that was asked for.

    A sibling that did not exist yet is no mistake, so callers may want to leave it out.
    """


class Target(NamedTuple):
    """A path and a revision; without one, the work tree where there is one, else HEAD, or HEAD's branch on a given day."""

    path: str
    rev: str | None = None

    def __str__(self) -> str:
        return self.path if self.rev is None else f"{self.path}@{self.rev}"


class Opened(NamedTuple):
    """A target that exists."""

    repository: GitRepository
    tree: Tree


def parse_target(word: str, *, exists: Callable[[str], bool] = os.path.exists) -> Target:
    """Read ``PATH[@REVISION]``. Paths and revisions may both hold an ``@``: the longest path that exists is meant.

    Raises UsageError where no reading names a path that exists, or the revision is empty.
    """
    if "\0" in word:
        raise UsageError("a path cannot hold a NUL byte")
    if not word:
        raise UsageError("the path is empty", hint="give the path of a clone; '.' is the current folder")
    if exists(word):
        return Target(word)
    path, at, rev = word.rpartition("@")
    while at:
        if path and exists(path):
            if not rev:
                raise UsageError(f"{word}: the revision after '@' is empty", hint=f"give {path}, or {path}@REVISION")
            return Target(path, rev)
        path, at, before = path.rpartition("@")
        rev = f"{before}@{rev}"
    if "://" in word or word.startswith("git@"):
        raise UsageError(
            f"{_without_credentials(word)}: an address, not a path", hint="clone the repository, then give the path of the clone"
        )
    hint = "give the path of a clone, optionally PATH@REVISION"
    if word.startswith("~"):
        hint = "the shell replaces ~ at the start of a word only, and not within quotes: write $HOME"
    raise UsageError(f"{word}: no such file or directory", hint=hint)


def open_target(
    target: Target | str, *, as_of: "date | None" = None, meanwhile: Callable[[GitRepository | None], None] | None = None
) -> Opened:
    """The repository and the tree that a target, or the word for one, names.

    ``meanwhile`` is called where there is only git to wait for: with None while it looks the repository up, with the repository while it
    lists the files.

    Raises UsageError where the path is in no repository or the revision is unknown, :class:`NothingThen` where nothing was
    committed (until that day), and EnvironmentFailure where git fails or objects are missing.
    """
    if isinstance(target, str):
        target = parse_target(target)
    repository = open_repository(target.path, as_of=as_of, meanwhile=None if meanwhile is None else partial(meanwhile, None))
    try:
        repository.prefetch()
        rev = target.rev
        if rev is None:
            rev = WORKTREE if repository.has_worktree and as_of is None else "HEAD"
        tree = repository.require(rev, None if meanwhile is None else partial(meanwhile, repository))
        if tree is None or (target.rev is None and not tree.entries and not repository.has_commits):
            raise _nothing(repository, target, rev if tree is None else "HEAD")
    except BaseException:
        repository.close()
        raise
    return Opened(repository, tree)


def _nothing(repository: GitRepository, target: Target, rev: str) -> UsageError | EnvironmentFailure:
    if rev in (WORKTREE, INDEX):
        return UsageError(f"{target.path}: a bare repository has no {rev}", hint=f"give a revision: {target.path}@HEAD")
    if rev == "HEAD" and not repository.has_commits:
        return _no_head(repository, target)
    if repository.as_of is not None and _known_later(target.path, rev):
        shallow = repository.location.shallow
        return NothingThen(
            f"{target}: nothing there until the end of {repository.as_of.isoformat()}",
            hint="the clone is shallow: git fetch --unshallow" if shallow else "give a later day",
        )
    if (kind := repository.kind_of(rev)) is not None:
        return UsageError(f"{target.path}: '{rev}' names a {kind}, not a commit", hint="give a tag, a branch or a commit")
    close = _close(rev, [*repository.branches, *(tag.name for tag in repository.tags)])
    hint = "did you mean " + " or ".join(close) + "?" if close else "`git tag` and `git branch -a` list what there is"
    if repository.location.shallow:
        hint += " The clone is shallow; git fetch --unshallow --tags gets the rest."
    return UsageError(f"{target.path}: no revision '{rev}'", hint=hint)


def _no_head(repository: GitRepository, target: Target) -> EnvironmentFailure:
    branches = sorted(repository.branches)
    if repository.default_branch in branches or (not repository.default_branch and branches):
        return EnvironmentFailure(
            f"{target.path}: the commit that HEAD names cannot be read", hint="it is missing or damaged; `git fsck` says more"
        )
    if branches:
        return EnvironmentFailure(
            f"{target.path}: HEAD names the branch '{repository.default_branch}', which does not exist",
            hint=f"give a revision: {target.path}@{branches[0]}",
        )
    if not repository.has_worktree:
        hint = "push something to it first"
    elif target.rev is None and repository.as_of is None:
        hint = "commit something first"
    else:
        hint = f"give {target.path}@{WORKTREE} to look at its files"
    return NothingThen(f"{target.path}: the repository has no commits", hint=hint)


def _known_later(path: str, rev: str) -> bool:
    with open_repository(path) as today:
        return today.tree(rev) is not None


def _close(rev: str, names: Iterable[str]) -> list[str]:
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

    return get_close_matches(rev, [*dict.fromkeys(names)][:5000], n=3, cutoff=0.6)


def _without_credentials(word: str) -> str:
    scheme, separator, rest = word.partition("://")
    if not separator:
        return word
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
