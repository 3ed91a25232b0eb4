"""The shape of a graph: builders, homes, order, cycles."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from declared import graph_of, graphs
from relgraph.graph.build import build, builder_of, home, order, version_cycles
from relgraph.model.graph import EdgeKind, Graph

REPOS = "repos:\n  one: {url: x}\n  two: {url: y}\n  far: {url: z, external: true}\n"


def test_a_node_has_its_version_from_its_first_source() -> None:
    found = builder_of(graph_of(REPOS + "images: {web: {from: [two, one], ref: w}}\n"))
    assert {tail: edge.head for tail, edge in found.items()} == {"images.web": "repos.two"}


def test_a_repositorys_version_is_its_own() -> None:
    graph = graph_of("repos:\n  one: {url: x, from: two}\n  two: {url: y, from: one}\n")
    assert builder_of(graph) == {}
    assert home(graph) == {}
    assert version_cycles(graph) == []
    assert order(graph) == ["repos.one", "repos.two"]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ("one", "one"),
        ("[far, one]", "one"),
        ("[one, far]", "one"),
        ("far", "far"),
        ("[one, two]", "two"),
        ("[{node: one, path: x}, two]", "one"),
        ("[{node: far, path: x}, one]", "one"),
    ],
)
def test_files_lie_where_they_are_built_else_in_the_last_repository_of_ones_own(sources: str, expected: str) -> None:
    assert home(graph_of(REPOS + f"images: {{web: {{from: {sources}, ref: w}}}}\n")) == {"images.web": f"repos.{expected}"}


CHARTS = (
    "repos:\n  one: {{url: x}}\n  two: {{url: y}}\n"
    "charts:\n  a: {{from: one, ref: a, uses: {{node: b{}}}}}\n  b: {{from: two, ref: b, uses: {{node: a{}}}}}\n"
)


def test_repositories_may_refer_to_each_other() -> None:
    assert version_cycles(graph_of(CHARTS.format("", ""))) == []


def test_versions_may_not_follow_from_each_other() -> None:
    assert version_cycles(graph_of(CHARTS.format(", follow: tag", ", follow: tag"))) == [("charts.a", "charts.b")]


@pytest.mark.parametrize("follow", ["pinned", "last-release", "main"])
def test_one_pinned_edge_opens_the_circle(follow: str) -> None:
    assert version_cycles(graph_of(CHARTS.format(", follow: tag", f", follow: {follow}"))) == []


def test_a_declared_version_opens_the_circle_too() -> None:
    text = "images:\n  a: {{from: b, ref: a}}\n  b: {{from: c, ref: b}}\n  c: {{from: a, ref: c{}}}\n"
    assert version_cycles(graph_of(text.format(""))) == [("images.a", "images.b", "images.c")]
    assert version_cycles(graph_of(text.format(", version: 1.2.3"))) == []


def test_a_cycle_is_told_by_its_shortest_path_from_its_least_node() -> None:
    text = "charts:\n  a: {from: c, ref: a, contains: b}\n  b: {from: c, ref: b}\n  c: {from: a, ref: c}\n"
    assert version_cycles(graph_of(text)) == [("charts.a", "charts.c")]


def test_the_order_has_everything_after_what_it_needs() -> None:
    graph = graph_of(
        REPOS
        + "images:\n  b: {from: [one, a], ref: b}\n  a: {from: two, ref: a}\ncharts: {c: {from: one, ref: c, contains: d}, d: {from: b, ref: d}}\n"
    )
    assert order(graph) == ["repos.far", "repos.one", "repos.two", "images.a", "images.b", "charts.d", "charts.c"]


def shuffled(graph: Graph, random: st.DataObject) -> Graph:
    nodes = random.draw(st.permutations(list(graph.nodes.values())))
    edges = random.draw(st.permutations(graph.edges))
    return graph._replace(nodes={node.id: node for node in nodes}, edges=tuple(edges))


@given(graphs(), st.data())
def test_cycles_do_not_depend_on_the_order_of_declarations(graph: Graph, data: st.DataObject) -> None:
    # The order of a node's sources means something; that of nodes, and of the edges of different nodes, does not.
    nodes = data.draw(st.permutations(list(graph.nodes.values())))
    edges = [edge for node in nodes for edge in graph.edges if edge.tail == node.id]
    other = graph._replace(nodes={node.id: node for node in nodes}, edges=tuple(edges))
    assert version_cycles(other) == version_cycles(graph)
    assert order(other) == order(graph)


@given(graphs())
def test_a_cycle_is_one_and_without_cycles_there_is_none(graph: Graph) -> None:
    digraph = build(graph)
    cycles = version_cycles(graph)
    for cycle in cycles:
        assert len(cycle) == len(set(cycle)) >= 2
        assert cycle[0] == min(cycle)
        assert all(digraph.has_edge(tail, head) for tail, head in zip(cycle, (*cycle[1:], cycle[0]), strict=True))
    if nx.is_directed_acyclic_graph(digraph):
        assert cycles == []


@given(graphs())
def test_the_order_names_every_node_once(graph: Graph) -> None:
    found = order(graph)
    assert sorted(found) == sorted(graph.nodes)
    if nx.is_directed_acyclic_graph(build(graph, (EdgeKind.BUILDS_FROM, EdgeKind.CONTAINS))):
        place = {node: number for number, node in enumerate(found)}
        assert all(
            place[edge.head] < place[edge.tail]
            for edge in graph.edges
            if edge.kind is not EdgeKind.REFERS_TO and graph.nodes[edge.tail].kind != "repo"
        )
