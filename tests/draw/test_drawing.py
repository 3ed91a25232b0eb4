"""Drawings as values: which boxes, frames and arrows a declaration gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declared import graph_of, graphs
from pagedrawings import seen
from relgraph.draw.drawing import Arrow, Drawing, Form, View, draw, outline
from relgraph.graph.impact import part
from relgraph.model.graph import EdgeKind, Graph

REPOS = "repos: {p: {url: x}, q: {url: y}, far: {url: z, external: true, title: Far/Away}}\n"


def drawn(text: str, node: str | None = None) -> Drawing:
    graph = graph_of(REPOS + text)
    return draw(graph, View() if node is None else View(*part(graph, node)))


def labels(drawing: Drawing) -> dict[str, str]:
    return {box.key: " / ".join(box.lines) for box in drawing.boxes}


def test_an_image_stands_outside_and_leads_to_its_code() -> None:
    found = seen(drawn("images: {web: {from: p, ref: w}}\n"))
    assert found.boxes == {"repos.p": {"repos.p#code"}, "": {"images.web", "repos.q", "repos.far"}}
    assert found.solid == {("images.web", "repos.p#code")}


@pytest.mark.parametrize("build", ["{ko: ./cmd/web}", "{docker: cmd/web/}"])
def test_images_of_one_repository_have_the_code_that_they_name(build: str) -> None:
    found = drawn(f"images: {{web: {{from: p, ref: w, build: {build}}}, worker: {{from: p, ref: v}}}}\n")
    assert labels(found)["repos.p#code:cmd/web"] == "web source code"
    assert labels(found)["repos.p#code"] == "source code"


def test_one_piece_of_code_is_one_box() -> None:
    text = "images:\n  b: {from: p, ref: w, build: {ko: ./cmd/x}}\n  a: {from: p, ref: v, build: {ko: ./cmd/x}}\n"
    assert labels(drawn(text))["repos.p#code:cmd/x"] == "a source code"


def test_a_chart_has_its_source_within_and_refers_from_both() -> None:
    text = "images: {web: {from: q, ref: w}}\ncharts: {web-chart: {from: p, ref: c, source: chart, uses: web}}\n"
    found = seen(drawn(text))
    assert found.boxes["repos.p"] == {"charts.web-chart#source"}
    assert ("charts.web-chart", "charts.web-chart#source") in found.solid
    assert found.dashed == {("charts.web-chart", "images.web"), ("charts.web-chart#source", "images.web")}


def test_a_chart_without_a_source_leads_to_the_code() -> None:
    assert seen(drawn("charts: {c: {from: p, ref: c}}\n")).solid == {("charts.c", "repos.p#code")}


def test_what_a_chart_contains_is_in_its_source() -> None:
    text = "hooks: {h: {from: p, source: h.yaml}}\ncharts: {c: {from: p, ref: c, source: chart, contains: h}}\n"
    assert Arrow("charts.c#source", "hooks.h", EdgeKind.CONTAINS) in drawn(text).arrows


def test_files_stand_within_and_need_no_arrow_to_the_frame() -> None:
    text = "hooks: {h: {from: p, source: h.yaml}}\nfiles: {f: {from: p, paths: docs, uses: h}}\n"
    found = seen(drawn(text + "derived: {d: {from: p, inputs: a, outputs: b, run: make}}\n"))
    assert found.boxes["repos.p"] == {"hooks.h", "files.f", "derived.d"}
    assert found.solid == set()
    assert found.dashed == {("files.f", "hooks.h")}


def test_files_made_from_another_repository_lead_to_its_code() -> None:
    found = seen(drawn("derived: {d: {from: [q, p], inputs: a, outputs: b, run: make}}\n"))
    assert found.boxes["repos.p"] == {"derived.d"}
    assert found.solid == {("derived.d", "repos.q#code")}


def test_an_image_built_by_another_repositorys_script() -> None:
    found = seen(drawn("images: {tool: {from: [far, {node: p, path: hack/build.sh}], ref: t}}\n"))
    assert found.boxes["repos.far"] == {"repos.far#code"}
    assert found.boxes["repos.p"] == {"repos.p#script:hack/build.sh"}
    assert found.solid == {("images.tool", "repos.far#code"), ("images.tool", "repos.p#script:hack/build.sh")}


def test_an_image_built_on_another() -> None:
    assert ("images.b", "images.a") in seen(drawn("images: {a: {from: p, ref: a}, b: {from: [p, a], ref: b}}\n")).solid


def test_repositories_of_others_are_marked() -> None:
    frames = {frame.key: frame for frame in drawn("images: {a: {from: far, ref: a}, b: {from: p, ref: b}}\n").frames}
    assert frames["repos.far"].external
    assert frames["repos.far"].lines == ("Far/Away",)
    assert not frames["repos.p"].external


@pytest.mark.parametrize(
    ("declared", "box", "name"),
    [
        ("images: {web: {from: p, ref: w}}", "images.web", "web image"),
        ("images: {web-image: {from: p, ref: w}}", "images.web-image", "web-image"),
        ("images: {web: {from: p, ref: w, title: The Web}}", "images.web", "The Web"),
        ("charts: {web: {from: p, ref: w}}", "charts.web", "published web chart"),
        ("charts: {web-chart: {from: p, ref: w}}", "charts.web-chart", "published web-chart"),
        ("charts: {web: {from: p, ref: w, source: c, title: Web Helm Chart}}", "charts.web#source", "Web Helm Chart source"),
        ("hooks: {start: {from: p, source: s}}", "hooks.start", "start hook"),
        ("hooks: {start: {from: p, source: s, title: Start PostCreateHook}}", "hooks.start", "Start PostCreateHook"),
        ("files: {docs: {from: p, paths: d}}", "files.docs", "docs"),
        ("tools: {cli: {from: p}}", "tools.cli", "cli"),
    ],
)
def test_names_say_what_a_box_is(declared: str, box: str, name: str) -> None:
    assert labels(drawn(declared + "\n"))[box] == name


AROUND = """
images: {web: {from: p, ref: w}, base: {from: q, ref: b}}
charts: {c: {from: p, ref: c, source: chart, uses: [web, base]}}
files: {docs: {from: q, paths: d, uses: c}}
"""


def test_a_repository_is_drawn_with_the_names_of_what_it_refers_to() -> None:
    found = seen(drawn(AROUND, "repos.p"))
    assert found.boxes == {"repos.p": {"repos.p#code", "charts.c#source"}, "": {"images.web", "charts.c", "images.base"}}
    assert ("charts.c", "images.base") in found.dashed


def test_a_node_is_drawn_with_all_above_and_below_it() -> None:
    found = seen(drawn(AROUND, "images.base"))
    assert found.boxes == {
        "repos.q": {"repos.q#code", "files.docs"},
        "repos.p": {"charts.c#source"},
        "": {"images.base", "charts.c"},
    }


def test_versions_and_states_are_shown_where_they_say_something() -> None:
    graph = graph_of(REPOS + AROUND)
    versions = {"repos.p": "v1.2.3", "charts.c": "1.2.3", "files.docs": "1.2.3"}
    found = draw(graph, View(versions=versions, states={"charts.c": "error", "repos.p": "warning"}))
    boxes = {box.key: box for box in found.boxes}
    assert boxes["charts.c"].lines == ("published c chart", "1.2.3")
    # A source has its repository's version, and the frame says it.
    assert boxes["charts.c#source"].lines == ("c chart source",)
    assert boxes["files.docs"].lines == ("docs",)
    assert {box.key for box in found.boxes if box.state} == {"charts.c", "charts.c#source"}
    assert [(frame.lines, frame.state) for frame in found.frames if frame.key == "repos.p"] == [(("p", "v1.2.3"), "warning")]


def test_an_outline_is_of_ones_own_repositories() -> None:
    graph = graph_of(
        "repos: {p: {url: x, from: [q, far]}, q: {url: y}, far: {url: z, external: true}, lone: {url: l}}\n"
        "images: {web: {from: p, ref: w}, base: {from: q, ref: b}}\nfiles: {docs: {from: q, paths: d, uses: web}}\n"
        "charts: {c: {from: p, ref: c, uses: base}}\n"
    )
    found = outline(graph, View(versions={"repos.p": "v1"}))
    told = seen(found)
    assert told.boxes == {"": {"repos.p", "repos.q", "repos.lone"}}
    assert told.solid == {("repos.p", "repos.q")}  # though the chart refers to the image, too
    assert told.dashed == {("repos.q", "repos.p")}
    assert labels(found)["repos.p"] == "p / v1"


def test_an_empty_graph_is_an_empty_drawing() -> None:
    assert draw(Graph("g", {})) == outline(Graph("g", {})) == Drawing((), (), ())


def consistent(drawing: Drawing) -> None:
    frames = [frame.key for frame in drawing.frames]
    keys = frames + [box.key for box in drawing.boxes]
    assert len(keys) == len(set(keys))
    assert all(box.frame in ("", *frames) for box in drawing.boxes)
    assert {box.frame for box in drawing.boxes} >= set(frames)
    assert all({arrow.tail, arrow.head} <= set(keys) and arrow.tail != arrow.head for arrow in drawing.arrows)


@given(graphs())
def test_every_node_and_every_edge_is_drawn(graph: Graph) -> None:
    drawing = draw(graph)
    consistent(drawing)
    assert {box.node for box in drawing.boxes} | {frame.node for frame in drawing.frames} == set(graph.nodes)
    shown = {(arrow.tail.partition("#")[0], arrow.head.partition("#")[0]) for arrow in drawing.arrows}
    for edge in graph.edges:
        if edge.kind is EdgeKind.REFERS_TO:
            assert (edge.tail, edge.head) in shown


@given(graphs(), st.data())
def test_parts_are_drawn_of_any_node(graph: Graph, data: st.DataObject) -> None:
    node = data.draw(st.sampled_from(list(graph.nodes)))
    drawing = draw(graph, View(*part(graph, node)))
    consistent(drawing)
    assert node in {box.node for box in drawing.boxes} | {frame.node for frame in drawing.frames}
    consistent(outline(graph))


@given(graphs(), st.data())
def test_a_drawing_does_not_depend_on_the_order_of_declarations(graph: Graph, data: st.DataObject) -> None:
    nodes = data.draw(st.permutations(list(graph.nodes.values())))
    edges = [edge for node in data.draw(st.permutations(nodes)) for edge in graph.edges if edge.tail == node.id]
    other = graph._replace(nodes={node.id: node for node in nodes}, edges=tuple(edges))
    assert draw(other) == draw(graph)
    assert outline(other) == outline(graph)


@given(graphs())
def test_forms_say_where_a_box_stands(graph: Graph) -> None:
    for box in draw(graph).boxes:
        if box.form in (Form.SOURCE, Form.CODE, Form.SCRIPT):
            assert box.frame
        if box.form in (Form.PUBLISHED, Form.REPOSITORY):
            assert not box.frame
