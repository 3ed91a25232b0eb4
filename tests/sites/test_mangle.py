"""Spellings of versions and what they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.sites.mangle import looks_like_version, named_for_version, remangle, unmangle


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("0-30-0", "0.30.0"),
        ("v0-30-0", "v0.30.0"),
        ("1-2-0-rc3", "1.2.0-rc3"),
        ("release-0.30.0", "0.30.0"),
        ("release-0-30-0", "0.30.0"),
        ("refs/tags/v1.2.3", "v1.2.3"),
        ("refs/heads/main", "main"),
        ("controller-v1.12.1", "v1.12.1"),
        ("component/v1.2.3", "v1.2.3"),
        ("v1.32.13-k3s1", "v1.32.13"),
        ("v1.30.2+k3s2", "v1.30.2"),
        ("1.25.5-1", "1.25.5"),
        ("1.22-alpine", "1.22"),
        ("1.22.3-alpine3.19", "1.22.3"),
        ("16.0.0-debian-11-r13", "16.0.0"),
        ("golang-1.22", "1.22"),
        ("go1.24", "1.24"),
        ('"1.2.3"', "1.2.3"),
        (" '1.2.3' ", "1.2.3"),
    ],
)
def test_known_mangling_is_undone(raw: str, value: str) -> None:
    assert unmangle(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        "1.2.3-rc.1",
        "v0.2.0-rc17",
        "0.20.0-alpha.1",
        "2024-01-02",
        "main",
        "latest",
        "${VERSION}",
        "v{{ .x }}",
        "",
        "node-18",
        "1.2.3+build",
    ],
)
def test_the_rest_is_left_alone(raw: str) -> None:
    assert unmangle(raw) == raw


@pytest.mark.parametrize("value", ["1.2.3", "v1.2", "1.2.3-rc1", "v1.2.3.4"])
def test_versions_look_like_versions(value: str) -> None:
    assert looks_like_version(value)


@pytest.mark.parametrize("value", ["10.0.0.1", "2024.01.02", "1.5", "8080", "abc", "", "2024-01-02"])
def test_addresses_dates_and_numbers_do_not(value: str) -> None:
    assert not looks_like_version(value)


def test_a_name_makes_short_numbers_versions() -> None:
    assert looks_like_version("1.5", named=True)
    assert looks_like_version("18", named=True)
    assert not looks_like_version("1", named=True)


@pytest.mark.parametrize(
    "name",
    ["HELM_VERSION", "version", "imageTag", "image.tag", "STATICCHECK_VER", "KS_RELEASE", "GIT_REF", "GoVersion", "appVersion"],
)
def test_names_that_promise_a_version(name: str) -> None:
    assert named_for_version(name)


@pytest.mark.parametrize("name", ["SERVER", "driver", "resolver", "stage", "conversion", "IGNORE_GO_VERSION", "PORT", "href"])
def test_names_that_do_not(name: str) -> None:
    assert not named_for_version(name)


@given(st.text(max_size=60))
def test_undoing_twice_is_undoing_once(raw: str) -> None:
    once = unmangle(raw)
    assert len(once) <= len(raw.strip()) or once == raw
    looks_like_version(once)
    assert isinstance(unmangle(once), str)


@pytest.mark.parametrize(
    ("raw", "value", "other", "expected"),
    [
        ("0-30-0", "0.30.0", "0.31.0", "0-31-0"),
        ("v1.27.2-k3s1", "v1.27.2", "v1.32.13", "v1.32.13-k3s1"),
        ("release-0.30.0", "0.30.0", "0.31.0", "release-0.31.0"),
        ("`1.22`", "1.22", "1.24", "`1.24`"),
        ("refs/tags/v1.0.0", "v1.0.0", "v1.1.0", "refs/tags/v1.1.0"),
        ("1.2, once 1.2", "1.2", "1.3", None),
        ("${X}", "1.2", "1.3", None),
        ("", "", "1.3", None),
    ],
)
def test_another_version_is_written_in_the_same_way(raw: str, value: str, other: str, expected: str | None) -> None:
    assert remangle(raw, value, other) == expected


@given(
    st.sampled_from(["0-30-0", "'0.30.0'", "release-0.30.0", "0.30.0-k3s1", "0.30.0-alpine", "v0.30.0", "go1.24"]),
    st.tuples(*[st.integers(0, 99)] * 3),
)
def test_what_is_written_stands_for_the_other_version(raw: str, numbers: tuple[int, int, int]) -> None:
    version = ".".join(map(str, numbers))
    written = remangle(raw, unmangle(raw), version)
    assert written is not None
    assert unmangle(written) == version
