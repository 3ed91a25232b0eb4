"""The graph as JSON: what is declared, with versions and reasons, and the drawing of it."""

import json
from collections.abc import Mapping
from typing import Any

from relgraph.draw.drawing import Drawing
from relgraph.graph.propagate import NodeVersion
from relgraph.model.graph import Graph

__all__ = ["json_graph"]


def json_graph(graph: Graph, drawing: Drawing, versions: Mapping[str, NodeVersion], states: Mapping[str, str]) -> str:
    """``relgraph.dev/graph/v1``: the declared nodes and edges that are drawn, and frames, boxes and arrows of the drawing."""
    drawn = {box.node for box in drawing.boxes} | {frame.node for frame in drawing.frames}
    nodes = [
        {
            "id": node.id,
            "kind": node.kind,
            "name": node.name,
            **({"title": node.get("title")} if node.get("title") else {}),
            **({"ref": node.ref} if node.ref else {}),
            **({"source": node.source} if node.source else {}),
            **({"version": versions[node.id].written} if node.id in versions and versions[node.id].written else {}),
            **({"why": list(versions[node.id].reasons)} if node.id in versions else {}),
            **({"state": states[node.id]} if node.id in states else {}),
        }
        for node in sorted(graph.nodes.values(), key=lambda node: node.id)
        if node.id in drawn
    ]
    edges = [
        {
            "from": edge.tail,
            "to": edge.head,
            "kind": edge.kind.value,
            **({"follow": edge.follow.value} if edge.follow else {}),
            **({"range": edge.constraint} if edge.constraint else {}),
            **({"path": edge.path} if edge.path else {}),
        }
        for edge in sorted(graph.edges, key=lambda edge: (edge.tail, edge.kind, edge.head))
        if edge.tail in drawn and edge.head in drawn
    ]
    value = {"schema": "relgraph.dev/graph/v1", "graph": graph.name, "nodes": nodes, "edges": edges, "drawing": _drawing(drawing)}
    return json.dumps(value, indent=1) + "\n"


def _drawing(drawing: Drawing) -> dict[str, list[dict[str, Any]]]:
    return {
        "frames": [
            {"key": frame.key, "node": frame.node, "label": list(frame.lines), "external": frame.external, **_state(frame.state)}
            for frame in drawing.frames
        ],
        "boxes": [
            {
                "key": box.key,
                "node": box.node,
                "form": box.form.value,
                "label": list(box.lines),
                **({"frame": box.frame} if box.frame else {}),
                **_state(box.state),
            }
            for box in drawing.boxes
        ],
        "arrows": [{"from": arrow.tail, "to": arrow.head, "kind": arrow.kind.value} for arrow in drawing.arrows],
    }


def _state(state: str) -> dict[str, str]:
    return {"state": state} if state else {}
