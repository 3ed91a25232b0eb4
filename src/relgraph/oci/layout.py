"""An OCI image layout on disk: content by digest, names in ``index.json`` (OCI image specification 1.1, image-layout.md).

::

    oci-layout              {"imageLayoutVersion":"1.0.0"}
    index.json              what the layout holds: names, and manifests that refer to others
    blobs/sha256/<hex>      content
    .relgraph/lock          held while index.json changes, and while garbage is collected
    .relgraph/ingest/       content on its way; never visible as content

One layout can hold many repositories: an entry's ``org.opencontainers.image.ref.name`` is ``TAG``, or ``REPOSITORY:TAG``.
Content appears under its digest only when it is whole and verified, and a manifest only when all that it names is there, so
that a process may end at any moment. Several processes may work on one layout.
"""

import os
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

from relgraph.effects.files import locked, open_regular, sync_folder, write_file
from relgraph.errors import EnvironmentFailure
from relgraph.oci.content import VerifiedReader
from relgraph.oci.descriptor import REF_NAME, Descriptor, fields_of
from relgraph.oci.digest import ALGORITHMS, Digest
from relgraph.oci.errors import InvalidContent, NotFound
from relgraph.oci.json import MAX_MANIFEST, Json, decode, encode
from relgraph.oci.manifest import INDEX, Document, parse_document
from relgraph.oci.reference import is_tag

__all__ = ["Entry", "Layout", "entry_descriptor", "entry_name", "parse_entries"]

_VERSION = "1.0.0"
_MARKER = {"imageLayoutVersion": _VERSION}
_LARGEST_INDEX = 64 << 20
_PRIVATE = ".relgraph"
_OWN_NAMES = ("blobs", "index.json", "oci-layout")
# containerd and docker write the whole name here and only the tag as ref.name.
_CONTAINERD_NAME = "io.containerd.image.name"
_KEPT_DOCUMENTS = 4096


class Entry(NamedTuple):
    """One entry of ``index.json``; ``repository`` and ``tag`` are empty where it has no name."""

    descriptor: Descriptor
    repository: str = ""
    tag: str = ""


class Layout:
    """A layout in a folder. Safe for several threads and processes.

    ``create`` makes the folder a layout where it is empty or missing. Raises EnvironmentFailure for a folder that is
    something else, and InvalidContent for a layout that is malformed.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self.name = f"layout:{path}"
        self._folders = {algorithm: path / "blobs" / algorithm for algorithm in ALGORITHMS}
        self._documents: dict[Digest, Document] = {}
        self._read: tuple[tuple[int, int, int], list[Entry]] | None = None
        try:
            if create:
                self._create()
            self._check()
        except OSError as problem:
            raise EnvironmentFailure(f"{problem.filename or path}: {problem.strerror or problem}") from problem

    # Content.

    def blob_path(self, digest: Digest) -> Path:
        """Where content is, if it is there. The digest was checked, so that it cannot lead elsewhere."""
        return self._folders[digest.algorithm] / digest.hex

    def has(self, digest: Digest) -> bool:
        """Whether content is there."""
        return self.blob_path(digest).is_file()

    def size_of(self, digest: Digest) -> int:
        """The size of content in bytes; raises NotFound."""
        try:
            return self.blob_path(digest).stat().st_size
        except FileNotFoundError:
            raise NotFound(digest, where=self.name) from None

    def open_blob(self, descriptor: Descriptor) -> VerifiedReader:
        """A verified reader. Raises NotFound."""
        return VerifiedReader(self.open_raw(descriptor.digest), descriptor, where=self.name)

    def open_raw(self, digest: Digest, offset: int = 0) -> FileIO:
        """A reader of content from an offset on, which nobody verifies. Raises NotFound."""
        try:
            number = open_regular(self.blob_path(digest))
        except FileNotFoundError:
            raise NotFound(digest, where=self.name) from None
        except OSError as problem:
            raise EnvironmentFailure(f"{self.name}: {digest} cannot be read: {problem.strerror or problem}") from problem
        file = FileIO(number, "rb")
        file.seek(offset)
        return file

    def document(self, digest: Digest) -> Document:
        """The manifest or index with a digest, verified. Raises NotFound, ContentMismatch, InvalidContent."""
        known = self._documents.get(digest)
        if known is not None and self.has(digest):
            return known
        size = self.size_of(digest)
        if size > MAX_MANIFEST:
            raise InvalidContent(f"{self.name}: {digest} is no manifest: it has {size} bytes")
        with self.open_blob(Descriptor(INDEX, digest, size)) as reader:
            raw = reader.read()
        document = parse_document(raw, digest=digest, what=f"{self.name}: {digest}")
        if len(self._documents) < _KEPT_DOCUMENTS:
            self._documents[digest] = document
        return document

    def digests(self) -> Iterator[Digest]:
        """All content, in no order; names that are no digests are passed over."""
        for algorithm, length in ALGORITHMS.items():
            try:
                items = list(self._folders[algorithm].iterdir())
            except FileNotFoundError:
                continue
            for name in (item.name for item in items):
                if len(name) == length and not name.strip("0123456789abcdef"):
                    yield Digest(f"{algorithm}:{name}")

    # Names.

    def entries(self) -> list[Entry]:
        """The entries of ``index.json`` in their order, one for each name of an entry."""
        path = self.path / "index.json"
        status = path.stat()
        stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
        if self._read is None or self._read[0] != stamp:
            self._read = (stamp, parse_entries(self._index(), self.name))
        return self._read[1]

    def repositories(self) -> list[str]:
        """The names of the repositories that have tags, sorted; empty stands for tags without a repository."""
        return sorted({entry.repository for entry in self.entries() if entry.tag})

    def update(self, change: Callable[[list[Entry]], list[Entry]]) -> None:
        """Let ``change`` turn the entries into others, alone in the world; the same list means that nothing changes.

        Whatever other tools wrote into ``index.json`` beside the entries stays.
        """
        with self.locked():
            self.update_locked(change)

    def update_locked(self, change: Callable[[list[Entry]], list[Entry]]) -> None:
        """:meth:`update` for a caller that holds the lock."""
        value = self._index()
        before = parse_entries(value, self.name)
        after = change(list(before))
        if after == before:
            return
        value["manifests"] = [entry_descriptor(entry).to_json() for entry in after]
        # Content must last before a name does.
        for folder in self._folders.values():
            if folder.is_dir():
                sync_folder(folder)
        write_file(self.path / "index.json", [encode(value)])

    def locked(self) -> Any:
        """A context in which no other thread or process changes names or collects garbage."""
        self.private.mkdir(exist_ok=True)
        return locked(self.private / "lock")

    @property
    def private(self) -> Path:
        """The folder of what is no business of other tools."""
        return self.path / _PRIVATE

    def _index(self) -> dict[str, Any]:
        path = self.path / "index.json"
        number = open_regular(path)
        with os.fdopen(number, "rb") as file:
            data = file.read(_LARGEST_INDEX + 1)
        what = f"{self.name}: index.json"
        return _checked(decode(data, what=what, limit=_LARGEST_INDEX), what)

    def _create(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        marker = self.path / "oci-layout"
        if marker.exists():
            return
        strange = [item.name for item in self.path.iterdir() if item.name not in _OWN_NAMES and not item.name.startswith(".")]
        if strange and not (self.path / "index.json").exists():
            raise EnvironmentFailure(
                f"{self.path}: the folder has something else in it", hint="name an empty folder or an OCI layout"
            )
        with self.locked():
            for algorithm in ("sha256",):
                (self.path / "blobs" / algorithm).mkdir(parents=True, exist_ok=True)
            if not (self.path / "index.json").exists():
                write_file(self.path / "index.json", [encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": []})])
            # Last: what has this file is a layout.
            write_file(marker, [encode(_MARKER)])

    def _check(self) -> None:
        what = f"{self.name}: oci-layout"
        try:
            number = open_regular(self.path / "oci-layout")
        except (FileNotFoundError, NotADirectoryError):
            raise EnvironmentFailure(
                f"{self.path}: not an OCI image layout", hint="a layout has a file oci-layout; `relgraph store.push` makes one"
            ) from None
        with os.fdopen(number, "rb") as file:
            value = decode(file.read(4097), what=what, limit=4096)
        if not isinstance(value, dict) or value.get("imageLayoutVersion") != _VERSION:
            raise InvalidContent(f"{what}: not a layout of version {_VERSION}")


def entry_name(repository: str, tag: str) -> str:
    """The name of an entry as ``index.json`` has it."""
    return f"{repository}:{tag}" if repository else tag


def entry_descriptor(entry: Entry) -> Descriptor:
    """The descriptor of an entry with its name among the annotations."""
    if _parse_name(entry.descriptor) == (entry.repository, entry.tag):
        return entry.descriptor
    annotations = {key: text for key, text in entry.descriptor.annotations.items() if key not in (REF_NAME, _CONTAINERD_NAME)}
    if entry.tag:
        annotations[REF_NAME] = entry_name(entry.repository, entry.tag)
    return entry.descriptor._replace(annotations=annotations)


def parse_entries(value: Json, name: str) -> list[Entry]:
    """The entries of an ``index.json``; ``name`` is its layout's, for messages. Raises InvalidContent."""
    entries = []
    for number, item in enumerate(_checked(value, f"{name}: index.json")["manifests"]):
        descriptor = Descriptor.from_json(item, what=f"{name}: index.json: manifests[{number}]")
        repository, tag = _parse_name(descriptor)
        entries.append(Entry(descriptor, repository, tag))
    return entries


def _checked(value: Json, what: str) -> dict[str, Any]:
    fields: dict[str, Any] = dict(fields_of(value, ("schemaVersion", "mediaType", "manifests", "annotations"), what=what))
    if fields.get("manifests") is None:
        fields["manifests"] = []  # so Go's tools write an empty list
    if fields.get("schemaVersion") != 2 or not isinstance(fields["manifests"], list):
        raise InvalidContent(f"{what}: not an index of schema 2")
    return fields


def _parse_name(descriptor: Descriptor) -> tuple[str, str]:
    full, name = descriptor.annotations.get(_CONTAINERD_NAME, ""), descriptor.annotations.get(REF_NAME, "")
    for text in (name, full) if ":" in name else (full, name):
        repository, _, tag = text.rpartition(":")
        if is_tag(tag):
            return repository, tag
    return "", ""
