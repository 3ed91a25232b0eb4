"""What templates can say, what they read, and what they cannot do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relgraph.errors import DeclarationError
from relgraph.stamp.context import Context, Thing
from relgraph.stamp.fill import fill, parse, reads, render
from relgraph.stamp.problem import Problem

NODES = {
    "images.web": Thing("1.2.0", "1.2.0", "registry.example/acme/web", "sha256:" + 64 * "a"),
    "charts.web": Thing("1.2.0+x", "v1.2.0+x", "registry.example/acme/web-chart"),
    "images.db-admin": Thing("", "", "registry.example/acme/db"),
    "tools.helm": Thing("3.16.4", "3.16.4"),
}
CONTEXT = Context("core", Thing("1.2.0", "v1.2.0", "registry.example/acme/core"), NODES, "platform", "c" * 40, 1_700_000_000)


def said(text: str) -> str:
    return fill({"args.x": text}, CONTEXT)["args.x"]


def wrong(text: str) -> list[str]:
    with pytest.raises(DeclarationError) as caught:
        fill({"args.x": text}, CONTEXT)
    return list(caught.value.details) or [f"{caught.value} ({caught.value.hint})"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ version }} {{ tag }} {{ image }}", "1.2.0 v1.2.0 registry.example/acme/core:v1.2.0"),
        ("{{ repo }}/{{ name }}@{{ commit[:7] }} {{ time }}", "platform/core@ccccccc 2023-11-14T22:13:20Z"),
        ("{{ nodes['images.web'].pinned }}", "registry.example/acme/web@sha256:" + 64 * "a"),
        ("{{ nodes['charts.web'].image }}", "registry.example/acme/web-chart:v1.2.0_x"),
        ("{{ nodes.helm.version.split('.')[0] }}", "3"),
        ("{{ version | replace('.', '-') }}{% if tag.startswith('v') %}!{% endif %}", "1-2-0!"),
        ("{% for n in range(3) %}{{ loop.index }}{% if not loop.last %},{% endif %}{% endfor %}", "1,2,3"),
        ("{% set major, minor, patch = version.split('.') %}{{ major ~ '.' ~ minor }}", "1.2"),
        ("{{ ['b', 'a'] | sort | join(' ') }} {{ 'x' * 3 }} {{ 7 % 4 }} {{ {'k': 1}['k'] }}", "a b xxx 3 1"),
        ("plain {{ '{{ .Values.x }}' }}\n", "plain {{ .Values.x }}\n"),
    ],
)
def test_templates_say_versions_and_references(text: str, expected: str) -> None:
    assert said(text) == expected


def test_what_is_read_is_known_without_rendering() -> None:
    text = "{% if version == 'never' %}{{ nodes.helm.version }}{{ nodes['images.web'].digest }}{% endif %}{{ commit }}"
    found = reads({"x": text}, NODES)
    assert found.own == {"version", "commit"}
    assert found.nodes == {("tools.helm", "version"), ("images.web", "digest")}
    assert found.digests == {"images.web"}
    assert reads({"x": "{{ nodes['images.web'].pinned }}"}, NODES).digests == {"images.web"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ verson }}", "args.x:1:4: there is no name 'verson' (did you mean 'version'?)"),
        (
            "a\nb {{ nodes.wob.tag }}",
            "args.x:2:12: the node uses no 'wob' (what a template reads must be among 'uses' or 'contains')",
        ),
        ("{{ nodes['images.wep'].tag }}", "args.x:1:11: the node uses no 'images.wep' (did you mean 'images.web'?)"),
        ("{{ nodes.web.tag }}", "args.x:1:10: 'web' is the name of images.web and charts.web (write its id)"),
        (
            "{{ nodes.helm.image }}",
            "args.x:1:10: nothing tells the image of tools.helm (declare its ref, or where its version comes from)",
        ),
        ("{{ nodes.helm.pinned }}", "args.x:1:10: nothing tells where tools.helm is published (declare its ref)"),
        (
            "{{ nodes['db-admin'].tag }}",
            "args.x:1:11: nothing tells the tag of images.db-admin (declare its ref, or where its version comes from)",
        ),
        ("{{ nodes['images.web'].tags }}", "args.x:1:24: there is no field of a node 'tags' (did you mean 'tag'?)"),
        (
            "{% set n = 'web' %}{{ nodes[n].tag }}",
            "args.x:1:23: which node is meant must be written out (write nodes['images.web'].digest, without a variable)",
        ),
        ("{% for n in nodes %}{% endfor %}", "args.x:1:13: 'nodes' is not read as a whole (write nodes['images.web'].tag)"),
        ("{{ values.x }}", "args.x:1:11: there is no value 'x' (there are none)"),
        ("{{ version | uper }}", "args.x:1:14: there is no filter 'uper' (did you mean 'upper'?)"),
        ("{% set version = 1 %}", "args.x:1:8: 'version' has a meaning already (choose another name)"),
        ("{% include 'x' %}", "args.x:1:4: stamping has no 'include' (what a template reads must be written in it)"),
        ("{% macro m() %}{% endmacro %}", "args.x:1:4: stamping has no 'macro' (what a template reads must be written in it)"),
        ("{{ version", "args.x:1:1: unexpected end of template, expected 'end of print statement'. ()"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, problem: str) -> None:
    (found,) = wrong(text)
    assert found.removeprefix("stamp: ") == problem


def test_all_that_is_wrong_in_all_texts_is_said_at_once() -> None:
    with pytest.raises(DeclarationError) as caught:
        fill({"args.A": "{{ a }}{{ b }}", "args.B": "{{ nodes.x.tag }}", "args.C": "{{ version }}"}, CONTEXT, what="build")
    assert str(caught.value) == "build: 3 problems"
    assert [line.partition(":")[0] for line in caught.value.details] == ["args.A", "args.A", "args.B"]


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__'] }}",
        "{{ version.format }}",
        "{{ '{0.__class__}'.format(version) }}",
        "{{ version.__init__.__globals__ }}",
        "{{ range.__self__ }}",
        "{{ self }}",
        "{{ cycler }}",
        "{{ lipsum() }}",
        "{{ namespace() }}",
        "{{ [].append(1) }}",
        "{{ version | attr('__class__') }}",
        "{{ [version] | map(attribute='__class__') | list }}",
        "{{ [version] | map('attr', '__class__') | list }}",
        "{{ version | relgraph_steps }}",
        "{{ loop.cycle }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ 2 ** 9999 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ 'x' * 9999999999 }}",
        "{{ [1] * 9999999999 }}",
        "{{ ('x' * 4000000) ~ ('x' * 4000000) }}",
        "{{ ('x' * 4000000) + ('x' * 4000000) }}",
        "{{ ('x' * 4000000) | replace('x', 'xx') }}",
        "{{ ('\n' * 4000000) | indent(900) }}",
        "{{ ['x' * 4000000, 'y' * 4000000] | join }}",
        "{{ range(99999999) | list }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(9999) %}{{ 'x' * 99999 }}{% endfor %}",
        "{% set n = 1 %}{% for a in range(9) %}{{ n / 0 }}{% endfor %}",
        "{{ 9 * 10000000000000000000000000000000000000000000000000 }}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ 1" + " + 1" * 5000 + " }}",
        "{% for a in [1] %}" * 40 + "{% endfor %}" * 40,
        "{{ {}['x'] }}",
        "{{ nodes }}",
        "{{ values }}",
    ],
)
def test_no_template_gets_out_or_goes_on_for_ever(text: str) -> None:
    assert wrong(text)


def test_a_problem_while_rendering_has_the_line_it_stands_in() -> None:
    assert wrong("a\nb\n{{ version[99] }}\n")[0].startswith("stamp: args.x:3:1: ")


def test_what_is_not_known_of_the_node_itself_is_said() -> None:
    with pytest.raises(DeclarationError, match=r"x:2:4: nothing tells the reference of core"):
        fill({"x": "\n{{ reference }}"}, CONTEXT._replace(own=Thing("1.0.0", "1.0.0")))


def test_angle_delimiters_leave_those_of_helm_alone() -> None:
    problems: list[Problem] = []
    text = "<# not kept #>\n<% if version %>\nimage: <{ nodes['images.web'].image }>{{ .Values.x }}\n<% endif %>\n{%- x -%}\n"
    template = parse("t", text, NODES, problems, delimiters="angle")
    assert template is not None
    assert render(template, CONTEXT, {}, problems) == "image: registry.example/acme/web:1.2.0{{ .Values.x }}\n{%- x -%}\n"
    assert problems == []


def test_line_ends_stay_what_they_are() -> None:
    assert said("a {{ version }}\r\nb\r\n") == "a 1.2.0\r\nb\r\n"
    assert said("a {{ version }}\nb\n\n") == "a 1.2.0\nb\n\n"


@settings(max_examples=150, deadline=None)
@given(st.text("{}%#<>-'\"[]().|~ abnv\n0", max_size=40))
def test_no_text_raises_anything_but_what_is_declared(text: str) -> None:
    try:
        first = fill({"x": text}, CONTEXT)
    except DeclarationError:
        return
    assert fill({"x": text}, CONTEXT) == first


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="{%#\r"), max_size=60))
def test_text_without_templates_is_left_as_it_is(text: str) -> None:
    assert said(text.replace("\r", "")) == text.replace("\r", "")
