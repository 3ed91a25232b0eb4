"""An artifact that was made: manifests and the blobs they name, ready to be copied into a repository."""

from collections.abc import Mapping
from typing import NamedTuple

from relgraph.oci.content import BytesSource, Source, VerifiedReader
from relgraph.oci.descriptor import EMPTY, EMPTY_BODY, NOTHING, Descriptor
from relgraph.oci.digest import Digest, digest_of
from relgraph.oci.errors import NotFound
from relgraph.oci.manifest import Document
from relgraph.oci.storage import Pusher

__all__ = ["EMPTY_BLOB", "Artifact", "Blob", "blob_of"]


class Blob(NamedTuple):
    """Content with its descriptor."""

    descriptor: Descriptor
    source: Source


class Artifact:
    """Manifests and blobs. It is a :class:`~relgraph.oci.storage.ReadOnlyStorage`, so that whatever copies can copy it.

    ``root`` is the manifest or index that stands for the whole; ``tag`` is the one its format asks for, or empty.
    """

    def __init__(self, blobs: tuple[Blob, ...], documents: tuple[Document, ...], *, tag: str = "") -> None:
        self.blobs = tuple({blob.descriptor.digest: blob for blob in blobs}.values())
        self.documents = documents
        self.tag = tag
        self._sources: dict[Digest, Source] = {blob.descriptor.digest: blob.source for blob in self.blobs}
        self._sources |= {document.digest: BytesSource(document.raw) for document in documents}

    @property
    def root(self) -> Document:
        """What a tag names."""
        return self.documents[-1]

    @property
    def size(self) -> int:
        """Bytes of all content, each once."""
        return sum(blob.descriptor.size for blob in self.blobs) + sum(len(document.raw) for document in self.documents)

    def fetch(self, descriptor: Descriptor) -> VerifiedReader:
        """A verified reader: a file that changed since it was described is noticed."""
        source = self._sources.get(descriptor.digest)
        if source is None:
            raise NotFound(descriptor.digest, where="artifact")
        return VerifiedReader(source.open().__enter__(), descriptor, where="artifact")

    def exists(self, descriptor: Descriptor) -> bool:
        """Whether it is part of the artifact."""
        return descriptor.digest in self._sources

    def push_to(self, storage: Pusher) -> Descriptor:
        """Store everything, blobs first and the root last; the root's descriptor."""
        for blob in self.blobs:
            storage.push(blob.descriptor, blob.source)
        for document in self.documents:
            storage.push(document.descriptor, BytesSource(document.raw))
        return self.root.descriptor


def blob_of(media_type: str, data: bytes, *, annotations: Mapping[str, str] = NOTHING) -> Blob:
    """A blob in memory."""
    return Blob(Descriptor(media_type, digest_of(data), len(data), annotations), BytesSource(data))


#: The blob behind the descriptor of an empty config.
EMPTY_BLOB = Blob(EMPTY, BytesSource(EMPTY_BODY))
