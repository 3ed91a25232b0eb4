"""Releases of small workspaces: where they lie, and what several nodes are called."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from releases import relgraph
from relgraph.oci.layout import Layout
from tagged import TO, add, workspace

_BELOW = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: work}
repos:
  work: {url: "https://git.example/acme/work", path: "..", records: registry.example/acme/releases}
hooks:
  one: {from: work, ref: registry.example/acme/one, source: one.yaml}
"""
_TWO = """\
hooks:
  one: {{from: work, ref: registry.example/acme/hooks, source: one.yaml, {one}}}
  two: {{from: work, ref: registry.example/acme/hooks, source: two.yaml, {two}}}
"""
_ONE = "hooks:\n  one: {from: work, ref: registry.example/acme/one, source: one.yaml}\n"
_FILES = {"one.yaml": "a: 1\n", "two.yaml": "a: 2\n"}
#: Without a place of their own, records lie with the first node.
_NO_RECORDS = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: work}
repos:
  work: {url: "https://git.example/acme/work", path: "."}
"""


def tags(folder: Path) -> set[str]:
    return {f"{entry.repository}:{entry.tag}" for entry in Layout(folder / "published").entries() if entry.tag}


def below(folder: Path) -> Path:
    """A workspace in a folder of the repository that it releases."""
    root = workspace(folder, "", {"one.yaml": "a: 1\n", "ws/graph/work.yaml": _BELOW})
    shutil.rmtree(root / "graph")
    add(root, {}, tag="v1.1.0")
    return root / "ws"


def test_the_records_of_a_workspace_below_the_root_are_no_changes(tmp_path: Path) -> None:
    here = below(tmp_path)
    for _ in range(2):
        ran = relgraph(here, "release", "--to", "layout:../../published")
        assert ran.status == 0, ran.err
        assert (here / "releases/work/1.1.0.yaml").exists()
        shutil.rmtree(tmp_path / "published")


def test_a_folder_releases_that_is_not_the_workspaces_own_is_a_change(tmp_path: Path) -> None:
    here = below(tmp_path)
    (here.parent / "releases").mkdir()
    (here.parent / "releases/other").touch()
    ran = relgraph(here, "release", "--to", "layout:../../published")
    assert ran.status == 1
    assert "releases/other" in ran.err


def test_a_workspace_below_the_root_is_to_stand_at_the_tag(tmp_path: Path) -> None:
    here = below(tmp_path)
    add(here.parent, {"one.yaml": "a: 2\n"})
    ran = relgraph(here, "release", "--tag", "v1.1.0", "--to", "layout:../../published")
    assert ran.status == 1
    assert "check the tag out" in ran.err


def test_variants_of_one_thing_may_lie_in_one_place(tmp_path: Path) -> None:
    root = workspace(tmp_path, _TWO.format(one='tag: "{version}"', two='tag: "{version}-small"'), _FILES, head=_NO_RECORDS)
    for state in ("done", "released"):
        ran = relgraph(root, "release", "--to", TO)
        assert ran.status == 0, ran.err
        assert {line.split()[0] for line in ran.out.splitlines()} == {state}
    place = "registry.example/acme/hooks"
    assert tags(tmp_path) == {f"{place}:1.0.0", f"{place}:1.0.0-small", f"{place}:relgraph.work.1.0.0"}
    assert len(yaml.safe_load((root / "releases/work/1.0.0.yaml").read_text())["artifacts"]) == 2


def test_two_nodes_of_one_name_are_refused_before_anything_is_built(tmp_path: Path) -> None:
    root = workspace(tmp_path, _TWO.format(one="channels: [latest]", two="channels: [latest]"), _FILES)
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 2
    assert "hooks.one and hooks.two are both published as registry.example/acme/hooks:1.0.0" in ran.err
    assert "hooks.one and hooks.two are both published as registry.example/acme/hooks:latest" in ran.err
    assert not (tmp_path / "published").exists()


def test_a_channel_that_is_the_version_is_refused(tmp_path: Path) -> None:
    graph = 'hooks:\n  one: {from: work, ref: registry.example/acme/one, source: one.yaml, channels: ["{major}.{minor}.{patch}"]}\n'
    ran = relgraph(workspace(tmp_path, graph, _FILES), "release", "--to", TO)
    assert ran.status == 2
    assert "hooks.one: the channel 1.0.0 is its version, which never moves" in ran.err


def test_a_workspace_outside_of_git_is_not_released_from(tmp_path: Path) -> None:
    source = workspace(tmp_path, _ONE, _FILES)
    here = tmp_path / "here"
    (here / "graph").mkdir(parents=True)
    (here / "graph/work.yaml").write_text((source / "graph/work.yaml").read_text().replace('path: "."', "path: ../work"))
    assert relgraph(here, "build", "--tag", "v1.0.0").status == 0
    ran = relgraph(here, "release", "--to", TO, "--tag", "v1.0.0")
    assert ran.status == 1
    assert f"{here} is in no git repository" in ran.err


def test_what_is_not_published_is_not_told_as_done(tmp_path: Path) -> None:
    root = workspace(tmp_path, _TWO.format(one="version: 1.0.0", two='tag: "{version}-two"'), _FILES)
    assert relgraph(root, "release", "--to", TO).status == 0
    add(root, {"one.yaml": "a: 3\n"}, tag="v1.1.0")
    ran = relgraph(root, "release", "--to", TO, "--format", "json")
    assert ran.status == 1
    assert {row["node"]: row["state"] for row in json.loads(ran.out)["artifacts"]} == {
        "hooks.one": "failed",
        "hooks.two": "skipped",
    }


def test_what_is_released_already_is_told_with_its_digests(tmp_path: Path) -> None:
    root = workspace(tmp_path, _ONE, _FILES)
    first, again = (json.loads(relgraph(root, "release", "--to", TO, "--format", "json").out)["artifacts"] for _ in range(2))
    assert [row["state"] for row in again] == ["released"]
    assert [row["digest"] for row in again] == [row["digest"] for row in first]


@pytest.mark.parametrize("option", ["--notes", "--chrome-trace"])
def test_a_file_that_cannot_be_written_is_said_before_anything_is_done(tmp_path: Path, option: str) -> None:
    root = workspace(tmp_path, _ONE, _FILES)
    for path in (tmp_path / "no/such/file", tmp_path):
        ran = relgraph(root, "release", "--to", TO, option, str(path))
        assert ran.status == 3
        assert f"cannot write {path}: " in ran.err
    assert not (tmp_path / "published").exists()


@pytest.mark.parametrize("command", ["release", "push"])
def test_a_repository_that_publishes_nothing_is_not_released(tmp_path: Path, command: str) -> None:
    root = workspace(tmp_path, "hooks:\n  one: {from: work, source: one.yaml}\n", _FILES)
    ran = relgraph(root, command, "--to", TO)
    assert ran.status == 2
    assert "repos.work publishes nothing" in ran.err
    assert not (root / "releases").exists()
