"""``impact``: what must move when a node moves, and the places that name it."""

import json
from contextlib import ExitStack

from relgraph.cli.command import Values
from relgraph.cli.terminal import Terminal
from relgraph.cli.workspace import find_node, opened
from relgraph.graph.impact import Step, impact
from relgraph.infer.written import Written
from relgraph.model.graph import EdgeKind

__all__ = ["run"]

_VERB = {EdgeKind.BUILDS_FROM: "is built from", EdgeKind.REFERS_TO: "refers to", EdgeKind.CONTAINS: "contains"}


def run(values: Values, terminal: Terminal) -> int:
    """Print the steps, nearest first, each with the sites that have to change."""
    with ExitStack() as stack:
        facts = opened(values, terminal, stack, sites=True)
        declared = facts.declared
        assert declared is not None  # noqa: S101 - a workspace always declares
        node = find_node(declared.graph, values.get("node") or "")
        steps = impact(declared.graph, node.id)
        written = Written(facts, declared)
        places = {step: _places(written, step) for step in steps if step.edge.kind is not EdgeKind.BUILDS_FROM}
    if values.get("format") == "json":
        rows = [
            {
                "node": step.node,
                "kind": step.edge.kind.value,
                "of": step.edge.head,
                "distance": step.distance,
                "places": places.get(step, []),
            }
            for step in steps
        ]
        terminal.write(json.dumps({"schema": "relgraph.dev/impact/v1", "node": node.id, "impact": rows}, indent=1) + "\n")
        return 0
    terminal.write(f"{len(steps)} node{'' if len(steps) == 1 else 's'} must move when {node.id} moves\n")
    for step in steps:
        terminal.write(f"{'  ' * step.distance}{step.node} {_VERB[step.edge.kind]} {step.edge.head}{_follow(step)}\n")
        for place in places.get(step, []):
            terminal.write(f"{'  ' * step.distance}  {place}\n")
    return 0


def _follow(step: Step) -> str:
    return f" ({step.edge.follow.value})" if step.edge.follow else ""


def _places(written: Written, step: Step) -> list[str]:
    """Where the node of a step names what moved."""
    return [f"{one.subject.name}/{one.where}: {one.site.value}" for one in written.references(step.node, step.edge.head)]
