"""Candidates among tags, and the order that a history shows."""

import pytest

from relgraph.resolve.order import Order, candidate, candidates, observe_order, read_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2.3-rc.1", "1.2.3-rc.1"),
        ("1.2.3+build.5", "1.2.3+build.5"),
        ("1.2.3_build.5", "1.2.3+build.5"),
        ("0.30.1-dev.7_g1c28a8a", "0.30.1-dev.7+g1c28a8a"),
    ],
)
def test_versions_are_read_as_git_and_registries_write_them(text: str, version: str) -> None:
    assert str(read_version(text)) == version


@pytest.mark.parametrize(
    "text", ["", "v", "1", "v1.2", "latest", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3_", "vv1.2.3", "1.2.3\n", "١.٢.٣", "9" * 200]
)
def test_what_is_no_full_version_is_none(text: str) -> None:
    assert read_version(text) is None


def test_only_names_in_the_tag_format_are_candidates() -> None:
    names = ["v1.2.0", "web/v1.3.0", "web/v1.4.0-rc.1", "web/1.5.0", "web/v2", "web/v"]
    assert [(item.name, str(item.version)) for item in candidates(names, form="web/v{version}")] == [
        ("web/v1.3.0", "1.3.0"),
        ("web/v1.4.0-rc.1", "1.4.0-rc.1"),
    ]
    assert candidate("v1.2.0-linux", form="v{version}-linux") is not None
    assert candidate("v", form="v{version}") is None


def test_a_history_in_which_rc10_follows_rc9_is_natural() -> None:
    seen = observe_order(["v1.0.0-rc8", "v1.0.0-rc9", "v0.9.1", "v1.0.0-rc10", "v1.0.0"])
    assert seen.order is Order.NATURAL
    assert seen.evidence == ("v1.0.0-rc9", "v1.0.0-rc10")


def test_a_history_that_shows_nothing_is_ordered_by_semver() -> None:
    assert observe_order(["v1.0.0-rc.9", "v1.0.0-rc.10", "v1.1.0-rc1"]) == (Order.SEMVER, None)
    assert observe_order([]) == (Order.SEMVER, None)


def test_a_history_that_follows_semver_says_so() -> None:
    seen = observe_order(["1.0.0-rc10", "1.0.0-rc9"])
    assert seen == (Order.SEMVER, ("1.0.0-rc10", "1.0.0-rc9"))
