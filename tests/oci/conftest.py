"""What tests of registries and layouts share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from artifacts import FAST, Open, Recorder
from docker_registry import DockerRegistry
from hostile_registry import HostileRegistry
from relgraph.oci.credentials import CredentialSource
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.reference import RegistryReference
from relgraph.oci.registries import Registries
from relgraph.oci.remote import RemoteRepository
from relgraph.oci.settings import Settings


@pytest.fixture
def hostile() -> Iterator[HostileRegistry]:
    """A registry that does what it is told."""
    with HostileRegistry() as registry:
        yield registry


@pytest.fixture
def reporter() -> Recorder:
    """What was reported."""
    return Recorder()


@pytest.fixture
def connect(reporter: Recorder) -> Iterator[Open]:
    """Opens a repository of a registry (by address), with settings and credentials where given."""
    opened: list[Registries] = []

    def connect(
        address: str, repository: str = "acme/web", *, settings: Settings = FAST, credentials: CredentialSource | None = None
    ) -> RemoteRepository:
        registries = Registries(settings, credentials=credentials, reporter=reporter)
        opened.append(registries)
        return registries.open(RegistryReference(address, repository))

    yield connect
    for registries in opened:
        registries.close()


@pytest.fixture
def remote(hostile: HostileRegistry, connect: Open) -> RemoteRepository:
    """A repository of the registry that does what it is told."""
    return connect(hostile.address)


@pytest.fixture
def local(tmp_path: Path) -> LocalRepository:
    """A repository of a new layout."""
    return LocalRepository(Layout(tmp_path / "layout", create=True), "acme/web")


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[DockerRegistry]:
    """Debian's registry."""
    if shutil.which("docker-registry") is None:
        pytest.skip("docker-registry is not installed")
    with DockerRegistry(tmp_path / "docker-registry") as registry:
        yield registry
