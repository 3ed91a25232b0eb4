"""Files as an artifact, as the oras tools write and read them.

OCI image specification 1.1, manifest.md, "Guidelines for artifact usage": an artifact type, an empty config, one layer a
file, named by ``org.opencontainers.image.title``. Folders travel as tar+gzip, marked by ``io.deis.oras.content.unpack``; the
digest of the tar itself stands beside it.
"""

from pathlib import Path

from relgraph.errors import DeclarationError, EnvironmentFailure, UsageError
from relgraph.oci.codecs.artifact import EMPTY_BLOB, Artifact, Blob
from relgraph.oci.codecs.codec import Codec, Form, Options, Part, rfc3339
from relgraph.oci.codecs.gzipped import gzip_chunks
from relgraph.oci.codecs.spool import Watch, described, spool
from relgraph.oci.codecs.tarball import tar_chunks
from relgraph.oci.codecs.tree import Kind, Tree, read_folder
from relgraph.oci.descriptor import EMPTY, EMPTY_BODY, TITLE, is_media_type
from relgraph.oci.errors import InvalidContent
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import Fetcher

__all__ = [
    "CODEC",
    "CONTENT_DIGEST",
    "CREATED",
    "DEFAULT_TYPE",
    "EMBEDDED",
    "LAYER",
    "LAYER_GZIP",
    "UNPACK",
    "folder_blob",
    "titled_parts",
]

CREATED = "org.opencontainers.image.created"
UNPACK = "io.deis.oras.content.unpack"
CONTENT_DIGEST = "io.deis.oras.content.digest"
#: The empty config as oras writes it: with its two bytes in the descriptor.
EMBEDDED = EMPTY._replace(data=EMPTY_BODY)
#: The artifact type of what nobody named.
DEFAULT_TYPE = "application/vnd.unknown.artifact.v1"
LAYER = "application/vnd.oci.image.layer.v1.tar"
LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"


def folder_blob(tree: Tree, title: str, *, media_type: str = LAYER_GZIP, mtime: int = 0) -> Blob:
    """A folder as a layer that oras unpacks into ``title``. Raises DeclarationError for links, which no reader unpacks."""
    refuse_links(tree)
    watch = Watch()
    blob = spool(gzip_chunks(watch.pass_on(tar_chunks(tree, prefix=f"{title}/", mtime=mtime))), media_type)
    annotations = {TITLE: title, UNPACK: "true", CONTENT_DIGEST: watch.digest}
    return Blob(blob.descriptor._replace(annotations=annotations), blob.source)


def refuse_links(tree: Tree) -> None:
    """Raise DeclarationError where the tree has a symbolic link."""
    for entry in tree.entries:
        if entry.kind is Kind.LINK:
            raise DeclarationError(
                f"{entry.path}: a symbolic link to {entry.target!r}",
                hint="links are not unpacked by careful readers; put the file itself there, or publish a rootfs image",
            )


def titled_parts(manifest: Manifest) -> tuple[Part, ...]:
    """The parts of a manifest whose layers are named by their titles; a layer without one is named by its digest."""
    parts: list[Part] = []
    seen: dict[str, str] = {}
    for layer in manifest.layers:
        if layer.digest == EMPTY.digest and not layer.title:
            continue  # a manifest needs a layer and has none
        path = layer.title or f"{layer.digest.algorithm}-{layer.digest.hex}"
        if seen.setdefault(path, layer.digest) != layer.digest:
            raise InvalidContent(f"{manifest.digest}: two layers have the title {path!r}")
        unpack = layer.annotations.get(UNPACK) == "true"
        parts.append(Part(path, layer, Form.TAR_GZIP if unpack else Form.FILE, layer.annotations.get(CONTENT_DIGEST, "")))
    return tuple(parts)


def encode(paths: tuple[Path, ...], options: Options) -> Artifact:
    """The artifact of these files and folders."""
    if not paths:
        raise UsageError("an artifact needs at least one file")
    artifact_type = options.artifact_type or DEFAULT_TYPE
    if not is_media_type(artifact_type):
        raise UsageError(f"{artifact_type!r} is no media type", hint="write TYPE/SUBTYPE, such as application/vnd.example.config")
    mtime = int(options.created.timestamp()) if options.created else 0
    blobs: dict[str, Blob] = {}
    for path in paths:
        title = path.name
        if title in blobs or not title:
            raise UsageError(f"{path}: two files would be named {title!r}" if title else f"{path}: it has no name")
        media_type = options.media_types.get(title, "")
        if path.is_dir():
            blobs[title] = folder_blob(read_folder(path), title, media_type=media_type or LAYER_GZIP, mtime=mtime)
        elif path.is_file():
            blobs[title] = described(path, media_type or LAYER, annotations={TITLE: title})
        else:
            raise EnvironmentFailure(f"{path}: no such file or folder")
    annotations = dict(options.annotations) | ({CREATED: rfc3339(options.created)} if options.created else {})
    manifest = Manifest.make(
        EMBEDDED, [blob.descriptor for blob in blobs.values()], artifact_type=artifact_type, annotations=annotations
    )
    return Artifact((EMPTY_BLOB, *blobs.values()), (manifest,))


def decode(fetcher: Fetcher, manifest: Manifest) -> tuple[Part, ...]:  # noqa: ARG001 - the form of all codecs
    """Its files and folders."""
    return titled_parts(manifest)


CODEC = Codec("artifact", "files and folders under an artifact type of your own, as oras has them", (), encode, decode)
