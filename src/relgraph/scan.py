"""The main job without a declaration: open repositories, read sites, draw conclusions, apply rules."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from time import perf_counter

from relgraph.git.target import NothingThen, open_target
from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Report
from relgraph.model.repository import Repository, Tree
from relgraph.model.site import Site
from relgraph.model.world import Subject, World
from relgraph.rules.registry import RULES
from relgraph.rules.rule import Rule
from relgraph.sites.registry import extract, readable
from relgraph.syntax.text import Text

__all__ = ["judge", "read_subject", "scan"]


def scan(targets: Sequence[str], siblings: Sequence[str], as_of: date | None = None) -> Report:
    """Check the targets (``PATH[@REV]``); siblings only lend facts.

    Raises :class:`~relgraph.errors.RelgraphError` where a repository cannot be opened or a revision is unknown.
    """
    started = perf_counter()
    folders = []
    subjects = []
    for word in targets:
        repository, tree = open_target(word, as_of=as_of)
        folders.append((repository.name, repository.location.worktree))
        subjects.append(read_subject(repository, tree))
    lenders = []
    for word in siblings:
        try:
            repository, tree = open_target(word, as_of=as_of)
        except NothingThen:
            # A sibling that did not exist on that day has no facts to lend.
            continue
        folders.append((repository.name, repository.location.worktree))
        lenders.append(Subject(repository, tree, reader=_read_shipped))
    world = World(tuple(subjects), tuple(lenders))
    findings = judge(world)
    return Report(
        findings,
        files=sum(subject.files for subject in subjects),
        sites=sum(len(subject.sites) for subject in subjects),
        seconds=perf_counter() - started,
        folders=tuple((name, folder) for name, folder in folders if folder is not None),
    )


def read_subject(repository: Repository, tree: Tree) -> Subject:
    """A repository's tree with all sites in it."""
    return _read(repository, tree, readable)


def _read_shipped(repository: Repository, tree: Tree) -> Subject:
    """A revision with the sites of what it ships and builds: enough to tell what a release went with."""
    return _read(repository, tree, lambda path: readable(path) and path_role(path) in (PathRole.ARTIFACT, PathRole.BUILD))


def _read(repository: Repository, tree: Tree, wanted: Callable[[str], bool]) -> Subject:
    sites: list[Site] = []
    files = 0
    for path, data in tree.read_many([path for path in tree.entries if wanted(path)]):
        files += 1
        sites += extract(Text(path, data))
    return Subject(repository, tree, tuple(sites), files=files, reader=_read_shipped)


def judge(world: World, rules: Iterable[Rule] = RULES) -> tuple[Finding, ...]:
    """What the rules say of a world, in order of place."""
    facts = Facts(world)
    return tuple(sorted((finding for rule in rules for finding in rule.check(facts)), key=lambda finding: finding.order))
