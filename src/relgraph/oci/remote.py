"""A repository in a registry, as a :class:`~relgraph.oci.storage.Repository`."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from typing import TypeGuard

from relgraph.oci.content import BytesSource, Reader, Source, VerifiedReader
from relgraph.oci.descriptor import EMPTY, Descriptor
from relgraph.oci.digest import Digest, is_digest
from relgraph.oci.errors import NotFound, TagExists, TagMoved, tags_hint
from relgraph.oci.growing import grow
from relgraph.oci.manifest import (
    DOCKER_LIST,
    INDEX,
    Document,
    Index,
    is_manifest_type,
    parse_document,
    referrer_entry,
)
from relgraph.oci.session import Session
from relgraph.oci.transport import Transport

__all__ = ["RemoteRepository", "fallback_tag"]

_KEPT_BYTES = 32 << 20
# What old tools wrote as the artifact type of an entry: the media type of the config (docker/buildx#4010).
_DOUBTFUL_TYPES = frozenset(
    ("", EMPTY.media_type, "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
)


class RemoteRepository:
    """One repository of one registry.

    Manifests that came by or were stored are kept in memory (up to 32 MiB), so that none is fetched twice. ``mount_from``
    names a repository of the same registry whose blobs may be mounted instead of sent.
    """

    #: The distribution specification has no way to compare and set a tag.
    atomic = False

    def __init__(self, session: Session, repository: str, *, mount_from: str = "") -> None:
        self.transport = Transport(session, repository)
        self.registry = session.registry
        self.repository = repository
        self.mount_from = mount_from
        self.name = self.transport.name
        self._kept: dict[Digest, Document] = {}
        self._kept_bytes = 0
        self._lock = threading.Lock()
        self._referrers_lock = threading.Lock()

    # Content.

    def fetch(self, descriptor: Descriptor) -> VerifiedReader:
        """A verified reader of a blob or manifest; the transfer is resumed where it breaks."""
        if is_manifest_type(descriptor.media_type):
            document = self._document(descriptor.digest)
            return VerifiedReader(BytesSource(document.raw).open(), descriptor, where=self.name)
        return VerifiedReader(self.transport.open_blob(descriptor), descriptor, where=self.name)

    def fetch_from(self, descriptor: Descriptor, offset: int) -> AbstractContextManager[Reader]:
        """A reader of a blob's bytes from an offset on, for whoever has the others and verifies the whole."""
        return closing(self.transport.open_blob(descriptor, offset))

    def exists(self, descriptor: Descriptor) -> bool:
        """Whether the content is there."""
        if not is_manifest_type(descriptor.media_type):
            return self.transport.has_blob(descriptor.digest)
        return self.transport.head_manifest(descriptor.digest) is not None

    def check_writable(self) -> None:
        """Raises what a push would, where the credentials at hand do not allow one; nothing is stored."""
        self.transport.actions = "pull,push"
        self.transport.probe_upload()

    def push(self, descriptor: Descriptor, source: Source) -> None:
        """Store content, unless it is there already."""
        self.transport.actions = "pull,push"
        if not is_manifest_type(descriptor.media_type):
            self.transport.upload_missing(descriptor, source, self.mount_from)
            return
        with source.open() as reader, VerifiedReader(reader, descriptor, where="source") as verified:
            document = parse_document(verified.read(), media_type=descriptor.media_type, digest=descriptor.digest)
        if self.transport.head_manifest(document.digest) is None:
            self._put(document, document.digest)
        else:
            self._list_by_subject(document)

    # Names.

    def resolve(self, reference: str) -> Descriptor:
        """The descriptor of a tag or digest, in one request without a body where the registry says enough."""
        descriptor = self.transport.head_manifest(reference)
        if descriptor is None:
            raise self._absent(reference)
        return descriptor

    def load(self, reference: str) -> Document:
        """The manifest or index of a tag or digest, in one request."""
        if is_digest(reference):
            return self._document(Digest(reference))
        try:
            return self._keep(self.transport.read_manifest(reference))
        except NotFound:
            raise self._absent(reference) from None

    def tag(self, descriptor: Descriptor, tag: str, *, replacing: Descriptor | None = None) -> None:
        """Let ``tag`` name a stored manifest, unless it names another one than ``replacing``."""
        self.publish(self._document(descriptor.digest), tag, replacing=replacing)

    def publish(self, document: Document, tag: str = "", *, replacing: Descriptor | None = None) -> Descriptor:
        """Store a manifest whose children are stored, and name it: one request where it is there already, else two."""
        self.transport.actions = "pull,push"
        reference = tag or document.digest
        current = self.transport.head_manifest(reference)
        if current is None:
            if tag and replacing is not None:
                raise TagMoved(tag, where=self.name, before=replacing.digest, after="nothing")
            self._put(document, reference)
        elif current.digest == document.digest:
            self._list_by_subject(document)
        elif replacing is not None and current.digest == replacing.digest:
            self._replace(document, tag, replacing)
        else:
            raise TagExists(tag, where=self.name, existing=current.digest, wanted=document.digest)
        return document.descriptor

    def tags(self) -> Iterator[str]:
        """All tags, sorted. Raises NotFound where the repository does not exist."""
        yield from sorted(set(self.transport.list_tags()))

    # Referrers.

    def referrers(self, descriptor: Descriptor, artifact_type: str = "") -> Iterator[Descriptor]:
        """Manifests whose subject is ``descriptor``: from the registry's API or, without one, from the fallback tag."""
        listed = self.transport.list_referrers(descriptor.digest, artifact_type)
        if listed is None:
            index = self._fallback_index(descriptor.digest)
            listed = [] if index is None else [self._beyond_doubt(entry) for entry in index.manifests]
        seen: set[Digest] = set()
        for entry in listed:
            # An API may leave filtering to its users.
            if artifact_type in ("", entry.artifact_type) and entry.digest not in seen:
                seen.add(entry.digest)
                yield entry

    def _beyond_doubt(self, entry: Descriptor) -> Descriptor:
        if entry.artifact_type not in _DOUBTFUL_TYPES or not is_manifest_type(entry.media_type):
            return entry
        try:
            return referrer_entry(self._document(entry.digest))
        except NotFound:
            return entry

    def _list_by_subject(self, document: Document) -> None:
        """Make sure that a manifest is found by its subject, also where an earlier run was ended before it came to that."""
        if document.subject is None:
            return
        listed = self.transport.list_referrers(document.subject.digest)
        if listed is None:
            self._add_to_fallback(document, document.subject.digest)

    def _put(self, document: Document, reference: str) -> None:
        listed = self.transport.put_manifest(document, reference)
        self._keep(document)
        if document.subject is not None and not listed:
            self._list_by_subject(document)

    def _add_to_fallback(self, document: Document, subject: Digest) -> None:
        # Distribution specification 1.1, "Referrers Tag Schema".
        entry = referrer_entry(document)

        def add(before: Document | None) -> Index | None:
            index = before if before is not None and _lists(before) else None
            entries = () if index is None else index.manifests
            if any(known.digest == entry.digest for known in entries):
                return None
            return Index.make((*entries, entry), annotations={} if index is None else index.annotations)

        with self._referrers_lock:
            grow(self, fallback_tag(subject), add)

    def _fallback_index(self, subject: Digest) -> Index | None:
        try:
            document = self.transport.read_manifest(fallback_tag(subject))
        except NotFound:
            return None
        return document if _lists(document) else None

    # Common parts.

    def _absent(self, reference: str) -> NotFound:
        return NotFound(reference, where=self.name, hint="" if is_digest(reference) else tags_hint(self.name))

    def _replace(self, document: Document, tag: str, before: Descriptor) -> None:
        if not self.transport.replace_manifest(document, tag):
            # The registry compares, and found something else; unless it compares with something else than it says.
            current = self.transport.head_manifest(tag)
            if current is None or current.digest != before.digest:
                after = "nothing" if current is None else current.digest
                raise TagMoved(tag, where=self.name, before=before.digest, after=after)
            self.transport.put_manifest(document, tag)
        self._keep(document)
        # Of two that replaced the same content only the later one remains: the other must learn of it.
        current = self.transport.head_manifest(tag)
        if current is None or current.digest != document.digest:
            after = "nothing" if current is None else current.digest
            raise TagMoved(tag, where=self.name, before=document.digest, after=after)
        self._list_by_subject(document)

    def _document(self, digest: Digest) -> Document:
        known = self._kept.get(digest)
        return known if known is not None else self._keep(self.transport.read_manifest(digest))

    def _keep(self, document: Document) -> Document:
        with self._lock:
            if document.digest not in self._kept and self._kept_bytes + len(document.raw) <= _KEPT_BYTES:
                self._kept[document.digest] = document
                self._kept_bytes += len(document.raw)
        return document


def _lists(document: Document) -> TypeGuard[Index]:
    return isinstance(document, Index) and document.media_type in (INDEX, DOCKER_LIST)


def fallback_tag(digest: Digest) -> str:
    """The tag under which referrers are listed where the registry has no API for them: ``sha256-<hex>``, at most 64 digits."""
    return f"{digest.algorithm[:32]}-{digest.hex[:64]}"
