"""A repository in memory: the double of a registry, for tests and for results that never touch a disk."""

from collections.abc import Iterator
from io import BytesIO
from threading import Lock

from relgraph.oci.content import Source, VerifiedReader
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import Digest, is_digest
from relgraph.oci.errors import NotFound, TagExists, TagMoved
from relgraph.oci.manifest import Document, is_manifest_type, parse_document, referrer_entry
from relgraph.oci.storage import push_document, read_document

__all__ = ["MemoryRepository"]


class MemoryRepository:
    """A :class:`~relgraph.oci.storage.Repository` that keeps everything in this process.

    ``blobs`` may be tampered with by tests: what is fetched is verified as from anywhere else.
    """

    #: Names change under a lock.
    atomic = True

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.blobs: dict[Digest, bytes] = {}
        self._documents: dict[Digest, Descriptor] = {}
        self._tags: dict[str, Digest] = {}
        self._lock = Lock()

    def fetch(self, descriptor: Descriptor) -> VerifiedReader:
        """A verified reader of the content."""
        data = self.blobs.get(descriptor.digest)
        if data is None:
            raise NotFound(descriptor.digest, where=self.name)
        return VerifiedReader(BytesIO(data), descriptor, where=self.name)

    def exists(self, descriptor: Descriptor) -> bool:
        """Whether the content is there."""
        return descriptor.digest in self.blobs

    def push(self, descriptor: Descriptor, source: Source) -> None:
        """Store the content of ``source``. Raises NotFound where a manifest's children are missing, as registries do."""
        with source.open() as reader, VerifiedReader(reader, descriptor, where=self.name) as verified:
            data = verified.read()
        if is_manifest_type(descriptor.media_type):
            document = parse_document(data, media_type=descriptor.media_type, digest=descriptor.digest)
            for child in document.children:
                if child.digest not in self.blobs:
                    raise NotFound(child.digest, where=self.name, hint="store what a manifest names before the manifest")
            self._documents[descriptor.digest] = descriptor.bare
        self.blobs[descriptor.digest] = data

    def resolve(self, reference: str) -> Descriptor:
        """The descriptor of a tag or digest."""
        digest = Digest(reference) if is_digest(reference) else self._tags.get(reference)
        descriptor = self._documents.get(digest) if digest is not None else None
        if descriptor is None:
            raise NotFound(reference, where=self.name)
        return descriptor

    def load(self, reference: str) -> Document:
        """The manifest or index of a tag or digest."""
        return read_document(self, self.resolve(reference))

    def publish(self, document: Document, tag: str = "", *, replacing: Descriptor | None = None) -> Descriptor:
        """Store a manifest and name it."""
        descriptor = push_document(self, document)
        if tag:
            self.tag(descriptor, tag, replacing=replacing)
        return descriptor

    def tag(self, descriptor: Descriptor, tag: str, *, replacing: Descriptor | None = None) -> None:
        """Let ``tag`` name a manifest, unless it names another one than ``replacing``."""
        if descriptor.digest not in self._documents:
            raise NotFound(descriptor.digest, where=self.name)
        with self._lock:
            if replacing is not None and tag not in self._tags:
                raise TagMoved(tag, where=self.name, before=replacing.digest, after="nothing")
            before = self._tags.get(tag, descriptor.digest)
            if before != descriptor.digest and (replacing is None or before != replacing.digest):
                raise TagExists(tag, where=self.name, existing=before, wanted=descriptor.digest)
            self._tags[tag] = descriptor.digest

    def tags(self) -> Iterator[str]:
        """All tags, sorted."""
        yield from sorted(self._tags)

    def referrers(self, descriptor: Descriptor, artifact_type: str = "") -> Iterator[Descriptor]:
        """Manifests whose subject is ``descriptor``, in the order in which they came."""
        for digest, known in list(self._documents.items()):
            document = parse_document(self.blobs[digest], media_type=known.media_type)
            if document.subject is not None and document.subject.digest == descriptor.digest:
                entry = referrer_entry(document)
                if artifact_type in ("", entry.artifact_type):
                    yield entry
