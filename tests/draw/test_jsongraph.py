"""The graph as JSON, for other programs."""

import json

from declared import graph_of, states
from relgraph.draw.drawing import View, draw
from relgraph.draw.jsongraph import json_graph
from relgraph.graph.impact import part
from relgraph.graph.propagate import propagate

TEXT = """
repos: {p: {url: https://github.com/example/p, title: P}, q: {url: y}}
images: {web: {from: p, ref: w}, lone: {from: q, ref: l}}
charts: {c: {from: [p, {node: q, path: b.sh}], ref: c, source: chart, uses: {node: web, follow: last-release, version: '>=1'}}}
"""


def test_nodes_edges_and_the_drawing_of_them() -> None:
    graph = graph_of(TEXT)
    versions = propagate(graph, states(graph))
    bad = {"charts.c": "error"}
    found = json.loads(json_graph(graph, draw(graph, View(states=bad)), versions, bad))
    assert (found["schema"], found["graph"]) == ("relgraph.dev/graph/v1", "g")
    assert [node["id"] for node in found["nodes"]] == ["charts.c", "images.lone", "images.web", "repos.p", "repos.q"]
    assert found["nodes"][0] == {
        "id": "charts.c", "kind": "chart", "name": "c", "ref": "c", "source": "chart", "version": "1.2.3",
        "why": ["charts.c builds from repos.p", "repos.p is at tag v1.2.3"], "state": "error",
    }  # fmt: skip
    assert found["nodes"][3]["title"] == "P"
    assert found["edges"][:3] == [
        {"from": "charts.c", "to": "repos.p", "kind": "builds-from"},
        {"from": "charts.c", "to": "repos.q", "kind": "builds-from", "path": "b.sh"},
        {"from": "charts.c", "to": "images.web", "kind": "refers-to", "follow": "last-release", "range": ">=1"},
    ]
    drawing = found["drawing"]
    assert {"key": "repos.p", "node": "repos.p", "label": ["P"], "external": False} in drawing["frames"]
    assert {
        "key": "charts.c", "node": "charts.c", "form": "published", "label": ["published c chart"], "state": "error"
    } in drawing["boxes"]  # fmt: skip
    assert {"from": "charts.c", "to": "charts.c#source", "kind": "builds-from"} in drawing["arrows"]


def test_a_part_holds_what_is_drawn_of_it() -> None:
    graph = graph_of(TEXT)
    found = json.loads(json_graph(graph, draw(graph, View(*part(graph, "images.web"))), {}, {}))
    assert [node["id"] for node in found["nodes"]] == ["charts.c", "images.web", "repos.p", "repos.q"]
    assert all("version" not in node and "why" not in node for node in found["nodes"])
    assert found == json.loads(json_graph(graph, draw(graph, View(*part(graph, "images.web"))), {}, {}))
