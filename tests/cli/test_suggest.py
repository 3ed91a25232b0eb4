from hypothesis import given
from hypothesis import strategies as st

from relgraph.cli.suggest import closest


def test_a_slip_is_seen_through() -> None:
    assert closest("sacn", ["explain", "scan"]) == "scan"
    assert closest("SCAN", ["scan"]) == "scan"


def test_of_equals_the_first_is_meant() -> None:
    assert closest("RG1O1", ["RG101", "RG111"]) == "RG101"


def test_nothing_alike_is_nothing_suggested() -> None:
    assert closest("zzz", ["scan"]) == ""
    assert closest("", ["scan"]) == ""
    assert closest("scan", []) == ""


@given(st.text(), st.lists(st.text()))
def test_a_suggestion_is_one_of_the_candidates(word: str, candidates: list[str]) -> None:
    assert closest(word, candidates) in {"", *candidates}


@given(st.text(min_size=1, max_size=50))
def test_the_word_itself_is_closest(word: str) -> None:
    assert closest(word, ["something else", word]) == word
