"""Real peers, and the registries they meet relgraph in."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tools
from docker_registry import DockerRegistry
from peers import GetPeer, Peer, Relgraph
from relgraph.cli.main import main


@pytest.fixture
def peer(tmp_path: Path) -> GetPeer:
    """Gives a peer by name; the test is skipped where it was not built."""

    def get(name: str) -> Peer:
        program = tools.find(name)
        if program is None:
            pytest.skip(f"{name} was not built: `invoke tools` builds it")
        home = tmp_path / f"home-{name}"
        home.mkdir(exist_ok=True)
        return Peer(program, home)

    return get


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[str]:
    """The address of Debian's registry, which has no referrers API."""
    if shutil.which("docker-registry") is None:
        pytest.skip("docker-registry is not installed")
    with DockerRegistry(tmp_path / "docker-registry") as registry:
        yield registry.address


@pytest.fixture
def modern() -> Iterator[str]:
    """The address of a registry with the referrers API."""
    program = tools.find("registry")
    if program is None:
        pytest.skip("registry was not built: `invoke tools` builds it")
    process = subprocess.Popen([program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(params=["docker", "modern"])
def registry(request: pytest.FixtureRequest) -> str:
    """The address of a registry, of both kinds in turn."""
    address: str = request.getfixturevalue(request.param)
    return address


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in; relgraph sees no credentials and no times but those of the test."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "no-docker"))
    monkeypatch.setenv("COSIGN_PASSWORD", "secret")
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    return folder


@pytest.fixture
def relgraph(here: Path, capsys: pytest.CaptureFixture[str]) -> Relgraph:
    """Runs a command of relgraph; what it reports, as a value. ``status`` is the exit status expected."""

    def run(*words: object, status: int = 0) -> Any:
        capsys.readouterr()
        given = [str(word) for word in words]
        got = main([*given, "--format", "json"])
        captured = capsys.readouterr()
        assert got == status, f"{' '.join(given)}\n{captured.out}\n{captured.err}"
        return json.loads(captured.out) if captured.out else captured.err

    return run
