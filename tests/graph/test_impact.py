"""Impact: what must move when a node moves; and the parts of a graph that are drawn around a node."""

from hypothesis import given

from declared import graph_of, graphs
from relgraph.graph.build import build
from relgraph.graph.impact import around, impact, part
from relgraph.model.graph import EdgeKind, Follow, Graph

WORLD = """
repos: {engine: {url: e}, platform: {url: p, from: engine}, docs: {url: d}}
images: {motor: {from: engine, ref: motor}, web: {from: [platform, motor], ref: web}}
charts: {web: {from: platform, ref: c, source: chart, uses: [images.web, motor], contains: start}}
hooks: {start: {from: platform, source: start.yaml, uses: images.web}}
files: {guide: {from: docs, paths: '**', uses: charts.web}, nightly: {from: docs, paths: n, uses: {node: motor, follow: main}}}
"""


def steps(start: str) -> list[tuple[int, str, str]]:
    return [(step.distance, step.node, step.edge.head) for step in impact(graph_of(WORLD), start)]


def test_what_refers_to_it_moves_nearest_first() -> None:
    assert steps("images.web") == [
        (1, "charts.web", "images.web"),
        (1, "hooks.start", "images.web"),
        (2, "files.guide", "charts.web"),
    ]


def test_a_repository_moves_what_is_built_from_it_and_who_builds_with_it() -> None:
    assert steps("repos.engine") == [
        (1, "images.motor", "repos.engine"),
        (1, "repos.platform", "repos.engine"),
        (2, "charts.web", "images.motor"),
        (2, "hooks.start", "repos.platform"),
        (2, "images.web", "repos.platform"),
        (3, "files.guide", "charts.web"),
    ]


def test_what_follows_main_needs_no_new_text() -> None:
    assert all(node != "files.nightly" for _, node, _ in steps("images.motor"))


def test_a_second_source_moves_no_version() -> None:
    assert all((node, head) != ("images.web", "images.motor") for _, node, head in steps("images.motor"))


def test_a_leaf_moves_nothing() -> None:
    assert steps("files.guide") == []


@given(graphs())
def test_each_step_leads_to_something_that_moved_before(graph: Graph) -> None:
    start = next(iter(graph.nodes))
    found = impact(graph, start)
    distances = {start: 0}
    for step in found:
        assert step.edge.tail == step.node
        assert distances[step.edge.head] == step.distance - 1
        assert step.node not in distances
        assert step.edge.follow is not Follow.MAIN
        distances[step.node] = step.distance
    assert [step.distance for step in found] == sorted(step.distance for step in found)


def test_around_is_everything_above_and_below() -> None:
    assert around(graph_of(WORLD), "hooks.start") == {
        "hooks.start", "charts.web", "files.guide", "images.web", "images.motor", "repos.engine", "repos.platform",
    }  # fmt: skip


@given(graphs())
def test_around_is_reachability_both_ways(graph: Graph) -> None:
    import networkx as nx

    digraph = build(graph)
    for node in graph.nodes:
        assert around(graph, node) == {node} | nx.descendants(digraph, node) | nx.ancestors(digraph, node)


def test_the_part_of_a_repository_is_what_is_built_from_it() -> None:
    found, fringe = part(graph_of(WORLD), "repos.platform")
    assert found == {"repos.platform", "images.web", "charts.web", "hooks.start"}
    assert fringe


def test_the_part_of_anything_else_is_around_it() -> None:
    assert part(graph_of(WORLD), "images.motor") == (around(graph_of(WORLD), "images.motor"), False)


def test_kinds_of_edges_can_be_chosen() -> None:
    digraph = build(graph_of(WORLD), (EdgeKind.CONTAINS,))
    assert list(digraph.edges) == [("charts.web", "hooks.start")]
    assert len(digraph) == len(graph_of(WORLD).nodes)
