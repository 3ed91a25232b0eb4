"""``impact``: what must move when a node moves, and the places that name it."""

import json
from contextlib import ExitStack

from relgraph.cli.command import Values
from relgraph.cli.terminal import Terminal
from relgraph.cli.workspace import find_node, opened
from relgraph.graph.impact import Step, impact
from relgraph.infer.declared import Declared, matches, patterns_of
from relgraph.infer.facts import Facts
from relgraph.model.graph import EdgeKind, Node
from relgraph.model.site import Site

__all__ = ["run"]

_VERB = {EdgeKind.BUILDS_FROM: "is built from", EdgeKind.REFERS_TO: "refers to", EdgeKind.CONTAINS: "contains"}


def run(values: Values, terminal: Terminal) -> int:
    """Print the steps, nearest first, each with the sites that have to change."""
    with ExitStack() as stack:
        facts = opened(values, stack, sites=True)
        declared = facts.declared
        assert declared is not None  # noqa: S101 - a workspace always declares
        node = find_node(declared.graph, values.get("node") or "")
        steps = impact(declared.graph, node.id)
        places = _places(facts, declared)
    if values.get("format") == "json":
        rows = [
            {
                "node": step.node,
                "kind": step.edge.kind.value,
                "of": step.edge.head,
                "distance": step.distance,
                "places": places.get((step.node, step.edge.head), []),
            }
            for step in steps
        ]
        terminal.write(json.dumps({"schema": "relgraph.dev/impact/v1", "node": node.id, "impact": rows}, indent=1) + "\n")
        return 0
    terminal.write(f"{len(steps)} node(s) must move when {node.id} moves\n")
    for step in steps:
        terminal.write(f"{'  ' * step.distance}{step.node} {_VERB[step.edge.kind]} {step.edge.head}{_follow(step)}\n")
        for place in places.get((step.node, step.edge.head), []):
            terminal.write(f"{'  ' * step.distance}  {place}\n")
    return 0


def _follow(step: Step) -> str:
    return f" ({step.edge.follow.value})" if step.edge.follow else ""


def _places(facts: Facts, declared: Declared) -> dict[tuple[str, str], list[str]]:
    """Sites by the node whose file they stand in and the node that they refer to."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in facts.references:
        direct = declared.artifact(one.site)
        heads = [direct.id] if direct is not None else [node.id for node in declared.by_line.get(one.line, ())]
        for owner in declared.owners(one.subject, one.site.path):
            for head in heads:
                if (owner.id, head) in declared.edges and _may_name(one.site, declared.graph.nodes[head]):
                    found.setdefault((owner.id, head), []).append(f"{one.subject.name}/{one.where}: {one.site.value}")
    return found


def _may_name(site: Site, head: Node) -> bool:
    """Whether a site may be to a node: to files of a repository only by their paths in it."""
    if head.ref or head.kind == "repo":
        return True
    return any(matches(pattern, site.get("path")) for pattern in patterns_of(head))
