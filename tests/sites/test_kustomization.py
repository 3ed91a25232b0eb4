from hypothesis import given

from relgraph.model.site import Part, Pin
from relgraph.sites.kustomization import EXTRACTOR
from relgraph.syntax.text import Text
from yamlsites import BYTES, brief, check_laws, sites_of


def test_images_are_renamed_and_pinned() -> None:
    digest = "sha256:" + "0" * 64
    source = f"""\
        images:
        - name: controller
          newName: ghcr.io/acme/manager
          newTag: "1.2.3"
        - name: acme/web
          newTag: will be replaced by the release
        - name: acme/db
          newName: acme/database
          digest: {digest}
        - name: untouched
        """
    found = sites_of(EXTRACTOR, "config/kustomization.yaml", source)
    assert [(site.name, site.part, site.raw, site.pin, site.key) for site in found] == [
        ("ghcr.io/acme/manager", Part.TAG, "1.2.3", Pin.EXACT, "images[0].newTag"),
        ("docker.io/acme/web", Part.TAG, "will be replaced by the release", Pin.PLACEHOLDER, "images[1].newTag"),
        ("docker.io/acme/database", Part.DIGEST, digest, Pin.DIGEST, "images[2].digest"),
    ]
    assert found[0].get("original") == "controller"
    assert found[0].get("ref") == "ghcr.io/acme/manager:1.2.3"


def test_local_files_are_named_from_the_root() -> None:
    source = """\
        resources:
        - ../base/
        - deployment.yaml
        - https://example.org/x.yaml
        - github.com/acme/web//deploy?ref=v1
        - ../../../outside
        # - commented.yaml
        patches:
        - path: patches/web.yaml
        - patch: "- op: remove"
        """
    assert brief(sites_of(EXTRACTOR, "deploy/prod/kustomization.yml", source)) == [
        ("file", "deploy/base", "../base/", "resources[0]"),
        ("file", "deploy/prod/deployment.yaml", "deployment.yaml", "resources[1]"),
        ("file", "deploy/prod/patches/web.yaml", "patches/web.yaml", "patches[0].path"),
    ]


def test_charts_to_inflate() -> None:
    source = "helmCharts:\n- name: web\n  repo: https://charts.example\n  version: 1.2.3\n  releaseName: front\n"
    (site,) = sites_of(EXTRACTOR, "Kustomization", source)
    assert (site.name, site.value, site.get("release")) == ("https://charts.example#web", "1.2.3", "front")


@given(BYTES)
def test_no_input_makes_it_raise(data: bytes) -> None:
    text = Text("kustomization.yaml", data)
    check_laws(text, list(EXTRACTOR.extract(text)))
