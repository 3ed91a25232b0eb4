"""Impact and reasons: what moves when a node moves, in order, and what a node stands on."""

from typing import NamedTuple

from relgraph.graph.build import builder_of
from relgraph.model.graph import Edge, EdgeKind, Follow, Graph

__all__ = ["Step", "around", "impact", "part"]


class Step(NamedTuple):
    """A node that must move because another moved: the edge that says so, and how many edges away from the first it is."""

    node: str
    edge: Edge
    distance: int


def impact(graph: Graph, start: str) -> tuple[Step, ...]:
    """Everything that must move when ``start`` moves, nearest first, ties by id.

    A new version of a repository is a new version of what is built from it; whoever refers to or contains a new version has to
    name it, and so has a repository whose code is built with it. What follows main needs no new text, and moves nothing further.
    """
    builders = builder_of(graph)
    dependants: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        if edge.kind is not EdgeKind.BUILDS_FROM or builders.get(edge.tail) == edge or graph.nodes[edge.tail].kind == "repo":
            dependants.setdefault(edge.head, []).append(edge)
    found: dict[str, Step] = {}
    level, distance = [start], 0
    while level:
        distance += 1
        reached: dict[str, Edge] = {}
        for node in level:
            for edge in dependants.get(node, ()):
                if edge.tail not in found and edge.tail != start and edge.follow is not Follow.MAIN:
                    reached.setdefault(edge.tail, edge)
        for node, edge in sorted(reached.items()):
            found[node] = Step(node, edge, distance)
        level = sorted(reached)
    return tuple(found.values())


def around(graph: Graph, start: str) -> frozenset[str]:
    """The node, everything that it depends on, and everything that depends on it."""
    below: dict[str, list[str]] = {}
    above: dict[str, list[str]] = {}
    for edge in graph.edges:
        below.setdefault(edge.tail, []).append(edge.head)
        above.setdefault(edge.head, []).append(edge.tail)
    found = {start}
    for neighbours in (below, above):
        waiting = [start]
        seen = {start}
        while waiting:
            for node in neighbours.get(waiting.pop(), ()):
                if node not in seen:
                    seen.add(node)
                    waiting.append(node)
        found |= seen
    return frozenset(found)


def part(graph: Graph, start: str) -> tuple[frozenset[str], bool]:
    """The part of a graph that shows a node, and whether direct neighbours of that part belong to it by their names.

    A repository is shown with all that is built from it and the names of what that refers to; anything else with everything that it
    depends on and everything that depends on it.
    """
    if graph.nodes[start].kind != "repo":
        return around(graph, start), False
    built = {edge.tail for edge in graph.edges if edge.kind is EdgeKind.BUILDS_FROM and edge.head == start}
    return frozenset({start, *(node for node in built if graph.nodes[node].kind != "repo")}), True
