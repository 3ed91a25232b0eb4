"""Wheels, built by a project's own backend."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from buildworld import Built, node_of, part, run_builder, target_of
from relgraph.build.builder import Target
from relgraph.build.python import BUILDER, LAYER, TYPE
from relgraph.errors import DeclarationError, EnvironmentFailure
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import read_blob

# A backend as small as they get: it packs what lies in src/, in whatever order and with whatever times it finds there.
_BACKEND = """\
import os, pathlib, re, tomllib, zipfile
def build_wheel(target, config_settings=None, metadata_directory=None):
    print("noise")
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    version = os.environ.get("SETUPTOOLS_SCM_PRETEND_VERSION", "") if "dynamic" in project else project["version"]
    name = f"{project['name']}-{version}-py3-none-PLATFORM.whl"
    info = f"{project['name']}-{version}.dist-info"
    with zipfile.ZipFile(pathlib.Path(target, name), "w") as archive:
        archive.writestr(f"{info}/RECORD", f"web/b.py,,\\nweb/a.py,,\\n{info}/RECORD,,\\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {project['name']}\\nVersion: {version}\\n\\nText: x\\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        for path in pathlib.Path("src").rglob("*.py"):
            archive.write(path, path.relative_to("src").as_posix())
    return name
"""
_OWN_BACKEND = '[build-system]\nrequires = []\nbuild-backend = "tiny:build"\nbackend-path = ["tools"]\n'
FILES: dict[str, str | bytes] = {
    "py/pyproject.toml": f'{_OWN_BACKEND}[project]\nname = "web"\nversion = "0.0.0" # at release\n',
    "py/tools/tiny.py": _BACKEND.replace("PLATFORM", "any")
    .replace("def build_wheel", "class build:\n  @staticmethod\n  def build_wheel")
    .replace("\n    ", "\n      "),
    "py/src/web/a.py": "V = 'WEB_VERSION'\n",
    "py/src/web/b.py": "# é\n",
}


def project(
    version: str = "1.2.0-rc.1",
    *,
    stamp: dict[str, object] | None = None,
    files: dict[str, str | bytes] | None = None,
    **options: Any,
) -> Target:
    node = node_of("files.wheel", paths=("py/**",))
    return target_of(
        node, {**FILES, **(files or {})}, part("files.wheel", version), stamp=stamp or {}, **{"python": "py", **options}
    )


def manifest(built: Built) -> Manifest:
    assert isinstance(built.artifact.root, Manifest)
    return built.artifact.root


def members(built: Built) -> dict[str, bytes]:
    (layer,) = manifest(built).layers
    with zipfile.ZipFile(io.BytesIO(read_blob(built.repository, layer, limit=1 << 24))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_has_the_version_of_the_node_as_python_writes_it(tmp_path: Path) -> None:
    built = run_builder(BUILDER, project(stamp={"replace": {"WEB_VERSION": "{{ version }}"}}), tmp_path)
    assert manifest(built).artifact_type == TYPE
    assert [(layer.title, layer.media_type) for layer in manifest(built).layers] == [("web-1.2.0rc1-py3-none-any.whl", LAYER)]
    found = members(built)
    assert list(found) == [
        "web/a.py",
        "web/b.py",
        "web-1.2.0rc1.dist-info/METADATA",
        "web-1.2.0rc1.dist-info/WHEEL",
        "web-1.2.0rc1.dist-info/RECORD",
    ]
    assert found["web/a.py"] == b"V = '1.2.0-rc.1'\n"
    assert found["web-1.2.0rc1.dist-info/RECORD"].splitlines() == sorted(found["web-1.2.0rc1.dist-info/RECORD"].splitlines())


def test_the_same_project_gives_the_same_digest(tmp_path: Path) -> None:
    first, second = (run_builder(BUILDER, project(), tmp_path) for _ in range(2))
    assert first.digest == second.digest
    assert first.recipe == second.recipe
    assert first.recipe.paths == ("py/**",)


def test_a_version_from_git_is_told_to_the_backend(tmp_path: Path) -> None:
    text = f'{_OWN_BACKEND}[project]\nname = "web"\ndynamic = ["version"]\n'
    built = run_builder(BUILDER, project("1.2.1-dev.3+gAB", files={"py/pyproject.toml": text}), tmp_path)
    assert manifest(built).layers[0].title == "web-1.2.1.dev3+gab-py3-none-any.whl"


def test_a_wheel_for_one_platform_is_refused(tmp_path: Path) -> None:
    backend = str(FILES["py/tools/tiny.py"]).replace("-any.whl", "-linux_x86_64.whl")
    with pytest.raises(DeclarationError, match="is for linux_x86_64"):
        run_builder(BUILDER, project(files={"py/tools/tiny.py": backend}), tmp_path)


def test_a_version_that_does_not_arrive_is_refused(tmp_path: Path) -> None:
    backend = str(FILES["py/tools/tiny.py"]).replace('project["version"]', '"9.9"')
    with pytest.raises(DeclarationError, match=r"has the version 9\.9, not 1\.2\.0rc1"):
        run_builder(BUILDER, project(files={"py/tools/tiny.py": backend}), tmp_path)
    assert run_builder(BUILDER, project(files={"py/tools/tiny.py": backend}, versioned=False), tmp_path).digest


def test_a_backend_that_fails_is_an_environment_error(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="No module named 'tiny"):
        run_builder(BUILDER, project(files={"py/tools/tiny.py": "import tiny.x\n"}), tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[project\n", "py/pyproject.toml: "),
        ("[build-system]\nrequires = [3]\n", "requires is a list of texts"),
        ("[build-system]\nrequires = ['!']\n", "'!' is no requirement"),
        (
            "[build-system]\nrequires = []\n[project]\ndynamic = ['version']\n[tool.setuptools.dynamic]\nversion = {attr = 'web.__v__'}\n",
            "there is no such module",
        ),
    ],
)
def test_a_project_that_cannot_be_built_is_said_while_planning(text: str, message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        BUILDER.plan(project(files={"py/pyproject.toml": text}))
    assert message in str(caught.value)


def test_what_must_be_installed_is_said_with_the_command(tmp_path: Path) -> None:
    text = "[build-system]\nrequires = ['no-such-backend>=3', 'pip>=9999', 'pytest', \"tomli; python_version < '3.11'\"]\n"
    with pytest.raises(EnvironmentFailure, match="no-such-backend>=3, pip>=9999 must be installed") as caught:
        BUILDER.plan(project(files={"py/pyproject.toml": text}))
    assert caught.value.hint.endswith("-m pip install 'no-such-backend>=3' 'pip>=9999'")


def test_a_folder_without_a_project_is_said() -> None:
    with pytest.raises(DeclarationError, match=r"src has no pyproject\.toml"):
        BUILDER.plan(project(python="src"))


def test_a_version_that_python_has_no_form_for_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"'1\.0\.0-experiment\.3' is no version of a Python package"):
        BUILDER.plan(project("1.0.0-experiment.3"))


def test_setuptools_builds_a_wheel_that_pip_installs(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "py/pyproject.toml": (
            '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "acme-web"\n'
            'dynamic = ["version"]\n[project.scripts]\nacme-web = "acme_web:main"\n[tool.setuptools.packages.find]\nwhere = ["lib"]\n'
            '[tool.setuptools.package-dir]\n"" = "lib"\n[tool.setuptools.dynamic]\nversion = {attr = "acme_web.__version__"}\n'
        ),
        "py/lib/acme_web/__init__.py": '__version__ = "0"\n\n\ndef main() -> None:\n    print(__version__)\n',
        "py/lib/acme_web/data/x.txt": "x\n",
    }
    try:
        first, second = (run_builder(BUILDER, project("2.0.0", files=files), tmp_path) for _ in range(2))
    except EnvironmentFailure as problem:
        pytest.skip(str(problem))
    assert first.digest == second.digest
    (layer,) = manifest(first).layers
    wheel = tmp_path / layer.title
    wheel.write_bytes(read_blob(first.repository, layer, limit=1 << 24))
    words = [
        sys.executable,
        "-m",
        "pip",
        "--isolated",
        "install",
        "--no-index",
        "--no-deps",
        "--no-compile",
        "-q",
        "--target",
        str(tmp_path / "in"),
        str(wheel),
    ]
    subprocess.run(words, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "in" / "bin" / "acme-web")],
        env={"PYTHONPATH": str(tmp_path / "in")},
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"2.0.0\n"


def test_the_wheel_of_relgraph_itself_runs(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    paths = [*(root / "src").rglob("*.py"), *(root / "src").rglob("*.tsv"), *(root / "src").rglob("py.typed")]
    paths += [root / name for name in ("pyproject.toml", "README.md", "LICENSE")]
    files: dict[str, str | bytes] = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
    target = target_of(node_of("files.wheel", paths=("src/**",)), files, part("files.wheel", "7.0.0-rc.1"), python=".")
    try:
        built = run_builder(BUILDER, target, tmp_path)
    except EnvironmentFailure as problem:
        pytest.skip(str(problem))
    found = members(built)
    assert "relgraph/py.typed" in found
    assert {name for name in files if name.endswith(".tsv")} == {f"src/{name}" for name in found if name.endswith(".tsv")}
    for name, data in found.items():
        place = tmp_path / "in" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    words = [sys.executable, "-c", "import sys; from relgraph.cli.main import main; sys.exit(main(['--version']))"]
    done = subprocess.run(words, env={"PYTHONPATH": str(tmp_path / "in")}, cwd=tmp_path, capture_output=True, check=True)
    assert b"7.0.0rc1" in done.stdout
