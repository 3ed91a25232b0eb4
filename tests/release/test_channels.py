import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.model.version import parse_version, semver_key
from relgraph.release.channels import channel_names, moves

VERSIONS = st.builds("{}.{}.{}".format, *[st.integers(0, 3)] * 3)


@pytest.mark.parametrize(
    ("channel", "version", "published", "expected"),
    [
        ("latest", "1.2.0", ["1.1.9", "1.2.0"], True),
        ("latest", "1.1.9", ["1.2.0"], False),
        ("v1", "1.1.9", ["1.2.0"], False),
        ("v1", "1.3.0", ["1.2.0", "2.0.0"], True),
        ("1.1", "1.1.9", ["1.2.0", "1.1.8"], True),
        ("v2", "1.3.0", [], False),
        ("latest", "1.3.0-rc.1", ["1.2.0"], False),
        ("latest", "1.3.0", ["1.4.0-rc.1", "latest", "sha256-abc.sig"], True),
        ("latest", "1.2.1-dev.3", [], False),
    ],
)
def test_a_channel_moves_forward_only_within_its_line(channel: str, version: str, published: list[str], expected: bool) -> None:
    assert moves(channel, "{version}", version, published) is expected


def test_tags_are_read_in_the_format_of_the_node() -> None:
    assert not moves("latest", "v{version}", "1.2.0", ["v1.3.0"])
    assert moves("latest", "v{version}", "1.2.0", ["1.3.0"])


def test_channels_are_named_by_parts_of_the_version() -> None:
    version = parse_version("1.2.3")
    assert version is not None
    assert channel_names(("v{major}", "{major}.{minor}", "latest", "latest"), version) == ("v1", "1.2", "latest")


@given(st.lists(VERSIONS, min_size=1, max_size=6, unique=True))
def test_whatever_the_order_of_releases_latest_ends_at_the_newest(order: list[str]) -> None:
    published: list[str] = []
    latest = ""
    for version in order:
        published.append(version)
        if moves("latest", "{version}", version, published):
            latest = version
    newest = max(order, key=lambda text: semver_key(parse_version(text)))  # type: ignore[arg-type]  # all are versions
    assert latest == newest
