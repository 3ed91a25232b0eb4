"""Propagation: every node's version, and the reason for it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declared import graph_of, graphs, states
from relgraph.graph.build import builder_of
from relgraph.graph.propagate import RepoState, propagate, read_tag, write_version
from relgraph.model.graph import Graph
from relgraph.model.version import Version, parse_version

AT = {"repos.one": RepoState(parse_version("1.2.3-rc.1"), "one is at tag v1.2.3-rc.1")}


def version(text: str, node: str) -> str:
    return propagate(graph_of("repos: {one: {url: x}}\n" + text), AT)[node].written


def test_a_node_has_its_repositorys_version_in_its_own_format() -> None:
    found = propagate(graph_of("repos: {one: {url: x}}\ncharts: {a: {from: one, ref: a, tag: 'v{version}'}}\n"), AT)["charts.a"]
    assert found.written == "v1.2.3-rc.1"
    assert found.reasons == ("charts.a builds from repos.one", "one is at tag v1.2.3-rc.1")


def test_a_version_comes_along_several_edges() -> None:
    text = "images: {a: {from: one, ref: a}, b: {from: a, ref: b, tag: '{version}-debug'}}\n"
    assert version(text, "images.b") == "1.2.3-rc.1-debug"


def test_a_declared_version_comes_first() -> None:
    found = propagate(graph_of("repos: {one: {url: x}}\nimages: {a: {from: one, ref: a, version: 7.0.1}}\n"), AT)["images.a"]
    assert found.written == "7.0.1"
    assert found.reasons == ("images.a is declared to be 7.0.1 at graph/g.yaml:5:10",)


def test_two_lines_run_in_parallel_by_a_map() -> None:
    states = {"repos.one": RepoState(parse_version("0.32.13"), "one is at tag v0.32.13")}
    text = "repos: {one: {url: x}}\nimages: {k: {from: one, ref: k, map: 'v1.{minor}.{patch}-k3s1'}, l: {from: k, ref: l}}\n"
    found = propagate(graph_of(text), states)
    assert found["images.k"].written == "v1.32.13-k3s1"
    assert found["images.l"].written == "1.32.13-k3s1"
    assert found["images.k"].reasons[0] == "images.k writes repos.one's version as v1.{minor}.{patch}-k3s1: v1.32.13-k3s1"


def test_a_repository_without_a_clone_says_so() -> None:
    found = propagate(graph_of("repos: {one: {url: x}}\nimages: {a: {from: one, ref: a}}\n"), {})["images.a"]
    assert (found.version, found.written) == (None, "")
    assert found.reasons[-1] == "repos.one has no clone here"


def test_a_cycle_of_sources_is_told_with_its_path() -> None:
    text = "images: {b: {from: c, ref: b}, c: {from: a, ref: c}, a: {from: b, ref: a}, d: {from: c, ref: d}}\n"
    found = propagate(graph_of(text), {})
    for name in "abc":
        assert found[f"images.{name}"].reasons == ("no version: images.a -> images.b -> images.c -> images.a",)
    assert found["images.d"].reasons == (
        "images.d builds from images.c",
        "no version: images.a -> images.b -> images.c -> images.a",
    )


def test_a_long_chain_does_not_exhaust_the_stack() -> None:
    lines = ["  i0: {from: one, ref: i0}", *(f"  i{n}: {{from: i{n - 1}, ref: i{n}}}" for n in range(1, 3000))]
    assert version("images:\n" + "\n".join(lines) + "\n", "images.i2999") == "1.2.3-rc.1"


@given(graphs(), st.data())
def test_it_does_not_depend_on_the_order_of_declarations(graph: Graph, data: st.DataObject) -> None:
    nodes = data.draw(st.permutations(list(graph.nodes.values())))
    edges = [edge for node in data.draw(st.permutations(nodes)) for edge in graph.edges if edge.tail == node.id]
    other = graph._replace(nodes={node.id: node for node in nodes}, edges=tuple(edges))
    assert propagate(other, states(other)) == propagate(graph, states(graph))


_END = re.compile(
    r"\S+ is at tag v[\d.]+|\S+ is declared to be \S+ at graph/g\.yaml:\d+:\d+|\S+ is built from nothing that has versions|no version: .+"
)


@given(graphs())
def test_every_node_has_a_reason_that_ends_in_a_tag_or_a_declaration(graph: Graph) -> None:
    found = propagate(graph, states(graph))
    assert list(found) == list(graph.nodes)
    builders = builder_of(graph)
    for node, one in found.items():
        assert _END.fullmatch(one.reasons[-1])
        # Every step but the last is said: from the node along its builders.
        steps = [reason for reason in one.reasons[:-1] if " builds from " in reason]
        at = node
        for step in steps:
            assert step == f"{at} builds from {builders[at].head}"
            at = builders[at].head
        assert (one.version is None) == (not one.written)
        if one.version is None:
            assert one.reasons[-1].startswith(("no version: ", at))


numbers = st.integers(0, 10**6)
versions = st.builds(
    Version,
    st.just(""),
    st.tuples(numbers, numbers, numbers),
    st.just("") | st.from_regex(r"(alpha|beta|rc)\.?[0-9]{1,3}(\.[0-9]{1,2})?", fullmatch=True),
    st.just(""),
)
formats = st.tuples(st.from_regex(r"[a-z/-]{0,8}v?", fullmatch=True), st.from_regex(r"([-_][a-z]{1,5})?", fullmatch=True))


@given(versions, formats)
def test_tag_formats_round_trip(written: Version, form: tuple[str, str]) -> None:
    pattern = f"{form[0]}{{version}}{form[1]}"
    tag = write_version(pattern, written)
    assert tag == f"{form[0]}{written}{form[1]}"
    # A suffix of the format and a pre-release can look alike; a tag that is read means what it says.
    read = read_tag(pattern, tag)
    assert read == written
    assert write_version(pattern, read) == tag


@pytest.mark.parametrize(
    ("form", "tag"),
    [
        ("v{version}", "1.2.3"), ("v{version}", "v"), ("{version}", "v1.2.3"), ("web/v{version}", "v1.2.3"), ("web/v{version}", "web/v"),
        ("v{version}", "vx"), ("{version}-alpine", "1.2.3"), ("v{version}", ""), ("v{major}.{minor}", "v1.2"), ("v{version}", "vv1.2.3"),
    ],
)  # fmt: skip
def test_a_tag_of_another_format_is_no_version(form: str, tag: str) -> None:
    assert read_tag(form, tag) is None


def test_parts_of_a_version_have_names() -> None:
    one = parse_version("1.2.3-rc.4+b5")
    assert write_version("{semver}|{major}|{minor}|{patch}|{pre}|{other}", one) == "1.2.3-rc.4+b5|1|2|3|rc.4|{other}"
    assert write_version("v{version}", None) == ""
