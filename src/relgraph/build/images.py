"""Images of one platform or several: from an engine's archive to an artifact, from an artifact to an engine's archive.

The configuration of what an engine built holds the engine's version, the name of a container and the times of the build. What is
kept is what the OCI image specification 1.1 (config.md) knows and what engines act upon, with the times of the commit: the same
layers have the same digest.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from relgraph.build.builder import Target
from relgraph.build.layers import folders_at
from relgraph.errors import DeclarationError, EnvironmentFailure, UsageError
from relgraph.oci.bounds import Bounds, inflated
from relgraph.oci.codecs import tree
from relgraph.oci.codecs.artifact import Artifact, Blob, blob_of
from relgraph.oci.codecs.codec import rfc3339
from relgraph.oci.codecs.files import Files
from relgraph.oci.codecs.generic import CREATED, LAYER_GZIP
from relgraph.oci.codecs.rootfs import CONFIG, Layer, Platform, layer_of, parse_platform
from relgraph.oci.codecs.spool import Watch
from relgraph.oci.codecs.tarball import tar_chunks
from relgraph.oci.content import BytesSource, Reader, chunks
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import Digest
from relgraph.oci.errors import InvalidContent
from relgraph.oci.json import MAX_MANIFEST, decode, encode
from relgraph.oci.manifest import Document, Index, Manifest
from relgraph.oci.storage import Fetcher, ReadOnlyRepository, read_blob, read_document

__all__ = [
    "DEFAULT",
    "Base",
    "Finish",
    "Stored",
    "base_of",
    "docker_archive",
    "empty_image",
    "entry_for",
    "index_of",
    "marks",
    "platforms_of",
    "read_archive",
]

#: What an image is built for that declares no platforms: the same on every machine.
DEFAULT = "linux/amd64"

_REVISION = "org.opencontainers.image.revision"
_VERSION = "org.opencontainers.image.version"
# What an architecture without a variant means (containerd's normal form).
_PLAIN = {"arm64": "v8", "arm": "v7", "amd64": "v1"}
_TOP = ("author", "os.version", "os.features")
# Docker's own additions that engines act upon stand behind those of the specification.
_CONFIG = (
    "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal", "ArgsEscaped", "Healthcheck",
    "OnBuild", "Shell", "StopTimeout",
)  # fmt: skip
_FOREIGN = "application/vnd.docker.image.rootfs.diff.tar.gzip"
# What an engine of one's own gives out is not a stranger's archive: no bound but the disk's.
_OWN = Bounds(total=1 << 62, ratio=1 << 30)


class Base(NamedTuple):
    """An image that another stands on: its configuration, and the layers that are in the store, by the digest of their tar."""

    config: bytes
    layers: Mapping[Digest, Blob]
    platform: Platform

    @property
    def history(self) -> int:
        """How many entries its history has."""
        value = decode(self.config, what="config")
        found = value.get("history") if isinstance(value, dict) else None
        return len(found) if isinstance(found, list) else 0


class Finish(NamedTuple):
    """What an image gets that an engine does not know: its platform, its time (seconds since the epoch), labels and annotations.

    ``kept`` are the layers below (None: no blob is at hand), by the digest of their tar, ``history`` is how many entries of its history
    are theirs; neither is changed.
    """

    platform: Platform
    time: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    kept: Mapping[Digest, Blob | None]
    history: int = 0


def platforms_of(words: Sequence[str], where: str) -> tuple[Platform, ...]:
    """The platforms that are declared, or the default one. Raises DeclarationError, also where one stands twice."""
    found: list[Platform] = []
    for word in words or (DEFAULT,):
        try:
            platform = parse_platform(word)
        except UsageError as problem:
            raise DeclarationError(f"{where}: platforms: {problem}", hint=problem.hint) from None
        if platform in found:
            raise DeclarationError(f"{where}: platforms: {word} stands twice")
        found.append(platform)
    return tuple(found)


def marks(target: Target) -> tuple[dict[str, str], dict[str, str]]:
    """What tells where an image comes from: labels of its configuration, and annotations of its manifests."""
    # What has a version of its own comes to the same in every release, whichever commit that is of.
    commit = "" if target.node.get("version") else target.release.commit
    labels = {_REVISION: commit, _VERSION: target.own.version}
    labels = {key: value for key, value in labels.items() if value}
    return labels, labels | {CREATED: rfc3339(datetime.fromtimestamp(target.release.time, UTC))}


def index_of(images: Sequence[tuple[Platform, Artifact]], annotations: Mapping[str, str]) -> Artifact:
    """The index of images of several platforms, in the order given; a single one stands for itself.

    What is an index already, as other programs make it of one image and what they attest of it, gives its entries.
    """
    if len(images) == 1:
        return images[0][1]
    entries: list[Descriptor] = []
    documents: dict[Digest, Document] = {}
    for platform, image in images:
        root = image.root
        entries += root.manifests if isinstance(root, Index) else [root.descriptor._replace(platform=platform.fields)]
        documents |= {one.digest: one for one in image.documents if one is not root or not isinstance(root, Index)}
    blobs = tuple(blob for _, image in images for blob in image.blobs)
    return Artifact(blobs, (*documents.values(), Index.make(entries, annotations=annotations)))


def read_archive(files: Files, finish: Finish) -> Artifact:
    """The only image of a ``docker save`` archive, finished. Raises InvalidContent where it is not what it says."""
    images = decode(files.read("manifest.json", limit=MAX_MANIFEST), what=f"{files.where}: manifest.json")
    if not isinstance(images, list) or len(images) != 1 or not isinstance(images[0], dict):
        raise InvalidContent(f"{files.where}: manifest.json names another number of images than one")
    raw = files.read(str(images[0].get("Config")), limit=MAX_MANIFEST)
    config = _object(decode(raw, what=f"{files.where}: config"), files.where)
    contents = _diff_ids(config, files.where)
    paths = images[0].get("Layers")
    if not isinstance(paths, list) or len(paths) != len(contents):
        raise InvalidContent(f"{files.where}: the config has other layers than the archive")
    layers = [_layer(files, str(path), content, finish) for path, content in zip(paths, contents, strict=True)]
    made = blob_of(CONFIG, encode(_finished(config, layers, finish)))
    manifest = Manifest.make(made.descriptor, [layer.blob.descriptor for layer in layers], annotations=finish.annotations)
    return Artifact((made, *(layer.blob for layer in layers)), (manifest,))


def base_of(repository: ReadOnlyRepository, digest: str, platform: Platform) -> Base:
    """The image of a platform behind a digest in the store. Raises DeclarationError where there is none for it."""
    document = repository.load(digest)
    if isinstance(document, Index):
        entry = entry_for(document, platform)
        if entry is None:
            raise DeclarationError(
                f"{repository.name}@{digest} has no image for {platform}", hint="build it for this platform, too"
            )
        document = read_document(repository, entry)
    if isinstance(document, Index):
        raise InvalidContent(f"{digest}: an index within an index")
    config = read_blob(repository, document.config, limit=MAX_MANIFEST)
    value = _object(decode(config, what=f"{digest}: config"), digest)
    found = Platform(str(value.get("os", "")), str(value.get("architecture", "")), str(value.get("variant", "")))
    if found[:2] != platform[:2] or (found.variant and platform.variant and found.variant != platform.variant):
        raise DeclarationError(f"{repository.name}@{digest} is for {found}, not for {platform}")
    contents = _diff_ids(value, digest)
    if len(contents) != len(document.layers):
        raise InvalidContent(f"{digest}: the config has other layers than the manifest")
    layers = {
        content: Blob(_plain(layer), Stored(repository, layer)) for content, layer in zip(contents, document.layers, strict=True)
    }
    return Base(config, layers, platform)


def entry_for(index: Index, platform: Platform) -> Descriptor | None:
    """The entry of an index for a platform. Without a variant any will do, the one that engines take for the plain one first."""
    known = [(entry, entry.platform or {}) for entry in index.manifests]
    fits = [(entry, one.get("variant") or "") for entry, one in known if (one.get("os"), one.get("architecture")) == platform[:2]]
    wanted = (
        (platform.variant,) if platform.variant else ("", _PLAIN.get(platform.architecture, ""), *(variant for _, variant in fits))
    )
    return next((entry for one in wanted for entry, variant in fits if variant == one), None)


def empty_image(platform: Platform) -> Base:
    """An image without layers: what ``scratch`` is, for one platform."""
    config = {**platform.fields, "config": {}, "rootfs": {"type": "layers", "diff_ids": []}}
    return Base(encode(config), {}, platform)


def docker_archive(base: Base, name: str) -> Iterator[bytes]:
    """The archive by which ``docker load`` takes an image in, under a name; in pieces."""
    contents = _diff_ids(_object(decode(base.config, what="config"), name), name)
    entries = [_file("config.json", base.config)]
    for digest, blob in base.layers.items():
        entries.append(tree.Entry(f"{digest.hex}.tar", tree.Kind.FILE, 0o644, blob.descriptor.size, blob.source))
    listed = [{"Config": "config.json", "RepoTags": [name], "Layers": [f"{content.hex}.tar" for content in contents]}]
    entries.append(_file("manifest.json", encode(listed)))
    return tar_chunks(tree.Tree.of(entries))


class Stored:
    """Content of a repository, as often as it is wanted."""

    def __init__(self, repository: Fetcher, descriptor: Descriptor) -> None:
        self._repository = repository
        self._descriptor = descriptor

    def open(self) -> Any:
        """A verified reader at the first byte."""
        return self._repository.fetch(self._descriptor)


def _file(name: str, data: bytes) -> tree.Entry:
    return tree.Entry(name, tree.Kind.FILE, 0o644, len(data), BytesSource(data))


def _plain(layer: Descriptor) -> Descriptor:
    return layer.bare._replace(media_type=LAYER_GZIP) if layer.media_type == _FOREIGN else layer.bare


def _layer(files: Files, path: str, content: Digest, finish: Finish) -> Layer:
    if (blob := finish.kept.get(content)) is not None:
        return Layer(blob, content)
    watch = Watch()

    def pieces(reader: Reader) -> Iterator[bytes]:
        passed = watch.pass_on(chunks(inflated(reader, _OWN)))
        yield from passed if content in finish.kept else folders_at(passed, finish.time)

    with files.source(path).open() as reader:
        layer = layer_of(pieces(reader))
    if watch.digest != content:
        raise InvalidContent(f"{files.where}: {path}: its digest is {watch.digest}, not {content}")
    return layer


def _finished(config: Mapping[str, Any], layers: Sequence[Layer], finish: Finish) -> dict[str, Any]:
    found = Platform(str(config.get("os", "")), str(config.get("architecture", "")))
    if found[:2] != finish.platform[:2]:
        raise EnvironmentFailure(
            f"the engine built an image for {found} instead of {finish.platform}",
            hint="does the image below exist for that platform?",
        )
    time = rfc3339(datetime.fromtimestamp(finish.time, UTC))
    value: dict[str, Any] = {"created": time}
    value |= {key: config[key] for key in _TOP if config.get(key)}
    value |= finish.platform.fields
    run = _object(config.get("config") or {}, "config")
    run = {**run, "Labels": {**(run.get("Labels") or {}), **finish.labels}}
    value["config"] = {key: run[key] for key in _CONFIG if run.get(key)}
    value["rootfs"] = {"type": "layers", "diff_ids": [layer.content for layer in layers]}
    history = config.get("history")
    value["history"] = [
        item if number < finish.history or not isinstance(item, dict) else {**item, "created": time}
        for number, item in enumerate(history if isinstance(history, list) else [])
    ]
    return value


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidContent(f"{where}: no JSON object")
    return value


def _diff_ids(config: Mapping[str, Any], where: str) -> list[Digest]:
    rootfs = config.get("rootfs")
    found = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if found is None:
        found = []
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise InvalidContent(f"{where}: the config has no rootfs.diff_ids")
    return [Digest(str(item)) for item in found]
