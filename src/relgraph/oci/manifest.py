"""Manifests and indexes (OCI image specification 1.1, manifest.md and image-index.md), and Docker's two that equal them.

A value keeps the bytes it was read from: a digest is one of bytes, and a document written again has another one. What is
read is checked so far that no two readers can see different things in it: strict JSON, no look-alike keys, one media type in
the body and outside of it, and no document that is both a manifest and an index.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from relgraph.oci.descriptor import NOTHING, Descriptor, fields_of, is_media_type, text_mapping
from relgraph.oci.digest import Digest, digest_of
from relgraph.oci.errors import ContentMismatch, InvalidContent
from relgraph.oci.json import Json, decode, encode

__all__ = [
    "DOCKER_LIST",
    "DOCKER_MANIFEST",
    "INDEX",
    "MANIFEST",
    "MANIFEST_TYPES",
    "Document",
    "Index",
    "Manifest",
    "is_manifest_type",
    "parse_document",
    "referrer_entry",
]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"

#: What is asked for when a tag may name either kind.
MANIFEST_TYPES = (MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_LIST)

_MANIFEST_FIELDS = ("schemaVersion", "mediaType", "artifactType", "config", "layers", "subject", "annotations")
_INDEX_FIELDS = ("schemaVersion", "mediaType", "artifactType", "manifests", "subject", "annotations")
_ALL_FIELDS = (*_MANIFEST_FIELDS, "manifests", "fsLayers", "history", "signatures")


class Manifest(NamedTuple):
    """An image manifest: a config and layers. ``raw`` is the document; ``artifact_type`` is empty where it has none."""

    raw: bytes
    media_type: str
    digest: Digest
    config: Descriptor
    layers: tuple[Descriptor, ...]
    artifact_type: str = ""
    subject: Descriptor | None = None
    annotations: Mapping[str, str] = NOTHING

    @classmethod
    def make(
        cls,
        config: Descriptor,
        layers: Iterable[Descriptor],
        *,
        artifact_type: str = "",
        subject: Descriptor | None = None,
        annotations: Mapping[str, str] = NOTHING,
        media_type: str = MANIFEST,
        write_media_type: bool = True,
    ) -> "Manifest":
        """A new manifest: compact JSON in the order of Go's struct, annotations sorted.

        ``write_media_type=False`` leaves ``mediaType`` out of the body, as Helm does.
        """
        layers = tuple(layers)
        value: dict[str, Any] = {"schemaVersion": 2}
        if write_media_type:
            value["mediaType"] = media_type
        if artifact_type:
            value["artifactType"] = artifact_type
        value["config"] = config.to_json()
        value["layers"] = [layer.to_json() for layer in layers]
        raw = encode(_end(value, subject, annotations))
        return cls(raw, media_type, digest_of(raw), config, layers, artifact_type, subject, annotations)

    @property
    def descriptor(self) -> Descriptor:
        """The descriptor under which the manifest is stored."""
        return Descriptor(self.media_type, self.digest, len(self.raw))

    @property
    def kind(self) -> str:
        """What sort of artifact it is: its artifact type or, where it has none, the media type of its config."""
        return self.artifact_type or self.config.media_type

    @property
    def children(self) -> tuple[Descriptor, ...]:
        """What must be stored before the manifest: config, then layers, each digest once. The subject is not among them."""
        return _once((self.config, *self.layers))


class Index(NamedTuple):
    """An image index: a list of manifests. ``raw`` is the document."""

    raw: bytes
    media_type: str
    digest: Digest
    manifests: tuple[Descriptor, ...]
    artifact_type: str = ""
    subject: Descriptor | None = None
    annotations: Mapping[str, str] = NOTHING

    @classmethod
    def make(
        cls,
        manifests: Iterable[Descriptor],
        *,
        artifact_type: str = "",
        subject: Descriptor | None = None,
        annotations: Mapping[str, str] = NOTHING,
        media_type: str = INDEX,
    ) -> "Index":
        """A new index: compact JSON in the order of Go's struct, annotations sorted."""
        manifests = tuple(manifests)
        value: dict[str, Any] = {"schemaVersion": 2, "mediaType": media_type}
        if artifact_type:
            value["artifactType"] = artifact_type
        value["manifests"] = [entry.to_json() for entry in manifests]
        raw = encode(_end(value, subject, annotations))
        return cls(raw, media_type, digest_of(raw), manifests, artifact_type, subject, annotations)

    @property
    def descriptor(self) -> Descriptor:
        """The descriptor under which the index is stored."""
        return Descriptor(self.media_type, self.digest, len(self.raw))

    @property
    def kind(self) -> str:
        """What sort of artifact it is: its artifact type or, where it has none, its media type."""
        return self.artifact_type or self.media_type

    @property
    def children(self) -> tuple[Descriptor, ...]:
        """The manifests that must be stored before the index, each digest once."""
        return _once(self.manifests)


Document: TypeAlias = Manifest | Index


def is_manifest_type(media_type: str) -> bool:
    """Whether content of this type is stored as a manifest (with children), not as a blob."""
    return media_type in MANIFEST_TYPES


def parse_document(raw: bytes, *, media_type: str = "", digest: Digest | None = None, what: str = "manifest") -> Document:
    """The manifest or index in ``raw``.

    ``media_type`` is what a registry or a descriptor said of it, empty where nothing was said; ``digest`` is checked when
    given, and its algorithm is that of the value's digest. Raises :class:`~relgraph.oci.errors.InvalidContent` and
    :class:`~relgraph.oci.errors.ContentMismatch`.
    """
    actual = digest_of(raw, digest.algorithm if digest is not None else "sha256")
    if digest is not None and actual != digest:
        raise ContentMismatch(f"{what}: it has the digest {actual}, not {digest}", expected=digest, actual=actual)
    fields = fields_of(decode(raw, what=what), _ALL_FIELDS, what=what)
    media_type = _media_type(fields, media_type, what)
    if fields.get("schemaVersion") != 2 or isinstance(fields.get("schemaVersion"), float):
        raise InvalidContent(f"{what}: schemaVersion is {fields.get('schemaVersion')!r}, not 2", hint=_old(fields))
    artifact_type = fields.get("artifactType") or ""
    if not isinstance(artifact_type, str) or artifact_type and not is_media_type(artifact_type):
        raise InvalidContent(f"{what}: not an artifact type: {artifact_type!r}")
    subject = None if fields.get("subject") is None else Descriptor.from_json(fields["subject"], what=f"{what}: subject")
    annotations = text_mapping(fields.get("annotations"), what=f"{what}: annotations")
    if media_type in (INDEX, DOCKER_LIST):
        manifests = _descriptors(fields["manifests"], f"{what}: manifests")
        return Index(raw, media_type, actual, manifests, artifact_type, subject, annotations)
    if "layers" not in fields:
        raise InvalidContent(f"{what}: it has no layers")
    config = Descriptor.from_json(fields.get("config"), what=f"{what}: config")
    layers = _descriptors(fields["layers"], f"{what}: layers")
    return Manifest(raw, media_type, actual, config, layers, artifact_type, subject, annotations)


def referrer_entry(document: Document) -> Descriptor:
    """The descriptor by which a list of referrers names a manifest: with its artifact type and annotations.

    Distribution specification 1.1, "Listing Referrers": a manifest without an artifact type gets its config's media type.
    """
    artifact_type = document.kind if isinstance(document, Manifest) else document.artifact_type
    return document.descriptor._replace(artifact_type=artifact_type, annotations=document.annotations)


def _media_type(fields: dict[str, Json], said: str, what: str) -> str:
    # CVE-2021-41190: a document read as an index by one and as a manifest by another must be nothing to both.
    index, manifest = "manifests" in fields, "layers" in fields or "config" in fields
    if index and manifest:
        raise InvalidContent(f"{what}: it has the fields of a manifest and of an index")
    if "fsLayers" in fields or "history" in fields:
        raise InvalidContent(f"{what}: a Docker manifest of schema 1, which has no verifiable content", hint=_old(fields))
    written = fields.get("mediaType")
    if written is not None and not isinstance(written, str):
        raise InvalidContent(f"{what}: mediaType is not text")
    media_type = written or said or (INDEX if index else MANIFEST)
    if said and media_type != said:
        raise InvalidContent(f"{what}: it says that it is {media_type}, but was given as {said}")
    if media_type not in MANIFEST_TYPES:
        raise InvalidContent(f"{what}: neither a manifest nor an index: {media_type}")
    if (media_type in (INDEX, DOCKER_LIST)) is not index:
        raise InvalidContent(f"{what}: its fields are not those of {media_type}")
    return media_type


def _old(fields: dict[str, Json]) -> str:
    return "push it again with a current tool" if fields.get("schemaVersion") == 1 else ""


def _descriptors(value: Json, what: str) -> tuple[Descriptor, ...]:
    if value is None:
        return ()  # so Go's tools write an empty list
    if not isinstance(value, list):
        raise InvalidContent(f"{what}: not a list")
    return tuple(Descriptor.from_json(item, what=f"{what}[{number}]") for number, item in enumerate(value))


def _end(value: dict[str, Any], subject: Descriptor | None, annotations: Mapping[str, str]) -> dict[str, Any]:
    if subject is not None:
        value["subject"] = subject.to_json()
    if annotations:
        value["annotations"] = dict(sorted(annotations.items()))
    return value


def _once(descriptors: Iterable[Descriptor]) -> tuple[Descriptor, ...]:
    return tuple({descriptor.digest: descriptor for descriptor in descriptors}.values())
