"""What a change of files would reach: what is built again, and who names that. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from relgraph.engine.prepare import prepare
from relgraph.engine.reach import reached
from relgraph.errors import UsageError
from relgraph.graph.impact import impact
from relgraph.infer.declared import matches
from relgraph.model.graph import EdgeKind
from relgraph.release.prepare import Prepared
from relgraph.release.steps import build_step

__all__ = ["Reached", "reach"]


class Reached(NamedTuple):
    """A node that a change reaches: built again, or named where it has to name another version then; and why."""

    node: str
    because: str
    built: bool


def reach(prepared: Prepared, paths: Iterable[str]) -> tuple[Reached, ...]:
    """What a change of these files (paths in the repository, or patterns of them) would reach, what is built first.

    Raises UsageError for paths that are no files of it.
    """
    entries = prepared.declared.subjects[prepared.repo.id].tree.entries
    changed: set[str] = set()
    for pattern in paths:
        found = [path for path in entries if matches(pattern, path)]
        if not found:
            raise UsageError(f"{pattern}: no such file in {prepared.repo.name}", hint="paths are from the root of the repository")
        changed.update(found)
    built: dict[str, str] = {}
    for node, one in sorted(prepared.planned.items()):
        own = sorted(changed & one.content.keys())
        if own:
            more = f" and {len(own) - 1} more" if len(own) > 1 else ""
            built[node] = f"{own[0]}{more} is among its files" if not more else f"{own[0]}{more} are among its files"
    # What comes of those is the engine's to say; a build that needs others says which of them it holds.
    for name in reached(prepare(prepared.plan), steps=[build_step(node) for node in built]):
        node = name.removeprefix(build_step(""))
        if node in prepared.planned and node not in built:
            need = next(need for need in prepared.planned[node].recipe.needs if need in built)
            built[node] = f"it holds the digest of {need}"
    follows: dict[str, str] = {}
    for node in built:
        for step in impact(prepared.workspace.graph, node):
            if step.node not in built and step.edge.kind is not EdgeKind.BUILDS_FROM:
                follows.setdefault(
                    step.node, f"it {'contains' if step.edge.kind is EdgeKind.CONTAINS else 'refers to'} {step.edge.head}"
                )
    return (
        *(Reached(node, because, True) for node, because in built.items()),
        *(Reached(node, because, False) for node, because in sorted(follows.items())),
    )
