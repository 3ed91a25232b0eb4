"""Values of YAML files, set at their addresses."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from relgraph.model.yamltext import load_yaml
from relgraph.stamp.problem import Problem
from relgraph.stamp.yamlvalue import check_values, set_values
from relgraph.syntax.yaml import Path, address


def edited(text: str, **wanted: str) -> str:
    """The text with values set; ``a__b`` stands for ``a.b``."""
    after, problems = attempted(text, {name.replace("__", "."): value for name, value in wanted.items()})
    assert problems == []
    return after


def attempted(text: str, wanted: dict[str, str]) -> tuple[str, list[Problem]]:
    problems: list[Problem] = []
    edits = set_values("values.yaml", text, wanted, problems)
    after = text
    for edit in sorted(edits, reverse=True):
        after = after[: edit.start] + edit.new + after[edit.end :]
    if not problems:
        check_values("values.yaml", text, after, wanted, problems)
    return after, problems


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("a: 1.0.0 # c\n", "2.0.0", "a: 2.0.0 # c\n"),
        ("a: 'x'\n", "it's", "a: 'it''s'\n"),
        ('a: "x"\n', 'say "hi"\t', 'a: "say \\"hi\\"\\t"\n'),
        ("a: latest\n", "1.10", 'a: "1.10"\n'),
        ("a: 1.9\n", "1.10", 'a: "1.10"\n'),
        ("a: 1.9\n", "1.25", "a: 1.25\n"),
        ("a: 3\n", "5", "a: 5\n"),
        ("a: 3\n", "010", 'a: "010"\n'),
        ("a: false\n", "true", "a: true\n"),
        ("a: x\n", "true", 'a: "true"\n'),
        ("a: x\n", "12e45", 'a: "12e45"\n'),
        ("a: x\n", "2026-01-02", 'a: "2026-01-02"\n'),
        ("a: x\n", "y", 'a: "y"\n'),
        ("a: x\n", "", 'a: ""\n'),
        ("a: x\n", "b # c", 'a: "b # c"\n'),
        ("a: x\n", "b: c", 'a: "b: c"\n'),
        ("a: x\n", "registry.example/web@sha256:12", "a: registry.example/web@sha256:12\n"),
        ("a:\nb: 1\n", "v1", "a: v1\nb: 1\n"),
        ("a: ~\n", "v1", "a: v1\n"),
        ("{a: x, b: y}\n", "v, w", '{a: "v, w", b: y}\n'),
        ("a: |\n  one\n  two\n\n# next\nb: 1\n", "v1", 'a: "v1"\n\n# next\nb: 1\n'),
        ("a: >-\r\n  one\r\nb: 1\r\n", "v1", 'a: "v1"\r\nb: 1\r\n'),
        ("\ufeffa: ä # ö\n", "ü", "\ufeffa: ü # ö\n"),
        ("a: one\n  two\n", "v1", "a: v1\n"),
        ("a: &x 1.0.0\n", "1.1.0", "a: &x 1.1.0\n"),
        ("a: !!str 1\n", "2", 'a: "2"\n'),
        ("a: &x\nb: 1\n", "2", 'a: &x "2"\nb: 1\n'),
        ("a: &x '1'\n", "2", "a: &x '2'\n"),
        ("a: &x !!int '1'\n", "2", "a: &x '2'\n"),
        ("a: x\n", "one\ntwo\u2028\x07", 'a: "one\\ntwo\\u2028\\u0007"\n'),
    ],
)
def test_a_value_is_written_as_the_old_one_where_that_says_the_same(before: str, value: str, after: str) -> None:
    assert edited(before, a=value) == after


def test_values_in_lists_and_deep_mappings_have_addresses() -> None:
    text = "a:\n  - name: x\n    tag: 1\n  - {name: y, tag: 2}\n"
    after, problems = attempted(text, {"a[1].tag": "3", "a[0].name": "z"})
    assert problems == []
    assert after == "a:\n  - name: z\n    tag: 1\n  - {name: y, tag: 3}\n"


def test_a_template_of_a_chart_is_edited_though_it_is_no_yaml() -> None:
    text = "{{- if .Values.on }}\nspec:\n  image: 'registry.example/web:1' # {{ x }}\n  a: {{ .Values.a | quote }}: b\n{{- end }}\n"
    assert edited(text, spec__image="registry.example/web:2") == text.replace("web:1", "web:2")


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        (
            "a: 1\nimage:\n  tag: x\n",
            "image.tga",
            Problem("values.yaml", "there is no value at image.tga", 3, 8, "did you mean image.tag?"),
        ),
        (
            "a: 1\nimage:\n  tag: x\n",
            "image",
            Problem("values.yaml", "image is no single value", 3, 8, "name one of the values below it"),
        ),
        (
            "a: 1\n---\na: 2\n",
            "a",
            Problem("values.yaml", "a stands 2 times, also in line 3", 1, 4, "an address must be that of one value"),
        ),
        (
            "x: &n 1\na: *n\n",
            "a",
            Problem("values.yaml", "the value at a is an alias of another one", 2, 2, "write the value itself there"),
        ),
    ],
)
def test_an_address_that_is_not_that_of_one_value_is_said_with_its_place(text: str, where: str, problem: Problem) -> None:
    assert attempted(text, {where: "v"})[1] == [problem]


def test_a_value_that_has_an_anchor_is_set_for_all_that_refer_to_it() -> None:
    assert edited("base: &n {tag: x}\nweb: {<<: *n, b: *n}\n", base__tag="z") == "base: &n {tag: z}\nweb: {<<: *n, b: *n}\n"


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12) | st.sampled_from(
    [
        "1.10",
        "v1.2.3",
        "true",
        "null",
        "~",
        "-",
        "- a",
        "? b",
        "a: b",
        "#x",
        "x #y",
        "{{ z }}",
        "[1]",
        "*a",
        "&b",
        "!c",
        "%d",
        "@e",
        "`",
        "0x1f",
        "1e6",
    ]
)
_KEYS = st.text("abcxyz_-", min_size=1, max_size=4)
_TREES = st.recursive(
    _WORDS | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none(),
    lambda below: st.lists(below, min_size=1, max_size=3) | st.dictionaries(_KEYS, below, min_size=1, max_size=3),
    max_leaves=8,
)


def _leaves(tree: Any, path: Path = ()) -> list[Path]:
    if isinstance(tree, dict):
        return [leaf for key, value in tree.items() for leaf in _leaves(value, (*path, key))]
    if isinstance(tree, list):
        return [leaf for number, value in enumerate(tree) for leaf in _leaves(value, (*path, number))]
    return [path]


def _at(tree: Any, path: Path) -> Any:
    for step in path:
        tree = tree[step]
    return tree


@settings(max_examples=150, deadline=None)
@given(
    tree=st.dictionaries(_KEYS, _TREES, min_size=1, max_size=3),
    new=_WORDS | st.text(max_size=8),
    style=st.sampled_from([None, '"', "'", "|"]),
    flow=st.sampled_from([True, False, None]),
    data=st.data(),
)
def test_what_is_set_is_read_again_and_nothing_else_changes(
    tree: dict[str, Any], new: str, style: str | None, flow: bool | None, data: st.DataObject
) -> None:
    text = yaml.safe_dump(tree, default_style=style, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    before = yaml.safe_load(text)
    path = data.draw(st.sampled_from(_leaves(before)))
    new = new.encode("utf-8", "replace").decode()
    after, problems = attempted(text, {address(path): new})
    assert problems == []
    read = yaml.safe_load(after)
    value = _at(read, path)
    assert (str(value).lower() if isinstance(value, bool) else str(value)) == new
    assert isinstance(value, (str, int, float))
    assert isinstance(value, str) or not isinstance(_at(before, path), str)
    # All other values, and every byte before and behind the value.
    assert [_at(read, leaf) for leaf in _leaves(before) if leaf != path] == [
        _at(before, leaf) for leaf in _leaves(before) if leaf != path
    ]
    (edit,) = set_values("values.yaml", text, {address(path): new}, [])
    assert after.startswith(text[: edit.start])
    assert after.endswith(text[edit.end :])
    if len(text) < 2000:
        assert str(_at(load_yaml(after.encode()), path)).lower() == new.lower()


@settings(max_examples=100, deadline=None)
@given(text=st.text("ab: -[]{}\n'\"|>&*#!\t01.", max_size=60), where=st.sampled_from(["a", "a.b", "a[0]", "b"]), new=_WORDS)
def test_no_text_makes_setting_raise(text: str, where: str, new: str) -> None:
    attempted(text, {where: new})


@pytest.mark.parametrize(
    ("after", "message"),
    [
        ("a: 3\nb: x\n", "after stamping, a reads '3' instead of '2'"),
        ("a: 2\nb: y\n", "setting a changed b too"),
        ("a: 2\nb: [\n", "setting a makes it no YAML"),
    ],
)
def test_what_came_of_it_is_read_again(after: str, message: str) -> None:
    problems: list[Problem] = []
    check_values("values.yaml", "a: 1\nb: x\n", after, {"a": "2"}, problems)
    assert [one.message for one in problems] == [message]


def test_what_is_nested_without_end_is_not_followed() -> None:
    text = "a: 1\nb: " + "[" * 100_000 + "]" * 100_000 + "\n"
    assert edited(text, a="2") == text.replace("a: 1", "a: 2")
    assert edited("a: x\n", a="[" * 100_000) == f'a: "{"[" * 100_000}"\n'
