"""Nodes whose version is their own, or that hold none: published by every release, as the same thing."""

import shutil
from pathlib import Path

import pytest

from releases import relgraph
from relgraph.oci.layout import Layout
from tagged import TO, add, workspace

_OWN = """\
charts:
  own: {from: work, ref: "oci://registry.example/acme/own", source: own, version: 3.1.4}
hooks:
  set: {from: work, ref: registry.example/acme/set, source: set.yaml, version: 1.0.0}
images:
  image: {from: work, ref: registry.example/acme/image, version: 2.0.0, build: {bundle: {etc/set.yaml: set.yaml}}}
"""
_FILES = {
    "own/Chart.yaml": "apiVersion: v2\nname: own\nversion: 3.1.4\nappVersion: 0.9.0\n",
    "own/templates/one.yaml": "a: 1\n",
    "set.yaml": "a: 1\n",
}


def digests(folder: Path) -> dict[str, str]:
    return {
        f"{entry.repository}:{entry.tag}": str(entry.descriptor.digest)
        for entry in Layout(folder / "published").entries()
        if entry.tag and "relgraph." not in entry.tag
    }


def release(root: Path) -> None:
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 0, ran.err


def test_what_has_a_version_of_its_own_is_the_same_in_the_next_release(tmp_path: Path) -> None:
    root = workspace(tmp_path, _OWN, _FILES)
    release(root)
    first = digests(tmp_path)
    add(root, {"other": "1"}, tag="v1.1.0")
    shutil.rmtree(root / ".relgraph")
    release(root)
    assert digests(tmp_path) == first
    ran = relgraph(root, "verify", "--published", "--to", TO)
    assert ran.status == 0, ran.out


def test_what_changed_below_its_own_version_is_refused_and_where_it_is_declared_is_said(tmp_path: Path) -> None:
    root = workspace(tmp_path, _OWN, _FILES)
    release(root)
    first = digests(tmp_path)
    add(root, {"set.yaml": "a: 2\n"}, tag="v1.1.0")
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 1
    assert "registry.example/acme/set:1.0.0 is published as" in ran.err
    assert "hint: its version is declared at graph/work.yaml:" in ran.err
    assert digests(tmp_path) == first


@pytest.mark.parametrize(
    "build", ['command: "printenv SOURCE_DATE_EPOCH > out", outputs: [out], inputs: [set.yaml]', "bundle: {set.yaml: set.yaml}"]
)
def test_what_holds_no_version_comes_to_the_same_on_another_machine(tmp_path: Path, build: str) -> None:
    graph = (
        f"files:\n  one: {{from: work, ref: registry.example/acme/one, paths: [set.yaml], build: {{{build}, versioned: false}}}}\n"
    )
    root = workspace(tmp_path, graph, _FILES)
    release(root)
    add(root, {"other": "1"}, tag="v1.1.0")
    shutil.rmtree(root / ".relgraph")
    release(root)
    assert len({*digests(tmp_path).values()}) == 1
