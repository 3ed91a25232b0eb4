"""What explanations show is what the program makes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gitworld import write_world
from releases import platform, relgraph
from relgraph.model.example import Commit
from relgraph.workspace.load import load_graphs

DOCS = Path(__file__).parents[2] / "docs/explanation"
HEAD = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: web}
repos:
  web: {url: https://git.example/acme/web, tags: "v{version}", path: .}
"""


def blocks(name: str, language: str = "yaml") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_record_is_that_of_the_demo(tmp_path: Path) -> None:
    root = platform(tmp_path)
    assert relgraph(root, "release", "--tag", "v0.30.0", "--to", "layout:../published").status == 0
    written = (root / "releases/platform/0.30.0.yaml").read_text().splitlines()
    (shown,) = blocks("releases.md")
    assert [line for line in shown.splitlines() if line not in written] == []


FILES = {
    "site/index.html": "<p>hello</p>\n",
    "bin/serve": "#!/bin/sh\n",
    "hooks/setup.yaml": "kind: Job\n",
    "chart/Chart.yaml": "apiVersion: v2\nname: web-chart\nversion: 0.0.0\n",
    "docs/one.md": "one\n",
    "py/pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "tiny"\nbackend-path = ["tools"]\n'
    '[project]\nname = "web"\nversion = "0.0.0"\n',
    "py/tools/tiny.py": """\
import pathlib, tomllib, zipfile
def build_wheel(target, config_settings=None, metadata_directory=None):
    version = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]["version"]
    info = f"web-{version}.dist-info"
    with zipfile.ZipFile(pathlib.Path(target, f"web-{version}-py3-none-any.whl"), "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: web\\nVersion: {version}\\n\\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(f"{info}/RECORD", f"{info}/METADATA,,\\n{info}/WHEEL,,\\n{info}/RECORD,,\\n")
    return f"web-{version}-py3-none-any.whl"
""",
}


def test_what_building_shows_of_programs_is_a_graph() -> None:
    programs, _ = blocks("building.md")
    assert [*load_graphs([("graph/web.yaml", (HEAD + programs).encode())])["web"].nodes] == [
        "repos.web", "images.base", "images.web", "images.tools",
    ]  # fmt: skip


def test_what_building_shows_of_files_is_built(tmp_path: Path) -> None:
    _, files = blocks("building.md")
    root = write_world(tmp_path / "web", (Commit({**FILES, "graph/web.yaml": HEAD + files}, tags=("v1.2.0",)),))
    ran = relgraph(root, "build", "--format", "json")
    assert ran.status == 0, ran.err
    made = {row["node"]: (row["tag"], row["state"]) for row in json.loads(ran.out)["artifacts"]}
    assert made == dict.fromkeys(
        ("images.site", "hooks.setup", "charts.web-chart", "files.pages", "files.library"), ("1.2.0", "done")
    )


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the distribution that building.md describes, as an installer leaves it."""
    (code,), (project,) = blocks("building.md", "python"), blocks("building.md", "toml")
    (group,) = re.findall(r'entry-points."(.*)"', project)
    folder = tmp_path / "site"
    info = folder / "acme_pages-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "acme_pages.py").write_text(code)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-pages\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n" + project.splitlines()[1].replace('"', "") + "\n")
    return folder


def test_a_builder_of_ones_own_is_found_by_its_word(tmp_path: Path, installed: Path) -> None:
    graph = HEAD + "files:\n  page: {from: web, ref: registry.example/acme/page, paths: [page.txt], build: {page: page.txt}}\n"
    root = write_world(tmp_path / "web", (Commit({"graph/web.yaml": graph, "page.txt": "It is VERSION.\n"}, tags=("v1.2.0",)),))

    def run(*words: str, path: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": path}
        return subprocess.run(
            [sys.executable, "-m", "relgraph", *words], cwd=root, env=environment, capture_output=True, text=True, check=False
        )

    built = run("build", path=str(installed))
    assert built.returncode == 0, built.stderr
    assert run("store.pull", built.stdout.split()[2], "--output", "out", path="").returncode == 0
    assert [path.read_text() for path in (root / "out").rglob("*") if path.is_file()] == ["It is 1.2.0.\n"]
    unknown = run("build", path="")
    assert unknown.returncode == 2
    assert "page" in unknown.stderr
