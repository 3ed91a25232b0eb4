from hypothesis import given
from hypothesis import strategies as st

from relgraph.pipeline.value import COMMIT, Holes, Unknown, Value, is_known, join_known


def test_a_text_without_holes_is_itself() -> None:
    holes = Holes()
    assert holes.value("1.4.0") == Value(("1.4.0",))
    assert holes.value("1.4.0").text == "1.4.0"
    assert holes.value("").text == ""


def test_a_hole_says_why_and_leaves_the_rest_known() -> None:
    holes = Holes()
    value = holes.value("web:" + holes.mark("output of curl") + "-amd64")
    assert value.parts == ("web:", Unknown("output of curl"), "-amd64")
    assert value.text is None
    assert str(value) == "web:<output of curl>-amd64"


def test_equal_reasons_are_one_hole() -> None:
    holes = Holes()
    assert holes.mark("the date") == holes.mark("the date")
    assert holes.mark("commit id", COMMIT) != holes.mark("commit id")
    assert holes.shape(holes.mark("commit id", COMMIT)) == COMMIT


def test_a_foreign_private_character_is_unknown_and_harms_nothing() -> None:
    assert holes_reason("\U000fabcd") == "not known"


def holes_reason(text: str) -> str:
    return Holes().reasons(text)


def test_joining_stops_at_holes() -> None:
    holes = Holes()
    assert join_known(["a", "b"]) == "a b"
    assert join_known(["a", holes.mark("x")]) is None


def test_there_is_always_another_hole() -> None:
    holes = Holes()
    for number in range(0x10100):
        holes.mark(f"reason {number}")
    assert not is_known(holes.mark("one more"))


@given(st.lists(st.text(st.characters(max_codepoint=0xEFFF, exclude_categories=["Cs"])) | st.integers(0, 3), max_size=8))
def test_a_value_is_what_it_was_made_of(parts: list[str | int]) -> None:
    holes = Holes()
    text = "".join(part if isinstance(part, str) else holes.mark(f"hole {part}") for part in parts)
    shown = "".join(part if isinstance(part, str) else f"<hole {part}>" for part in parts)
    assert str(holes.value(text)) == shown
    assert is_known(text) is all(isinstance(part, str) for part in parts)
