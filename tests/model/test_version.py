"""Versions: reading, the two orders, agreement."""

import pytest
import semver
from hypothesis import given
from hypothesis import strategies as st

from relgraph.model.version import Version, agree, compare, is_bookmark, is_semver, natural_key, parse_version, semver_key

NUMBERS = st.integers(0, 10**6)
IDENTIFIER = st.one_of(st.integers(0, 999).map(str), st.from_regex(r"[a-z][0-9a-z-]{0,6}", fullmatch=True))
SEMVER = st.builds(
    lambda release, pre: ".".join(map(str, release)) + ("-" + ".".join(pre) if pre else ""),
    st.tuples(NUMBERS, NUMBERS, NUMBERS),
    st.lists(IDENTIFIER, max_size=3),
)


def parsed(text: str) -> Version:
    version = parse_version(text)
    assert version is not None, text
    return version


@pytest.mark.parametrize(
    ("text", "prefix", "release", "pre", "build"),
    [
        ("1.2.3", "", (1, 2, 3), "", ""),
        ("v1.24", "v", (1, 24), "", ""),
        ("0.2.0-rc17", "", (0, 2, 0), "rc17", ""),
        ("0.24.0-experiment.5", "", (0, 24, 0), "experiment.5", ""),
        ("3.12rc1", "", (3, 12), "rc1", ""),
        ("1.32.13-k3s1+build.7", "", (1, 32, 13), "k3s1", "build.7"),
        ("7", "", (7,), "", ""),
    ],
)
def test_reads_versions_as_they_are_written(text: str, prefix: str, release: tuple[int, ...], pre: str, build: str) -> None:
    assert parse_version(text) == Version(prefix, release, pre, build)


@pytest.mark.parametrize(
    "text", ["", "latest", "1.2.3.4.5", "1..2", "v", "1.2.3-", "1.2.3 ", "1" * 200, "x1.2", "1.99999999999999999999", "١.٢"]
)
def test_reads_nothing_where_there_is_no_version(text: str) -> None:
    assert parse_version(text) is None


@given(SEMVER)
def test_every_semantic_version_is_read_and_spelled_back(text: str) -> None:
    assert str(parsed(text)) == text
    assert is_semver(text)


@given(SEMVER, SEMVER)
def test_the_strict_order_is_that_of_the_specification(left: str, right: str) -> None:
    ours = (semver_key(parsed(left)) > semver_key(parsed(right))) - (semver_key(parsed(left)) < semver_key(parsed(right)))
    assert ours == semver.Version.parse(left).compare(right)


@given(st.text(max_size=40))
def test_no_text_makes_reading_fail(text: str) -> None:
    version = parse_version(text)
    assert version is None or parse_version(str(version)) is not None


def test_natural_order_counts_release_candidates() -> None:
    candidates = [f"0.2.0-rc{number}" for number in range(1, 18)]
    assert sorted(candidates, key=lambda text: natural_key(parsed(text))) == candidates
    assert sorted(candidates, key=lambda text: semver_key(parsed(text))) != candidates
    assert compare(parsed("0.2.0-rc17"), parsed("0.2.0")) < 0


@given(SEMVER, SEMVER)
def test_agreement_is_symmetric_and_holds_for_equals(left: str, right: str) -> None:
    assert agree(parsed(left), parsed(right)) == agree(parsed(right), parsed(left))
    assert agree(parsed(left), parsed("v" + left))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("1.24", "1.24.5", True),
        ("1.24", "v1.24.0-rc1", True),
        ("1.24.0", "1.24.0-rc1", False),
        ("1.2.3", "1.2.30", False),
        ("3.10", "3.10.1", True),
        ("3.1", "3.10", False),
        ("1.2.3+a", "1.2.3+b", True),
    ],
)
def test_agreement_goes_as_far_as_the_shorter_version(left: str, right: str, expected: bool) -> None:
    assert agree(parsed(left), parsed(right)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.0.0-alpha.1.last-before-move", True),
        ("1.0.0-before-split", True),
        ("1.0.0-rc.1", False),
        ("1.0.0-experiment.5", False),
        ("1.0.0-k3s1", False),
    ],
)
def test_a_tag_with_words_for_a_pre_release_is_a_bookmark(text: str, expected: bool) -> None:
    assert is_bookmark(parsed(text)) is expected
