"""The main job without a declaration: open repositories, read sites, draw conclusions, apply rules."""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from time import perf_counter

from relgraph.git.repository import GitRepository
from relgraph.git.target import NothingThen, open_target
from relgraph.judging import judge
from relgraph.model.finding import Report
from relgraph.model.world import Subject, World
from relgraph.reading import SiteReader, read_subject

__all__ = ["judge", "read_subject", "scan"]


def scan(targets: Sequence[str], siblings: Sequence[str], as_of: date | None = None) -> Report:
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
            repository, tree = open_target(word, as_of=as_of)
            stack.callback(repository.close)
            if (place := (repository.location.folder, tree.rev)) in seen:
                continue  # one mistake is one finding, however often its place is named
            seen.add(place)
            opened.setdefault(repository.location.folder, repository)
            folders.append((repository.name, repository.location.worktree))
            reader = SiteReader.cached(repository)
            stack.callback(reader.close)
            subjects.append(reader.read(tree))
        for word in siblings:
            try:
                repository, tree = open_target(word, as_of=as_of)
            except NothingThen:
                # A sibling that did not exist on that day has no facts to lend.
                continue
            stack.callback(repository.close)
            opened.setdefault(repository.location.folder, repository)
            folders.append((repository.name, repository.location.worktree))
            reader = SiteReader.cached(repository)
            stack.callback(reader.close)
            lenders.append(Subject(repository, tree, reader=reader.shipped))
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
