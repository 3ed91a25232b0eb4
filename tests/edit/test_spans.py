"""Edits of spans: nothing but the span changes, and what cannot be meant is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.edit.spans import Edit, apply_edits, overlapping
from relgraph.errors import Refused


def test_edits_in_any_order_and_of_any_length() -> None:
    data = b"web:1.0.0 motor:0.8.0\n"
    edits = [Edit(16, 21, b"0.8.0", b"0.10.0"), Edit(4, 9, b"1.0.0", b"1.1"), Edit(22, 22, b"", b"end\n")]
    assert apply_edits(data, edits) == apply_edits(data, edits[::-1]) == b"web:1.1 motor:0.10.0\nend\n"


def test_an_edit_that_is_given_twice_is_done_once() -> None:
    edit = Edit(0, 1, b"1", b"2")
    assert apply_edits(b"1", [edit, edit]) == b"2"


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(0, 3, b"1.0", b"2.0"), Edit(2, 5, b"0.0", b"0.1")],
        [Edit(0, 3, b"1.0", b"2.0"), Edit(0, 3, b"1.0", b"3.0")],
        [Edit(0, 5, b"1.0.0", b"2.0"), Edit(1, 2, b".", b"-")],
        [Edit(2, 2, b"", b"a"), Edit(2, 2, b"", b"b")],
    ],
    ids=["in part", "the same span", "within", "two insertions"],
)
def test_edits_that_overlap_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(Refused, match="edited twice"):
        apply_edits(b"1.0.0", edits)


@pytest.mark.parametrize("edit", [Edit(0, 1, b"2", b"3"), Edit(0, 9, b"1", b"3"), Edit(4, 5, b"", b"3"), Edit(-1, 0, b"", b"3")])
def test_a_content_that_is_another_is_refused(edit: Edit) -> None:
    with pytest.raises(Refused, match="not what the edit replaces"):
        apply_edits(b"1.0", [edit])


@given(st.binary(max_size=60), st.data())
def test_every_other_byte_stays(data: bytes, draw: st.DataObject) -> None:
    bounds = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=8, unique=True)))
    spans = list(zip(bounds[::2], bounds[1::2], strict=False))
    edits = [Edit(start, end, data[start:end], draw.draw(st.binary(max_size=5))) for start, end in spans]
    kept = b"".join(
        data[end:start] for end, start in zip([0, *(e for _, e in spans)], [*(s for s, _ in spans), len(data)], strict=True)
    )
    new = apply_edits(data, draw.draw(st.permutations(edits)))
    assert len(new) == len(kept) + sum(len(edit.new) for edit in edits)
    position = 0
    for edit, before in zip(edits, [0, *(end for _, end in spans)], strict=False):
        assert new[position : position + edit.start - before] == data[before : edit.start]
        position += edit.start - before + len(edit.new)
        assert new[position - len(edit.new) : position] == edit.new
    assert all(len(group) == 1 for group in overlapping(edits))
