"""References in Dockerfiles."""

import pytest

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.dockerfile import EXTRACTOR
from sitetext import brief, by_name, found


def _sites(content: str, path: str = "Dockerfile") -> list[Site]:
    return found(EXTRACTOR, path, content)


def test_base_images_but_no_stages() -> None:
    sites = _sites(
        "FROM --platform=$BUILDPLATFORM golang:1.24 AS Builder\nFROM scratch\nFROM builder AS x\n"
        "FROM ghcr.io/acme/base:1.2@sha256:" + "a" * 64 + "\nFROM acme/plain\n"
    )
    assert brief(sites) == [
        ("image", "docker.io/library/golang", "1.24"),
        ("image", "ghcr.io/acme/base", "1.2"),
        ("image", "ghcr.io/acme/base", "sha256:" + "a" * 64),
        ("image", "docker.io/acme/plain", "acme/plain"),
    ]
    assert [site.pin for site in sites] == [Pin.EXACT, Pin.EXACT, Pin.DIGEST, Pin.ABSENT]


def test_arguments_in_tags_and_as_whole_images() -> None:
    sites = by_name(_sites("ARG GO_VERSION=1.24\nARG BASE=debian:12.5-slim\nFROM golang:${GO_VERSION}-alpine AS b\nFROM $BASE\n"))
    assert (sites["GO_VERSION"].raw, sites["GO_VERSION"].role, sites["GO_VERSION"].get("scope")) == ("1.24", Role.DEFAULT, "arg")
    golang = sites["docker.io/library/golang"]
    assert (golang.raw, golang.pin, golang.get("vars"), golang.get("form_text")) == (
        "${GO_VERSION}-alpine",
        Pin.TEMPLATED,
        "GO_VERSION",
        "{}-alpine",
    )
    debian = sites["docker.io/library/debian"]
    assert (debian.raw, debian.value, debian.role, debian.get("var")) == ("12.5-slim", "12.5", Role.DEFAULT, "BASE")


def test_arguments_without_a_version_are_known_to_exist() -> None:
    sites = by_name(_sites("ARG VERSION\nARG DIR=/app TARGETOS\n"))
    assert (sites["VERSION"].raw, sites["VERSION"].pin, sites["VERSION"].value) == ("VERSION", Pin.ABSENT, "")
    assert (sites["DIR"].raw, sites["DIR"].get("default")) == ("DIR", "/app")
    assert "TARGETOS" not in sites


def test_environment_old_and_new_and_labels() -> None:
    sites = by_name(
        _sites('ENV A_VERSION=1.2.3 B=x C_VERSION="2.0"\nENV D_VERSION 3.1\nLABEL org.opencontainers.image.version="1.9" name=x\n')
    )
    assert {name: site.raw for name, site in sites.items()} == {
        "A_VERSION": "1.2.3",
        "C_VERSION": "2.0",
        "D_VERSION": "3.1",
        "org.opencontainers.image.version": "1.9",
    }
    assert sites["org.opencontainers.image.version"].role is Role.DECLARES


def test_files_copied_from_the_context_and_images_copied_from() -> None:
    sites = _sites(
        "FROM a:1 AS b\nCOPY --from=b /x /y\nCOPY --from=0 /x /y\nCOPY --from=acme/tool:1.2 /x /y\nCOPY --chown=1:1 go.mod ./sub/x.txt ./\nCOPY . .\nADD https://acme.example/x.tgz /\n"
    )
    assert brief(sites) == [
        ("image", "docker.io/library/a", "1"),
        ("image", "docker.io/acme/tool", "1.2"),
        ("file", "go.mod", "go.mod"),
        ("file", "sub/x.txt", "./sub/x.txt"),
    ]


def test_commands_and_mounts() -> None:
    sites = by_name(
        _sites(
            "RUN --mount=type=bind,from=ghcr.io/acme/t:3.1,target=/t \\\n  X_VERSION=1.2.3; \\\n  go install acme.example/t@v1.0.0\nRUN <<EOF\npip install a==1.0\nEOF\n"
        )
    )
    assert {name: site.raw for name, site in sites.items()} == {
        "ghcr.io/acme/t": "3.1",
        "X_VERSION": "1.2.3",
        "acme.example/t": "v1.0.0",
        "pypi:a": "1.0",
    }


@pytest.mark.parametrize("path", ["Dockerfile", "a/web.Dockerfile", "Dockerfile.build", "Containerfile", "x/dev.dockerfile"])
def test_names_of_dockerfiles(path: str) -> None:
    assert [site.part for site in _sites("FROM a:1.2", path)] == [Part.TAG]


@pytest.mark.parametrize("path", ["Dockerfile.md", "dockerfile.go", ".dockerignore", "Dockerfile.j2", "docs/about-Dockerfiles"])
def test_names_of_other_files(path: str) -> None:
    assert not EXTRACTOR.matches(path)


def test_kinds_are_what_they_seem() -> None:
    assert {site.kind for site in _sites("FROM a:1\nENV V_VERSION=1.2.3\nCOPY a b\n")} == {Kind.IMAGE, Kind.VARIABLE, Kind.FILE}
