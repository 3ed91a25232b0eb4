"""Images that a builder made, looked at: their configurations, and what their program says in a real engine."""

import json
from typing import Any

from buildworld import Built
from relgraph.build.images import base_of, docker_archive
from relgraph.oci.codecs.rootfs import Platform
from relgraph.oci.json import MAX_MANIFEST
from relgraph.oci.manifest import Index, Manifest
from relgraph.oci.storage import read_blob, read_document

__all__ = ["configs", "manifests", "run_image"]

_NAME = "tests.invalid/run:1"


def manifests(built: Built) -> list[Manifest]:
    """The manifests of an image, one for each platform."""
    root = built.artifact.root
    found = [read_document(built.repository, entry) for entry in root.manifests] if isinstance(root, Index) else [root]
    return [one for one in found if isinstance(one, Manifest)]


def configs(built: Built) -> list[dict[str, Any]]:
    """Their configurations, as they are stored."""
    return [json.loads(read_blob(built.repository, one.config, limit=MAX_MANIFEST)) for one in manifests(built)]


def run_image(client: Any, built: Built, *words: str) -> str:
    """What the image's program writes, run by the engine of Docker's own ``client`` without a network."""
    base = base_of(built.repository, built.digest, Platform("linux", "amd64"))
    client.images.load(b"".join(docker_archive(base, _NAME)))
    try:
        said: bytes = client.containers.run(_NAME, list(words), network_mode="none", remove=True)
        return said.decode()
    finally:
        client.images.remove(_NAME, force=True)
