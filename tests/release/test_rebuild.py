"""What is published against a build of its tag: by the declaration of that tag."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from releases import relgraph
from relgraph.errors import DeclarationError
from relgraph.oci.codecs.artifact import EMPTY_BLOB, Artifact, blob_of
from relgraph.oci.codecs.helm import package_files
from relgraph.oci.descriptor import EMPTY
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Manifest
from relgraph.oci.stores import put
from tagged import TO, add, workspace

_GRAPH = """\
hooks:
  one: {from: work, ref: registry.example/acme/one, source: one.yaml}
charts:
  chart: {from: work, ref: "oci://registry.example/acme/chart", source: chart, build: {helm: chart}}
"""
_FILES = {
    "one.yaml": "a: 1\n",
    "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 0.0.0\n",
    "chart/values.yaml": "a: 1\n",
    "templates/chart/values.yaml.j2": "a: {{ version }}\n",
}


def found(root: Path) -> list[tuple[str, str]]:
    ran = relgraph(root, "verify", "--published", "--to", TO, "--format", "json")
    assert ran.status in (0, 1), ran.err
    return [(one["rule"], one["node"]) for one in json.loads(ran.out)["findings"]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Released, and declared otherwise since."""
    root = workspace(tmp_path, _GRAPH, _FILES)
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 0, ran.err
    graph = (root / "graph/work.yaml").read_text()
    stamp = "source: one.yaml, stamp: {set: {one.yaml: {a: '{{ version }}'}}}"
    add(
        root,
        {
            "graph/work.yaml": graph.replace("source: one.yaml", stamp),
            "templates/chart/values.yaml.j2": "a: {{ version }}\nb: 2\n",
        },
    )
    return root


def test_what_was_declared_otherwise_then_is_built_as_it_was_declared(root: Path) -> None:
    assert found(root) == []


@pytest.mark.parametrize("node", ["hooks.one", "charts.chart"])
def test_other_content_under_the_key_of_the_build_is_told(root: Path, node: str) -> None:
    record = root / "releases/work/1.0.0.yaml"
    name = f"registry.example/acme/{node.partition('.')[2]}"
    store = LocalRepository(Layout(root.parent / "published"), name)
    right = str(store.resolve("1.0.0").digest)
    blob = blob_of("text/plain", b"other")
    store.untag("1.0.0")
    made = put(store, Artifact((EMPTY_BLOB, blob), (Manifest.make(EMPTY, [blob.descriptor], artifact_type="text/x"),)), "1.0.0")
    record.write_text(record.read_text().replace(right, str(made.digest)))
    assert found(root) == [("RG707", node)]


def test_what_a_program_of_others_published_before_is_not_held_against_our_layers(tmp_path: Path) -> None:
    root = workspace(tmp_path, _GRAPH, _FILES)
    for name in ("one", "chart"):
        store = LocalRepository(Layout(tmp_path / "published", create=True), f"registry.example/acme/{name}")
        blob = blob_of("text/plain", b"other")
        put(store, Artifact((EMPTY_BLOB, blob), (Manifest.make(EMPTY, [blob.descriptor], artifact_type="text/x"),)), "1.0.0")
    assert found(root) == []


def test_a_package_that_grows_without_end_is_none() -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        member = tarfile.TarInfo("chart/values.yaml")
        member.size = 200 << 20
        archive.addfile(member, io.BytesIO(bytes(member.size)))
    assert len(data.getvalue()) < 1 << 20
    with pytest.raises(DeclarationError):
        package_files(data.getvalue())
