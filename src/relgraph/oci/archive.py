"""A layout as one tar: for carrying artifacts, with their signatures, to where no registry is.

The tar is an OCI image layout (image-layout.md allows any archive of the folder), its bytes follow from its content alone.
Reading one trusts nothing in it: names are taken from a list of three, content is verified against the digest in its name,
and a name that exists with other content is refused.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from relgraph.effects.files import write_file
from relgraph.oci.bounds import BOUNDS, Bounds, Tally, inflated
from relgraph.oci.codecs import tree
from relgraph.oci.codecs.tarball import tar_chunks
from relgraph.oci.content import CHUNK, BytesSource, Reader, VerifiedReader
from relgraph.oci.copy import companion_tags
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import Digest, is_digest
from relgraph.oci.errors import InvalidContent, NotFound, TagExists, UnsafeArchive
from relgraph.oci.ingest import ingest
from relgraph.oci.json import decode, encode
from relgraph.oci.layout import Entry, Layout, entry_descriptor, entry_name, parse_entries
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import INDEX, is_manifest_type
from relgraph.oci.tarstream import MemberKind, TarReader

__all__ = ["Exported", "Imported", "export_layout", "import_layout"]

_LARGEST_INDEX = 64 << 20
# docker load wants these beside the layout; they say nothing that the index does not.
_IGNORED = ("manifest.json", "repositories")


class Exported(NamedTuple):
    """What an archive holds: names, manifests without a name (such as signatures), pieces of content, and bytes of them."""

    tags: int
    untagged: int
    blobs: int
    bytes: int


class Imported(NamedTuple):
    """What an archive brought: names that are new, pieces of content in it, and bytes of them."""

    tags: int
    blobs: int
    bytes: int


def export_layout(layout: Layout, target: Path, selected: Sequence[tuple[str, str]] = ()) -> Exported:
    """Write a layout, or the selected ``(repository, reference)`` pairs of it, with all that refers to them.

    Raises NotFound for what is selected and not there; an archive that could not be completed is not there either.
    """
    entries = _selected(layout, selected)
    digests = sorted(_content(layout, entries))
    size = sum(layout.size_of(digest) for digest in digests)
    write_file(target, _archive(layout, entries, digests))
    return Exported(sum(bool(entry.tag) for entry in entries), sum(not entry.tag for entry in entries), len(digests), size)


def import_layout(layout: Layout, reader: Reader, bounds: Bounds = BOUNDS) -> Imported:
    """Take in an archive, compressed with gzip or not.

    All of its names become names here, or none: TagExists says which one exists with other content. Raises
    :class:`~relgraph.oci.errors.UnsafeArchive`, ContentMismatch and InvalidContent for an archive that is not what it says;
    verified content may then be here, but no name.
    """
    archive = TarReader(inflated(reader, bounds))
    tally = Tally(bounds)
    found: dict[str, bytes] = {}
    blobs = size = 0
    for member in archive:
        tally.entry(member.name, member.size)
        name = member.name.removeprefix("./")
        if member.kind is MemberKind.FOLDER:
            continue
        if member.kind is not MemberKind.FILE:
            raise UnsafeArchive(f"{member.name[:200]!r}: a {member.kind} in a layout", entry=member.name)
        if name in ("oci-layout", "index.json"):
            if name in found:
                raise UnsafeArchive(f"{name} occurs twice", entry=name)
            found[name] = _small(archive, member.size, name)
        elif name.startswith("blobs/"):
            _take(layout, archive, name, member.size)
            blobs, size = blobs + 1, size + member.size
        elif name not in _IGNORED:
            raise UnsafeArchive(f"{member.name[:200]!r} is no part of a layout", entry=member.name)
    marker = decode(found.get("oci-layout", b""), what="oci-layout") if "oci-layout" in found else None
    if not isinstance(marker, dict) or marker.get("imageLayoutVersion") != "1.0.0" or "index.json" not in found:
        raise InvalidContent("not an archive of an OCI image layout", hint="`relgraph store.export` makes one")
    index = decode(found["index.json"], what="index.json", limit=_LARGEST_INDEX)
    entries = parse_entries(index, "archive")
    for entry in entries:
        _check_complete(layout, entry.descriptor)
    return Imported(_enter(layout, entries), blobs, size)


def _selected(layout: Layout, selected: Sequence[tuple[str, str]]) -> list[Entry]:
    entries = layout.entries()
    if not selected:
        return sorted(entries, key=_order)
    chosen: list[Entry] = []
    for repository, reference in selected:
        local = LocalRepository(layout, repository)
        descriptor = local.resolve(reference)
        named = [entry for entry in entries if entry.repository == repository and entry.tag == reference]
        chosen += named or [Entry(descriptor)]
    seen = {entry.descriptor.digest for entry in chosen}
    pending = sorted(seen)
    while pending:
        below = _content(layout, [Entry(layout.document(digest).descriptor) for digest in pending])
        pending = []
        for digest in sorted(below):
            for entry in _belonging(layout, entries, digest):
                if entry not in chosen:
                    chosen.append(entry)
                    if entry.descriptor.digest not in seen:
                        seen.add(entry.descriptor.digest)
                        pending.append(entry.descriptor.digest)
    return sorted(chosen, key=_order)


def _belonging(layout: Layout, entries: list[Entry], digest: Digest) -> Iterator[Entry]:
    """Entries that refer to a digest: by their subject, or by the name that cosign gives them."""
    companions = {*companion_tags(digest), f"{digest.algorithm}-{digest.hex}"}
    for entry in entries:
        if entry.tag in companions:
            yield entry
        elif is_manifest_type(entry.descriptor.media_type):
            try:
                subject = layout.document(entry.descriptor.digest).subject
            except NotFound:
                continue
            if subject is not None and subject.digest == digest:
                yield entry


def _content(layout: Layout, entries: Sequence[Entry]) -> set[Digest]:
    """Everything that entries lead to; raises NotFound where a manifest names what is missing."""
    content: set[Digest] = set()
    pending = [entry.descriptor for entry in entries]
    while pending:
        descriptor = pending.pop()
        if descriptor.digest not in content:
            content.add(descriptor.digest)
            layout.size_of(descriptor.digest)
            if is_manifest_type(descriptor.media_type):
                pending += layout.document(descriptor.digest).children
    return content


def _order(entry: Entry) -> tuple[str, str, str]:
    return entry.repository, entry.tag, entry.descriptor.digest


def _archive(layout: Layout, entries: list[Entry], digests: list[Digest]) -> Iterator[bytes]:
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry_descriptor(entry).to_json() for entry in entries]}
    documents = {"oci-layout": encode({"imageLayoutVersion": "1.0.0"}), "index.json": encode(index)}
    files = [tree.Entry(name, tree.Kind.FILE, 0o644, len(data), BytesSource(data)) for name, data in documents.items()]
    for digest in digests:
        descriptor = Descriptor("", digest, layout.size_of(digest))
        name = f"blobs/{digest.algorithm}/{digest.hex}"
        files.append(tree.Entry(name, tree.Kind.FILE, 0o644, descriptor.size, _Stored(layout, descriptor)))
    # What says that it is a layout comes first, so that a reader need not search.
    return tar_chunks(tree.Tree(tuple(files)))


class _Stored:
    """Content of a layout, verified while it is read."""

    def __init__(self, layout: Layout, descriptor: Descriptor) -> None:
        self._layout = layout
        self._descriptor = descriptor

    def open(self) -> VerifiedReader:
        return self._layout.open_blob(self._descriptor)


def _small(archive: TarReader, size: int, name: str) -> bytes:
    if size > _LARGEST_INDEX:
        raise UnsafeArchive(f"{name}: {size} bytes", entry=name)
    return b"".join(iter(archive.read, b""))


def _take(layout: Layout, archive: TarReader, name: str, size: int) -> None:
    digest = name.removeprefix("blobs/").replace("/", ":", 1)
    if not is_digest(digest):
        raise UnsafeArchive(f"{name[:200]!r}: its name is no digest", entry=name)
    known = Digest(digest)
    if layout.has(known) and layout.size_of(known) == size:
        return
    ingest(layout.private, layout.blob_path(known), Descriptor("", known, size), _Once(archive), where="archive")


class _Once:
    """The current entry of an archive, which can be read only once."""

    def __init__(self, archive: TarReader) -> None:
        self._archive = archive

    def open(self) -> Self:
        return self

    def read(self, size: int = -1, /) -> bytes:
        return self._archive.read(CHUNK if size < 0 else size)

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _check_complete(layout: Layout, descriptor: Descriptor) -> None:
    pending = [descriptor]
    seen: set[Digest] = set()
    while pending:
        current = pending.pop()
        if current.digest in seen:
            continue
        seen.add(current.digest)
        if not layout.has(current.digest):
            if current.urls:
                continue  # a foreign layer, which lies elsewhere by its licence
            raise NotFound(current.digest, where="archive", hint="the archive is not complete")
        if layout.size_of(current.digest) != current.size:
            raise InvalidContent(f"archive: {current.digest} has another size than its manifest says")
        if is_manifest_type(current.media_type):
            pending += layout.document(current.digest).children


def _enter(layout: Layout, entries: list[Entry]) -> int:
    new = 0

    def change(current: list[Entry]) -> list[Entry]:
        nonlocal new
        names = {(entry.repository, entry.tag): entry.descriptor.digest for entry in current if entry.tag}
        known = {entry.descriptor.digest for entry in current}
        result = list(current)
        for entry in entries:
            before = names.get((entry.repository, entry.tag)) if entry.tag else None
            if before is not None and before != entry.descriptor.digest:
                raise TagExists(
                    entry_name(entry.repository, entry.tag), where=layout.name, existing=before, wanted=entry.descriptor.digest
                )
            if before is None and (entry.tag or entry.descriptor.digest not in known):
                result.append(entry)
                new += bool(entry.tag)
                if entry.tag:
                    names[entry.repository, entry.tag] = entry.descriptor.digest
        return result

    layout.update(change)
    return new
