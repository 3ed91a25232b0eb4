"""Copies between repositories, wherever they are: what a manifest names, the manifest, its name, and what refers to it.

What the destination has is not sent. Blobs go first and several at once, manifests after what they name, the name last: a
copy that ends early leaves nothing that looks finished, and the next one goes on where it ended.
"""

import re
import threading
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple, Protocol, runtime_checkable

from relgraph.errors import EnvironmentFailure
from relgraph.oci.content import Reader
from relgraph.oci.crew import Crew
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import Digest, is_digest
from relgraph.oci.errors import InvalidContent, NotFound, TagExists
from relgraph.oci.manifest import Document, Index, Manifest, is_manifest_type
from relgraph.oci.storage import Fetcher, ReadOnlyRepository, Repository, push_document, read_document

__all__ = ["Copied", "FetchSource", "companion_of", "companion_tags", "copy", "upload"]

_MOST_MANIFESTS = 10_000
_DEEPEST = 16
_SMALL = 4 << 20
# Layers that their makers do not allow to be pushed: they stay where their urls say.
_FOREIGN = (".nondistributable.", ".foreign.")
#: What the tag scheme of cosign keeps beside a manifest: signatures, attestations, SBOMs.
_COMPANIONS = (".sig", ".att", ".sbom")
_COMPANION = re.compile(r"(sha256|sha512)-([0-9a-f]+)(?:\.(?:sig|att|sbom))?", re.ASCII)


class Copied(NamedTuple):
    """What a copy came to: the root, and how many manifests and blobs (and bytes of them) the destination was given.

    ``referrers`` counts the manifests that refer to what was copied and are there now, too; blobs that the destination had
    already, or mounted, are among ``blobs``.
    """

    root: Descriptor
    manifests: int = 0
    blobs: int = 0
    bytes: int = 0
    referrers: int = 0


@runtime_checkable
class _OffsetFetcher(Protocol):
    def fetch_from(self, descriptor: Descriptor, offset: int) -> AbstractContextManager[Reader]: ...


@runtime_checkable
class _Mounting(Protocol):
    registry: str
    repository: str
    mount_from: str


class FetchSource:
    """Content of a repository as a source for another. After ``stop`` is set, reading fails.

    ``verified=False`` is for a destination that verifies what it is given anyway, as registries do.
    """

    def __init__(self, repository: Fetcher, descriptor: Descriptor, stop: threading.Event, *, verified: bool = True) -> None:
        self._repository = repository
        self._descriptor = descriptor
        self._stop = stop
        self._verified = verified

    @contextmanager
    def open(self) -> Generator[Reader, None, None]:
        """A new reader at the first byte."""
        if not self._verified and isinstance(self._repository, _OffsetFetcher):
            with self.open_at(0) as reader:
                yield reader
            return
        with self._repository.fetch(self._descriptor) as reader:
            # What is small is through before anybody could stop it.
            yield reader if self._descriptor.size < _SMALL else _Stoppable(reader, self._stop)

    @contextmanager
    def open_at(self, offset: int) -> Generator[Reader, None, None]:
        """A new reader at a byte's offset, which verifies nothing."""
        if isinstance(self._repository, _OffsetFetcher):
            with self._repository.fetch_from(self._descriptor, offset) as reader:
                yield _Stoppable(reader, self._stop)
            return
        with self._repository.fetch(self._descriptor) as reader:
            while offset > 0:
                offset -= len(reader.read(min(offset, 1 << 18)) or b"")
            yield _Stoppable(reader, self._stop)


def copy(
    source: ReadOnlyRepository,
    destination: Repository,
    reference: str,
    *,
    tag: str = "",
    referrers: bool = True,
    replacing: Descriptor | None = None,
    workers: int = 8,
) -> Copied:
    """Copy the manifest or index that ``reference`` (a tag or digest) names in ``source``, and name it ``tag``.

    ``referrers`` takes along what refers to it, and what cosign keeps in tags beside it. Raises
    :class:`~relgraph.oci.errors.TagExists` before anything is sent where the tag names other content (than ``replacing``),
    and otherwise what the repositories raise.
    """
    root = source.load(reference)
    if isinstance(source, _Mounting) and isinstance(destination, _Mounting) and source.registry == destination.registry:
        destination.mount_from = source.repository if source.repository != destination.repository else ""
    with Crew(workers) as crew:
        return _Copy(source, destination, crew).run(root, tag, replacing, referrers=source if referrers else None)


def upload(
    source: Fetcher,
    destination: Repository,
    root: Document,
    *,
    tag: str = "",
    replacing: Descriptor | None = None,
    workers: int = 8,
) -> Copied:
    """Store an artifact that was made: ``root`` and all that it names come from ``source``. See :func:`copy`."""
    with Crew(workers) as crew:
        return _Copy(source, destination, crew).run(root, tag, replacing)


def companion_tags(digest: Digest) -> list[str]:
    """The tags under which cosign keeps what belongs to a manifest."""
    return [f"{digest.algorithm}-{digest.hex}{suffix}" for suffix in _COMPANIONS]


def companion_of(tag: str) -> Digest | None:
    """The digest to which the content of a tag belongs, for the tags of cosign and of the referrers' fallback; else None."""
    match = _COMPANION.fullmatch(tag)
    digest = f"{match[1]}:{match[2]}" if match else ""
    return Digest(digest) if is_digest(digest) else None


class _Copy:
    def __init__(self, source: Fetcher, destination: Repository, crew: Crew) -> None:
        self._source = source
        self._destination = destination
        self._crew = crew
        # A registry verifies what it is given. (Asked once: to compare with a protocol costs as much as a request.)
        self._verified = not isinstance(destination, _Mounting)
        self._done: set[Digest] = set()
        self._manifests = 0
        self._blobs = 0
        self._bytes = 0
        self._referrers = 0

    def run(self, root: Document, tag: str, replacing: Descriptor | None, *, referrers: ReadOnlyRepository | None = None) -> Copied:
        documents = self._copy(root, tag, replacing)
        if referrers is not None:
            self._follow_referrers(referrers, documents)
        return Copied(root.descriptor, self._manifests, self._blobs, self._bytes, self._referrers)

    def _copy(self, root: Document, tag: str, replacing: Descriptor | None = None) -> list[Document]:
        """Copy a graph; all documents in it, the root last."""
        levels = self._graph(root)
        documents = [document for level in reversed(levels) for document in level]
        if not self._has(root, tag, replacing):
            missing = self._missing(levels)
            children = {child.digest: child for document in missing for child in document.children}
            self._send([child for child in children.values() if not is_manifest_type(child.media_type)])
            pending = {document.digest for document in missing}
            for level in reversed(levels[1:]):
                self._crew.each(self._push, [document for document in level if document.digest in pending])
            self._destination.publish(root, tag, replacing=replacing)
            self._manifests += len(missing)
        return documents

    def _has(self, root: Document, tag: str, replacing: Descriptor | None) -> bool:
        try:
            current = self._destination.resolve(tag or root.digest)
        except NotFound:
            return False
        if current.digest == root.digest:
            # It may be there and not be listed by its subject, or not stand by itself, yet.
            if root.subject is not None or not tag:
                self._destination.publish(root, tag)
            return True
        if replacing is None or replacing.digest != current.digest:
            raise TagExists(tag, where=self._destination.name, existing=current.digest, wanted=root.digest)
        return False

    def _graph(self, root: Document) -> list[list[Document]]:
        """The documents by level, the root's first; one that occurs on several stands on the deepest."""
        levels: list[dict[Digest, Document]] = [{root.digest: root}]
        while True:
            wanted = [
                entry
                for document in levels[-1].values()
                if isinstance(document, Index)
                for entry in document.children
                if is_manifest_type(entry.media_type)
            ]
            if not wanted:
                break
            loaded = self._crew.each(lambda entry: read_document(self._source, entry), wanted)
            level = {document.digest: document for document in loaded}
            for above in levels:
                for digest in level:
                    above.pop(digest, None)
            levels.append(level)
            if len(levels) > _DEEPEST or sum(map(len, levels)) > _MOST_MANIFESTS:
                raise InvalidContent(f"{root.digest}: an index of too many manifests")
        return [list(level.values()) for level in levels]

    def _missing(self, levels: Sequence[Sequence[Document]]) -> list[Document]:
        """The root, and those documents below it that the destination does not have; what it has has all its children."""
        below = [document for level in levels[1:] for document in level if document.digest not in self._done]
        there = self._crew.each(lambda document: self._destination.exists(document.descriptor), below)
        missing = [*levels[0]]
        for document, known in zip(below, there, strict=True):
            if known:
                self._done.update(child.digest for child in document.children)
            else:
                missing.append(document)
        return missing

    def _send(self, blobs: list[Descriptor]) -> None:
        mine = [
            blob
            for blob in blobs
            if blob.digest not in self._done and not (blob.urls and any(word in blob.media_type for word in _FOREIGN))
        ]
        # The largest first: what is left for the end should be short.
        mine.sort(key=lambda blob: -blob.size)
        self._crew.each(self._send_one, mine)
        self._done.update(blob.digest for blob in blobs)

    def _send_one(self, blob: Descriptor) -> None:
        self._destination.push(blob, FetchSource(self._source, blob, self._crew.stop, verified=self._verified))
        with self._crew.lock:
            self._blobs += 1
            self._bytes += blob.size

    def _push(self, document: Document) -> None:
        push_document(self._destination, document)
        self._done.add(document.digest)

    def _follow_referrers(self, source: ReadOnlyRepository, documents: list[Document]) -> None:
        pending = list(documents)
        seen = {document.digest for document in documents}
        while pending:
            if len(seen) > _MOST_MANIFESTS:
                raise InvalidContent(f"{source.name}: {documents[-1].digest}: too many manifests refer to it")
            targets, pending = pending, []
            found = self._crew.each(lambda document: list(source.referrers(document.descriptor)), targets)
            for entry in (entry for entries in found for entry in entries):
                if entry.digest not in seen:
                    seen.add(entry.digest)
                    referrer = read_document(self._source, entry.bare)
                    pending += self._copy(referrer, "")
                    self._referrers += 1
            tags = [tag for document in targets for tag in companion_tags(document.digest)]
            for tag, companion in zip(tags, self._crew.each(lambda tag: _companion(source, tag), tags), strict=True):
                if companion is not None and companion.digest not in seen:
                    seen.add(companion.digest)
                    pending += self._copy_companion(companion, tag)
                    self._referrers += 1

    def _copy_companion(self, document: Document, tag: str) -> list[Document]:
        """Copy a list that cosign keeps under a tag. It grows, layer by layer: the longer one wins, others are not mixed."""
        try:
            current = self._destination.load(tag)
        except NotFound:
            return self._copy(document, tag)
        if current.digest == document.digest:
            return [document]
        ours, theirs = _layers(document), _layers(current)
        if ours < theirs:
            return [document]
        if not ours > theirs:
            raise TagExists(tag, where=self._destination.name, existing=current.digest, wanted=document.digest)
        return self._copy(document, tag, replacing=current.descriptor)


class _Stoppable:
    def __init__(self, reader: Reader, stop: threading.Event) -> None:
        self._reader = reader
        self._stop = stop

    def read(self, size: int = -1, /) -> bytes | None:
        if self._stop.is_set():
            raise EnvironmentFailure("stopped")
        return self._reader.read(size)

    def close(self) -> None:
        self._reader.close()


def _companion(source: ReadOnlyRepository, tag: str) -> Document | None:
    try:
        return source.load(tag)
    except NotFound:
        return None


def _layers(document: Document) -> frozenset[tuple[Digest, frozenset[tuple[str, str]]]]:
    layers = document.layers if isinstance(document, Manifest) else document.manifests
    return frozenset((layer.digest, frozenset(layer.annotations.items())) for layer in layers)
