"""YAML that declarations are written in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.model.yamltext import YamlProblem, load_yaml

_BOMB = b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)
)


def test_a_document_is_read_as_plain_values() -> None:
    assert load_yaml(b"a: 1\nb: [x, 'y', true, null]\nc: {d: 1.5}\n") == {"a": 1, "b": ["x", "y", True, None], "c": {"d": 1.5}}
    assert load_yaml(b"") is None


def test_dates_stay_what_was_written() -> None:
    assert load_yaml(b"expires: 2027-06-30\nat: 2027-06-30T10:00:00Z") == {"expires": "2027-06-30", "at": "2027-06-30T10:00:00Z"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e6", 1e6),
        ("12e4567", "12e4567"),
        ("1.10", 1.1),
        ("1.2.3", "1.2.3"),
        ("1:30", "1:30"),
        ("010", 8),
        ("0x1F", 31),
        ("1_000", 1000),
        (".5", 0.5),
        ("-1.", -1.0),
        ("+7", 7),
        (".inf", float("inf")),
        ("08", 8.0),
        ("1e", "1e"),
        ("-", None),
    ],
)
def test_numbers_are_those_that_go_sees(text: str, value: object) -> None:
    expected = [None] if text == "-" else {"a": value}
    assert load_yaml(f"a: {text}".encode() if text != "-" else b"-") == expected


def test_anchors_and_merges_work() -> None:
    assert load_yaml(b"base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}\n")["more"] == {"x": 1, "y": 3}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a: 1\nb: 2\na: 3\n", "line 3, column 1: the key 'a' stands twice"),
        (b"x: {k: 1, k: 2}", "line 1, column 11: the key 'k' stands twice"),
        (b"a: [1", "line 2, column 1"),
        (b"a: 1\n\tb: 2", "line 2"),
        (b"? [a, b]\n: 1", "a key must be text"),
        (b"a: !!python/object/apply:os.system [id]", "could not determine a constructor"),
        (b"\xff", "not UTF-8 at byte 0"),
        (b"a: \x00", "not YAML"),
        (b"--- 1\n--- 2\n", "expected a single document|but found another document"),
        (_BOMB, "aliases make it too large"),
        (b"a: &a [*a]", "nested too deep|too large"),
        (b"[" * 70 + b"]" * 70, "nested too deep"),
        (b"[" * 500_000 + b"]" * 500_000, "nested too deep"),
        (b"x" * ((1 << 20) + 1), "at most 1048576"),
    ],
)
def test_what_is_ambiguous_or_out_of_bounds_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(YamlProblem, match=reason):
        load_yaml(data)


@given(st.binary(max_size=30) | st.text("ab:-[]{}&*!|>'\" \n#1", max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        load_yaml(data)
    except YamlProblem:
        pass
