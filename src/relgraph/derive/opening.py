"""The plans of a workspace's derived files, drawn up or as they were kept.

A plan follows from the documents in ``graph/`` and from which files ``each`` matches; while both are the same it is not drawn up again, and
no graph is looked at.
"""

import os
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from relgraph.derive.kept import dump_worlds, load_worlds
from relgraph.derive.listing import files_named
from relgraph.derive.world import Derivation, World
from relgraph.effects.cache import CacheFile, program_stamp
from relgraph.workspace.find import documents, find_workspace
from relgraph.workspace.kept import stamp_of

if TYPE_CHECKING:
    from relgraph.model.graph import Graph, Node

__all__ = ["Opened", "open_derivations"]


class Opened(NamedTuple):
    """The workspace's folder and what it derives, and where the plans are kept."""

    root: Path
    world: World
    cache: CacheFile

    def forget(self) -> None:
        """Draw the plans up again next time: something went wrong that a file which became a folder, or a folder a file, may explain."""
        self.cache.write(b"")


def open_derivations(start: Path, graph: str | None, clones: Path | None) -> Opened:
    """The derived files of the graph of that name, in the workspace around ``start``. ``clones`` is a folder of clones.

    Raises UsageError, DeclarationError and EnvironmentFailure.
    """
    root = find_workspace(start)
    written = documents(root)
    package = Path(__file__).parent.parent
    program = program_stamp(*(str(package / name) for name in ("workspace", "workspace/kinds", "model", "derive", "engine")))
    asked = "\0".join(("" if graph is None else f"={graph}", "" if clones is None else os.path.abspath(clones)))
    family = "derived-" + blake2b(os.fsencode(root) + asked.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    cache = CacheFile(family, stamp_of(program, written))
    data = cache.read()
    kept = None if data is None else load_worlds(data)
    if kept is not None and all(_found(one.root, one.each) == one.found for one in kept.derivations):
        return Opened(root, kept, cache)
    world = _draw_up(root, graph, clones)
    if not world.missing:  # a clone may appear without a change in any document
        cache.write(dump_worlds(world))
    return Opened(root, world, cache)


def _draw_up(root: Path, name: str | None, clones: Path | None) -> World:
    # Only what has to be drawn up needs the graph.
    from relgraph.derive.planner import plan_derived
    from relgraph.engine.prepare import prepare
    from relgraph.graph.build import home
    from relgraph.verify import Request, clone_of, open_workspace

    workspace = open_workspace(root, name)
    homes = home(workspace.graph)
    groups: dict[str, list[Node]] = {}
    for node in workspace.graph.nodes.values():
        if node.kind == "derived" and node.id in homes:
            groups.setdefault(homes[node.id], []).append(node)
    derivations = []
    missing = []
    for repo, nodes in groups.items():
        worktree = _worktree(clone_of(workspace, workspace.graph.nodes[repo], Request(repos=clones)))
        if worktree is None:
            missing.append(repo)
            continue
        each = tuple(sorted({node.get("each") for node in nodes if node.get("each")}))
        found = _found(worktree, each)
        plan = plan_derived(
            repo,
            worktree,
            nodes,
            dict(zip(each, found, strict=True)),
            lambda path, worktree=worktree: os.path.isdir(f"{worktree}/{path}"),  # type: ignore[misc]  # mypy asks for its type
        )
        derivations.append(
            Derivation(repo, worktree, each, found, prepare(plan), _places(workspace.graph, homes, repo), _repeated(nodes))
        )
    return World(workspace.graph.name, tuple(derivations), tuple(missing))


def _worktree(folder: Path | None) -> str | None:
    from relgraph.git.discover import discover

    return None if folder is None else discover(str(folder)).worktree


def _places(graph: "Graph", homes: Mapping[str, str], repo: str) -> tuple[tuple[str, str], ...]:
    """The nodes whose own files may be derived ones, each with patterns of its files."""
    rows = []
    for node in graph.nodes.values():
        if node.kind not in ("repo", "derived") and homes.get(node.id) == repo:
            rows += [(node.id, path.strip("/")) for path in (node.paths or ((node.source,) if node.source else ()))]
    return tuple(rows)


def _repeated(nodes: "Sequence[Node]") -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    from relgraph.derive.patterns import named

    return tuple((node.id, node.get("each"), tuple(filter(named, node.get("outputs")))) for node in nodes if node.get("each"))


def _found(root: str, each: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """For every pattern, the files that match it, sorted."""
    return tuple(tuple(sorted(files_named(root, pattern))) for pattern in each)
