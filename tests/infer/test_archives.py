"""Which folders hold the past: those beside each other that are called like versions."""

from relgraph.infer.archives import Archives
from relgraph.model.version import Version, parse_version


def released(*versions: str) -> tuple[Version, ...]:
    return tuple(version for text in versions if (version := parse_version(text)) is not None)


def test_all_folders_of_releases_are_the_past() -> None:
    archives = Archives(("docs", "docs/v1.1", "docs/v1.2", "docs/v1.10", "docs/main"), released("v1.10.0"))
    assert archives.holds("docs/v1.1/index.md")
    assert archives.holds("docs/v1.10/guide/install.md")
    assert not archives.holds("docs/main/index.md")
    assert not archives.holds("docs/v1.1.md")


def test_the_newest_one_is_not_while_nothing_of_it_is_released() -> None:
    archives = Archives(("install/v0.1.0", "install/v0.2.0-rc1", "install/v0.2.0"), released("v0.1.0", "v0.2.0-rc1"))
    assert archives.holds("install/v0.2.0-rc1/all.yaml")
    assert not archives.holds("install/v0.2.0/all.yaml")


def test_one_or_two_folders_say_nothing() -> None:
    archives = Archives(("docs/v1.1", "docs/v1.2", "api/v1", "api/v1beta1", "api/v2", "images/go-1.24"), released("v1.2.0"))
    assert not archives.holds("docs/v1.1/index.md")
    assert not archives.holds("api/v1/types.go")
