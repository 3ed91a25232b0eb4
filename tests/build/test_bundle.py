"""Images and artifacts from files, without an engine."""

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from buildworld import Built, node_of, part, run_builder, target_of
from relgraph.build.builder import Target
from relgraph.build.bundle import BUILDER
from relgraph.errors import DeclarationError
from relgraph.oci.codecs.bundle import TYPE
from relgraph.oci.manifest import Index, Manifest
from relgraph.oci.storage import read_blob, read_document

FILES: dict[str, str | bytes] = {
    "site/index.html": "<p>VERSION</p>\n",
    "site/css/a.css": "a{}\n",
    "hooks/install.yaml": "args: [--version, CHART_VERSION]\nimage: registry.example/acme/web:latest\n",
    "bin/run": b"#!/bin/sh\n\xff\n",
    "docs/one.md": "one\n",
    "docs/deep/two.md": "two\n",
}
OWN = part("images.site", "1.2.0")


def image(*uses: Any, stamp: dict[str, object] | None = None, **options: Any) -> Target:
    options = {"bundle": {"srv/www": "site", "usr/bin/run": "bin/run"}, "platforms": ["linux/amd64"], **options}
    return target_of(node_of("images.site"), FILES, OWN, *uses, stamp=stamp or {}, **options)


def config(built: Built, manifest: Manifest) -> Any:
    return json.loads(read_blob(built.repository, manifest.config, limit=1 << 20))


def layer(built: Built, manifest: Manifest, number: int = -1) -> dict[str, bytes]:
    data = gzip.decompress(read_blob(built.repository, manifest.layers[number], limit=1 << 24))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name: (archive.extractfile(member) or io.BytesIO()).read() for member in archive}


def manifest(built: Built) -> Manifest:
    assert isinstance(built.artifact.root, Manifest)
    return built.artifact.root


def test_an_image_has_its_files_where_they_are_declared(tmp_path: Path) -> None:
    built = run_builder(BUILDER, image(config={"Entrypoint": ["/usr/bin/run"], "Env": ["V={{ version }}"]}), tmp_path)
    assert layer(built, manifest(built)) == {
        "srv/www/index.html": b"<p>VERSION</p>\n",
        "srv/www/css/a.css": b"a{}\n",
        "usr/bin/run": b"#!/bin/sh\n\xff\n",
    }
    found = config(built, manifest(built))
    assert found["config"]["Entrypoint"] == ["/usr/bin/run"]
    assert found["config"]["Env"] == ["V=1.2.0"]
    assert found["config"]["Labels"]["org.opencontainers.image.version"] == "1.2.0"
    assert (found["os"], found["architecture"], found["created"]) == ("linux", "amd64", "2023-11-14T22:13:20Z")


def test_the_same_files_give_the_same_digest(tmp_path: Path) -> None:
    assert run_builder(BUILDER, image(), tmp_path).digest == run_builder(BUILDER, image(), tmp_path).digest


def test_files_are_stamped_by_their_paths_in_the_repository(tmp_path: Path) -> None:
    stamp: dict[str, object] = {"replace": {"VERSION": "{{ version }}"}}
    built = run_builder(BUILDER, image(stamp=stamp), tmp_path)
    assert layer(built, manifest(built))["srv/www/index.html"] == b"<p>1.2.0</p>\n"


def test_several_platforms_make_an_index(tmp_path: Path) -> None:
    built = run_builder(BUILDER, image(platforms=["linux/amd64", "linux/arm64"]), tmp_path)
    assert isinstance(built.artifact.root, Index)
    found = [read_document(built.repository, entry) for entry in built.artifact.root.manifests]
    assert [config(built, one)["architecture"] for one in found if isinstance(one, Manifest)] == ["amd64", "arm64"]


def test_an_image_stands_on_that_of_another_node(tmp_path: Path) -> None:
    below = target_of(
        node_of("images.base"),
        {"etc/base": "below\n"},
        part("images.base", "1.0.0"),
        bundle={"etc/base": "etc/base"},
        platforms=["linux/amd64", "linux/arm64"],
        config={"Env": ["A=1", "B=2"], "Cmd": ["x"], "User": "7", "Labels": {"l": "base"}},
    )
    base = run_builder(BUILDER, below, tmp_path)
    above = image(
        part("images.base", "1.0.0"), base="base", platforms=["linux/arm64"], config={"Env": ["B=3"], "Entrypoint": ["/e"]}
    )
    built = run_builder(BUILDER, above, tmp_path, {"images.base": base})
    assert built.recipe.needs == ("images.base",)
    assert layer(built, manifest(built), 0) == {"etc/base": b"below\n"}
    found = config(built, manifest(built))
    assert (found["config"]["Env"], found["config"]["User"], found["architecture"]) == (["A=1", "B=3"], "7", "arm64")
    assert "Cmd" not in found["config"]
    assert len(found["rootfs"]["diff_ids"]) == len(found["history"]) == 2


def test_a_base_by_reference_is_asked_for_by_its_digest(tmp_path: Path) -> None:
    base = run_builder(BUILDER, image(), tmp_path)
    reference = f"registry.example/acme/base@{base.digest}"
    target = image(base=reference)
    assert BUILDER.plan(target).bases == (reference,)
    built = run_builder(BUILDER, target, tmp_path, {reference: base})
    assert len(manifest(built).layers) == 2


def test_a_hook_is_its_file_stamped(tmp_path: Path) -> None:
    stamp = {
        "replace": {"CHART_VERSION": "{{ nodes.core.tag }}"},
        "set": {"hooks/install.yaml": {"image": "{{ nodes.web.image }}"}},
    }
    uses = (part("charts.core", "2.0.0-dev.1+gab", "2.0.0-dev.1_gab"), part("images.web", "2.0.0"))
    target = target_of(
        node_of("hooks.install", source="hooks/install.yaml"), FILES, part("hooks.install", "1.2.0"), *uses, stamp=stamp
    )
    built = run_builder(BUILDER, target, tmp_path)
    assert manifest(built).artifact_type == TYPE
    assert layer(built, manifest(built)) == {
        "install/install.yaml": b"args: [--version, 2.0.0-dev.1+gab]\nimage: registry.example/acme/web:2.0.0\n"
    }


def test_a_set_of_files_keeps_its_paths_under_a_type_of_its_own(tmp_path: Path) -> None:
    node = node_of("files.docs", paths=("docs/**",))
    target = target_of(node, FILES, part("files.docs", "1.2.0"), artifact_type="application/vnd.example.docs")
    built = run_builder(BUILDER, target, tmp_path)
    assert manifest(built).artifact_type == "application/vnd.example.docs"
    assert [one.title for one in manifest(built).layers] == ["docs/deep/two.md", "docs/one.md"]
    assert built.recipe.paths == ("docs/**",)


def test_what_is_not_versioned_does_not_change_with_version_or_time(tmp_path: Path) -> None:
    first = image(versioned=False)
    later = first._replace(
        own=part("images.site", "1.3.0"), release=first.release._replace(commit="d" * 40, time=first.release.time + 9, tag="v1.3.0")
    )
    assert BUILDER.plan(first) == BUILDER.plan(later)
    assert run_builder(BUILDER, first, tmp_path).digest == run_builder(BUILDER, later, tmp_path).digest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bundle": {"a": "site/x"}}, "no file matches site/x"),
        ({"bundle": {"a": "docs/one.md", "./a": "bin/run"}}, "both lie at a"),
        ({"bundle": {"../a": "bin/run"}}, "../a leads out of what is built"),
        ({"base": "debian:13"}, "no reference with a digest"),
        ({"config": {"Entrypoint": "run"}}, "Entrypoint is a list"),
        ({"config": {"Entypoint": ["run"]}}, "there is no 'Entypoint'"),
        ({"artifact_type": "application/x"}, "an image has none"),
        ({"target": "x"}, "has no use for 'target'"),
        ({"platforms": ["amd64"]}, "no platform"),
        ({"config": {"Labels": {"a": "{{ nodes.web.tag }}"}}}, "the node uses no 'web'"),
    ],
)
def test_what_cannot_be_built_is_said_while_planning(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        BUILDER.plan(image(**options))
    assert message in " ".join((str(caught.value), *caught.value.details))


def test_a_file_that_a_template_makes_is_laid_like_any_other(tmp_path: Path) -> None:
    target = image(bundle={"etc/site.conf": "conf/site.conf", "srv": "site"})._replace(
        templates={"conf/site.conf.j2": b"v={{ version }}\n", "site/index.html.j2": b"{{ name }}\n"}
    )
    assert BUILDER.plan(target).paths == ("site/**",)
    built = run_builder(BUILDER, target, tmp_path)
    assert layer(built, manifest(built)) == {"etc/site.conf": b"v=1.2.0\n", "srv/index.html": b"site\n", "srv/css/a.css": b"a{}\n"}


def test_a_template_that_makes_nothing_of_the_bundle_is_said() -> None:
    with pytest.raises(DeclarationError, match=r"templates: other/x is made, and lies nowhere"):
        BUILDER.plan(image()._replace(templates={"other/x.j2": b""}))
