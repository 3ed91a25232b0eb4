"""The narrow interfaces between what keeps content and what uses it.

After oras-go's ``content`` package: a function asks for the least it needs (:class:`Fetcher` to read, :class:`Storage` to
copy into), and a registry, a layout on disk and the double in :mod:`relgraph.oci.memory` all satisfy :class:`Repository`.
Every method may be called from several threads at once. Methods raise :class:`~relgraph.oci.errors.NotFound` for what is
absent, :class:`~relgraph.oci.errors.ContentMismatch` for wrong bytes and, where a registry stands behind them,
:class:`~relgraph.oci.errors.RegistryFailure`.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from relgraph.oci.content import BytesSource, Reader, Source, verify
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.errors import InvalidContent
from relgraph.oci.json import MAX_MANIFEST
from relgraph.oci.manifest import Document, parse_document

__all__ = [
    "Fetcher",
    "Pusher",
    "ReadOnlyRepository",
    "ReadOnlyStorage",
    "Referrers",
    "Repository",
    "Resolver",
    "Storage",
    "TagLister",
    "Tagger",
    "push_bytes",
    "push_document",
    "read_blob",
    "read_document",
]


class Fetcher(Protocol):
    """Gives content by descriptor."""

    def fetch(self, descriptor: Descriptor) -> AbstractContextManager[Reader]:
        """A verified reader of the content: read to its end without an error, its bytes are those of the descriptor."""


class ReadOnlyStorage(Fetcher, Protocol):
    """Content that can be read."""

    def exists(self, descriptor: Descriptor) -> bool:
        """Whether the content is there."""


class Pusher(Protocol):
    """Takes content by descriptor."""

    def push(self, descriptor: Descriptor, source: Source) -> None:
        """Store the content of ``source`` and return when it is there, whole and verified; what is there already is skipped.

        What the content refers to must be stored first, except a subject.
        """


class Storage(ReadOnlyStorage, Pusher, Protocol):
    """Content that can be read and added to."""


class Resolver(Protocol):
    """Gives the descriptor of a name."""

    @property
    def name(self) -> str:
        """The repository as messages show it: ``ghcr.io/acme/charts/web`` or ``layout:out``."""

    def resolve(self, reference: str) -> Descriptor:
        """The descriptor (media type, digest, size) of a tag or a digest. Resolve once and use the digest from then on."""

    def load(self, reference: str) -> Document:
        """The manifest or index of a tag or a digest, verified: what :meth:`resolve` names, read in the same step."""


class Tagger(Protocol):
    """Gives names to manifests."""

    @property
    def atomic(self) -> bool:
        """Whether a tag is compared and moved in one step. Otherwise two may move it at once, and the later one wins."""

    def tag(self, descriptor: Descriptor, tag: str, *, replacing: Descriptor | None = None) -> None:
        """Let ``tag`` name a manifest or index that is stored.

        A tag that names it already stays as it is. One that names anything else raises
        :class:`~relgraph.oci.errors.TagExists`, unless it names ``replacing``: the declared channels (``latest``, ``v1``) and
        the lists kept under a tag (referrers, signatures) move in this way and no other.
        """

    def publish(self, document: Document, tag: str = "", *, replacing: Descriptor | None = None) -> Descriptor:
        """Store a manifest or index whose children are stored and let ``tag`` name it, under the rule of :meth:`tag`.

        Cheaper than the two steps, and nothing is done where the tag names it already. Without a tag it is stored as
        something that stands by itself.
        """


class TagLister(Protocol):
    """Lists names."""

    def tags(self) -> Iterator[str]:
        """All tags of the repository, sorted, each once; page by page where they come from a registry."""


class Referrers(Protocol):
    """Lists what refers to a manifest."""

    def referrers(self, descriptor: Descriptor, artifact_type: str = "") -> Iterator[Descriptor]:
        """Manifests whose subject is ``descriptor``, of one artifact type or all, with artifact type and annotations."""


class ReadOnlyRepository(ReadOnlyStorage, Resolver, TagLister, Referrers, Protocol):
    """A repository that can be read."""


class Repository(Storage, Resolver, Tagger, TagLister, Referrers, Protocol):
    """A repository of a registry or a layout: content, names and referrers."""


def read_blob(storage: Fetcher, descriptor: Descriptor, *, limit: int) -> bytes:
    """The whole content, verified. Raises InvalidContent where the descriptor promises more than ``limit`` bytes."""
    if descriptor.size > limit:
        raise InvalidContent(f"{descriptor.digest}: {descriptor.size} bytes, more than the {limit} allowed here")
    if descriptor.data is not None:
        return verify(descriptor.data, descriptor, where="embedded data")
    with storage.fetch(descriptor) as reader:
        parts = []
        while data := reader.read(descriptor.size + 1):
            parts.append(data)
    return b"".join(parts)


def read_document(storage: Fetcher, descriptor: Descriptor) -> Document:
    """The manifest or index of a descriptor, verified and parsed; at most 4 MiB."""
    raw = read_blob(storage, descriptor, limit=MAX_MANIFEST)
    return parse_document(raw, media_type=descriptor.media_type, digest=descriptor.digest, what=str(descriptor.digest))


def push_bytes(storage: Pusher, descriptor: Descriptor, data: bytes) -> Descriptor:
    """Store ``data`` and return its descriptor."""
    storage.push(descriptor, BytesSource(data))
    return descriptor


def push_document(storage: Pusher, document: Document) -> Descriptor:
    """Store a manifest or index whose children are stored, and return its descriptor."""
    return push_bytes(storage, document.descriptor, document.raw)
