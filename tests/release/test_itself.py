"""relgraph releases itself, from clones of this repository."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from releases import git
from relgraph.build.images import base_of, docker_archive
from relgraph.oci.codecs.rootfs import Platform
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository

_SOURCE = Path(__file__).resolve().parents[2]
_VERSION = "9.8.7"  # that of no release
_TAG = f"v{_VERSION}"
_NAME = "tests.invalid/relgraph:1"
# What two people who release the same tag may have different.
_ELSEWHERE = {"TZ": "Pacific/Apia", "LANG": "tr_TR.UTF-8", "LC_ALL": "C", "USER": "somebody", "PYTHONHASHSEED": "7"}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this repository's head, with a tag of a release on it."""
    folder = tmp_path_factory.mktemp("itself") / "relgraph"
    git(_SOURCE, "clone", "--quiet", "--no-hardlinks", str(_SOURCE), str(folder))
    git(folder, "tag", "--annotate", "--message", "For a test", _TAG)
    return folder


def released(root: Path, *words: str, umask: int = 0o022, **variables: str) -> dict[str, str]:
    """Run a command there in a process of its own; the digests of what it built, by node."""
    ran = subprocess.run(
        [sys.executable, "-m", "relgraph", *words, "--tag", _TAG, "--to", "layout:../published", "--format", "json"],
        cwd=root, capture_output=True, text=True, check=False, umask=umask, env={**os.environ, "CI": "", **variables},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return {one["node"]: one["digest"] for one in json.loads(ran.stdout)["artifacts"]}


def test_two_machines_come_to_the_same_wheel_and_documentation(clone: Path, tmp_path: Path) -> None:
    nodes = ("files.wheel", "files.docs")
    first = released(clone, "push", *nodes)
    other = tmp_path / "another place" / "a clone"
    other.parent.mkdir()
    subprocess.run(["git", "clone", "--quiet", str(clone), str(other)], check=True, umask=0o077)
    home = tmp_path / "home"
    home.mkdir()
    second = released(other, "push", *nodes, umask=0o077, HOME=str(home), XDG_CACHE_HOME=str(home), **_ELSEWHERE)
    assert first == second
    assert set(first) == set(nodes)


def test_the_wheel_has_the_version_of_the_tag_and_everything_that_relgraph_needs(clone: Path, tmp_path: Path) -> None:
    released(clone, "push", "files.wheel")
    wheel = LocalRepository(Layout(clone.parent / "published"), "ghcr.io/relgraph/wheel")
    folder = tmp_path / "pulled"
    words = [
        sys.executable,
        "-m",
        "relgraph",
        "store.pull",
        f"layout:{clone.parent}/published//{wheel.name.partition('//')[2]}:{_VERSION}",
    ]
    subprocess.run([*words, "--output", str(folder)], check=True, capture_output=True)
    (path,) = folder.iterdir()
    assert path.name == f"relgraph-{_VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "installed")
    tracked = git(_SOURCE, "ls-tree", "-r", "--name-only", "HEAD", "src/relgraph").splitlines()
    assert {name.removeprefix("src/") for name in tracked} <= set(zipfile.ZipFile(path).namelist())
    said = subprocess.run(
        [sys.executable, "-m", "relgraph", "--version"], env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        cwd=tmp_path, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert said.stdout.split()[-1] == _VERSION


@pytest.fixture(scope="module")
def image(clone: Path) -> dict[str, Any]:
    """A whole release, with the image; its record."""
    if shutil.which("mmdebstrap") is None:
        pytest.skip("mmdebstrap is not installed")
    released(clone, "release", "--offline", "--notes", "../notes.md")
    record: dict[str, Any] = yaml.safe_load((clone / f"releases/relgraph/{_VERSION}.yaml").read_text())
    return record


def test_everything_is_released_and_recorded(clone: Path, image: dict[str, Any]) -> None:
    assert [item["node"] for item in image["artifacts"]] == ["files.docs", "files.wheel", "images.relgraph"]
    assert image["tag"] == _TAG
    assert git(clone, "status", "--porcelain", "--untracked-files=all") == f"?? releases/relgraph/{_VERSION}.yaml"
    assert f"ghcr.io/relgraph/relgraph:{_VERSION}" in (clone.parent / "notes.md").read_text()


def test_a_second_machine_finds_all_of_it_released_and_right(clone: Path, image: dict[str, Any]) -> None:
    other = clone.parent / "second"
    git(clone.parent, "clone", "--quiet", str(clone), str(other))
    assert released(other, "release", "--offline") == {item["node"]: item["digest"] for item in image["artifacts"]}
    assert not (other / ".relgraph/store").exists()  # nothing was built
    assert yaml.safe_load((other / f"releases/relgraph/{_VERSION}.yaml").read_text()) == image
    words = [sys.executable, "-m", "relgraph", "verify", "--published", "--rev", _TAG, "--to", "layout:../published"]
    ran = subprocess.run(words, cwd=other, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_image_runs_in_a_real_engine_and_checks_a_repository(
    clone: Path, image: dict[str, Any], client: Any, tmp_path: Path
) -> None:
    digest = next(item["digest"] for item in image["artifacts"] if item["node"] == "images.relgraph")
    repository = LocalRepository(Layout(clone.parent / "published"), "ghcr.io/relgraph/relgraph")
    client.images.load(b"".join(docker_archive(base_of(repository, digest, Platform("linux", "amd64")), _NAME)))
    try:
        options = {"network_mode": "none", "remove": True}
        assert client.containers.run(_NAME, ["--version"], **options).decode().split()[-1] == _VERSION
        # Builders and registries want modules that plain commands do not load: all that were pinned are there, and fit.
        check = "import docker, jinja2, networkx, oras.client, yaml, cryptography.hazmat.bindings._rust"
        client.containers.run(_NAME, ["-c", check], entrypoint="python3", **options)
        client.containers.run(_NAME, ["demo"], **options)
        # Somebody else's repository, of which nothing may be written.
        foreign = tmp_path / "foreign"
        git(tmp_path, "clone", "--quiet", str(clone), str(foreign))
        for path in (foreign, *foreign.rglob("*")):
            os.chown(path, 12345, 12345, follow_symlinks=False)
        mounted = {str(foreign): {"bind": "/work", "mode": "ro"}}
        assert b"nothing" in client.containers.run(_NAME, ["verify"], volumes=mounted, **options)
        assert client.images.get(_NAME).labels["org.opencontainers.image.version"] == _VERSION
    finally:
        client.images.remove(_NAME, force=True)
