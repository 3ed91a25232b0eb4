"""The graph as JSON: nodes with versions and reasons, edges."""

import json
from collections.abc import Mapping

from relgraph.graph.propagate import NodeVersion
from relgraph.model.graph import Graph

__all__ = ["json_graph"]


def json_graph(
    graph: Graph, versions: Mapping[str, NodeVersion], states: Mapping[str, str] | None = None, only: frozenset[str] | None = None
) -> str:
    """``relgraph.dev/graph/v1``: every value of the declaration that other programs need, sorted by id."""
    states = states or {}
    nodes = [
        {
            "id": node.id,
            "kind": node.kind,
            "name": node.name,
            **({"ref": node.ref} if node.ref else {}),
            **({"source": node.source} if node.source else {}),
            **({"version": versions[node.id].written} if node.id in versions and versions[node.id].written else {}),
            "why": list(versions[node.id].reasons) if node.id in versions else [],
            **({"state": states[node.id]} if node.id in states else {}),
        }
        for node in sorted(graph.nodes.values(), key=lambda node: node.id)
        if only is None or node.id in only
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
        if only is None or (edge.tail in only and edge.head in only)
    ]
    return json.dumps({"schema": "relgraph.dev/graph/v1", "graph": graph.name, "nodes": nodes, "edges": edges}, indent=1) + "\n"
