"""Images and OCI charts in any text."""

import pytest

from relgraph.model.site import Kind, Part, Pin, Role
from relgraph.sites.image_text import EXTRACTOR
from sitetext import brief, found

_SHA = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("line", "name", "raw"),
    [
        ("see ghcr.io/acme/web:1.2.3.", "ghcr.io/acme/web", "1.2.3"),
        ('"quay.io/acme/web:v1-rc.2"', "quay.io/acme/web", "v1-rc.2"),
        ("(ghcr.io/acme/web:{{ .Values.tag }})", "ghcr.io/acme/web", "{{ .Values.tag }}"),
        ("ghcr.io/acme/${NAME}:v$VERSION", "ghcr.io/acme/${NAME}", "v$VERSION"),
        ("registry.acme.example:5000/a/b:1", "registry.acme.example:5000/a/b", "1"),
        ("localhost:5000/a/b:dev", "localhost:5000/a/b", "dev"),
        (f"ghcr.io/acme/web@{_SHA}", "ghcr.io/acme/web", _SHA),
        ("ko.local/web:38156c6", "ko.local/web", "38156c6"),
        ("image: nginx:1.27", "docker.io/library/nginx", "1.27"),
        ('image: "acme/web:1.2"', "docker.io/acme/web", "1.2"),
        ("--image=busybox:1.36", "docker.io/library/busybox", "1.36"),
        ("FROM --platform=x golang:1.24 AS y", "docker.io/library/golang", "1.24"),
        ("  package: acme/provider-web:v0.12.0", "docker.io/acme/provider-web", "v0.12.0"),
        ("docker.io/nginx:1.27", "docker.io/library/nginx", "1.27"),
        ("docker://docker.io/acme/web:1.2", "docker.io/acme/web", "1.2"),
    ],
)
def test_references_are_found_where_their_spelling_or_context_shows_them(line: str, name: str, raw: str) -> None:
    sites = found(EXTRACTOR, "x.txt", line)
    assert [(site.name, site.raw) for site in sites if site.kind is Kind.IMAGE] == [(name, raw)]


def test_a_tag_and_its_digest_are_two_sites() -> None:
    tag, digest = found(EXTRACTOR, "x.yaml", f"ghcr.io/acme/web:1.2@{_SHA}")
    assert (tag.part, digest.part, digest.pin) == (Part.TAG, Part.DIGEST, Pin.DIGEST)
    assert tag.get("ref") == digest.get("ref") == f"ghcr.io/acme/web:1.2@{_SHA}"


@pytest.mark.parametrize(
    "line",
    [
        "https://acme.example/a/b:1.2",
        "me@acme.example/x:1",
        "example.com/foo:8080",
        "github.com/acme/web/x.go:123",
        "acme.example/a/b.go:12",
        "/etc/acme.d/x:1",
        "12:30:45 1.2:3",
        "host.example:8080",
        "acme.example/a/b:go_default_library",
        "ghcr.io/acme/web:v([0-9]+)",
        "a: b",
        "image: web",
        'key: "{{ .image }}"',
        "ghcr.io/acme/web",
        "image:tag",
    ],
)
def test_what_is_no_image(line: str) -> None:
    assert [site for site in found(EXTRACTOR, "x.txt", line) if site.name != "docker.io/library/tag"] == []


def test_charts_by_tag_by_absence_and_by_an_option_elsewhere() -> None:
    (tagged,) = found(EXTRACTOR, "x.txt", "oci://ghcr.io/acme/charts/web:1.2.3")
    assert (tagged.kind, tagged.name, tagged.raw, tagged.part) == (
        Kind.CHART,
        "oci://ghcr.io/acme/charts/web",
        "1.2.3",
        Part.VERSION,
    )
    (absent,) = found(EXTRACTOR, "x.txt", "get oci://ghcr.io/acme/charts/web.")
    assert (absent.raw, absent.part, absent.pin) == ("oci://ghcr.io/acme/charts/web", Part.REPOSITORY, Pin.ABSENT)
    assert found(EXTRACTOR, "x.txt", "oci://ghcr.io/acme/charts/web --version 1.2.3") == []
    assert found(EXTRACTOR, "x.txt", "helm push x.tgz oci://ghcr.io/acme/charts") == []
    assert found(EXTRACTOR, "x.txt", "oci://ghcr.io") == []
    (templated,) = found(EXTRACTOR, "x.txt", "oci://ghcr.io/acme/web:v${V}")
    assert (templated.raw, templated.get("vars")) == ("v${V}", "V")


def test_go_sources_have_their_own_reader() -> None:
    assert not EXTRACTOR.matches("x/y.go")


def test_several_on_a_line_in_text_beyond_ascii() -> None:
    sites = found(EXTRACTOR, "x.md", "ä ghcr.io/acme/a:1.0, ö ghcr.io/acme/b:2.0 \U0001f600\nü ghcr.io/acme/c:3.0")
    assert brief(sites) == [("image", f"ghcr.io/acme/{name}", raw) for name, raw in (("a", "1.0"), ("b", "2.0"), ("c", "3.0"))]


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("  # image: ghcr.io/acme/web:1.2.3", Role.MENTION),
        ("#  - image: ghcr.io/acme/web:1.2.3", Role.MENTION),
        ("# # newName: ghcr.io/acme/web:1.2.3", Role.MENTION),
        ('#"image": ghcr.io/acme/web:1.2.3', Role.MENTION),
        ("# made from ghcr.io/acme/web:1.2.3", Role.USES),
        ("image: ghcr.io/acme/web:1.2.3 # it runs", Role.USES),
    ],
)
def test_what_is_commented_out_in_yaml_is_a_mention(line: str, role: Role) -> None:
    assert [site.role for site in found(EXTRACTOR, "deploy/web.yaml", f"a: b\n{line}\n")] == [role]
    assert [site.role for site in found(EXTRACTOR, "notes.txt", f"a: b\n{line}\n")] == [Role.USES]
