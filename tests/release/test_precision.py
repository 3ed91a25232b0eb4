"""One thing changed: exactly what it decides is built again. What is only said about a node, or of how it is built, decides nothing."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from releases import relgraph
from tagged import workspace

_GRAPH = """\
images:
  below: {from: work, ref: registry.example/acme/below, build: {bundle: {etc/below: below.txt}, versioned: false}}
  above: {from: work, ref: registry.example/acme/above, uses: [below], build: {bundle: {etc/: "above/**"}, base: below, versioned: false}}
charts:
  chart:
    from: work
    ref: oci://registry.example/acme/chart
    source: chart
    version: 1.0.0
    uses: [above]
    build: {helm: chart}
    stamp: {set: {values.yaml: {image: "{{ nodes['images.above'].pinned }}"}}}
hooks:
  hook: {from: work, ref: registry.example/acme/hook, source: hook.yaml, version: 1.0.0}
files:
  made:
    from: work
    ref: registry.example/acme/made
    paths: ["made/**"]
    version: 1.0.0
    build: {command: "cp made/one out", inputs: ["made/**"], outputs: [out], args: {WORD: one}}
"""
_FILES = {
    "below.txt": "1\n",
    "above/a": "1\n",
    "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
    "chart/values.yaml": "image: x\n",
    "templates/chart/templates/more.yaml.j2": "a: {{ name }}\n",
    "hook.yaml": "a: 1\n",
    "made/one": "1\n",
    "other": "1\n",
}
_GRAPH_FILE = "graph/work.yaml"


def write(path: str, text: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    return change


def program(path: str) -> Callable[[Path], None]:
    return lambda root: (root / path).chmod(0o755)


def link(path: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / path).unlink()
        (root / path).symlink_to("elsewhere")

    return change


def said(old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        text = (root / _GRAPH_FILE).read_text()
        assert old in text
        (root / _GRAPH_FILE).write_text(text.replace(old, new, 1))

    return change


def moved(path: str, target: str) -> Callable[[Path], None]:
    return lambda root: os.renames(root / path, root / target)


def folder(path: str) -> Callable[[Path], None]:
    return lambda root: (root / path).mkdir()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = workspace(tmp_path_factory.mktemp("built"), _GRAPH, _FILES)
    ran = relgraph(root, "build")
    assert ran.status == 0, ran.err
    assert again(root) == set()
    return root


def again(root: Path) -> set[str]:
    """What would be built again, or perhaps."""
    ran = relgraph(root, "plan", "--format", "json")
    assert ran.status == 0, ran.err
    return {step["node"] for step in json.loads(ran.out)["steps"] if step["forecast"] != "cached"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (write("below.txt", "2\n"), {"images.below", "images.above", "charts.chart"}),
        (write("above/a", "2\n"), {"images.above", "charts.chart"}),
        (write("above/b", "1\n"), {"images.above", "charts.chart"}),
        (moved("above/a", "above/deep/a"), {"images.above", "charts.chart"}),
        (program("above/a"), {"images.above", "charts.chart"}),
        (link("above/a"), {"images.above", "charts.chart"}),
        (folder("above/empty"), set()),
        (write("chart/values.yaml", "image: x\nb: 1\n"), {"charts.chart"}),
        (write("chart/.helmignore", "values.yaml\n"), {"charts.chart"}),
        (write("templates/chart/templates/more.yaml.j2", "a: {{ name }}\nb: 1\n"), {"charts.chart"}),
        (write("templates/chart/templates/other.yaml.j2", "a: {{ name }}\n"), {"charts.chart"}),
        (write("templates/other/more.yaml.j2", "a: {{ name }}\n"), set()),
        (program("hook.yaml"), {"hooks.hook"}),
        (write("made/one", "2\n"), {"files.made"}),
        (program("made/one"), {"files.made"}),
        (write("other", "2\n"), set()),
        (write(".gitattributes", "* text eol=crlf\n"), set()),
        (said("WORD: one", "WORD: two"), {"files.made"}),
        (said("WORD: one", 'WORD: "{{ name }}"'), {"files.made"}),
        (said('command: "cp', 'environment: [RELGRAPH_WORD], command: "cp'), {"files.made"}),
        (said('command: "cp', 'tools: [sh], command: "cp'), {"files.made"}),
        (said('command: "cp', 'limit: 90, retries: 2, command: "cp'), set()),
        (said("source: hook.yaml, version: 1.0.0", "source: hook.yaml, version: 1.0.1"), {"hooks.hook"}),
        (said("source: hook.yaml,", "source: hook.yaml, title: The hook, channels: [latest],"), set()),
        (said("etc/below: below.txt", "etc/other: below.txt"), {"images.below", "images.above", "charts.chart"}),
        (said("base: below,", "base: below, config: {User: nobody},"), {"images.above", "charts.chart"}),
        (said(".pinned", ".image"), {"charts.chart"}),
        (said("registry.example/acme/above", "registry.example/acme/other"), {"charts.chart"}),
        (said("registry.example/acme/hook", "registry.example/acme/other"), set()),
        (said("hooks:", "# Nothing.\nhooks:"), set()),
    ],
)
def test_exactly_what_a_change_decides_is_built_again(
    built: Path, tmp_path: Path, change: Callable[[Path], None], expected: set[str]
) -> None:
    root = tmp_path / "work"
    shutil.copytree(built, root, symlinks=True)
    change(root)
    assert again(root) == expected
