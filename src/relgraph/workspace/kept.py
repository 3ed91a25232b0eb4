"""Kept graphs: a declaration that was parsed once is not parsed again while its documents are the same, byte for byte."""

import marshal
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, TypeAlias

from relgraph.model.graph import DeclaredSite, Edge, EdgeKind, Follow, Graph, Node, Origin, SeverityChange, Waiver

__all__ = ["dump_graphs", "load_kept", "stamp_of"]

_Rows: TypeAlias = tuple[Any, ...]


def stamp_of(program: str, documents: list[tuple[str, bytes]]) -> str:
    """What names one state of the documents and of the program that reads them."""
    digest = blake2b(program.encode(), digest_size=16)
    for path, data in documents:
        for part in (path.encode("utf-8", "surrogateescape"), data):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def dump_graphs(graphs: Mapping[str, Graph]) -> bytes:
    """Graphs as bytes for the cache."""
    return marshal.dumps({name: _graph_rows(graph) for name, graph in graphs.items()})


def load_kept(data: bytes) -> dict[str, Graph] | None:
    """Graphs from the cache's bytes; None where they are of another form."""
    try:
        rows = marshal.loads(data)  # noqa: S302 - behind a checksum, in the user's own file
        return {name: _graph(name, row) for name, row in rows.items()}
    except (EOFError, ValueError, TypeError, AttributeError):
        return None


def _graph_rows(graph: Graph) -> _Rows:
    return (
        [(*node[:3], tuple(node.origin), *node[4:]) for node in graph.nodes.values()],
        [
            (edge.tail, edge.head, edge.kind.value, tuple(edge.origin), edge.follow.value if edge.follow else None, *edge[5:])
            for edge in graph.edges
        ],
        [(*waiver[:-1], tuple(waiver.origin)) for waiver in graph.waivers],
        [(*change[:-1], tuple(change.origin)) for change in graph.severities],
        [(*site[:-1], tuple(site.origin)) for site in graph.sites],
    )


def _graph(name: str, rows: _Rows) -> Graph:
    nodes, edges, waivers, severities, sites = rows
    kinds = {kind.value: kind for kind in EdgeKind}
    follows: dict[str | None, Follow | None] = {None: None, **{follow.value: follow for follow in Follow}}
    return Graph(
        name,
        {row[0]: Node(row[0], row[1], row[2], Origin(*row[3]), *row[4:]) for row in nodes},
        tuple(Edge(row[0], row[1], kinds[row[2]], Origin(*row[3]), follows[row[4]], *row[5:]) for row in edges),
        tuple(Waiver._make((*row[:-1], Origin(*row[-1]))) for row in waivers),
        tuple(SeverityChange._make((*row[:-1], Origin(*row[-1]))) for row in severities),
        tuple(DeclaredSite._make((*row[:-1], Origin(*row[-1]))) for row in sites),
    )
