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
    """The first builds-from edge of each node: the one that its version comes along. A repository's version is its own."""
    found: dict[str, Edge] = {}
    for edge in graph.edges:
        if edge.kind is EdgeKind.BUILDS_FROM and graph.nodes[edge.tail].kind != "repo":
            found.setdefault(edge.tail, edge)
    return found


def home(graph: Graph) -> dict[str, str]:
    """The repository whose files each node consists of: the source that names the file that builds it, else the last of one's own, else
    the first.

    An image whose version comes from one repository may be built by a script of another; the script's repository is its home. A version
    follows the first source, so that a further one is there to say what it is built from.
    """
    found: dict[str, tuple[int, str]] = {}
    for edge in graph.edges:
        repository = graph.nodes[edge.head]
        if edge.kind is not EdgeKind.BUILDS_FROM or repository.kind != "repo" or graph.nodes[edge.tail].kind == "repo":
            continue
        own = not repository.get("external", False)
        rank = 2 if edge.path and own else int(own)
        if edge.tail not in found or rank > found[edge.tail][0] or rank == found[edge.tail][0] == 1:
            found[edge.tail] = rank, edge.head
    return {tail: repository for tail, (_, repository) in found.items()}


def version_cycles(graph: Graph) -> list[tuple[str, ...]]:
    """Cycles in which the version of each node follows from the next one's: none of them has a beginning.

    Versions come along the first builds-from edge, and along references that follow the same release in another repository.
    Repositories may depend on each other as they like.
    """
    import networkx as nx

    homes = home(graph)
    digraph: nx.DiGraph[str] = nx.DiGraph()
    # A declared version does not follow from anything.
    digraph.add_edges_from(
        (edge.tail, edge.head) for edge in builder_of(graph).values() if not graph.nodes[edge.tail].get("version")
    )
    for edge in graph.edges:
        across = homes.get(edge.tail) != homes.get(edge.head)
        if edge.kind is EdgeKind.CONTAINS or (edge.kind is EdgeKind.REFERS_TO and edge.follow is Follow.TAG and across):
            digraph.add_edge(edge.tail, edge.head)
    components = (component for component in nx.strongly_connected_components(digraph) if len(component) > 1)
    return sorted(_shortest_cycle(digraph, component) for component in components)


def order(graph: Graph) -> list[str]:
    """All nodes, each after everything that its version or content needs; ties by id. Nodes in cycles come last.

    Repositories come in any order: they may depend on each other.
    """
    import networkx as nx

    digraph = build(graph, (EdgeKind.BUILDS_FROM, EdgeKind.CONTAINS))
    repositories = {node.id for node in graph.nodes.values() if node.kind == "repo"}
    digraph.remove_edges_from([*digraph.out_edges(repositories)])
    cyclic = {node for component in nx.strongly_connected_components(digraph) if len(component) > 1 for node in component}
    digraph.remove_nodes_from(cyclic)
    return [*nx.lexicographical_topological_sort(digraph.reverse(copy=False)), *sorted(cyclic)]


def _shortest_cycle(digraph: "nx.DiGraph[str]", component: set[str]) -> tuple[str, ...]:
    """A shortest cycle through the least node of a strongly connected component; among equals the least."""
    first = min(component)
    before: dict[str, str] = {}
    level = [first]
    while True:
        reached = []
        for node in level:
            for head in sorted(digraph.adj[node]):
                if head == first:
                    path = [node]
                    while path[-1] != first:
                        path.append(before[path[-1]])
                    return tuple(reversed(path))
                if head in component and head not in before:
                    before[head] = node
                    reached.append(head)
        level = reached
