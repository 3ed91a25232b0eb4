"""Descriptors: what a piece of content is, how large, and its digest (OCI image specification 1.1, descriptor.md)."""

import base64
import binascii
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from relgraph.oci.digest import Digest, digest_of
from relgraph.oci.errors import InvalidContent
from relgraph.oci.json import Json

__all__ = ["EMPTY", "EMPTY_BODY", "NOTHING", "REF_NAME", "TITLE", "Descriptor", "fields_of", "is_media_type", "text_mapping"]

#: No annotations.
NOTHING: Mapping[str, str] = MappingProxyType({})
#: The annotation of a file's name (oras) and that of a name in an index.
TITLE = "org.opencontainers.image.title"
REF_NAME = "org.opencontainers.image.ref.name"

# RFC 6838, section 4.2: type "/" subtype, each at most 127 characters.
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}", re.ASCII)
_LARGEST = 1 << 62
_FIELDS = ("mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform")


class Descriptor(NamedTuple):
    """One piece of content, addressed by its digest.

    ``size`` is in bytes; ``platform`` is the object of an index entry as it was written (``os``, ``architecture``,
    ``variant``, ...), or None; ``data`` is the content itself where it was embedded.
    """

    media_type: str
    digest: Digest
    size: int
    annotations: Mapping[str, str] = NOTHING
    artifact_type: str = ""
    platform: Mapping[str, Any] | None = None
    urls: tuple[str, ...] = ()
    data: bytes | None = None

    @classmethod
    def of(cls, media_type: str, data: bytes, *, annotations: Mapping[str, str] = NOTHING, artifact_type: str = "") -> "Descriptor":
        """The descriptor of ``data``, with its sha256."""
        return cls(media_type, digest_of(data), len(data), annotations, artifact_type)

    @classmethod
    def from_json(cls, value: Json, *, what: str) -> "Descriptor":
        """The descriptor in a document. ``what`` names its place in messages.

        Raises :class:`~relgraph.oci.errors.InvalidContent`, also where a key differs from a known one in case only: a
        reader that ignores case, as Go's does, would see another descriptor.
        """
        fields = fields_of(value, _FIELDS, what=what)
        media_type, size = fields.get("mediaType"), fields.get("size")
        if not isinstance(media_type, str) or not is_media_type(media_type):
            raise InvalidContent(f"{what}: not a media type: {media_type!r}")
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _LARGEST:
            raise InvalidContent(f"{what}: not a size: {size!r}")
        digest = fields.get("digest")
        if not isinstance(digest, str):
            raise InvalidContent(f"{what}: it has no digest")
        artifact_type = fields.get("artifactType") or ""
        if not isinstance(artifact_type, str):
            raise InvalidContent(f"{what}: not an artifact type: {artifact_type!r}")
        platform = fields.get("platform")
        if platform is not None and not isinstance(platform, dict):
            raise InvalidContent(f"{what}: platform is no object")
        return cls(
            media_type,
            Digest(digest),
            size,
            text_mapping(fields.get("annotations"), what=f"{what}: annotations"),
            artifact_type,
            platform,
            _urls(fields.get("urls"), what),
            _data(fields.get("data"), size, what),
        )

    def to_json(self) -> dict[str, Any]:
        """The object of the specification, in the order of Go's struct; what is absent is left out."""
        value: dict[str, Any] = {"mediaType": self.media_type, "digest": str(self.digest), "size": self.size}
        if self.urls:
            value["urls"] = list(self.urls)
        if self.annotations:
            value["annotations"] = dict(sorted(self.annotations.items()))
        if self.data is not None:
            value["data"] = base64.b64encode(self.data).decode("ascii")
        if self.platform is not None:
            value["platform"] = dict(self.platform)
        if self.artifact_type:
            value["artifactType"] = self.artifact_type
        return value

    @property
    def bare(self) -> "Descriptor":
        """Media type, digest and size alone, as a subject names its target."""
        return Descriptor(self.media_type, self.digest, self.size)

    @property
    def title(self) -> str:
        """The file name that an artifact's author gave (untrusted), or empty."""
        return self.annotations.get(TITLE, "")


def is_media_type(text: str) -> bool:
    """Whether ``text`` is a media type without parameters (RFC 6838)."""
    return _MEDIA_TYPE.fullmatch(text) is not None


def fields_of(value: Json, known: tuple[str, ...], *, what: str) -> dict[str, Json]:
    """An object whose keys are not look-alikes of ``known`` ones; raises InvalidContent otherwise."""
    if not isinstance(value, dict):
        raise InvalidContent(f"{what}: not a JSON object")
    for key in value:
        if key not in known:
            # Go's reader folds case and the two letters that Unicode folds to ASCII ones (long s, Kelvin sign).
            alike = next((name for name in known if name.casefold() == key.casefold()), None)
            if alike is not None:
                raise InvalidContent(f"{what}: key {key!r} looks like {alike!r}, and some readers take it for that")
    return value


def text_mapping(value: Json, *, what: str) -> Mapping[str, str]:
    """Annotations: a mapping from text to text, empty for null; raises InvalidContent for anything else."""
    if value is None:
        return NOTHING
    if not isinstance(value, dict):
        raise InvalidContent(f"{what}: not an object")
    for key, text in value.items():
        if not isinstance(text, str):
            raise InvalidContent(f"{what}: the value of {key!r} is not text")
    return MappingProxyType({key: text for key, text in value.items() if isinstance(text, str)})


def _urls(value: Json, what: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InvalidContent(f"{what}: urls is no list")
    urls = tuple(url for url in value if isinstance(url, str))
    if len(urls) != len(value):
        raise InvalidContent(f"{what}: a url is not text")
    return urls


def _data(value: Json, size: int, what: str) -> bytes | None:
    if value is None:
        return None
    try:
        data = base64.b64decode(value, validate=True) if isinstance(value, str) else None
    except (binascii.Error, ValueError):
        data = None
    if data is None or len(data) != size:
        raise InvalidContent(f"{what}: the embedded data is not {size} bytes in base64")
    return data


#: The empty JSON object, which stands where a manifest needs a blob and has none (manifest.md, "Guidance for an empty descriptor").
EMPTY_BODY = b"{}"
EMPTY = Descriptor.of("application/vnd.oci.empty.v1+json", EMPTY_BODY)
