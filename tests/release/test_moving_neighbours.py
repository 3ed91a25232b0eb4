"""What other repositories release later changes nothing of what was released."""

import json
import shutil
from pathlib import Path

import pytest

from releases import git, relgraph
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from tagged import TO, add, workspace

_HEAD = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: work}
repos:
  work: {url: "https://git.example/acme/work", path: ".", records: registry.example/acme/releases}
  other: {url: "https://git.example/acme/other", path: ../other}
"""
_GRAPH = """\
hooks:
  far: {from: other, ref: registry.example/acme/far, tag: "v{version}", source: far.yaml}
charts:
  near:
    from: work
    ref: oci://registry.example/acme/near
    source: near
    uses: [{node: far, follow: last-release}]
    build: {helm: near}
    stamp: {set: {values.yaml: {far: "{{ nodes['hooks.far'].tag }}"}}}
"""
_FILES = {"near/Chart.yaml": "apiVersion: v2\nname: near\nversion: 0.0.0\n", "near/values.yaml": "far: x\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Released with the other repository's first release, which has a second one since."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q", "-b", "main")
    add(other, {"far.yaml": "a: 1\n"}, tag="v0.1.0")
    root = workspace(tmp_path, _GRAPH, _FILES, head=_HEAD)
    ran = relgraph(root, "release", "--repo", "work", "--to", TO)
    assert ran.status == 0, ran.err
    add(other, {"far.yaml": "a: 2\n"}, tag="v0.2.0")
    return root


def digests(root: Path) -> dict[str, str]:
    return {
        f"{entry.repository}:{entry.tag}": str(entry.descriptor.digest)
        for entry in Layout(root.parent / "published").entries()
        if entry.tag
    }


def test_what_is_published_is_held_against_what_it_referred_to(root: Path) -> None:
    ran = relgraph(root, "verify", "--published", "--to", TO, "--format", "json")
    assert [one["node"] for one in json.loads(ran.out)["findings"] if one["rule"] == "RG707"] == []


@pytest.mark.parametrize("fresh", [False, True])
def test_what_went_missing_is_published_again_as_it_was(root: Path, fresh: bool) -> None:
    before = digests(root)
    LocalRepository(Layout(root.parent / "published"), "registry.example/acme/near").untag("1.0.0")
    shutil.rmtree(root / ".relgraph")
    if fresh:
        shutil.rmtree(root / "releases")
    ran = relgraph(root, "release", "--repo", "work", "--to", TO)
    assert ran.status == 0, ran.err
    assert digests(root) == before


def test_the_next_release_refers_to_what_is_newest_then(root: Path) -> None:
    add(root, {"near/values.yaml": "far: y\n"}, tag="v1.1.0")
    ran = relgraph(root, "release", "--repo", "work", "--to", TO)
    assert ran.status == 0, ran.err
    assert "charts.near" in ran.out
    assert "hooks.far: v0.2.0" in (root / "releases/work/1.1.0.yaml").read_text()
    assert "hooks.far: v0.1.0" in (root / "releases/work/1.0.0.yaml").read_text()


def test_what_cannot_be_built_as_it_was_is_not_published_under_its_name(tmp_path: Path) -> None:
    graph = """\
files:
  one:
    from: work
    ref: registry.example/acme/one
    paths: [one]
    build: {command: "date +%N >out", inputs: [one], outputs: [out]}
"""
    root = workspace(tmp_path, graph, {"one": "1\n"})
    assert relgraph(root, "release", "--to", TO).status == 0
    store = LocalRepository(Layout(tmp_path / "published"), "registry.example/acme/one")
    released = store.resolve("1.0.0")
    store.untag("1.0.0")
    before = digests(root)
    shutil.rmtree(root / ".relgraph")
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 1
    assert f"1.0.0 was released as {released.digest}, and what was built is" in ran.err
    assert digests(root) == before
