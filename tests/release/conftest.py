"""The real parts that releases meet: a registry, an engine, programs of others."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tools
from docker_engine import reason_against, running
from docker_registry import DockerRegistry
from peers import GetPeer, Peer


@pytest.fixture
def peer(tmp_path: Path) -> GetPeer:
    """Gives a program by name, of those built for the tests or else of the machine's; the test is skipped where there is none."""

    def get(name: str) -> Peer:
        program = tools.find(name) or shutil.which(name)
        if program is None:
            pytest.skip(f"{name} is not there: `invoke tools` builds it, or Debian has it")
        home = tmp_path / f"home-{name}"
        home.mkdir(exist_ok=True)
        return Peer(Path(program), home)

    return get


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    """Debian's registry, on a port of loopback."""
    if shutil.which("docker-registry") is None:
        pytest.skip("docker-registry is not installed")
    with DockerRegistry(tmp_path_factory.mktemp("registry")) as running_registry:
        yield running_registry


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Docker engine: what ``DOCKER_HOST`` says while the tests run."""
    if reason := reason_against():
        pytest.skip(reason)
    with running(tmp_path_factory.mktemp("engine")) as host:
        yield host


@pytest.fixture
def client(engine: str) -> Iterator[Any]:
    """Docker's own client of that engine."""
    import docker

    client = docker.DockerClient(base_url=engine)
    yield client
    client.close()
