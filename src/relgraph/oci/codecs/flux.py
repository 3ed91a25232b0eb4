"""Flux's artifacts: manifests for a cluster, as its source controller pulls them.

After ``fluxcd/pkg/oci``: a config of its own type whose body is a minimal image config, one layer of tar+gzip without owners,
times and links, and annotations that say from where and which revision it was made (``main@sha1:<commit>``).
"""

from pathlib import Path

from relgraph.errors import UsageError
from relgraph.oci.codecs.artifact import Artifact, blob_of
from relgraph.oci.codecs.codec import Codec, Form, Options, Part, rfc3339
from relgraph.oci.codecs.generic import CREATED
from relgraph.oci.codecs.gzipped import gzip_chunks
from relgraph.oci.codecs.spool import Watch, spool
from relgraph.oci.codecs.tarball import tar_chunks
from relgraph.oci.codecs.tree import Kind, Tree, read_folder
from relgraph.oci.errors import InvalidContent
from relgraph.oci.json import encode as to_json
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import Fetcher

__all__ = ["CODEC", "CONFIG", "CONTENT", "artifact_of", "minimal_config"]

CONFIG = "application/vnd.cncf.flux.config.v1+json"
CONTENT = "application/vnd.cncf.flux.content.v1.tar+gzip"
_EPOCH = "0001-01-01T00:00:00Z"
_IGNORED = (".git",)


def minimal_config(*contents: str) -> bytes:
    """The config that go-containerregistry gives an image without one; ``contents`` are the digests of the unpacked layers."""
    return to_json(
        {
            "architecture": "",
            "created": _EPOCH,
            "history": [{"created": _EPOCH} for _ in contents],
            "os": "",
            "rootfs": {"type": "layers", "diff_ids": list(contents)},
            "config": {},
        }
    )


def artifact_of(tree: Tree, options: Options | None = None) -> Artifact:
    """The artifact of a tree; links and git's own folder are left out, as Flux does."""
    options = options or Options()
    kept = Tree(tuple(entry for entry in tree.entries if entry.kind is not Kind.LINK and entry.path.split("/")[0] not in _IGNORED))
    watch = Watch()
    layer = spool(gzip_chunks(watch.pass_on(tar_chunks(kept))), CONTENT)
    config = blob_of(CONFIG, minimal_config(watch.digest))
    annotations = dict(options.annotations) | ({CREATED: rfc3339(options.created)} if options.created else {})
    manifest = Manifest.make(config.descriptor, [layer.descriptor], annotations=annotations)
    return Artifact((config, layer), (manifest,))


def encode(paths: tuple[Path, ...], options: Options) -> Artifact:
    """The artifact of one folder."""
    if len(paths) != 1 or not paths[0].is_dir():
        raise UsageError("a Flux artifact is made of one folder")
    return artifact_of(read_folder(paths[0]), options)


def decode(fetcher: Fetcher, manifest: Manifest) -> tuple[Part, ...]:  # noqa: ARG001 - the form of all codecs
    """Its first layer, as Flux reads it."""
    if not manifest.layers:
        raise InvalidContent(f"{manifest.digest}: a Flux artifact has a layer")
    layer = manifest.layers[0]
    if layer.media_type == CONTENT:
        return (Part("", layer, Form.TAR_GZIP),)
    extension = layer.media_type.removeprefix("application/vnd.cncf.flux.content.v1.")
    if extension == layer.media_type:
        raise InvalidContent(f"{manifest.digest}: the layer of a Flux artifact cannot be {layer.media_type}")
    return (Part(f"content.{extension}", layer),)


CODEC = Codec("flux", "a folder of manifests for Flux's OCIRepository", (CONFIG,), encode, decode)
