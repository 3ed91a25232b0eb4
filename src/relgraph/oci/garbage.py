"""What of a layout is in use, how large that is, and the removal of the rest.

In use is what a name leads to, what stands in ``index.json`` by itself, and what refers to something in use: signatures and
attestations live and die with what they are about. What is young may belong to a push that has not named it yet.
"""

import os
import stat
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from relgraph.effects import clock
from relgraph.oci.content import drain
from relgraph.oci.copy import companion_of
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import Digest
from relgraph.oci.errors import ContentMismatch, NotFound
from relgraph.oci.ingest import INGEST
from relgraph.oci.layout import Entry, Layout
from relgraph.oci.manifest import Document, is_manifest_type

__all__ = ["GRACE", "Collected", "Sizes", "TagSize", "collect", "damaged", "measure"]

#: For how long content is left alone that nothing leads to, in seconds.
GRACE = 3600.0


class Collected(NamedTuple):
    """What was removed: pieces of content, bytes, entries of the index, and leftovers of transfers that were ended."""

    blobs: int
    bytes: int
    entries: int
    leftovers: int


class TagSize(NamedTuple):
    """The size of what a name leads to, in bytes; ``own`` is the part that no other name leads to."""

    repository: str
    tag: str
    digest: Digest
    bytes: int
    own: int


class Sizes(NamedTuple):
    """Pieces of content and bytes: in all, and those that nothing leads to; and the names."""

    blobs: int
    bytes: int
    unused_blobs: int
    unused_bytes: int
    tags: tuple[TagSize, ...]


def collect(
    layout: Layout,
    *,
    grace: float = GRACE,
    untagged: bool = False,
    dry_run: bool = False,
    without: Collection[tuple[str, str]] = (),
) -> Collected:
    """Remove what is not in use and older than ``grace`` seconds.

    ``without`` are names (repository and tag) to act as if they were given up; ``untagged`` also gives up what stands in the index without a name and refers to nothing. Nobody else changes names
    meanwhile. Raises InvalidContent where a manifest that is in use cannot be read: then nothing is removed.
    """
    with layout.locked():
        before = clock.now() - grace
        entries = [entry for entry in layout.entries() if (entry.repository, entry.tag) not in without]
        kept, used = _mark(layout, entries, untagged=untagged, before=before)
        doomed = [
            (digest, status.st_size)
            for digest in layout.digests()
            if digest not in used and (status := _status(layout.blob_path(digest))) is not None and status.st_mtime < before
        ]
        leftovers = _leftovers(layout.private / INGEST, before)
        if not dry_run:
            # Names first: a process that ends here leaves content without a name, never a name without content.
            layout.update_locked(lambda current: [entry for entry in current if entry in kept])
            for path in (*(layout.blob_path(digest) for digest, _ in doomed), *leftovers):
                path.unlink(missing_ok=True)
    return Collected(len(doomed), sum(size for _, size in doomed), len(entries) - len(kept), len(leftovers))


def measure(layout: Layout) -> Sizes:
    """How large a layout is and why. Raises what reading its manifests raises."""
    sizes = {digest: layout.size_of(digest) for digest in layout.digests()}
    entries = layout.entries()
    _, used = _mark(layout, entries, untagged=False, before=clock.now())
    named = sorted((entry for entry in entries if entry.tag), key=lambda entry: (entry.repository, entry.tag))
    reached = [_reachable(layout, [entry.descriptor]) for entry in named]
    counts = Counter(digest for digests in reached for digest in digests)
    tags = tuple(
        TagSize(
            entry.repository,
            entry.tag,
            entry.descriptor.digest,
            sum(sizes.get(digest, 0) for digest in digests),
            sum(sizes.get(digest, 0) for digest in digests if counts[digest] == 1),
        )
        for entry, digests in zip(named, reached, strict=True)
    )
    unused = [digest for digest in sizes if digest not in used]
    return Sizes(len(sizes), sum(sizes.values()), len(unused), sum(sizes[digest] for digest in unused), tags)


def damaged(layout: Layout, *, remove: bool = False) -> list[Digest]:
    """The content whose bytes are no longer those of its digest; ``remove`` lets the next pull bring it again."""
    found: list[Digest] = []
    for digest in sorted(layout.digests()):
        try:
            with layout.open_blob(Descriptor("", digest, layout.size_of(digest))) as reader:
                drain(reader)
        except ContentMismatch:
            found.append(digest)
            if remove:
                layout.blob_path(digest).unlink(missing_ok=True)
        except NotFound:  # removed meanwhile
            continue
    return found


def _mark(layout: Layout, entries: list[Entry], *, untagged: bool, before: float) -> tuple[list[Entry], set[Digest]]:
    """The entries that stay, and all that they lead to."""
    waiting: list[tuple[Entry, Digest]] = []  # entries that stay if something else does
    kept: list[Entry] = []
    for entry in entries:
        subject = _subject(entry, _document(layout, entry.descriptor))
        young = (status := _status(layout.blob_path(entry.descriptor.digest))) is not None and status.st_mtime >= before
        if subject is not None and not young:
            waiting.append((entry, subject))
        elif entry.tag or young or not untagged or entry.descriptor.annotations:
            kept.append(entry)
    used = _reachable(layout, (entry.descriptor for entry in kept))
    while True:
        found = [entry for entry, subject in waiting if subject in used]
        if not found:
            return kept, used
        waiting = [(entry, subject) for entry, subject in waiting if subject not in used]
        kept += found
        used |= _reachable(layout, (entry.descriptor for entry in found))


def _subject(entry: Entry, document: Document | None) -> Digest | None:
    owner = companion_of(entry.tag)
    if owner is not None:
        return owner
    if entry.tag or document is None or document.subject is None:
        return None
    return document.subject.digest


def _reachable(layout: Layout, roots: Iterable[Descriptor]) -> set[Digest]:
    reached: set[Digest] = set()
    pending = list(roots)
    while pending:
        descriptor = pending.pop()
        if descriptor.digest in reached:
            continue
        reached.add(descriptor.digest)
        document = _document(layout, descriptor)
        if document is not None:
            pending += document.children
    return reached


def _document(layout: Layout, descriptor: Descriptor) -> Document | None:
    """A manifest that is there; what is missing leads nowhere. Raises for one that cannot be read."""
    if not is_manifest_type(descriptor.media_type):
        return None
    try:
        return layout.document(descriptor.digest)
    except NotFound:
        return None


def _leftovers(folder: Path, before: float) -> list[Path]:
    if not folder.is_dir():
        return []
    return [item for item in folder.iterdir() if (status := _status(item)) is not None and status.st_mtime < before]


def _status(path: Path) -> os.stat_result | None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None
