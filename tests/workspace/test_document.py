"""Declarations as YAML with positions: what is refused before it means anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.workspace import document
from relgraph.workspace.document import Value, read_document

PATH = "graph/a.yaml"


def problems(text: str | bytes) -> list[str]:
    return [str(problem) for problem in read_document(PATH, text if isinstance(text, bytes) else text.encode())[1]]


def plain(value: Value | None) -> object:
    """A value without positions."""
    if value is None:
        return None
    if value.entries is not None:
        return {entry.key: plain(entry.value) for entry in value.entries}
    if value.items is not None:
        return [plain(item) for item in value.items]
    return value.text


def test_values_keep_where_they_stand() -> None:
    value, wrong = read_document(PATH, b"a: 1\nb:\n  c: [x,\n      'y']\n")
    assert wrong == []
    assert value is not None
    assert value.entries is not None
    b = value.entries[1]
    assert (b.key, b.line, b.column) == ("b", 2, 1)
    assert b.value.entries is not None
    items = b.value.entries[0].value.items
    assert items is not None
    assert [(item.text, item.quoted, item.line, item.column) for item in items] == [("x", False, 3, 7), ("y", True, 4, 7)]


def test_columns_count_code_points() -> None:
    value, _ = read_document(PATH, "ключ: {значение: x}\n".encode())
    assert value is not None
    assert value.entries is not None
    inner = value.entries[0].value.entries
    assert inner is not None
    assert (inner[0].column, inner[0].value.column) == (8, 18)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1, 2\n", f"{PATH}:2:1: not YAML: did not find expected ',' or ']'"),
        ("a: 'x\n", f"{PATH}:2:1: not YAML: found unexpected end of stream"),
        ("a: b: c\n", f"{PATH}:1:5: not YAML: mapping values are not allowed in this context"),
        ("a: 1\n\tb: 2\n", f"{PATH}:2:1: not YAML: found a tab character that violates indentation"),
        ("a: 1\na: 2\n", f"{PATH}:2:1: 'a' stands here again (first in line 1)"),
        ("a: &x 1\nb: *x\n", f"{PATH}:2:4: an alias (*x) (write the value out)"),
        ("a: 1\n---\nb: 2\n", f"{PATH}:2:1: a second document (one graph document a file)"),
        ("? [1, 2]\n: x\n", f"{PATH}:1:3: a list as a key (a key is a name)"),
        (b"a: 1\nb: \xff\n", f"{PATH}:2:1: not UTF-8 (save the file as UTF-8)"),
        ("[" * 40 + "]" * 40, f"{PATH}:1:32: nested too deep"),
    ],
)
def test_what_is_no_declaration_is_told_with_its_place(text: str | bytes, told: str) -> None:
    assert problems(text) == [told]


def test_a_control_character_is_told() -> None:
    assert problems(b"a: \x01\n")[0].startswith(f"{PATH}:1:1: not YAML: ")


def test_every_problem_is_told_at_once() -> None:
    assert sorted(problem.partition(": ")[0] for problem in problems("a: 1\na: 2\nb: *x\nb: 3\n")) == [
        f"{PATH}:2:1",
        f"{PATH}:3:4",
        f"{PATH}:4:1",
    ]


def test_the_first_of_two_equal_keys_counts() -> None:
    assert plain(read_document(PATH, b"a: 1\na: 2\n")[0]) == {"a": "1"}


def test_an_alias_bomb_is_refused_without_being_unfolded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    told = problems("\n".join(lines))
    assert len(told) == 29 * 9
    assert all("an alias" in one for one in told)


def test_a_merge_is_an_alias() -> None:
    assert problems("a: &x {b: 1}\nc: {<<: *x}\n") == [f"{PATH}:2:9: an alias (*x) (write the value out)"]


def test_depth_does_not_exhaust_the_stack() -> None:
    assert problems("[" * 100_000) == [f"{PATH}:1:32: nested too deep"]


def test_a_huge_file_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    def parse(*_: object) -> object:
        raise AssertionError("the file was parsed")

    monkeypatch.setattr(yaml, "parse", parse)
    data = b"# padding\n" * (5 << 20)
    assert problems(data) == [f"{PATH}:1:1: 50 MiB of YAML (a file has at most 32 MiB; split the graph over several)"]


def test_a_file_just_below_the_limit_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_MOST_BYTES", 6)
    assert problems("a: 12\n") == []
    assert problems("a: 123\n") != []


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\ufeff"])
def test_an_empty_file_declares_nothing(text: str) -> None:
    value, wrong = read_document(PATH, text.encode())
    assert wrong == []
    assert value is None or value.is_null


@pytest.mark.parametrize(
    ("text", "null"), [("a: ", True), ("a: ~", True), ("a: null", True), ("a: ''", False), ("a: 'null'", False)]
)
def test_nothing_is_told_from_an_empty_text(text: str, null: bool) -> None:
    value, _ = read_document(PATH, text.encode())
    assert value is not None
    assert value.entries is not None
    assert value.entries[0].value.is_null is null


@given(st.binary(max_size=200) | st.text(st.sampled_from("a:-[]{},&*!|>'\"%@`# \n\t?"), max_size=60).map(str.encode))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    value, wrong = read_document(PATH, data)
    assert value is None or isinstance(value, Value)
    assert all(problem.origin.path == PATH and problem.origin.line >= 1 and problem.origin.column >= 1 for problem in wrong)
