"""What a codec is: how one kind of artifact is made from files, recognised, and laid out when it is pulled."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, TypeAlias

from relgraph.oci.codecs.artifact import Artifact
from relgraph.oci.content import Source
from relgraph.oci.descriptor import NOTHING, Descriptor
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import Fetcher

__all__ = ["Codec", "Decode", "Encode", "Form", "Options", "Part", "rfc3339"]


class Form(StrEnum):
    """How the bytes of a part become files."""

    FILE = "file"  #: as they are
    TAR = "tar"
    TAR_GZIP = "tar+gzip"
    ZIP = "zip"


class Part(NamedTuple):
    """One piece of a pulled artifact: a blob, where it belongs below the target (``""``: the target itself, for archives),
    and its form. ``path`` comes from strangers: whoever writes files checks it.

    ``content`` is the digest of the unpacked tar where the artifact states it, or empty.
    """

    path: str
    descriptor: Descriptor
    form: Form = Form.FILE
    content: str = ""


class Options(NamedTuple):
    """What a user may say about an artifact besides its files.

    ``created`` is written down where given, and nowhere read from a clock: without it the artifact has no time of creation.
    ``annotations`` are added to the manifest; ``artifact_type`` is for the generic artifact; ``media_types`` give the type of
    single files by name; ``platform`` is ``os/architecture[/variant]``; ``config`` is a file whose JSON an image's config
    starts from; ``reference`` selects one of several images of an archive.
    """

    name: str = ""
    version: str = ""
    created: datetime | None = None
    annotations: Mapping[str, str] = NOTHING
    artifact_type: str = ""
    media_types: Mapping[str, str] = NOTHING
    platform: str = ""
    config: Source | None = None
    reference: str = ""


Encode: TypeAlias = Callable[[tuple[Path, ...], Options], Artifact]
Decode: TypeAlias = Callable[[Fetcher, Manifest], tuple[Part, ...]]


class Codec(NamedTuple):
    """One kind of artifact.

    ``name`` is what ``--type`` takes. ``kinds`` are the media types that mark a manifest as one of these: an artifact type,
    or that of a config. ``encode`` makes the artifact from paths; it raises :class:`~relgraph.errors.DeclarationError` where
    the files are not such a thing. ``decode`` says what its parts are; it raises
    :class:`~relgraph.oci.errors.InvalidContent` where the manifest is not as the format says, and is None for what is kept
    as a layout rather than as files.
    """

    name: str
    help: str
    kinds: tuple[str, ...]
    encode: Encode
    decode: Decode | None


def rfc3339(moment: datetime) -> str:
    """A time as annotations write it: UTC, to the second. ``moment`` has a time zone."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
