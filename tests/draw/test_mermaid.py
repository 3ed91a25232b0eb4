"""Mermaid's text for a drawing. What a browser makes of it is tested in tests/browser."""

import re

from hypothesis import given
from hypothesis import strategies as st

from declared import graph_of, graphs
from relgraph.draw.drawing import Box, Drawing, Form, View, draw
from relgraph.draw.mermaid import identifiers, mermaid
from relgraph.model.graph import Graph

WORLD = """
repos: {p: {url: x}, far: {url: z, external: true}}
images: {web: {from: p, ref: w}, base: {from: far, ref: b}}
charts: {c: {from: p, ref: c, source: chart, uses: [web, base], contains: h}}
hooks: {h: {from: p, source: h.yaml}}
files: {f: {from: p, paths: docs, uses: c}}
derived: {d: {from: p, inputs: a, outputs: b, run: make}}
tools: {t: {from: p}}
"""


def test_a_flowchart() -> None:
    view = View(
        versions={"repos.p": "v1.2.3", "charts.c": "1.2.3"},
        states={"charts.c": "error", "hooks.h": "warning", "files.f": "note", "repos.p": "warning"},
    )
    assert mermaid(draw(graph_of(WORLD), view)) == (
        "flowchart LR\n"
        '    subgraph repos_far["far"]\n'
        '        repos_far_code["source code"]\n'
        "    end\n"
        '    subgraph repos_p["p v1.2.3"]\n'
        '        charts_c_source["c chart source"]\n'
        '        derived_d[\\"d"\\]\n'
        '        files_f[/"f"/]\n'
        '        hooks_h{{"h hook"}}\n'
        '        repos_p_code["source code"]\n'
        "    end\n"
        '    charts_c[["published c chart<br/>1.2.3"]]\n'
        '    images_base(["base image"])\n'
        '    images_web(["web image"])\n'
        '    tools_t("t")\n'
        "    charts_c --> charts_c_source\n"
        "    charts_c -.-> images_base\n"
        "    charts_c -.-> images_web\n"
        "    charts_c_source --o hooks_h\n"
        "    charts_c_source -.-> images_base\n"
        "    charts_c_source -.-> images_web\n"
        "    files_f -.-> charts_c\n"
        "    images_base --> repos_far_code\n"
        "    images_web --> repos_p_code\n"
        "    tools_t --> repos_p_code\n"
        "    classDef error fill:#ffd7d5,stroke:#cf222e,stroke-width:2px,color:#1f2328\n"
        "    class charts_c,charts_c_source error\n"
        "    classDef warning fill:#fff3c4,stroke:#9a6700,stroke-width:2px,color:#1f2328\n"
        "    class hooks_h warning\n"
        "    classDef warning_in stroke:#9a6700,stroke-width:2px\n"
        "    class repos_p warning_in\n"
        "    classDef external stroke-dasharray:4 4\n"
        "    class repos_far external\n"
    )


def test_nothing_is_a_flowchart_too() -> None:
    assert mermaid(draw(Graph("g", {}))) == "flowchart LR\n"


def box(key: str, *lines: str) -> Box:
    return Box(key, key, "image", Form.PUBLISHED, lines or (key,))


def test_names_that_differ_in_marks_only_stay_apart() -> None:
    drawing = Drawing((), (box("images.a-b"), box("images.a.b"), box("images.a_b")), ())
    assert identifiers(drawing) == {"images.a-b": "images_a_b", "images.a.b": "images_a_b_2", "images.a_b": "images_a_b_3"}


def test_labels_hold_nothing_that_mermaid_reads() -> None:
    text = mermaid(Drawing((), (box("images.x", '"<b>&#1;`$x$\\n\n', "fa:fa-car ghcr.io:443"),), ()))
    assert text == 'flowchart LR\n    images_x(["#34;#60;b#62;#38;#35;1;#96;#36;x#36;#92;n <br/>fa#58;fa-car ghcr.io:443"])\n'


@given(st.sets(st.from_regex(r"(images|repos)\.[A-Za-z0-9._#/-]{1,6}", fullmatch=True), max_size=12))
def test_identifiers_are_unique_words(keys: set[str]) -> None:
    found = identifiers(Drawing((), tuple(box(key) for key in keys), ()))
    assert found.keys() == keys
    assert len(set(found.values())) == len(keys)
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", name) for name in found.values())


@given(graphs())
def test_every_line_is_one_of_few_forms(graph: Graph) -> None:
    name = r"[A-Za-z0-9_]+"
    line = re.compile(
        rf'flowchart LR|    subgraph {name}\["[^"]*"\]|    end| {{4,8}}{name}[(\[{{/\\]+"[^"]*"[)\]}}/\\]+|    {name} (-->|-\.->|--o) {name}'
        rf"|    classDef \w+ \S.*|    class {name}(,{name})* \w+"
    )
    text = mermaid(draw(graph))
    assert text.endswith("\n")
    assert all(line.fullmatch(one) for one in text.splitlines())
    assert text == mermaid(draw(graph))
