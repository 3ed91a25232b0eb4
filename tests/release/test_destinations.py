import pytest

from relgraph.errors import UsageError
from relgraph.release.destinations import destination, layout_name


@pytest.mark.parametrize(
    ("reference", "to", "expected"),
    [
        ("ghcr.io/acme/web", "", "ghcr.io/acme/web"),
        ("ghcr.io/acme/web", "layout:out", "layout:out//ghcr.io/acme/web"),
        ("ghcr.io/acme/web", "127.0.0.1:5000", "127.0.0.1:5000/ghcr.io/acme/web"),
        ("ghcr.io/acme/web", "mirror.example/staging/", "mirror.example/staging/ghcr.io/acme/web"),
        ("registry.example:5000/web", "layout:out", "layout:out//registry.example-5000/web"),
        ("acme/web", "layout:out", "layout:out//docker.io/acme/web"),
    ],
)
def test_a_place_takes_whole_names(reference: str, to: str, expected: str) -> None:
    assert str(destination(reference, to)) == expected


@pytest.mark.parametrize("to", ["layout:out//web", "layout:out:1.0.0", "nohost/prefix", "ghcr.io/acme:tag"])
def test_what_is_no_place_is_refused(to: str) -> None:
    with pytest.raises(UsageError):
        destination("ghcr.io/acme/web", to)


def test_a_reference_with_a_tag_is_no_node() -> None:
    with pytest.raises(UsageError, match="has no tag"):
        destination("ghcr.io/acme/web:1.0.0")


def test_a_layout_keeps_its_own_names() -> None:
    assert layout_name("layout:out//web") == "web"
