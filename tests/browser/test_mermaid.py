"""Flowcharts as a browser draws them: real mermaid in real Chromium."""

import re
import struct
from pathlib import Path

import pytest

import browser
from browser import Link, Svg, render
from declared import graph_of
from pagedrawings import KUBESTELLAR, MORE, OSA, REPOSITORIES, TOGETHER, Diagram, more_than, page_graph
from relgraph.draw.drawing import Arrow, Box, Drawing, Form, Frame, View, draw, outline
from relgraph.draw.mermaid import identifiers, mermaid
from relgraph.graph.impact import part
from relgraph.model.graph import EdgeKind

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing())

GRAPH = page_graph()
DRAWINGS = {
    "repositories": outline(GRAPH),
    "osa": draw(GRAPH, View(*part(GRAPH, "repos.ocm-status-addon"))),
    "kubestellar": draw(GRAPH, View(*part(GRAPH, "repos.kubestellar"))),
    "together": draw(GRAPH),
}
PAGE = {"repositories": REPOSITORIES, "osa": OSA, "kubestellar": KUBESTELLAR, "together": TOGETHER}


def shown(svg: Svg, drawing: Drawing) -> Diagram:
    """What is to be seen, in the keys of the drawing: boxes by the frame that they lie within, and arrows by how they are drawn."""
    keys = {name: key for key, name in identifiers(drawing).items()}
    boxes: dict[str, set[str]] = {}
    for name, shape in svg.nodes.items():
        around = [frame for frame, outer in svg.frames.items() if outer.holds(shape)]
        assert len(around) <= 1
        boxes.setdefault(keys[around[0]] if around else "", set()).add(keys[name])
    arrows = {
        dashed: frozenset((keys[link.tail], keys[link.head]) for link in svg.links if link.dashed is dashed)
        for dashed in (True, False)
    }
    return Diagram({frame: frozenset(inside) for frame, inside in boxes.items()}, arrows[False], arrows[True])


@pytest.fixture(scope="module")
def pages() -> dict[str, Svg]:
    return dict(zip(DRAWINGS, render([mermaid(drawing) for drawing in DRAWINGS.values()]), strict=True))


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_diagram_of_the_page_is_drawn(name: str, pages: dict[str, Svg]) -> None:
    assert more_than(shown(pages[name], DRAWINGS[name]), PAGE[name]) == MORE[name]


@pytest.mark.parametrize("name", DRAWINGS)
def test_boxes_and_frames_bear_their_names(name: str, pages: dict[str, Svg]) -> None:
    drawing, names = DRAWINGS[name], identifiers(DRAWINGS[name])
    labels = {key: shape.label for key, shape in (*pages[name].nodes.items(), *pages[name].frames.items())}
    expected = {names[box.key]: " ".join(box.lines) for box in drawing.boxes}
    assert labels == expected | {names[frame.key]: " ".join(frame.lines) for frame in drawing.frames}


@pytest.mark.parametrize("name", DRAWINGS)
def test_no_two_boxes_overlap(name: str, pages: dict[str, Svg]) -> None:
    shapes = list(pages[name].nodes.items())
    for number, (name_a, a) in enumerate(shapes):
        for name_b, b in shapes[:number]:
            apart = a.box[2] <= b.box[0] or b.box[2] <= a.box[0] or a.box[3] <= b.box[1] or b.box[3] <= a.box[1]
            assert apart, f"{name_a} and {name_b}"


WORLD = """
repos: {p: {url: x}, far: {url: z, external: true}}
images: {web: {from: p, ref: w}, base: {from: far, ref: b}}
charts: {c: {from: p, ref: c, source: chart, uses: [web, base], contains: h}}
hooks: {h: {from: p, source: h.yaml}}
files: {f: {from: p, paths: docs, uses: c}}
derived: {d: {from: p, inputs: a, outputs: b, run: make}}
tools: {t: {from: p}}
"""


def test_versions_states_and_containment_are_to_be_seen() -> None:
    view = View(
        versions={"repos.p": "v1.2.3", "charts.c": "1.2.3"},
        states={"charts.c": "error", "hooks.h": "warning", "repos.p": "warning"},
    )
    (svg,) = render([mermaid(draw(graph_of(WORLD), view))])
    assert svg.nodes["charts_c"].label == "published c chart 1.2.3"
    assert svg.frames["repos_p"].label == "p v1.2.3"
    red, amber, plain = svg.nodes["charts_c"].style, svg.nodes["hooks_h"].style, svg.nodes["images_web"].style
    assert (red[0], amber[0]) == ("rgb(255, 215, 213)", "rgb(255, 243, 196)")
    assert svg.frames["repos_p"].style[1] == amber[1] == "rgb(154, 103, 0)"
    assert plain[0] not in (red[0], amber[0])
    assert svg.frames["repos_far"].style[2] == "4px, 4px"
    assert svg.frames["repos_p"].style[2] == "none"
    assert Link("charts_c_source", "hooks_h", dashed=False, circle=True) in svg.links
    assert all(link.circle == (link.head == "hooks_h") for link in svg.links)


LABELS = [
    'a "quoted" one', "<b>bold</b>", "<script>alert(1)</script>", "**x** _y_", "`code`", "end", "a & b &amp; c", "#35; #quot;",
    "50% ; {x} [y] (z) |p|", "graph TD; A-->B", "%% comment", "\\n back\\slash", "ünïcödé ≥ 漢", "style x fill:red", "- list", "1. first",
    "# head", "http://example.com/x", "@{ shape: x }", ":::class", "fa:fa-car fab:fa-x", "$$x^2$$", "x" * 200, "a\nb", "ghcr.io:443/x@sha256",
]  # fmt: skip
IDS = [
    "images.end",
    "images.o",
    "images.x",
    "hooks.style",
    "tools.class-x",
    "charts.default",
    "files.click",
    "derived.graph",
    "images.subgraph",
]


def test_whatever_a_label_says_it_is_shown_as_it_is() -> None:
    boxes = [
        Box(f"images.n{n}", "n", "image", Form.PUBLISHED, (label,), "repos.f" if n % 4 == 0 else "")
        for n, label in enumerate(LABELS)
    ]
    boxes += [Box(key, key, key.partition(".")[0].removesuffix("s"), Form.FILES, (key,)) for key in IDS]
    arrows = tuple(Arrow("images.n0", box.key, EdgeKind.REFERS_TO) for box in boxes[1:])
    drawing = Drawing((Frame("repos.f", "f", ('the "frame" <i>of</i> `f`',)),), tuple(boxes), arrows)
    (svg,) = render([mermaid(drawing)])
    names = identifiers(drawing)
    assert {key: svg.nodes[names[key]].label for key in (box.key for box in boxes)} == {
        box.key: " ".join(" ".join(box.lines).split()) for box in boxes
    }
    assert svg.frames["repos_f"].label == 'the "frame" <i>of</i> `f`'
    assert len(svg.links) == len(arrows)


def test_a_picture_can_be_taken(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    browser.screenshot(mermaid(DRAWINGS["osa"]), picture, 800, 400)
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (800, 400)


def test_the_pinned_version_is_the_one_that_draws() -> None:
    script = Path(browser.install())
    assert re.search(rb'version:"' + re.escape(browser.MERMAID[0]).encode(), script.read_bytes())
