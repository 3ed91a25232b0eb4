"""Charts that relgraph's builder made, against the real helm."""

import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from buildworld import TIME, Built, node_of, part, run_builder, target_of
from peers import GetPeer, Peer
from relgraph.build.builder import Part, Target
from relgraph.build.helm import BUILDER
from relgraph.cli.command import Values
from relgraph.cli.registries import Stores
from relgraph.cli.terminal import Terminal
from relgraph.oci.codecs.helm import CONTENT
from relgraph.oci.manifest import Manifest
from relgraph.oci.reference import parse_reference
from relgraph.oci.storage import read_blob
from relgraph.oci.stores import put

_CHART = """\
apiVersion: v2
name: web-chart
description: serves pages
type: application
version: 0.0.0
appVersion: 0.0.0
dependencies:
  - {name: db, version: ">=2.0.0 <3.0.0", repository: "oci://registry.example/acme", condition: db.enabled}
  - {name: lib, version: 0.3.0, repository: "file://../lib"}
"""
FILES: dict[str, str | bytes] = {
    "charts/web/Chart.yaml": _CHART,
    "charts/web/values.yaml": "# what runs\nimage: {repository: registry.example/acme/web, tag: latest}\nreplicas: 2   # two\n",
    "charts/web/templates/web.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  labels: {app: '{{ .Chart.AppVersion }}', chart: '{{ .Chart.Version }}'}\n"
        'data:\n  image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"\n  lib: {{ include "lib.word" . }}\n  hook: HOOK_VERSION\n'
    ),
    "charts/web/.helmignore": "*.bak\n",
    "charts/web/old.bak": "never\n",
    "charts/web/README.md": "# Web\n",
    "charts/lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 0.3.0\ntype: library\n",
    "charts/lib/templates/_word.tpl": '{{ define "lib.word" }}word{{ end }}\n',
    "charts/db/Chart.yaml": "apiVersion: v2\nname: db\nversion: 0.0.0\n",
    "charts/db/templates/db.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: db, labels: {v: '{{ .Chart.Version }}'}}\n",
}
DB = Part("charts.db", "2.1.0", "2.1.0", "oci://registry.example/acme/db")
OWN = Part("charts.web", "1.2.0", "v1.2.0", "oci://registry.example/acme/web-chart")


@pytest.fixture
def helm(peer: GetPeer) -> Peer:
    return peer("helm")


@pytest.fixture
def built(tmp_path: Path) -> Built:
    builds = tmp_path / "builds"
    database = run_builder(BUILDER, target_of(node_of("charts.db", source="charts/db"), FILES, DB), builds)
    return run_builder(BUILDER, _target(), builds, {"charts.db": database})


def _target(**more: Any) -> Target:
    stamp: dict[str, object] = {
        "set": {"values.yaml": {"image.tag": "{{ nodes.web.tag }}"}},
        "replace": {"HOOK_VERSION": "{{ version }}"},
        "values": {"team": "platform of {{ repo }}"},
        "delimiters": "angle",
    }
    templates = {"templates/NOTES.txt.j2": "Web <{ version }> by <{ values.team }>, chart {{ .Chart.Version }}\n"}
    uses = (part("images.web", "1.2.0"), DB)
    return target_of(node_of("charts.web", source="charts/web"), FILES, OWN, *uses, stamp=stamp, templates=templates, **more)


def _package(built: Built) -> bytes:
    document = built.artifact.root
    assert isinstance(document, Manifest)
    (layer,) = (layer for layer in document.layers if layer.media_type == CONTENT)
    return read_blob(built.repository, layer, limit=1 << 24)


def _members(package: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        return {m.name: (archive.extractfile(m) or io.BytesIO()).read() for m in archive}


def test_helm_shows_lints_and_renders_what_was_built(built: Built, here: Path, helm: Peer) -> None:
    package = here / "web-chart-v1.2.0.tgz"
    package.write_bytes(_package(built))
    shown = yaml.safe_load(helm.run("show", "chart", package))
    assert (shown["version"], shown["appVersion"]) == ("v1.2.0", "1.2.0")
    assert "0 chart(s) failed" in helm.run("lint", package)
    rendered = {one["metadata"]["name"]: one for one in yaml.safe_load_all(helm.run("template", "r", package))}
    assert rendered["web"]["data"] == {"image": "registry.example/acme/web:1.2.0", "lib": "word", "hook": "1.2.0"}
    assert rendered["web"]["metadata"]["labels"] == {"app": "1.2.0", "chart": "v1.2.0"}
    assert rendered["db"]["metadata"]["labels"] == {"v": "2.1.0"}
    notes = helm.run("install", "r", package, "--dry-run=client")
    assert "Web 1.2.0 by platform of acme, chart v1.2.0" in notes


def test_the_package_is_that_of_helm_from_the_same_stamped_folder(built: Built, here: Path, helm: Peer) -> None:
    package = _package(built)
    (here / "ours.tgz").write_bytes(package)
    with tarfile.open(here / "ours.tgz") as archive:
        archive.extractall(here / "stamped", filter="data")
    helm.run("package", here / "stamped" / "web-chart", "-d", here)
    ours, theirs = _members(package), _members((here / "web-chart-v1.2.0.tgz").read_bytes())
    # Helm unpacks what a chart depends on, and writes every Chart.yaml anew; every other file is the same.
    assert {name: data for name, data in ours.items() if _is_own(name)} == {
        name: data for name, data in theirs.items() if _is_own(name)
    }
    assert yaml.safe_load(ours["web-chart/Chart.yaml"]) == yaml.safe_load(theirs["web-chart/Chart.yaml"])
    assert theirs["web-chart/charts/db/templates/db.yaml"] == FILES["charts/db/templates/db.yaml"].encode()  # type: ignore[union-attr]


def _is_own(name: str) -> bool:
    return name != "web-chart/Chart.yaml" and not name.startswith("web-chart/charts/")


def test_helm_sees_the_dependencies_as_complete(built: Built, here: Path, helm: Peer) -> None:
    (here / "ours.tgz").write_bytes(_package(built))
    with tarfile.open(here / "ours.tgz") as archive:
        archive.extractall(here / "stamped", filter="data")
    listed = helm.run("dependency", "list", here / "stamped" / "web-chart")
    assert [line.split()[-1] for line in listed.splitlines()[1:] if line.strip()] == ["ok", "ok"]


def test_helm_pulls_what_was_built_from_a_registry(built: Built, here: Path, docker: str, helm: Peer) -> None:
    with _stores() as stores:
        made = put(stores.open(parse_reference(f"{docker}/acme/web-chart"), create=True), built.artifact, built.artifact.tag)
    assert str(made.digest) == built.digest
    helm.run("pull", f"oci://{docker}/acme/web-chart", "--version", "v1.2.0", "--plain-http", "-d", here)
    assert (here / "web-chart-v1.2.0.tgz").read_bytes() == _package(built)
    rendered = helm.run(
        "template", "r", f"oci://{docker}/acme/web-chart", "--version", "v1.2.0", "--plain-http", "--set", "db.enabled=false"
    )
    assert "name: db" not in rendered


def test_it_is_the_manifest_that_helm_pushes_with_the_same_package(built: Built, here: Path, docker: str, helm: Peer) -> None:
    package = here / "web-chart-v1.2.0.tgz"
    package.write_bytes(_package(built))
    os.utime(package, (TIME, TIME))
    helm.run("push", package, f"oci://{docker}/acme", "--plain-http")
    with _stores() as stores:
        theirs = stores.open(parse_reference(f"{docker}/acme/web-chart")).resolve("v1.2.0")
    assert str(theirs.digest) == built.digest


def _stores() -> Stores:
    return Stores(Values({"jobs": ("2",)}), Terminal(None, None, {}))
