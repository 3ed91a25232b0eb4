"""From a workspace and what was asked for to a plan: which repository, at which revision, with which tools."""

import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from relgraph.build.builder import Recipe, Release
from relgraph.build.registry import by_name
from relgraph.effects import process
from relgraph.effects.environment import inherited
from relgraph.errors import DeclarationError, EnvironmentFailure, RelgraphError, UsageError
from relgraph.git.export import content_ids, export
from relgraph.git.repository import GitRepository
from relgraph.git.state import changed_files, work_tree
from relgraph.infer.declared import Declared, matches
from relgraph.infer.standing import releases
from relgraph.model.graph import Graph, Node
from relgraph.model.plan import Plan
from relgraph.model.record import Record
from relgraph.model.repository import Tree
from relgraph.model.world import Subject
from relgraph.release.destinations import destination
from relgraph.release.scope import Scope, Unit, scope_of
from relgraph.release.steps import Goal, Planned, plan_of
from relgraph.verify import Request, Workspace, clone_of, open_facts

__all__ = ["Prepared", "Wish", "changed", "choose_repo", "prepare", "release_request", "tag_here"]

_TOOL_LIMIT = 20.0


class Wish(NamedTuple):
    """What was asked for: a repository by name (empty: the workspace's own), nodes (empty: all), how far, and where to (empty: as declared).

    ``recorded`` is the record of the release, where it was made before: it is to come to the same.
    """

    repo: str = ""
    tag: str = ""
    nodes: tuple[str, ...] = ()
    push: bool = False
    release: bool = False
    sign: bool = False
    to: str = ""
    recorded: Record | None = None


class Prepared(NamedTuple):
    """All that a run needs. ``planned`` is by node id, ``destinations`` too."""

    workspace: Workspace
    repo: Node
    version: str
    declared: Declared
    scope: Scope
    planned: Mapping[str, Planned]
    plan: Plan
    destinations: Mapping[str, str]

    def export(self, one: Planned, folder: Path) -> None:
        """Write the files that a unit is built from below a folder."""
        subject = self.declared.subjects[self.repo.id]
        export(_real(subject), subject.tree, _paths(subject.tree, one.recipe), str(folder))


def choose_repo(workspace: Workspace, name: str) -> Node:
    """The repository that is meant: the one of that name, else the one that the workspace lies in, else the only one."""
    own = [node for node in workspace.graph.nodes.values() if node.kind == "repo" and not node.get("external", False)]
    if name:
        for node in own:
            if name in (node.name, node.id):
                return node
        raise UsageError(
            f"the graph has no repository '{name}' of its own", hint=f"there are {', '.join(node.name for node in own) or 'none'}"
        )
    here = [
        node for node in own if node.get("path") and (workspace.root / str(node.get("path"))).resolve() == workspace.root.resolve()
    ]
    if len(here) == 1 or len(own) == 1:
        return (here or own)[0]
    raise UsageError("which repository?", hint=f"--repo with one of {', '.join(sorted(node.name for node in own))}")


def release_request(request: Request, repo: Node, tag: str) -> Request:
    """The request that looks at a repository at a tag."""
    kept = tuple((name, rev) for name, rev in request.revisions if name not in ("", repo.name))
    return request._replace(revisions=(*kept, (repo.name, tag)))


def tag_here(repo: Node, subject: Subject) -> str:
    """The release tag of the commit that a repository stands at. Raises UsageError where there is none, or several."""
    head = subject.repository.tree("HEAD")
    found = [one.tag.name for one in releases(repo, subject) if head is not None and one.tag.commit == head.rev]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{repo.name}: this commit has several tags: {', '.join(found)}", hint="say which with --tag")
    raise UsageError(f"{repo.name}: this commit has no tag like {repo.tag}", hint="tag it, or say which tag with --tag")


def prepare(
    workspace: Workspace, request: Request, wish: Wish, stack: ExitStack, templates: Mapping[str, bytes] | None = None
) -> Prepared:
    """Open the repositories, read versions, ask every builder; ``templates`` (by path below their folder) are those of the workspace.

    Raises what these raise; all problems of builders at once.
    """
    repo = choose_repo(workspace, wish.repo)
    tag = wish.tag
    if wish.release and not tag:
        with ExitStack() as looking:
            standing = open_facts(workspace, request, looking, sites=False).declared
            assert standing is not None  # noqa: S101 - facts of a graph are declared
            tag = tag_here(repo, standing.subjects[repo.id])
    if tag:
        request = release_request(request, repo, tag)
    elif _is_committed(workspace, repo, request):
        # A work tree that holds what its commit holds is that commit, and has its version.
        request = release_request(request, repo, "HEAD")
    facts = open_facts(workspace, request, stack, sites=False)
    declared = facts.declared
    assert declared is not None  # noqa: S101 - facts of a graph are declared
    subject = declared.subjects[repo.id]
    release = _release(repo, subject, tag)
    scope = scope_of(declared, repo.id, release, _templates(workspace.root) if templates is None else templates, wish.recorded)
    _check_nodes(workspace.graph, scope, wish.nodes)
    planned, problems = _ask_for(scope, wish.nodes, subject.tree, str(_real(subject).location.worktree or ""))
    if problems:
        raise DeclarationError(
            problems[0] if len(problems) == 1 else f"{len(problems)} problems with what is to be built",
            details=tuple(problems) if len(problems) > 1 else (),
        )
    destinations = {one.unit.id: str(destination(one.unit.part.reference, wish.to)) for one in planned}
    recorded = {item.node: item.digest for item in wish.recorded.items} if wish.recorded is not None else {}
    goal = Goal(wish.push, wish.release, wish.sign, destinations, recorded)
    plan = plan_of(scope, planned, goal, root=str(workspace.root), tools=_tools(planned))
    version = declared.versions[repo.id].version
    return Prepared(
        workspace,
        repo,
        version.bare if version is not None else "",
        declared,
        scope,
        {one.unit.id: one for one in planned},
        plan,
        destinations,
    )


def _is_committed(workspace: Workspace, repo: Node, request: Request) -> bool:
    """Whether a repository would be looked at as a work tree, and that has nothing that is not committed (but for records)."""
    if any(name in ("", repo.name) for name, _ in request.revisions) or request.as_of is not None:
        return False
    path = clone_of(workspace, repo, request)
    return path is not None and (path / ".git").exists() and not changed(path, workspace.root)


def changed(folder: Path, root: Path) -> list[str]:
    """What is not committed in the work tree that a folder lies in, but for what releases write in the workspace at ``root``."""
    found = changed_files(str(folder))
    if not found:
        return []
    top = work_tree(str(folder))
    # Its own folder need not be that at the top.
    below = root.resolve().relative_to(top).as_posix() if top is not None and root.resolve().is_relative_to(top) else None
    ours = () if below is None else tuple(f"{below}/{name}/".removeprefix("./") for name in ("releases", ".relgraph"))
    return [path for path in found if not path.startswith(ours)]


def _release(repo: Node, subject: Subject, tag: str) -> Release:
    tree = subject.tree
    if tag and not any(one.tag.name == tag for one in releases(repo, subject)):
        raise UsageError(f"{repo.name}: {tag} is no release tag", hint=f"release tags are written {repo.tag}")
    return Release(repo.id, tree.rev, tree.time, tag)


def _check_nodes(graph: Graph, scope: Scope, nodes: tuple[str, ...]) -> None:
    known = {unit.id for unit in scope.units}
    unknown = [node for node in nodes if node not in known]
    if unknown:
        node = graph.nodes[unknown[0]]
        raise UsageError(
            f"{node.id} is not built from {scope.release.repo}",
            hint=f"there are {', '.join(sorted(known)) or 'none'}",
        )


def _ask_for(scope: Scope, nodes: tuple[str, ...], tree: Tree, worktree: str) -> tuple[list[Planned], list[str]]:
    """Ask the builders of these nodes, and of those whose digests they need; without nodes, all."""
    if not nodes:
        return _ask(scope.units, tree, worktree)
    units = {unit.id: unit for unit in scope.units}
    asked: dict[str, list[Planned]] = {}
    problems: list[str] = []
    left = [*nodes]
    while left:
        node = left.pop()
        if node in units and node not in asked:
            asked[node], wrong = _ask((units[node],), tree, worktree)
            problems += wrong
            left += (need for one in asked[node] for need in one.recipe.needs)
    return [one for node in units for one in asked.get(node, ())], problems


def _ask(units: Iterable[Unit], tree: Tree, worktree: str) -> tuple[list[Planned], list[str]]:
    planned: list[Planned] = []
    problems: list[str] = []
    known: dict[str, str] = {}  # each file of a work tree is read once, however many are built from it
    for unit in units:
        try:
            builder = by_name(unit.builder)
            if unit.target.node.kind not in builder.kinds:
                problems.append(
                    f"{unit.target.node.origin}: {unit.id} cannot be built by {unit.builder}, which makes {', '.join(builder.kinds)}"
                )
                continue
            recipe = builder.plan(unit.target)
        except DeclarationError as problem:
            told = problem.details or (_with_hint(problem),)
            problems += [detail if unit.id in detail else f"{unit.id}: {detail}" for detail in told]
            continue
        paths = _paths(tree, recipe)
        known |= content_ids(tree, [path for path in paths if path not in known], worktree)
        planned.append(Planned(unit, recipe, {path: known[path] for path in paths}))
    return planned, problems


def _with_hint(problem: RelgraphError) -> str:
    return f"{problem} ({problem.hint})" if problem.hint else str(problem)


def _paths(tree: Tree, recipe: Recipe) -> list[str]:
    if "**" in recipe.paths:
        return [*tree.entries]
    return [path for path in tree.entries if any(matches(pattern, path) for pattern in recipe.paths)]


def _templates(root: Path) -> dict[str, bytes]:
    folder = root / "templates"
    found: dict[str, bytes] = {}
    for base, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(base, name)
            if path.is_symlink() or not path.is_file():
                continue
            try:
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
            except OSError as problem:
                raise EnvironmentFailure(f"{path}: {problem.strerror or problem}") from problem
    return found


def _tools(planned: Iterable[Planned]) -> dict[str, str]:
    """Versions of programs, as they print them; empty for what is not there, which the builder will say."""
    found: dict[str, str] = {}
    for name in sorted({tool for one in planned for tool in one.recipe.tools}):
        found[name] = ""
        for words in ((name, "--version"), (name, "version")):
            try:
                done = process.run(words, env=inherited("PATH", "HOME"), limit=_TOOL_LIMIT)
            except EnvironmentFailure:
                break
            if done.status == 0:
                found[name] = done.stdout.decode("utf-8", "replace").strip()
                break
    return found


def _real(subject: Subject) -> GitRepository:
    assert isinstance(subject.repository, GitRepository)  # noqa: S101 - only real repositories are released
    return subject.repository
