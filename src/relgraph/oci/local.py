"""A repository in a layout, as a :class:`~relgraph.oci.storage.Repository`."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing

from relgraph.oci.content import BytesSource, Reader, Source, VerifiedReader
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import Digest, is_digest
from relgraph.oci.errors import InvalidContent, NotFound, TagExists, TagMoved, tags_hint
from relgraph.oci.ingest import ingest
from relgraph.oci.layout import Entry, Layout
from relgraph.oci.manifest import Document, is_manifest_type, parse_document, referrer_entry

__all__ = ["LocalRepository"]


class LocalRepository:
    """One repository of one layout; the empty name stands for tags without a repository. Content is shared by all of them."""

    #: Names change under the layout's lock.
    atomic = True

    def __init__(self, layout: Layout, repository: str = "") -> None:
        self.layout = layout
        self.repository = repository
        self.name = f"{layout.name}//{repository}" if repository else layout.name

    # Content.

    def fetch(self, descriptor: Descriptor) -> VerifiedReader:
        """A verified reader of the content."""
        return self.layout.open_blob(descriptor)

    def fetch_from(self, descriptor: Descriptor, offset: int) -> AbstractContextManager[Reader]:
        """A reader of the content from an offset on, for whoever verifies the whole."""
        return closing(self.layout.open_raw(descriptor.digest, offset))

    def exists(self, descriptor: Descriptor) -> bool:
        """Whether the content is there."""
        return self.layout.has(descriptor.digest)

    def push(self, descriptor: Descriptor, source: Source) -> None:
        """Store content, unless it is there. Raises NotFound where a manifest names what is not stored."""
        if is_manifest_type(descriptor.media_type):
            with source.open() as reader, VerifiedReader(reader, descriptor, where="source") as verified:
                raw = verified.read()
            self._link(parse_document(raw, media_type=descriptor.media_type, digest=descriptor.digest), "", None)
        elif not self._touch(descriptor):
            ingest(self.layout.private, self.layout.blob_path(descriptor.digest), descriptor, source, where=self.name)

    # Names.

    def resolve(self, reference: str) -> Descriptor:
        """The descriptor of a tag or digest."""
        if is_digest(reference):
            return self.layout.document(Digest(reference)).descriptor
        return self._named(reference, self.layout.entries()).bare

    def load(self, reference: str) -> Document:
        """The manifest or index of a tag or digest."""
        return self.layout.document(self.resolve(reference).digest)

    def tag(self, descriptor: Descriptor, tag: str, *, replacing: Descriptor | None = None) -> None:
        """Let ``tag`` name a stored manifest, unless it names another one than ``replacing``."""
        self._link(self.layout.document(descriptor.digest), tag, replacing)

    def publish(self, document: Document, tag: str = "", *, replacing: Descriptor | None = None) -> Descriptor:
        """Store a manifest whose children are stored, and name it."""
        self._link(document, tag, replacing, root=True)
        return document.descriptor

    def untag(self, tag: str) -> None:
        """Take a name away; the content stays until garbage is collected. Raises NotFound."""
        self._named(tag, self.layout.entries())
        self.layout.update(lambda entries: [entry for entry in entries if (entry.repository, entry.tag) != (self.repository, tag)])

    def tags(self) -> Iterator[str]:
        """All tags of the repository, sorted."""
        yield from sorted({entry.tag for entry in self.layout.entries() if entry.tag and entry.repository == self.repository})

    # Referrers.

    def referrers(self, descriptor: Descriptor, artifact_type: str = "") -> Iterator[Descriptor]:
        """Manifests in ``index.json`` whose subject is ``descriptor``, in the order of the index."""
        seen: set[Digest] = set()
        for entry in self.layout.entries():
            if entry.descriptor.digest in seen or not is_manifest_type(entry.descriptor.media_type):
                continue
            seen.add(entry.descriptor.digest)
            try:
                document = self.layout.document(entry.descriptor.digest)
            except NotFound:  # an index may list what was not copied with it
                continue
            if document.subject is not None and document.subject.digest == descriptor.digest:
                found = referrer_entry(document)
                if artifact_type in ("", found.artifact_type):
                    yield found

    # Common parts.

    def _link(self, document: Document, tag: str, replacing: Descriptor | None, *, root: bool = False) -> None:
        """Enter a manifest into the index under a tag or, where something will look for it there, without."""
        descriptor = document.descriptor._replace(artifact_type=document.artifact_type)
        with self.layout.locked():
            # Under the lock no garbage is collected: what is there now is there when the manifest is.
            for child in document.children:
                if not self._touch(child):
                    raise NotFound(child.digest, where=self.name, hint="store what a manifest names before the manifest")
            if not self._touch(descriptor):
                target, source = self.layout.blob_path(descriptor.digest), BytesSource(document.raw)
                ingest(self.layout.private, target, descriptor, source, where=self.name)
            if not tag and not root and document.subject is None:
                return
            self.layout.update_locked(lambda entries: self._with(entries, descriptor, tag, replacing))

    def _with(self, entries: list[Entry], descriptor: Descriptor, tag: str, replacing: Descriptor | None) -> list[Entry]:
        if not tag:
            known = any(entry.descriptor.digest == descriptor.digest for entry in entries)
            return entries if known else [*entries, Entry(descriptor)]
        try:
            current = self._named(tag, entries)
        except NotFound:
            if replacing is not None:
                raise TagMoved(tag, where=self.name, before=replacing.digest, after="nothing") from None
            return [*entries, Entry(descriptor, self.repository, tag)]
        if current.digest == descriptor.digest:
            return entries
        if replacing is None or current.digest != replacing.digest:
            raise TagExists(tag, where=self.name, existing=current.digest, wanted=descriptor.digest)
        kept = [entry for entry in entries if (entry.repository, entry.tag) != (self.repository, tag)]
        return [*kept, Entry(descriptor, self.repository, tag)]

    def _named(self, tag: str, entries: list[Entry]) -> Descriptor:
        found = {
            entry.descriptor.digest: entry.descriptor
            for entry in entries
            if entry.tag == tag and tag and entry.repository == self.repository
        }
        if not found:
            raise NotFound(tag, where=self.name, hint=tags_hint(self.name))
        if len(found) > 1:
            raise InvalidContent(f"{self.name}: {tag} names {len(found)} things: {', '.join(found)}", hint="name a digest")
        return next(iter(found.values()))

    def _touch(self, descriptor: Descriptor) -> bool:
        """Whether content is there in its full size; if so, it counts as young: garbage collection leaves it to its user."""
        path = self.layout.blob_path(descriptor.digest)
        with contextlib.suppress(PermissionError):  # somebody else's file: it is there, and that is what was asked
            try:
                os.utime(path, follow_symlinks=False)
            except FileNotFoundError:
                return False
        try:
            return self.layout.size_of(descriptor.digest) == descriptor.size
        except NotFound:
            return False
