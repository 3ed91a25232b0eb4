"""A Python project, released as a wheel: the engine gives its backend no more than it declares."""

import zipfile
from pathlib import Path

from releases import git, relgraph

_BACKEND = """\
import os, pathlib, tomllib, zipfile
def build_wheel(target, config_settings=None, metadata_directory=None):
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    stem = f"{project['name']}-{project['version']}"
    with zipfile.ZipFile(pathlib.Path(target, f"{stem}-py3-none-any.whl"), "w") as archive:
        archive.writestr(f"{stem}.dist-info/METADATA", f"Name: {project['name']}\\nVersion: {project['version']}\\n\\n")
        archive.writestr(f"{stem}.dist-info/RECORD", "")
        archive.writestr("web.py", "names = " + repr(sorted(name for name in os.environ if not name.startswith(("LC_", "_")))))
"""
_GRAPH = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: acme}
repos:
  web: {url: https://example.org/acme/web, path: ., tags: "v{version}"}
files:
  wheel:
    from: web
    ref: registry.example/acme/wheels
    paths: ["py/**"]
    build: {python: py}
"""


def test_a_wheel_is_released_under_the_version_of_its_tag(tmp_path: Path) -> None:
    root = tmp_path / "web"
    files = {
        "py/pyproject.toml": (
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "web"\nversion = "0"\n'
        ),
        "py/backend.py": _BACKEND,
        "graph/acme.yaml": _GRAPH,
    }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "all")
    git(root, "tag", "v1.0.0-rc.1")
    ran = relgraph(root, "release", "--to", "layout:../published")
    assert ran.status == 0, ran.err
    pulled = relgraph(root, "store.pull", "layout:../published//registry.example/acme/wheels:1.0.0-rc.1", "--output", "../pulled")
    assert pulled.status == 0, pulled.err
    with zipfile.ZipFile(tmp_path / "pulled/web-1.0.0rc1-py3-none-any.whl") as wheel:
        names = wheel.read("web.py").decode()
    assert set(names.removeprefix("names = ")[1:-1].replace("'", "").split(", ")) <= {
        "HOME", "LANG", "PATH", "PDM_BUILD_SCM_VERSION", "PWD", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "SETUPTOOLS_SCM_PRETEND_VERSION",
        "SOURCE_DATE_EPOCH", "TMPDIR", "TZ",
    }  # fmt: skip
    assert git(root, "status", "--porcelain", "--", "py") == ""
