"""Images that another program made: ``docker save`` archives and OCI layouts, as folders or tars.

What is an OCI layout already keeps its manifests byte by byte, and with them its digests. An archive in Docker's older form
has none: its config stays as it is, its layers are checked against the config and compressed where they are not, and a manifest
is made.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from relgraph.errors import DeclarationError, UsageError
from relgraph.oci.bounds import Gunzip, Peek
from relgraph.oci.codecs.artifact import Artifact, Blob
from relgraph.oci.codecs.codec import Codec, Options
from relgraph.oci.codecs.files import Files, open_files
from relgraph.oci.codecs.generic import LAYER_GZIP
from relgraph.oci.codecs.gzipped import gzip_chunks
from relgraph.oci.codecs.rootfs import CONFIG
from relgraph.oci.codecs.spool import Watch, spool
from relgraph.oci.content import Reader, VerifiedReader, chunks
from relgraph.oci.descriptor import REF_NAME, Descriptor
from relgraph.oci.digest import Digest, digest_of
from relgraph.oci.errors import ContentMismatch, InvalidContent, NotFound
from relgraph.oci.json import MAX_MANIFEST, Json
from relgraph.oci.json import decode as from_json
from relgraph.oci.manifest import Document, Index, Manifest, is_manifest_type, parse_document

__all__ = ["CODEC", "from_docker_archive", "from_layout"]

_DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
_IMAGE_NAME = "io.containerd.image.name"
_MOST_DOCUMENTS = 10_000


def from_layout(files: Files, *, reference: str = "") -> Artifact:
    """The image of an OCI layout: its only one, or that named by ``reference`` (a tag, a name or a digest)."""
    top = parse_document(_json_bytes(files, "index.json"), what=files.where + ": index.json")
    if not isinstance(top, Index):
        raise InvalidContent(f"{files.where}: index.json is no index")
    chosen = _choose(top.manifests, reference, files.where)
    documents: dict[Digest, Document] = {}
    blobs: dict[Digest, Blob] = {}
    _collect(files, chosen, documents, blobs)
    return Artifact(tuple(blobs.values()), tuple(documents.values()))


def from_docker_archive(files: Files, *, reference: str = "") -> Artifact:
    """The image of a ``docker save`` archive without a layout in it."""
    images = from_json(_json_bytes(files, "manifest.json"), what=f"{files.where}: manifest.json")
    if not isinstance(images, list) or not images:
        raise InvalidContent(f"{files.where}: manifest.json names no image")
    image = _choose_docker(images, reference, files.where)
    config_path, layer_paths = image.get("Config"), image.get("Layers")
    if not isinstance(config_path, str) or not isinstance(layer_paths, list):
        raise InvalidContent(f"{files.where}: manifest.json: an image has a Config and Layers")
    config = _json_bytes(files, config_path)
    contents = _diff_ids(config, files.where)
    if len(contents) != len(layer_paths):
        raise InvalidContent(f"{files.where}: the config knows {len(contents)} layers, the archive {len(layer_paths)}")
    descriptor = Descriptor(CONFIG, digest_of(config), len(config))
    made: dict[Digest, Blob] = {}
    layers: list[Blob] = []
    for path, content in zip(layer_paths, contents, strict=True):
        if content not in made:
            made[content] = _layer(files, str(path), content)
        layers.append(made[content])
    manifest = Manifest.make(descriptor, [layer.descriptor for layer in layers])
    return Artifact((Blob(descriptor, files.source(config_path)), *layers), (manifest,))


def encode(paths: tuple[Path, ...], options: Options) -> Artifact:
    """The image of one archive or layout; ``options.reference`` selects one of several."""
    if len(paths) != 1:
        raise UsageError("an image is one archive or one layout")
    files = open_files(paths[0])
    if files.size("index.json") is not None and files.size("oci-layout") is not None:
        return from_layout(files, reference=options.reference)
    if files.size("manifest.json") is not None:
        return from_docker_archive(files, reference=options.reference)
    raise DeclarationError(
        f"{paths[0]}: neither an OCI layout nor an archive of docker save", hint="--type rootfs takes a file system"
    )


def _collect(files: Files, descriptor: Descriptor, documents: dict[Digest, Document], blobs: dict[Digest, Blob]) -> None:
    """A manifest and all that it names, children first."""
    if descriptor.digest in documents:
        return
    if len(documents) >= _MOST_DOCUMENTS:
        raise InvalidContent(f"{files.where}: more than {_MOST_DOCUMENTS} manifests")
    path = _blob_path(descriptor.digest)
    size = files.size(path)
    if size is None:
        raise NotFound(descriptor.digest, where=files.where)
    if descriptor.size > MAX_MANIFEST:
        raise InvalidContent(f"{descriptor.digest}: a manifest of {descriptor.size} bytes")
    with VerifiedReader(files.source(path).open().__enter__(), descriptor, where=files.where) as reader:
        raw = reader.read()
    document = parse_document(raw, media_type=descriptor.media_type, digest=descriptor.digest, what=str(descriptor.digest))
    for child in document.children:
        if is_manifest_type(child.media_type):
            _collect(files, child, documents, blobs)
        elif child.digest not in blobs:
            inside = _blob_path(child.digest)
            if files.size(inside) is None:
                if child.urls:
                    continue  # a foreign layer, which lies elsewhere by its licence
                raise NotFound(child.digest, where=files.where)
            blobs[child.digest] = Blob(child.bare, files.source(inside))
    documents[descriptor.digest] = document


def _choose(manifests: tuple[Descriptor, ...], reference: str, where: str) -> Descriptor:
    named = {
        name: descriptor
        for descriptor in manifests
        for name in (descriptor.annotations.get(REF_NAME), descriptor.annotations.get(_IMAGE_NAME), str(descriptor.digest))
        if name
    }
    if reference:
        if reference in named:
            return named[reference]
        raise DeclarationError(f"{where}: no image {reference!r}", hint=f"it has {', '.join(sorted(named)[:5])}")
    distinct = {descriptor.digest: descriptor for descriptor in manifests}
    if len(distinct) != 1:
        raise DeclarationError(f"{where}: {len(distinct)} images", hint=f"select one of {', '.join(sorted(named)[:5])}")
    return next(iter(distinct.values()))


def _choose_docker(images: list[Json], reference: str, where: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [image for image in images if isinstance(image, dict)]
    tags = {tag: image for image in found for tag in image.get("RepoTags") or () if isinstance(tag, str)}
    if reference:
        if reference in tags:
            return tags[reference]
        raise DeclarationError(f"{where}: no image {reference!r}", hint=f"it has {', '.join(sorted(tags)[:5])}")
    if len(found) != 1:
        raise DeclarationError(f"{where}: {len(found)} images", hint=f"select one of {', '.join(sorted(tags)[:5])}")
    return found[0]


def _diff_ids(config: bytes, where: str) -> list[Digest]:
    value = from_json(config, what=f"{where}: config")
    rootfs = value.get("rootfs") if isinstance(value, dict) else None
    found = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise InvalidContent(f"{where}: the config has no rootfs.diff_ids")
    return [Digest(str(item)) for item in found]


def _layer(files: Files, path: str, content: Digest) -> Blob:
    """The layer of a file in the archive: a tar is compressed; what is compressed already (crane does that) stays as it is."""
    source = files.source(path)
    with source.open() as reader:
        packed = Peek(reader).is_gzip()
    watch = Watch()
    if packed:
        outer = Watch()
        with source.open() as reader:
            for _ in watch.pass_on(chunks(Gunzip(_Passing(reader, outer)))):
                pass
        blob = Blob(Descriptor(LAYER_GZIP, outer.digest, outer.size), source)
    else:

        def pieces() -> Iterable[bytes]:
            with source.open() as reader:
                yield from watch.pass_on(chunks(reader))

        blob = spool(gzip_chunks(pieces()), LAYER_GZIP)
    if watch.digest != content:
        raise ContentMismatch(f"{files.where}: {path}: its digest is {watch.digest}", expected=content, actual=watch.digest)
    return blob


class _Passing:
    """A reader that lets a watch see what is read."""

    def __init__(self, reader: Reader, watch: Watch) -> None:
        self._reader = reader
        self._watch = watch

    def read(self, size: int = -1, /) -> bytes:
        return b"".join(self._watch.pass_on([self._reader.read(size) or b""]))

    def close(self) -> None:
        self._reader.close()


def _json_bytes(files: Files, path: str) -> bytes:
    return files.read(path, limit=MAX_MANIFEST)


def _blob_path(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.hex}"


CODEC = Codec(
    "image",
    "an image that was built elsewhere: a docker save archive or an OCI layout",
    (CONFIG, _DOCKER_CONFIG),
    encode,
    None,
)
