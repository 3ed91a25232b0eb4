"""The newest tag in a line, and what is said when there is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.resolve.order import Order, candidates
from relgraph.resolve.range import ANY, parse_range
from relgraph.resolve.select import NothingAllowed, newest, ranked, require_newest

_TAGS = ["v1.2.0", "v1.10.0", "v1.9.0", "latest", "v1", "v2.0.0-rc.1", "sha256-abc.sig"]


def test_the_newest_allowed_tag_is_chosen() -> None:
    assert require_newest("chart web", _TAGS, parse_range("1.*")).name == "v1.10.0"
    assert require_newest("chart web", _TAGS, ANY).name == "v1.10.0"
    assert require_newest("chart web", _TAGS, parse_range(">=2.0.0-0")).name == "v2.0.0-rc.1"
    assert require_newest("chart web", _TAGS, ANY, prereleases=True).name == "v2.0.0-rc.1"


def test_the_natural_order_is_used_where_it_is_meant() -> None:
    found = candidates(["1.0.0-rc9", "1.0.0-rc10"])
    choice = newest(found, ANY, order=Order.NATURAL, prereleases=True)
    assert choice is not None
    assert choice.name == "1.0.0-rc10"
    choice = newest(found, ANY, prereleases=True)
    assert choice is not None
    assert choice.name == "1.0.0-rc9"


def test_builds_of_one_version_are_ranked_by_their_numbers() -> None:
    names = ["1.0.0_k3s.2", "1.0.0", "1.0.0_k3s.10"]
    assert [item.name for item in ranked(candidates(names))] == ["1.0.0_k3s.10", "1.0.0_k3s.2", "1.0.0"]


@given(st.permutations(["1.0.0_b", "v1.0.0_b", "1.0.0", "v1.0.0", "1.0.0_b.2", "0.9.0"]))
def test_the_choice_does_not_depend_on_the_order_of_the_tags(names: list[str]) -> None:
    assert [item.name for item in ranked(candidates(names))][:2] == ["1.0.0_b.2", "v1.0.0_b"]


@pytest.mark.parametrize(
    ("tags", "allowed", "hint"),
    [
        ([], "*", "it has no tags at all"),
        (["latest", "main"], "*", "none of its 2 tags is a version in the form {version}: latest, main"),
        (_TAGS, "^3", "it has v2.0.0-rc.1, v1.10.0, v1.9.0 and older ones"),
        (["1.0.0"], "^3", "it has 1.0.0"),
        (_TAGS, "3.* || 4.*", "it has v2.0.0-rc.1"),
        (_TAGS, ">1.10", "only pre-releases are in it, such as v2.0.0-rc.1; a range that names one allows them: >=2.0.0-rc.1"),
    ],
)
def test_where_nothing_fits_the_hint_says_what_exists(tags: list[str], allowed: str, hint: str) -> None:
    with pytest.raises(NothingAllowed, match="chart web: no version in range") as caught:
        require_newest("chart web", tags, parse_range(allowed))
    assert caught.value.hint.startswith(hint)
