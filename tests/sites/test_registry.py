"""Which files are read, and how what several extractors find is put together."""

import pytest

from relgraph.model.site import Kind, Site
from relgraph.sites.readable import readable
from relgraph.sites.registry import EXTRACTORS, extract
from relgraph.syntax.text import Text
from sitetext import holds


def _extract(path: str, content: str) -> tuple[Site, ...]:
    text = Text(path, content.encode("utf-8", "surrogateescape"))
    sites = extract(text)
    for site in sites:
        holds(text, site)
    return sites


@pytest.mark.parametrize(
    "path",
    [
        "Makefile",
        "go.mod",
        "a/values.yaml",
        "docs/x.md",
        "VERSION",
        "bin/tool",
        ".github/workflows/x.yml",
        "Dockerfile",
        "a.tpl",
        "NOTES.txt",
        "charts/web/Chart.lock",
        "x.json",
        "vendors/x.go",
    ],
)
def test_text_is_worth_reading(path: str) -> None:
    assert readable(path)


@pytest.mark.parametrize(
    "path",
    [
        "vendor/x/y.go",
        "a/node_modules/b.js",
        "third_party/x.yaml",
        "a.png",
        "go.sum",
        "x.min.js",
        "a.svg",
        "d.drawio",
        "package-lock.json",
        "yarn.lock",
        "LICENSE",
        "x.pdf",
        "a/b.tar.gz",
    ],
)
def test_binaries_vendored_trees_and_locks_are_not(path: str) -> None:
    assert not readable(path)


def test_names_of_extractors_are_their_own() -> None:
    names = [extractor.name for extractor in EXTRACTORS]
    assert len(names) == len(set(names))


def test_what_a_structural_extractor_explains_is_not_told_again() -> None:
    sites = _extract("Makefile", "IMG ?= ghcr.io/acme/web:1.2.3\nURL = https://github.com/acme/web/tree/v1.0.0\n")
    assert [(site.syntax, site.kind, site.raw) for site in sites] == [("make", Kind.IMAGE, "1.2.3"), ("url", Kind.GIT, "v1.0.0")]


def test_sites_come_in_order_of_position() -> None:
    sites = _extract(
        "x.sh",
        "#!/bin/sh\ncurl https://github.com/acme/web/tree/v1.0.0\nA_VERSION=1.2.3 # ghcr.io/acme/web:1.0\nhelm pull oci://x.example/a/b --version 2.0\n",
    )
    assert [site.raw for site in sites] == ["v1.0.0", "1.2.3", "1.0", "2.0"]
    assert [site.span.start for site in sites] == sorted(site.span.start for site in sites)


def test_binary_content_under_a_textual_name_is_left_alone() -> None:
    assert extract(Text("x.md", b"\0\1\2 https://github.com/acme/web/tree/v1.0.0")) == ()


def test_bytes_that_are_no_utf8_disturb_nothing() -> None:
    text = Text("x.md", b"\xff\xfe https://github.com/acme/web/tree/v1.0.0 \xe9\n\xff Acme 1.2.3 is out")
    sites = extract(text)
    for site in sites:
        holds(text, site)
    assert [site.raw for site in sites] == ["v1.0.0", "1.2.3"]
