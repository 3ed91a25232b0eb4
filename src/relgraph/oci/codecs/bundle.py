"""A folder as one artifact: relgraph's own form, which oras unpacks as well.

Artifact type ``application/vnd.relgraph.bundle.v1``, an empty config, one layer: a deterministic tar+gzip of the folder, below
the bundle's name.
"""

from pathlib import Path

from relgraph.errors import DeclarationError, UsageError
from relgraph.oci.codecs.artifact import EMPTY_BLOB, Artifact
from relgraph.oci.codecs.codec import Codec, Form, Options, Part, rfc3339
from relgraph.oci.codecs.generic import CONTENT_DIGEST, CREATED, EMBEDDED, UNPACK, folder_blob
from relgraph.oci.codecs.tree import Tree, read_folder
from relgraph.oci.errors import InvalidContent
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import Fetcher

__all__ = ["CODEC", "TYPE", "bundle"]

#: The artifact type.
TYPE = "application/vnd.relgraph.bundle.v1"


def bundle(tree: Tree, name: str, options: Options | None = None) -> Artifact:
    """The bundle of a tree, unpacked as folder ``name``. Raises DeclarationError for an empty tree and for links."""
    options = options or Options()
    if not tree.files:
        raise DeclarationError("a bundle without files", hint="name a folder that has some")
    if not name or "/" in name or name in (".", ".."):
        raise UsageError(f"{name!r} cannot be the name of a bundle", hint="a name is one word, such as hooks")
    mtime = int(options.created.timestamp()) if options.created else 0
    blob = folder_blob(tree, name, mtime=mtime)
    annotations = dict(options.annotations) | ({CREATED: rfc3339(options.created)} if options.created else {})
    manifest = Manifest.make(EMBEDDED, [blob.descriptor], artifact_type=TYPE, annotations=annotations)
    return Artifact((EMPTY_BLOB, blob), (manifest,))


def encode(paths: tuple[Path, ...], options: Options) -> Artifact:
    """The bundle of one folder."""
    if len(paths) != 1 or not paths[0].is_dir():
        raise UsageError("a bundle is made of one folder", hint="--type artifact takes single files")
    return bundle(read_folder(paths[0]), options.name or paths[0].resolve().name, options)


def decode(fetcher: Fetcher, manifest: Manifest) -> tuple[Part, ...]:  # noqa: ARG001 - the form of all codecs
    """Its one folder."""
    if manifest.artifact_type != TYPE or len(manifest.layers) != 1:
        raise InvalidContent(f"{manifest.digest}: a bundle has one layer, this has {len(manifest.layers)}")
    layer = manifest.layers[0]
    if not layer.title or layer.annotations.get(UNPACK) != "true":
        raise InvalidContent(f"{manifest.digest}: the layer of a bundle has a name and is to be unpacked")
    # The entries carry the folder's name themselves.
    return (Part("", layer, Form.TAR_GZIP, layer.annotations.get(CONTENT_DIGEST, "")),)


CODEC = Codec("bundle", "one folder, packed the same way everywhere", (TYPE,), encode, decode)
