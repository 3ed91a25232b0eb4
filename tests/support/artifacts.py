"""Small artifacts for tests, and the settings under which tests of hostile servers stay fast."""

import random
from collections.abc import Callable, Mapping

from relgraph.effects.connection import Limits
from relgraph.oci.descriptor import EMPTY, EMPTY_BODY, NOTHING, Descriptor
from relgraph.oci.manifest import Index, Manifest
from relgraph.oci.progress import Silent, Transfer
from relgraph.oci.remote import RemoteRepository
from relgraph.oci.retry import Patience
from relgraph.oci.settings import Settings
from relgraph.oci.storage import Pusher, Repository, push_bytes

__all__ = ["FAST", "LAYER", "Open", "Recorder", "attach", "blob", "publish", "publish_index", "store"]

LAYER = "application/vnd.example.layer"

#: Opens a repository of a registry, given by its address (a fixture of the tests).
Open = Callable[..., RemoteRepository]

#: Fractions of a second where users get minutes.
FAST = Settings(
    limits=Limits(connect=2.0, stall=0.25, answer=0.5),
    patience=Patience(attempts=3, first=0.01),
    document=1.0,
    slowest=10_000.0,
    window=0.25,
)


class Recorder(Silent):
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.bytes = 0
        self.retries: list[tuple[str, float]] = []
        self.warnings: list[str] = []
        self.exchanges: list[tuple[str, str, int]] = []

    def advance(self, transfer: Transfer, size: int) -> None:
        self.bytes += size

    def end(self, transfer: Transfer, outcome: str) -> None:
        self.outcomes.append(outcome)

    def retry(self, reason: str, delay: float) -> None:
        self.retries.append((reason, delay))

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def exchange(self, method: str, url: str, status: int, seconds: float) -> None:
        self.exchanges.append((method, url, status))


def blob(size: int, seed: int = 0) -> bytes:
    """Bytes that do not compress, the same in every run."""
    return random.Random(f"{size} {seed}").randbytes(size)


def publish(
    repository: Repository,
    tag: str = "",
    *,
    layers: int = 2,
    size: int = 100,
    seed: int = 0,
    subject: Descriptor | None = None,
    artifact_type: str = "application/vnd.example.thing",
    annotations: Mapping[str, str] = NOTHING,
) -> Manifest:
    """Store an artifact of a few layers and name it."""
    manifest = store(
        repository, layers=layers, size=size, seed=seed, subject=subject, artifact_type=artifact_type, annotations=annotations
    )
    repository.publish(manifest, tag)
    return manifest


def store(
    repository: Pusher,
    *,
    layers: int = 2,
    size: int = 100,
    seed: int = 0,
    subject: Descriptor | None = None,
    artifact_type: str = "application/vnd.example.thing",
    annotations: Mapping[str, str] = NOTHING,
) -> Manifest:
    """Store the blobs of an artifact; its manifest, which is not stored."""
    push_bytes(repository, EMPTY, EMPTY_BODY)
    made = []
    for number in range(layers):
        data = blob(size, seed * 1000 + number)
        made.append(push_bytes(repository, Descriptor.of(LAYER, data), data))
    return Manifest.make(EMPTY, made, subject=subject, artifact_type=artifact_type, annotations=annotations)


def attach(
    repository: Repository, subject: Descriptor, *, seed: int = 1, artifact_type: str = "application/vnd.example.note"
) -> Manifest:
    """Store an artifact that refers to another."""
    return publish(repository, subject=subject.bare, layers=1, seed=seed, artifact_type=artifact_type)


def publish_index(repository: Repository, tag: str, *, platforms: int = 2, seed: int = 0) -> tuple[Index, list[Manifest]]:
    """Store an index of a few manifests and name it."""
    manifests = [store(repository, seed=seed * 100 + number + 1) for number in range(platforms)]
    for manifest in manifests:
        push_bytes(repository, manifest.descriptor, manifest.raw)
    entries = [
        manifest.descriptor._replace(platform={"os": "linux", "architecture": f"cpu{number}"})
        for number, manifest in enumerate(manifests)
    ]
    index = Index.make(entries)
    repository.publish(index, tag)
    return index, manifests
