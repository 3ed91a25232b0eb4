"""Texts with templates in them, filled in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relgraph.errors import DeclarationError
from relgraph.stamp.context import Thing
from relgraph.stamp.fill import fill, parse, render
from relgraph.stamp.problem import Problem
from stampworld import CONTEXT, NODES, said, wrong


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


def test_all_that_is_wrong_in_all_texts_is_said_at_once() -> None:
    with pytest.raises(DeclarationError) as caught:
        fill({"args.A": "{{ a }}{{ b }}", "args.B": "{{ nodes.x.tag }}", "args.C": "{{ version }}"}, CONTEXT, what="build")
    assert str(caught.value) == "build: 3 problems"
    assert [line.partition(":")[0] for line in caught.value.details] == ["args.A", "args.A", "args.B"]


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
