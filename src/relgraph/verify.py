"""The main job with a declaration: a workspace's graph against its repositories."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date
from hashlib import blake2b
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import NamedTuple, NoReturn

from relgraph.effects.cache import CacheFile, program_stamp
from relgraph.effects.clock import today
from relgraph.errors import DeclarationError, EnvironmentFailure, RelgraphError, UsageError
from relgraph.git.clones import Clones, Network, shown_url
from relgraph.git.edited import EditedTree
from relgraph.git.repository import GitRepository
from relgraph.git.target import NothingThen, Target, open_target
from relgraph.infer.declared import address_of
from relgraph.infer.declaring import declare
from relgraph.infer.facts import Facts
from relgraph.model.finding import Report, Severity
from relgraph.model.graph import Graph, Node
from relgraph.model.published import NOTHING_LOOKED_AT, Published
from relgraph.model.repository import WORKTREE
from relgraph.model.world import Subject
from relgraph.reading import SiteReader
from relgraph.workspace.find import choose, documents, find_workspace
from relgraph.workspace.kept import dump_graphs, load_kept, stamp_of

__all__ = [
    "Request",
    "Workspace",
    "clone_of",
    "open_facts",
    "open_graphs",
    "open_workspace",
    "report_of",
    "revision_of",
    "states",
    "verify",
]


class Workspace(NamedTuple):
    """A folder with declarations, and the graph that was chosen."""

    root: Path
    graph: Graph


class Request(NamedTuple):
    """What to look at: the folder of clones, revisions by repository name (``""``: the workspace's own), and the day.

    ``edited`` are other contents for files of repositories (by the name in reports, then by path), as if they were written there.
    ``clones`` gives those that lie neither where the graph says nor in ``repos``; by default there are no others.
    """

    repos: Path | None = None
    revisions: tuple[tuple[str, str], ...] = ()
    as_of: date | None = None
    edited: Mapping[str, Mapping[str, bytes]] = MappingProxyType({})
    clones: Clones = Clones(Network.NEVER)


def open_workspace(start: Path, name: str | None = None) -> Workspace:
    """The workspace around ``start`` and its graph of that name. Raises UsageError and DeclarationError."""
    root, graphs = open_graphs(start)
    return Workspace(root, choose(graphs, name))


def open_graphs(start: Path) -> tuple[Path, Mapping[str, Graph]]:
    """The folder of the workspace around ``start``, and all of its graphs by name. Raises UsageError and DeclarationError."""
    root = find_workspace(start)
    return root, _graphs(root)


def _graphs(root: Path) -> Mapping[str, Graph]:
    """The graphs of a workspace, parsed or as they were kept."""
    written = documents(root)
    package = Path(__file__).parent
    program = program_stamp(str(package / "workspace"), str(package / "workspace/kinds"), str(package / "model"))
    cache = CacheFile("graphs-" + blake2b(os.fsencode(root), digest_size=8).hexdigest(), stamp_of(program, written))
    data = cache.read()
    kept = None if data is None else load_kept(data)
    if kept is not None:
        return kept
    # Only what has to be parsed needs the parser.
    from relgraph.workspace.load import load_graphs

    graphs = load_graphs(written)
    cache.write(dump_graphs(graphs))
    return graphs


def open_facts(
    workspace: Workspace, request: Request, stack: ExitStack, *, sites: bool = True, published: Published | None = None
) -> Facts:
    """The world that a graph speaks of; repositories are closed with ``stack``. Without ``sites``, only versions are asked for.

    Raises EnvironmentFailure where a repository that is not external has no clone, and UsageError for unknown revisions.
    """
    graph = workspace.graph
    subjects: dict[str, Subject] = {}
    external: dict[str, Subject] = {}
    missing: list[str] = []
    failed: list[tuple[str, RelgraphError]] = []
    _check_revisions(graph, request)
    for node in graph.nodes.values():
        if node.kind != "repo":
            continue
        try:
            path = clone_of(workspace, node, request)
        except RelgraphError as problem:
            failed.append((str(problem) if isinstance(problem, DeclarationError) else f"{node.id}: {problem}", problem))
            continue
        if path is None:
            if not node.get("external", False):
                missing.append(f"{node.id}: no clone of {shown_url(node.ref)}")
            continue
        opened = _open(node, path, workspace, request, stack, sites=sites and not node.get("external", False))
        if opened is not None:
            (external if node.get("external", False) else subjects)[node.id] = opened
    if missing or failed:
        _refuse(missing, failed)
    return declare(graph, subjects, external, today=request.as_of or today(), published=published or _withdrawn(workspace))


def _refuse(missing: list[str], failed: list[tuple[str, RelgraphError]]) -> NoReturn:
    """Say of all repositories at once why they have no clone."""
    told = [*missing, *(text for text, _ in failed)]
    if not failed:
        hint = "give the folder of clones with --repos, or a repository's 'path' in the graph; without --offline they are cloned"
    else:
        hint = failed[0][1].hint
    wrong = any(isinstance(problem, DeclarationError) for _, problem in failed)
    raise (DeclarationError if wrong else EnvironmentFailure)(
        told[0] if len(told) == 1 else f"{len(told)} repositories have no clone",
        hint=hint,
        details=tuple(told) if len(told) > 1 else (),
    )


def _withdrawn(workspace: Workspace) -> Published:
    """The records of releases that were withdrawn; those that were not need no reading."""
    if not (workspace.root / "releases").is_dir():
        return NOTHING_LOOKED_AT
    from relgraph.workspace.record import withdrawn_records

    return Published(withdrawn_records(workspace.root))


def verify(workspace: Workspace, request: Request, published: Published | None = None) -> Report:
    """Judge the declared repositories by all rules, those of scan with declared facts included.

    ``published`` is what registries answered, where they were asked.
    """
    started = perf_counter()
    with ExitStack() as stack:
        return report_of(workspace, open_facts(workspace, request, stack, published=published))._replace(
            seconds=perf_counter() - started
        )


def report_of(workspace: Workspace, facts: Facts) -> Report:
    """What the rules say of the facts of a workspace."""
    targets = facts.world.targets
    # The rules take longer to import than most questions about a graph to answer.
    from relgraph.judging import judge_facts

    settled = judge_facts(facts)
    return Report(
        settled.findings,
        waived=settled.waived,
        files=sum(subject.files for subject in targets),
        unread=tuple((subject.name, path) for subject in targets for path in subject.unread),
        lost=tuple(
            (subject.name, tag)
            for subject in facts.world.subjects
            if isinstance(subject.repository, GitRepository)
            for tag in subject.repository.lost_tags
        ),
        sites=sum(len(subject.sites) for subject in targets),
        folders=_folders(workspace, facts),
    )


def _folders(workspace: Workspace, facts: Facts) -> tuple[tuple[str, str], ...]:
    """Where the files of findings lie: work trees by repository, and the declarations under the graph's name."""
    found = [(workspace.graph.name, str(workspace.root))]
    for subject in facts.world.targets:
        if isinstance(subject.repository, GitRepository) and subject.repository.location.worktree is not None:
            found.append((subject.name, subject.repository.location.worktree))
    return tuple(found)


def states(workspace: Workspace, request: Request) -> dict[str, str]:
    """The worst severity found at each node of a graph: of the node itself, or in files that belong to it.

    What is found in files of no node is the repository's.
    """
    from relgraph.judging import judge_facts

    found: dict[str, Severity] = {}
    with ExitStack() as stack:
        facts = open_facts(workspace, request, stack)
        declared = facts.declared
        assert declared is not None  # noqa: S101 - facts of a graph are declared
        subjects = {subject.name: subject for subject in facts.world.targets}
        for finding in judge_facts(facts).findings:
            nodes = {finding.node} & workspace.graph.nodes.keys()
            if (subject := subjects.get(finding.place.repo)) is not None:
                owner = next((node.id for node in declared.owners(subject, finding.place.path)), declared.repo_of(subject))
                nodes.add(owner or finding.node)
            for node in nodes & workspace.graph.nodes.keys():
                found[node] = min(finding.severity, found.get(node, finding.severity), key=lambda severity: severity.rank)
    return {node: severity.value for node, severity in sorted(found.items())}


def _check_revisions(graph: Graph, request: Request) -> None:
    for name, rev in request.revisions:
        if name and f"repos.{name}" not in graph.nodes:
            known = ", ".join(sorted(node.name for node in graph.nodes.values() if node.kind == "repo"))
            raise UsageError(f"--rev {name}={rev}: the graph has no repository '{name}'", hint=f"there are {known}")


def clone_of(workspace: Workspace, node: Node, request: Request) -> Path | None:
    """Where a repository's clone lies: its declared path, a folder of that name among the clones, or what is cloned for it.

    Raises as :meth:`relgraph.git.clones.Clones.path` does, and DeclarationError for a declared path where nothing is.
    """
    if path := node.get("path"):
        place = workspace.root / str(path)
        if not place.exists():
            raise DeclarationError(
                f"{node.origin}: {node.id}: its 'path' is {path}, and {os.path.normpath(place)} does not exist",
                hint="clone it there, correct the path, or leave it out: then --repos is looked into, and else 'url' is cloned",
            )
        return place
    if request.repos is not None:
        address = address_of(node.ref).split("/")
        for name in (node.name, f"{node.name}.git", address[-1], f"{address[-1]}.git", "+".join(address[-2:]) + "/repo"):
            if (request.repos / name).exists():
                return request.repos / name
    try:
        return request.clones.path(node.ref, lent=bool(node.get("external", False)))
    except DeclarationError as problem:
        raise DeclarationError(f"{node.origin}: {node.id}: {problem}", hint=problem.hint) from None


def _open(node: Node, path: Path, workspace: Workspace, request: Request, stack: ExitStack, *, sites: bool) -> Subject | None:
    try:
        repository, tree = open_target(Target(str(path), revision_of(workspace, node, path, request)), as_of=request.as_of)
    except NothingThen:
        return None
    stack.callback(repository.close)
    if (contents := request.edited.get(repository.name)) and tree.rev == WORKTREE:
        tree = EditedTree(tree, contents)
    reader = SiteReader.cached(repository)
    stack.callback(reader.close)
    return reader.read(tree) if sites else Subject(repository, tree, reader=reader.shipped)


def revision_of(workspace: Workspace, node: Node, path: Path, request: Request) -> str | None:
    """The revision that is asked of a repository whose clone lies at ``path``; None: whatever it has now."""
    revisions = dict(request.revisions)
    own = workspace.root.resolve().is_relative_to(path.resolve())
    return revisions.get(node.name, revisions.get("") if own else None)
