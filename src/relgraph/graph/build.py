"""A declared graph as a networkx graph: an edge leads from what depends to what it depends on."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from relgraph.model.graph import Edge, EdgeKind, Follow, Graph

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["build", "builder_of", "home", "order", "version_cycles"]


def build(graph: Graph, kinds: Iterable[EdgeKind] = tuple(EdgeKind)) -> "nx.DiGraph[str]":
    """All nodes and the edges of these kinds; parallel edges of several kinds are one here."""
    import networkx as nx

    wanted = frozenset(kinds)
    digraph: nx.DiGraph[str] = nx.DiGraph()
    digraph.add_nodes_from(graph.nodes)
    digraph.add_edges_from((edge.tail, edge.head) for edge in graph.edges if edge.kind in wanted)
    return digraph


def builder_of(graph: Graph) -> dict[str, Edge]:
    """The first builds-from edge of each node: the one that its version comes along."""
    found: dict[str, Edge] = {}
    for edge in graph.edges:
        if edge.kind is EdgeKind.BUILDS_FROM:
            found.setdefault(edge.tail, edge)
    return found


def home(graph: Graph) -> dict[str, str]:
    """The repository whose files each node consists of: its last source that is a repository of one's own, else its first.

    An image whose version comes from one repository may be built by a script of another; the script's repository is its home.
    """
    found: dict[str, str] = {}
    for edge in graph.edges:
        repository = graph.nodes[edge.head]
        if edge.kind is not EdgeKind.BUILDS_FROM or repository.kind != "repo":
            continue
        if edge.tail not in found or not repository.get("external", False):
            found[edge.tail] = edge.head
    return found


def version_cycles(graph: Graph) -> list[tuple[str, ...]]:
    """Cycles in which the version of each node follows from the next one's: none of them has a beginning.

    Versions come along the first builds-from edge, and along references that follow the same release in another repository.
    Repositories may depend on each other as they like.
    """
    import networkx as nx

    homes = home(graph)
    digraph: nx.DiGraph[str] = nx.DiGraph()
    digraph.add_edges_from((edge.tail, edge.head) for edge in builder_of(graph).values())
    for edge in graph.edges:
        across = homes.get(edge.tail) != homes.get(edge.head)
        if edge.kind is EdgeKind.CONTAINS or (edge.kind is EdgeKind.REFERS_TO and edge.follow is Follow.TAG and across):
            digraph.add_edge(edge.tail, edge.head)
    found = []
    for component in nx.strongly_connected_components(digraph):
        first = min(component)
        if len(component) > 1 or digraph.has_edge(first, first):
            cycle = nx.find_cycle(digraph.subgraph(component), first)
            found.append(_from_least(tuple(tail for tail, _ in cycle)))
    return sorted(found)


def order(graph: Graph) -> list[str]:
    """All nodes, each after everything that its version or content needs; ties by id. Nodes in version cycles come last."""
    import networkx as nx

    digraph = build(graph, (EdgeKind.BUILDS_FROM, EdgeKind.CONTAINS))
    cyclic = {node for cycle in version_cycles(graph) for node in cycle}
    digraph.remove_nodes_from(cyclic)
    return [*nx.lexicographical_topological_sort(digraph.reverse(copy=False)), *sorted(cyclic)]


def _from_least(cycle: tuple[str, ...]) -> tuple[str, ...]:
    start = cycle.index(min(cycle))
    return cycle[start:] + cycle[:start]
