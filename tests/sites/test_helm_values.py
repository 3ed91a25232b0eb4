import pytest
from hypothesis import given

from relgraph.model.site import Kind, Part, Pin, Role
from relgraph.sites.helm_values import EXTRACTOR
from relgraph.syntax.text import Text
from yamlsites import BYTES, brief, check_laws, sites_of


@pytest.mark.parametrize(
    "path", ["values.yaml", "chart/values-prod.yml", "custom-values.yaml", "a/values.ci.yaml", "values.yaml.tmpl"]
)
def test_values_files(path: str) -> None:
    assert EXTRACTOR.matches(path)


@pytest.mark.parametrize("path", ["values.json", "evaluesx.yaml", "Chart.yaml", "values/web.txt"])
def test_other_files(path: str) -> None:
    assert not EXTRACTOR.matches(path)


def test_versions_are_known_by_their_address_and_are_defaults() -> None:
    found = sites_of(
        EXTRACTOR,
        "values.yaml",
        """\
        WEB_VERSION: "0.30.0"
        # OLD_VERSION: "0.1.0"
        agent:
          version: v1.2.3 # of the agent
          imageTag: 1.2.3-rc.1
          logLevel: 4
          apiVersion: v1.0
          port: 8080
          address: 10.0.0.1
        """,
    )
    assert brief(found) == [
        ("variable", "WEB_VERSION", "0.30.0", "WEB_VERSION"),
        ("variable", "agent.version", "v1.2.3", "agent.version"),
        ("variable", "agent.imageTag", "1.2.3-rc.1", "agent.imageTag"),
    ]
    assert {site.role for site in found} == {Role.DEFAULT}
    assert [site.part for site in found] == [Part.VERSION, Part.VERSION, Part.TAG]
    assert {site.get("scope") for site in found} == {"values"}


def test_an_image_in_parts_is_one_site_on_its_tag() -> None:
    digest = "sha256:" + "0" * 64
    source = f"web:\n  image:\n    registry: ghcr.io\n    repository: acme/web\n    tag: 1.2.3\n    digest: {digest}\n    pullPolicy: Always\n"
    tag, pinned = sites_of(EXTRACTOR, "values.yaml", source)
    assert (tag.kind, tag.name, tag.part, tag.value, tag.key) == (
        Kind.IMAGE,
        "ghcr.io/acme/web",
        Part.TAG,
        "1.2.3",
        "web.image.tag",
    )
    assert tag.get("ref") == "ghcr.io/acme/web:1.2.3"
    assert (pinned.part, pinned.pin, pinned.value) == (Part.DIGEST, Pin.DIGEST, digest)


@pytest.mark.parametrize("tag", ['  tag: ""\n', "  tag:\n", ""])
def test_an_image_without_a_tag_says_so(tag: str) -> None:
    (site,) = sites_of(EXTRACTOR, "values.yaml", f"image:\n  repository: ghcr.io/acme/web\n{tag}")
    assert (site.part, site.pin, site.raw) == (Part.REPOSITORY, Pin.ABSENT, "ghcr.io/acme/web")
    assert site.get("tag_key") == ("image.tag" if '""' in tag else "")


def test_images_in_one_string() -> None:
    source = "image: acme/web:1.2.3\nsidecarImage: ghcr.io/acme/proxy:v2\nprobe: quay.io/acme/probe:3.1\nmirror: registry.example:5000\nimages:\n- acme/a:1\n"
    assert brief(sites_of(EXTRACTOR, "values.yaml", source)) == [
        ("image", "docker.io/acme/web", "1.2.3", "image"),
        ("image", "ghcr.io/acme/proxy", "v2", "sidecarImage"),
        ("image", "quay.io/acme/probe", "3.1", "probe"),
        ("image", "docker.io/acme/a", "1", "images[0]"),
    ]


def test_an_image_beside_its_tag() -> None:
    found = sites_of(EXTRACTOR, "values.yaml", "image: ghcr.io/acme/web\nimageTag: v1.2.3\nimagePullPolicy: Always\n")
    assert brief(found) == [("image", "ghcr.io/acme/web", "v1.2.3", "imageTag")]


def test_environment_entries() -> None:
    (site,) = sites_of(EXTRACTOR, "values.yaml", "env:\n- name: HELM_VERSION\n  value: 3.16.4\n- name: LEVEL\n  value: info\n")
    assert (site.kind, site.name, site.value, site.get("scope")) == (Kind.VARIABLE, "HELM_VERSION", "3.16.4", "env")


def test_scripts_within_values() -> None:
    found = sites_of(EXTRACTOR, "values.yaml", "init: |\n  #!/bin/sh\n  helm pull oci://ghcr.io/acme/web --version 1.2.3\n")
    assert [(site.kind, site.name, site.value) for site in found] == [(Kind.CHART, "oci://ghcr.io/acme/web", "1.2.3")]


@given(BYTES)
def test_no_input_makes_it_raise(data: bytes) -> None:
    text = Text("values.yaml", data)
    check_laws(text, list(EXTRACTOR.extract(text)))
