"""Images from root file systems: one layer each, a config, a manifest (OCI image specification 1.1, config.md).

A folder becomes a tar whose owners are root; a tar that somebody else made (``mmdebstrap``, ``debootstrap``, ``buildroot``)
stays what it is, owners and devices included.
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from relgraph.errors import DeclarationError, EnvironmentFailure, UsageError
from relgraph.oci.codecs.artifact import Artifact, Blob, blob_of
from relgraph.oci.codecs.codec import Codec, Options, rfc3339
from relgraph.oci.codecs.generic import LAYER_GZIP
from relgraph.oci.codecs.gzipped import gzip_chunks
from relgraph.oci.codecs.spool import Watch, spool
from relgraph.oci.codecs.tarball import tar_chunks, true_mode
from relgraph.oci.codecs.tree import Tree, read_folder
from relgraph.oci.content import CHUNK, FileSource, chunks
from relgraph.oci.digest import Digest
from relgraph.oci.errors import InvalidContent
from relgraph.oci.json import decode as from_json
from relgraph.oci.json import encode as to_json
from relgraph.oci.manifest import Manifest

__all__ = ["CODEC", "CONFIG", "Layer", "Platform", "image_of", "layer_of", "parse_platform", "tree_layer"]

CONFIG = "application/vnd.oci.image.config.v1+json"

_MAX_CONFIG = 4 << 20
_RUN = ("User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal")


class Platform(NamedTuple):
    """What an image runs on."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, self))

    @property
    def fields(self) -> dict[str, str]:
        """The object of an index entry."""
        found = {"architecture": self.architecture, "os": self.os}
        return found | ({"variant": self.variant} if self.variant else {})


class Layer(NamedTuple):
    """A layer: its blob, the digest of the tar within it, and what the history says of it."""

    blob: Blob
    content: Digest
    comment: str = ""


def parse_platform(text: str) -> Platform:
    """``os/architecture`` or ``os/architecture/variant``. Raises :class:`~relgraph.errors.UsageError`."""
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(part.isascii() and part.replace("-", "").replace("_", "").isalnum() for part in parts):
        raise UsageError(f"{text!r} is no platform", hint="write os/architecture, such as linux/amd64")
    return Platform(*parts)


def layer_of(pieces: Iterable[bytes], *, comment: str = "") -> Layer:
    """The compressed layer of a tar, given in pieces."""
    watch = Watch()
    blob = spool(gzip_chunks(watch.pass_on(pieces)), LAYER_GZIP)
    return Layer(blob, watch.digest, comment)


def tree_layer(tree: Tree, *, prefix: str = "", mtime: int = 0, comment: str = "") -> Layer:
    """The layer of a tree, all permission bits kept, every owner root; ``prefix`` is set before every path (``usr/bin/``)."""
    return layer_of(tar_chunks(tree, prefix=prefix, mtime=mtime, mode=true_mode), comment=comment)


def image_of(layers: Sequence[Layer], platform: Platform, *, run: Mapping[str, Any], options: Options) -> Artifact:
    """The image of these layers, lowest first. ``run`` is the config's ``config`` object: Env, Entrypoint, Cmd and so on."""
    created = rfc3339(options.created) if options.created else ""
    fields: dict[str, Any] = {"created": created} if created else {}
    fields |= platform.fields
    fields["config"] = {key: run[key] for key in _RUN if run.get(key)}
    fields["rootfs"] = {"type": "layers", "diff_ids": [layer.content for layer in layers]}
    history = [{"created": created, "created_by": "relgraph", "comment": layer.comment} for layer in layers]
    fields["history"] = [{key: value for key, value in item.items() if value} for item in history]
    config = blob_of(CONFIG, to_json(fields))
    blobs = [layer.blob for layer in layers]
    manifest = Manifest.make(config.descriptor, [blob.descriptor for blob in blobs], annotations=options.annotations)
    return Artifact((config, *blobs), (manifest,))


def encode(paths: tuple[Path, ...], options: Options) -> Artifact:
    """The image of one folder or one tar (plain or gzip)."""
    if len(paths) != 1:
        raise UsageError("a root file system is one folder or one tar")
    path = paths[0]
    if not options.platform:
        raise UsageError("an image needs a platform", hint="--platform linux/amd64")
    platform = parse_platform(options.platform)
    run = _run_of(options)
    mtime = int(options.created.timestamp()) if options.created else 0
    layer = tree_layer(read_folder(path, portable=False), mtime=mtime) if path.is_dir() else layer_of(_tar_pieces(path))
    return image_of([layer], platform, run=run, options=options)


def _run_of(options: Options) -> Mapping[str, Any]:
    if options.config is None:
        return {}
    with options.config.open() as reader:
        data = reader.read(_MAX_CONFIG + 1) or b""
    try:
        value = from_json(data, what="config", limit=_MAX_CONFIG)
    except InvalidContent as problem:
        raise DeclarationError(str(problem)) from None
    if isinstance(value, dict) and isinstance(value.get("config"), dict):
        value = value["config"]  # a whole image config was given
    if not isinstance(value, dict):
        raise DeclarationError("config: not a JSON object", hint='write {"Entrypoint": ["/bin/server"]}')
    unknown = [key for key in value if key not in _RUN]
    if unknown:
        raise DeclarationError(f"config: {unknown[0]!r} is no field of an image's config", hint=f"known: {', '.join(_RUN)}")
    return value


def _tar_pieces(path: Path) -> Iterator[bytes]:
    """The tar in a file; gzip is undone, so that the layer depends on the tar alone."""
    try:
        with FileSource(path).open() as reader:
            start = reader.read(262)
            reader.seek(0)
            if start[:2] == b"\x1f\x8b":
                with gzip.GzipFile(fileobj=reader, mode="rb") as unpacked:
                    start = unpacked.peek(262)[:262]
                    _check_tar(start, path)
                    yield from iter(lambda: unpacked.read(CHUNK), b"")
            else:
                _check_tar(start, path)
                yield from chunks(reader)
    except (OSError, EOFError, zlib.error) as problem:
        raise EnvironmentFailure(f"{path}: {getattr(problem, 'strerror', None) or problem}") from problem


def _check_tar(start: bytes, path: Path) -> None:
    if start[257:262] != b"ustar":
        raise DeclarationError(f"{path}: not a tar", hint="a root file system is a folder or a tar of one")


CODEC = Codec("rootfs", "an image of one layer from a root file system: a folder or a tar", (), encode, None)
