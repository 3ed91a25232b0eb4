"""The main job without a declaration: open repositories, read sites, draw conclusions, apply rules.

Half of the time of a scan of a hundred files goes into starting: git, and the modules of rules and extractors. So git is started first, and
modules are imported while it works, or while another process extracts sites.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from time import perf_counter
from typing import TYPE_CHECKING

from relgraph.git.repository import GitRepository
from relgraph.git.target import NothingThen, open_target

if TYPE_CHECKING:
    from datetime import date

    from relgraph.model.finding import Report
    from relgraph.model.repository import Tree
    from relgraph.reading import SiteReader

__all__ = ["scan"]


def scan(targets: Sequence[str], siblings: Sequence[str], as_of: "date | None" = None) -> "Report":
    """Check the targets (``PATH[@REV]``); siblings only lend facts.

    Raises :class:`~relgraph.errors.RelgraphError` where a repository cannot be opened or a revision is unknown.
    """
    started = perf_counter()
    folders = []
    subjects = []
    lenders = []
    opened: dict[str, GitRepository] = {}
    seen: set[tuple[str, str]] = set()
    with ExitStack() as stack:
        for word in targets:
            repository, tree, reader = _opened(word, as_of)
            stack.callback(repository.close)
            if (place := (repository.location.folder, tree.rev)) in seen:
                continue  # one mistake is one finding, however often its place is named
            seen.add(place)
            opened.setdefault(repository.location.folder, repository)
            folders.append((repository.name, repository.location.worktree))
            stack.callback(reader.close)
            subjects.append(reader.read(tree, _import_rules))
        for word in siblings:
            try:
                repository, tree, reader = _opened(word, as_of)
            except NothingThen:
                # A sibling that did not exist on that day has no facts to lend.
                continue
            stack.callback(repository.close)
            opened.setdefault(repository.location.folder, repository)
            folders.append((repository.name, repository.location.worktree))
            stack.callback(reader.close)
            lenders.append(reader.lent(tree))
        from relgraph.judging import judge
        from relgraph.model.finding import Report
        from relgraph.model.world import World

        findings = judge(World(tuple(subjects), tuple(lenders)))
        lost = tuple((repository.name, tag) for repository in opened.values() for tag in repository.lost_tags)
    return Report(
        findings,
        files=sum(subject.files for subject in subjects),
        unread=tuple((subject.name, path) for subject in subjects for path in subject.unread),
        lost=lost,
        sites=sum(len(subject.sites) for subject in subjects),
        seconds=perf_counter() - started,
        folders=tuple((name, folder) for name, folder in folders if folder is not None),
    )


def _opened(word: str, as_of: "date | None") -> "tuple[GitRepository, Tree, SiteReader]":
    """A target, and a reader of its repository with what is kept of it."""
    readers: list[SiteReader] = []

    def prepare(repository: GitRepository | None) -> None:
        from relgraph.reading import SiteReader

        if repository is not None:
            readers.append(SiteReader.cached(repository))
            (_import_extractors if readers[-1].is_new else _import_rules)()

    repository, tree = open_target(word, as_of=as_of, meanwhile=prepare)
    if not readers:
        prepare(repository)
    return repository, tree, readers[-1]


def _import_extractors() -> None:
    import relgraph.sites.registry  # noqa: F401


def _import_rules() -> None:
    import relgraph.judging  # noqa: F401
