"""JSON that is hashed and signed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.model.jsontext import JsonProblem, dump_go, load_strict

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 53), 1 << 53) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES)
def test_what_is_written_reads_back_the_same(value: Any) -> None:
    assert load_strict(dump_go(value)) == value


def test_characters_that_mean_something_in_html_are_escaped_as_go_does() -> None:
    assert dump_go({"b": ">=1.2 <2 & x", "a": "ä\u2028\x7f\x01\n"}) == (
        b'{"b":"\\u003e=1.2 \\u003c2 \\u0026 x","a":"\xc3\xa4\\u2028\x7f\\u0001\\n"}'
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a":1,"a":1}', "stands twice"),
        (b'{"x":[{"d":"sha256:1","d":"sha256:2"}]}', "stands twice"),
        (b'{"a":NaN}', "no JSON"),
        (b'{"a":-Infinity}', "no JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"a":"\xff"}', "not UTF-8 at byte 6"),
        (b'{"a":"\\ud800"}', "lone surrogate"),
        (b'{"\\uDC00":1}', "lone surrogate"),
        (b"{} {}", "not JSON"),
        (b"", "not JSON"),
        (b"9" * 5000, "not JSON"),
        (b"[" * 100 + b"]" * 100, "nested deeper than 64 levels"),
        (b"[" * 200_000, "nested too deep|not JSON"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(JsonProblem, match=reason):
        load_strict(data)


def test_a_text_beyond_the_limit_is_not_parsed() -> None:
    with pytest.raises(JsonProblem, match="12 bytes of JSON where at most 10"):
        load_strict(b'"0123456789"', limit=10)


def test_depth_is_counted_in_levels() -> None:
    assert load_strict(b"[[1]]", depth=2) == [[1]]
    with pytest.raises(JsonProblem, match="deeper than 1 levels"):
        load_strict(b"[[1]]", depth=1)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_as_json_does_or_refused(data: bytes) -> None:
    try:
        value = load_strict(data)
    except JsonProblem:
        return
    assert value == json.loads(data)
