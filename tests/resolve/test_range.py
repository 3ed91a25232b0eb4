"""Ranges: what they allow, how they are written, and what is wrong with those that cannot be read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.resolve.order import Order, Version, precedence, read_version
from relgraph.resolve.range import ANY, RangeProblem, is_range, line, parse_range

_KNOWN = (
    "0.0.3 0.0.4 0.2.9 0.3.0 1.1.0 1.2.0-rc.1 1.2.0 1.2.3 1.2.3+k3s1 1.3.0-rc.1 1.3.0 1.4.5 1.5.0 2.0.0-rc.1 2.0.0 2.6.1".split()
)
_NUMBER = st.integers(0, 3)
_PRE = st.sampled_from(["", "0", "alpha", "rc.1", "rc.2", "rc10", "rc9"])
_VERSIONS = st.builds(lambda a, b, c, pre: Version(a, b, c, prerelease=pre or None), _NUMBER, _NUMBER, _NUMBER, _PRE)
_RELEASES = st.builds(Version, _NUMBER, _NUMBER, _NUMBER)
_PARTIALS = st.lists(_NUMBER, min_size=1, max_size=3).map(lambda numbers: ".".join(map(str, numbers)))


def _version(text: str) -> Version:
    version = read_version(text)
    assert version is not None
    return version


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (">=1.2 <2", "1.2.0 1.2.3 1.2.3+k3s1 1.3.0 1.4.5 1.5.0"),
        (">=1.2, <2", "1.2.0 1.2.3 1.2.3+k3s1 1.3.0 1.4.5 1.5.0"),
        (">= v1.4.5", "1.4.5 1.5.0 2.0.0 2.6.1"),
        (">=1.2<1.4", "1.2.0 1.2.3 1.2.3+k3s1 1.3.0"),
        ("^1.2.3", "1.2.3 1.2.3+k3s1 1.3.0 1.4.5 1.5.0"),
        ("^0.2", "0.2.9"),
        ("^0.0.3", "0.0.3"),
        ("^0.0", "0.0.3 0.0.4"),
        ("^0", "0.0.3 0.0.4 0.2.9 0.3.0"),
        ("~1.2.3", "1.2.3 1.2.3+k3s1"),
        ("~> 1.2", "1.2.0 1.2.3 1.2.3+k3s1"),
        ("~1", "1.1.0 1.2.0 1.2.3 1.2.3+k3s1 1.3.0 1.4.5 1.5.0"),
        ("1.2.*", "1.2.0 1.2.3 1.2.3+k3s1"),
        ("1.2", "1.2.0 1.2.3 1.2.3+k3s1"),
        ("v1.*.*", "1.1.0 1.2.0 1.2.3 1.2.3+k3s1 1.3.0 1.4.5 1.5.0"),
        ("1.X", "1.1.0 1.2.0 1.2.3 1.2.3+k3s1 1.3.0 1.4.5 1.5.0"),
        ("1.2 - 1.4", "1.2.0 1.2.3 1.2.3+k3s1 1.3.0 1.4.5"),
        ("1.2.3 - 1.3.0", "1.2.3 1.2.3+k3s1 1.3.0"),
        ("0.2.x || >=1.4, !=1.5.*", "0.2.9 1.4.5 2.0.0 2.6.1"),
        (">1.2", "1.3.0 1.4.5 1.5.0 2.0.0 2.6.1"),
        (">1.2.3", "1.3.0 1.4.5 1.5.0 2.0.0 2.6.1"),
        ("<=1.2", "0.0.3 0.0.4 0.2.9 0.3.0 1.1.0 1.2.0 1.2.3 1.2.3+k3s1"),
        ("<=1.1.0", "0.0.3 0.0.4 0.2.9 0.3.0 1.1.0"),
        ("<0.3", "0.0.3 0.0.4 0.2.9"),
        ("=1.2.3", "1.2.3 1.2.3+k3s1"),
        ("1.2.3+k3s1", "1.2.3+k3s1"),
        ("!=1.2.3 1.2", "1.2.0"),
        (">*", ""),
        ("<*", ""),
        ("*", "0.0.3 0.0.4 0.2.9 0.3.0 1.1.0 1.2.0 1.2.3 1.2.3+k3s1 1.3.0 1.4.5 1.5.0 2.0.0 2.6.1"),
        ("^*", "0.0.3 0.0.4 0.2.9 0.3.0 1.1.0 1.2.0 1.2.3 1.2.3+k3s1 1.3.0 1.4.5 1.5.0 2.0.0 2.6.1"),
        # A comparator that names a pre-release lets its alternative have them, and that alternative alone.
        (">=1.2.0-0 <1.4", "1.2.0-rc.1 1.2.0 1.2.3 1.2.3+k3s1 1.3.0-rc.1 1.3.0"),
        ("^1.3.0-rc.1", "1.3.0-rc.1 1.3.0 1.4.5 1.5.0"),
        ("=1.2.0-rc.1 || 1.3", "1.2.0-rc.1 1.3.0"),
        (">1.2.3-0 <2", "1.2.3 1.2.3+k3s1 1.3.0-rc.1 1.3.0 1.4.5 1.5.0"),
        ("<=2.0.0-rc.1 >1.5", "2.0.0-rc.1"),
    ],
)
def test_a_range_allows(text: str, allowed: str) -> None:
    meaning = parse_range(text)
    assert [version for version in _KNOWN if meaning.admits(_version(version))] == allowed.split()


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        (">=", 1, "a version must follow >="),
        (">=1 <", 5, "a version must follow <"),
        ("=>1", 1, "no operator =>"),
        ("^^1", 1, "no operator ^^"),
        ("1.2 ||", 7, "nothing stands beside"),
        ("|| 1.2", 1, "nothing stands beside"),
        (">=1,,<2", 4, "comma stands between"),
        (">=1,", 4, "comma stands between"),
        (", 1", 1, "comma stands between"),
        ("1.2.3.4", 1, "no version"),
        (">=1 latest", 5, "'latest' is no version"),
        ("01.2", 1, "no number"),
        ("1.002", 3, "no number"),
        ("1.99999999999999999999", 3, "no number"),
        ("1.2-rc1", 1, "three numbers"),
        ("1.*+x", 1, "three numbers"),
        (">=1.0.0-01", 3, "Semantic Versioning"),
        ("1 | 2", 3, "a version or an operator"),
        ("1" * 2000, 1024, "longer than"),
    ],
)
def test_what_is_wrong_with_a_range_is_named_with_its_place(text: str, column: int, reason: str) -> None:
    with pytest.raises(RangeProblem, match=re.escape(reason)) as caught:
        parse_range(text)
    assert caught.value.column == column
    assert caught.value.status == 2
    assert caught.value.hint


@pytest.mark.parametrize("text", [">=1.2", "^1", "~1.2", "v1.*.*", "1.2 - 1.3", "1 || 2", "=1.2.3", "1,2", "<2"])
def test_what_no_tag_can_be_is_a_range(text: str) -> None:
    assert is_range(text)


@pytest.mark.parametrize("text", ["1.2", "v1", "1.2.3", "1.2.3-rc.1", "latest", "1.2.x", "1.2.3_k3s1", "sha256-abc.sig"])
def test_what_can_be_a_tag_is_no_range(text: str) -> None:
    assert not is_range(text)


def test_pre_releases_between_the_edges_can_be_asked_for() -> None:
    meaning = parse_range("1.2.*")
    assert not meaning.admits(_version("1.2.0-rc.1"))
    assert meaning.admits(_version("1.2.0-rc.1"), prereleases=True)
    assert not meaning.admits(_version("1.3.0-rc.1"), prereleases=True)
    assert not parse_range("<2").admits(_version("2.0.0-rc.1"), prereleases=True)


def test_the_order_decides_about_pre_releases_at_the_edge() -> None:
    meaning = parse_range(">=1.0.0-rc9 <1.0.0-rc11")
    assert not meaning.admits(_version("1.0.0-rc10"))
    assert meaning.admits(_version("1.0.0-rc10"), order=Order.NATURAL)


def test_the_one_version_of_an_exact_range_is_known() -> None:
    assert str(parse_range("v1.2.3").exact) == "1.2.3"
    assert str(parse_range("=1.2.3-rc.1").exact) == "1.2.3-rc.1"
    assert parse_range("1.2").exact is None
    assert parse_range("1.2.3 || 1.2.4").exact is None
    assert ANY.exact is None


def test_the_line_of_a_version() -> None:
    version = _version("1.4.2")
    assert [str(line(version, numbers)) for numbers in range(4)] == ["*", "1.*.*", "1.4.*", "1.4.2"]


@given(_RELEASES, _RELEASES)
def test_a_caret_keeps_the_left_most_number_that_is_not_zero(low: Version, other: Version) -> None:
    numbers, others = (low.to_tuple()[:3], other.to_tuple()[:3])
    kept = next((index for index, number in enumerate(numbers) if number), 2)
    expected = others[: kept + 1] == numbers[: kept + 1] and other >= low
    assert parse_range(f"^{low}").admits(other) is expected


@given(_PARTIALS, _VERSIONS)
def test_above_and_not_above_part_all_versions(partial: str, version: Version) -> None:
    above = parse_range(f">{partial}").admits(version, prereleases=True)
    not_above = parse_range(f"<={partial}").admits(version, prereleases=True)
    # The pre-releases of the first version beyond a partial one belong to neither side.
    assert not (above and not_above)
    assert above or not_above or version.prerelease


@given(_PARTIALS, _RELEASES)
def test_releases_are_below_or_at_least(partial: str, version: Version) -> None:
    assert parse_range(f"<{partial}").admits(version) is not parse_range(f">={partial}").admits(version)


@given(_PARTIALS, _VERSIONS)
def test_not_equal_is_the_opposite_of_equal(partial: str, version: Version) -> None:
    equal = parse_range(f"={partial}").admits(version, prereleases=True)
    assert parse_range(f"!={partial}").admits(version, prereleases=True) is not equal


@given(_PARTIALS, _PARTIALS, _VERSIONS)
def test_alternatives_allow_what_either_allows_and_a_conjunction_what_both_allow(left: str, right: str, version: Version) -> None:
    first, second = parse_range(f"^{left}").admits(version), parse_range(f"~{right}").admits(version)
    assert parse_range(f"^{left} || ~{right}").admits(version) is (first or second)
    assert parse_range(f"^{left} ~{right}").admits(version) is (first and second)


@given(st.text("0123456789.*xXvV-+<>=!^~|, arc", max_size=24))
def test_any_text_is_a_range_or_is_refused_with_a_reason(text: str) -> None:
    try:
        meaning = parse_range(text)
    except RangeProblem as caught:
        problem = caught
    else:
        assert meaning == parse_range(meaning.text)
        return
    assert 1 <= problem.column <= len(text) + 1
    assert problem.reason


@given(_VERSIONS, _VERSIONS)
def test_the_key_orders_as_the_semver_library_does(left: Version, right: Version) -> None:
    ours = (precedence(left) > precedence(right)) - (precedence(left) < precedence(right))
    assert ours == left.compare(right)


@pytest.mark.parametrize("text", ["1" * 1000, "1." * 400, "- " * 400, " " * 1000 + "y", ">" * 1000, "1 - " * 200, "," * 1000])
def test_long_nonsense_is_refused_quickly(text: str) -> None:
    with pytest.raises(RangeProblem):
        parse_range(text)
