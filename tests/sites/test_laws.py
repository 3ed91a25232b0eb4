"""What holds for every extractor, whatever the text: spans hold what is reported, nothing raises, long input ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.sites.extractor import Extractor
from relgraph.sites.registry import EXTRACTORS, extract
from relgraph.syntax.text import Text
from sitetext import holds

# Paths that between them every extractor reads.
_PATHS = (
    "Makefile",
    "scripts/x.sh",
    "Dockerfile",
    "docs/x.md",
    "go.mod",
    "pkg/x.go",
    "pyproject.toml",
    "package.json",
    "Cargo.toml",
    "requirements.txt",
    "VERSION",
    ".tool-versions",
    "bin/tool",
    "notes.txt",
    "chart/values.yaml",
    "chart/Chart.yaml",
    "chart/templates/x.yaml",
    "kustomization.yaml",
    ".github/workflows/x.yml",
    ".gitlab-ci.yml",
    ".goreleaser.yaml",
    "config/crd/x.yaml",
)
_PIECES = (
    "A_VERSION=1.2.3",
    "export B_TAG=${C:-v1.2}",
    "helm install a oci://x.example/a/b --version ",
    "--set a.tag=1.2,b=c",
    "go install acme.example/x/cmd/y@v1.0.0",
    "https://github.com/acme/web/releases/download/v1.0/web_1.0.0.tgz",
    "https://raw.githubusercontent.com/acme/web/refs/heads/main/x",
    "ghcr.io/acme/web:1.2.3",
    "@sha256:" + "a" * 64,
    "FROM golang:1.24 AS b",
    "image: nginx:1.27",
    "Acme version 1.2 or higher",
    "[a](../b.md)",
    "| a | 1.2 |",
    "```sh",
    "```",
    "require (",
    "acme.example/a v1.0.0 // indirect",
    "version: 1.2.3",
    '"version": "1.2.3",',
    "- name: x",
    "uses: acme/do@v4 # v4.1",
    "target: dep",
    "\tcmd $(X)",
    "{{ .Values.x }}",
    "${{ env.X }}",
    "$(shell x)",
    'const X = "v1.2.3"',
    "sed -i 's/a/b/' x/y.yaml",
    "is_installed 'A' v1.2",
    "\\",
    '"',
    "'",
    "#",
    "$",
    "{",
    "}",
    "(",
    ")",
    ":",
    "-",
    "é",
    "\U0001f600",
    "\udcff",
    "\r",
    "\t",
    "  ",
)
_TEXTS = st.lists(st.tuples(st.sampled_from(_PIECES), st.sampled_from(("\n", " ", "", "\\\n"))), max_size=14).map(
    lambda parts: "".join(piece + joint for piece, joint in parts)
)


@given(st.sampled_from(_PATHS), st.one_of(_TEXTS, st.text(max_size=60)))
def test_spans_hold_what_is_reported(path: str, content: str) -> None:
    text = Text(
        path,
        content.encode("utf-8", "surrogatepass" if any("\ud800" <= char < "\udc80" for char in content) else "surrogateescape"),
    )
    for extractor in EXTRACTORS:
        if extractor.matches(path):
            for site in extractor.extract(text):
                holds(text, site)


@given(st.sampled_from(_PATHS), _TEXTS)
def test_extracting_is_a_function(path: str, content: str) -> None:
    data = content.encode("utf-8", "surrogateescape")
    first = extract(Text(path, data))
    assert first == extract(Text(path, data))
    places = [(site.span.start, site.span.end, site.kind) for site in first]
    assert len(places) == len(set(places))
    assert [place[0] for place in places] == sorted(place[0] for place in places)


@pytest.mark.parametrize("extractor", EXTRACTORS, ids=lambda extractor: extractor.name)
@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "1.",
        "1.2",
        "$",
        "${",
        "$(",
        "{{",
        "(",
        '"',
        "'",
        "`",
        "a/",
        "://",
        "a.b/",
        ":",
        "@",
        "-",
        "=",
        "a=",
        " ",
        "\t",
        "\n",
        "\\\n",
        "|",
        "[a](",
        "x: ",
        "- ",
        "#",
        "1.2 ",
        "A ",
        "a.io/b:",
    ],
)
def test_long_lines_end(extractor: Extractor, piece: str) -> None:
    content = (piece * (30000 // len(piece))).encode()
    for path in _PATHS:
        if extractor.matches(path):
            text = Text(path, content)
            for site in extractor.extract(text):
                assert site.span.end <= len(content)
