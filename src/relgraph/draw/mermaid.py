"""Mermaid flowcharts (https://mermaid.js.org/syntax/flowchart.html): repositories as subgraphs, solid and dashed edges."""

import re
from collections.abc import Mapping

from relgraph.model.graph import EdgeKind, Graph, Node

__all__ = ["mermaid"]

_ARROWS = {EdgeKind.BUILDS_FROM: "-->", EdgeKind.REFERS_TO: "-.->", EdgeKind.CONTAINS: "--o"}
_SHAPES = {
    "image": ("([", "])"), "chart": ("[[", "]]"), "hook": ("{{", "}}"), "files": ("[/", "/]"), "derived": ("[\\", "\\]"), "tool": ("[", "]"),
}  # fmt: skip
_COLOURS = {"error": "fill:#fdd,stroke:#b00", "warning": "fill:#fed,stroke:#b60"}


def mermaid(
    graph: Graph,
    homes: Mapping[str, str],
    labels: Mapping[str, str] | None = None,
    states: Mapping[str, str] | None = None,
    only: frozenset[str] | None = None,
) -> str:
    """A flowchart of the graph.

    ``homes`` gives the repository that a node's files lie in: nodes with files of their own (charts' sources, hooks, scripts) stand
    in its subgraph, as the sources that they are; published artifacts stand outside, with an edge to what they are built from.
    ``labels`` are second lines of nodes (versions), ``states`` their worst severity, ``only`` the nodes to draw.
    """
    labels, states = labels or {}, states or {}
    drawn = [node for node in graph.nodes.values() if only is None or node.id in only]
    lines = ["flowchart LR"]
    for repository in sorted((node for node in drawn if node.kind == "repo"), key=lambda node: node.id):
        lines.append(f"    subgraph {_key(repository.id)}[{_text(repository.name, labels.get(repository.id, ''))}]")
        inside = sorted(
            (node for node in drawn if node.kind != "repo" and not node.ref and homes.get(node.id) == repository.id),
            key=lambda node: node.id,
        )
        lines += [f"        {_box(node, labels)}" for node in inside]
        lines.append("    end")
    lines += [
        f"    {_box(node, labels)}"
        for node in sorted(drawn, key=lambda node: node.id)
        if node.kind != "repo" and _is_outside(node, homes)
    ]
    shown = {node.id for node in drawn}
    seen: set[tuple[str, str, EdgeKind]] = set()
    for edge in sorted(graph.edges, key=lambda edge: (edge.tail, edge.kind, edge.head)):
        # A source stands within its repository; the frame says what an edge would.
        within = (
            edge.kind is EdgeKind.BUILDS_FROM
            and not _is_outside(graph.nodes[edge.tail], homes)
            and homes.get(edge.tail) == edge.head
        )
        key = (edge.tail, edge.head, edge.kind)
        if edge.tail in shown and edge.head in shown and not within and key not in seen:
            seen.add(key)
            lines.append(f"    {_key(edge.tail)} {_ARROWS[edge.kind]} {_key(edge.head)}")
    for severity, style in _COLOURS.items():
        marked = sorted(_key(node) for node, state in states.items() if state == severity and node in shown)
        if marked:
            lines += [f"    classDef {severity} {style}", f"    class {','.join(marked)} {severity}"]
    return "\n".join(lines) + "\n"


def _is_outside(node: Node, homes: Mapping[str, str]) -> bool:
    return bool(node.ref) or node.id not in homes


def _box(node: Node, labels: Mapping[str, str]) -> str:
    opening, closing = _SHAPES.get(node.kind, ("[", "]"))
    return f"{_key(node.id)}{opening}{_text(node.name, labels.get(node.id, ''))}{closing}"


def _key(node_id: str) -> str:
    # Mermaid reads some words of its own (end, style) in identifiers, so none begins or ends like one.
    return "n_" + re.sub(r"[^A-Za-z0-9]", lambda match: f"_{ord(match[0]):x}_", node_id)


def _text(name: str, label: str) -> str:
    text = f"{name}<br/>{label}" if label else name
    return '"' + text.replace('"', "#quot;") + '"'
