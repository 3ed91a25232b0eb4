"""Helm charts, as Helm 3 and 4 push and pull them (https://helm.sh/docs/topics/registries).

The manifest has neither a media type nor an artifact type; its config is the chart's metadata as Go's JSON, in the order of
Helm's struct; the layers, sorted by digest, are the package and, where there is one, its provenance file. The annotations
come from Chart.yaml. The tag is the version with ``_`` for ``+``.
"""

import io
import tarfile
import zlib
from pathlib import Path

from relgraph.errors import DeclarationError, EnvironmentFailure, UsageError
from relgraph.oci.codecs.artifact import Artifact, blob_of
from relgraph.oci.codecs.chartfile import MAX_FILE, Metadata, read_metadata
from relgraph.oci.codecs.codec import Codec, Options, Part, rfc3339
from relgraph.oci.codecs.generic import CREATED
from relgraph.oci.codecs.gzipped import gzip_chunks
from relgraph.oci.codecs.helmignore import FILE_NAME, parse_rules
from relgraph.oci.codecs.tarball import tar_chunks
from relgraph.oci.codecs.tree import Entry, Kind, Tree, read_folder
from relgraph.oci.content import FileSource
from relgraph.oci.errors import InvalidContent
from relgraph.oci.json import decode as from_json
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import Fetcher, read_blob

__all__ = [
    "CODEC",
    "CONFIG",
    "CONTENT",
    "MAX_CHART",
    "PROVENANCE",
    "artifact_of",
    "pack_chart",
    "package_files",
    "read_package",
    "tag_of",
]

CONFIG = "application/vnd.cncf.helm.config.v1+json"
CONTENT = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
PROVENANCE = "application/vnd.cncf.helm.chart.provenance.v1.prov"

#: Helm's own limit for all files of a chart, in bytes.
MAX_CHART = 100 << 20

_FIXED = ("org.opencontainers.image.version", "org.opencontainers.image.title")
_IMAGE = "org.opencontainers.image."


def tag_of(version: str) -> str:
    """The tag under which a chart's version is published."""
    return version.replace("+", "_")


def pack_chart(tree: Tree, *, mtime: int = 0) -> tuple[Metadata, bytes]:
    """The package (``.tgz``) of a chart's folder, without what its ``.helmignore`` names.

    Links are followed within the chart and refused beyond it. Raises :class:`~relgraph.errors.DeclarationError`.
    """
    rules = parse_rules(tree.read(FILE_NAME, limit=MAX_FILE) or b"")
    kept: list[Entry] = []
    for entry in tree.entries:
        if entry.kind is Kind.FOLDER or rules.ignores(entry.path, folder=False):
            continue
        real = _follow(tree, entry)
        if real.size > MAX_FILE:
            raise DeclarationError(f"{entry.path}: {real.size} bytes; Helm reads no file above {MAX_FILE}")
        kept.append(real._replace(path=entry.path, mode=0o644))
    chart = Tree.of(kept)
    if chart.size > MAX_CHART:
        raise DeclarationError(f"{chart.size} bytes; Helm reads no chart above {MAX_CHART}")
    metadata = read_metadata(lambda path: chart.read(path, limit=MAX_FILE))
    return metadata, b"".join(gzip_chunks(tar_chunks(chart, prefix=f"{metadata.name}/", mtime=mtime)))


def read_package(data: bytes) -> Metadata:
    """The metadata of a package. Raises :class:`~relgraph.errors.DeclarationError` where it is no chart."""
    found: dict[str, bytes] = {}
    names: set[str] = set()
    try:
        with tarfile.open(fileobj=io.BytesIO(_inflate(data)), mode="r:") as archive:
            for member in archive:
                top, _, path = member.name.removeprefix("./").partition("/")
                if member.isfile() and path:
                    names.add(top)
                    if path in ("Chart.yaml", "requirements.yaml") and member.size <= MAX_FILE:
                        reader = archive.extractfile(member)
                        found[path] = reader.read() if reader is not None else b""
    except (tarfile.TarError, ValueError, UnicodeError) as problem:
        raise DeclarationError(f"not a chart package: {problem}") from None
    if len(names) != 1:
        raise DeclarationError("not a chart package: its files do not lie below one folder")
    metadata = read_metadata(found.get)
    if names != {metadata.name}:
        raise DeclarationError(f"the folder of the package is {names.pop()!r}, the chart {metadata.name!r}")
    return metadata


def package_files(data: bytes) -> dict[str, bytes]:
    """The files of a package, by path in the chart. Raises :class:`~relgraph.errors.DeclarationError` where it is none, or too large."""
    try:
        with tarfile.open(fileobj=io.BytesIO(_inflate(data)), mode="r:") as archive:
            return {
                member.name.removeprefix("./").partition("/")[2]: reader.read()
                for member in archive
                if member.isfile() and (reader := archive.extractfile(member)) is not None
            }
    except (tarfile.TarError, ValueError, UnicodeError) as problem:
        raise DeclarationError(f"not a chart package: {problem}") from None


def artifact_of(metadata: Metadata, package: bytes, *, provenance: bytes = b"", options: Options | None = None) -> Artifact:
    """The artifact of a package. ``options.created`` is the package's time; Helm takes the file's."""
    options = options or Options()
    config = blob_of(CONFIG, metadata.config)
    layers = [blob_of(CONTENT, package)]
    if provenance:
        layers.append(blob_of(PROVENANCE, provenance))
    layers.sort(key=lambda layer: layer.descriptor.digest)
    annotations = {**_annotations(metadata, options), **options.annotations}
    descriptors = [layer.descriptor for layer in layers]
    manifest = Manifest.make(config.descriptor, descriptors, annotations=annotations, write_media_type=False)
    return Artifact((config, *layers), (manifest,), tag=tag_of(metadata.version))


def encode(paths: tuple[Path, ...], options: Options) -> Artifact:
    """The artifact of one folder or one package; ``PACKAGE.prov`` beside a package goes with it."""
    if len(paths) != 1:
        raise UsageError("a chart is one folder or one package")
    path = paths[0]
    if path.is_dir():
        metadata, package = pack_chart(read_folder(path), mtime=int(options.created.timestamp()) if options.created else 0)
        return artifact_of(metadata, package, options=options)
    package = _read(path, MAX_CHART)
    signature = path.with_name(path.name + ".prov")
    provenance = _read(signature, MAX_FILE) if signature.is_file() else b""
    return artifact_of(read_package(package), package, provenance=provenance, options=options)


def decode(fetcher: Fetcher, manifest: Manifest) -> tuple[Part, ...]:
    """The package, named as Helm names it, and its provenance file."""
    contents = [layer for layer in manifest.layers if layer.media_type == CONTENT]
    provenances = [layer for layer in manifest.layers if layer.media_type == PROVENANCE]
    if len(contents) != 1 or len(provenances) > 1:
        raise InvalidContent(f"{manifest.digest}: a chart has one package, this has {len(contents)}")
    config = from_json(read_blob(fetcher, manifest.config, limit=MAX_FILE), what=f"{manifest.digest}: config", limit=MAX_FILE)
    name, version = (config.get("name"), config.get("version")) if isinstance(config, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(version, str) or not name or "/" in name + version:
        raise InvalidContent(f"{manifest.digest}: the config of a chart names it and its version")
    package = f"{name}-{version}.tgz"
    parts = [Part(package, contents[0])]
    return (*parts, *(Part(f"{package}.prov", layer) for layer in provenances))


def _annotations(metadata: Metadata, options: Options) -> dict[str, str]:
    fields = metadata.fields
    people = []
    for person in fields.get("maintainers", ()):
        people.append(person.get("name", "") + (f" ({person['email']})" if person.get("email") else ""))
    found = {
        f"{_IMAGE}description": fields.get("description", ""),
        f"{_IMAGE}title": metadata.name,
        f"{_IMAGE}version": metadata.version,
        f"{_IMAGE}url": fields.get("home", ""),
        CREATED: rfc3339(options.created) if options.created else "",
        f"{_IMAGE}source": (fields.get("sources") or [""])[0],
        f"{_IMAGE}authors": ", ".join(people),
    }
    own = {key: value for key, value in fields.get("annotations", {}).items() if key not in _FIXED}
    return {key: value for key, value in found.items() if value.strip()} | own


def _follow(tree: Tree, entry: Entry) -> Entry:
    seen: set[str] = set()
    while entry.kind is Kind.LINK:
        path = _join(entry.path.rpartition("/")[0], entry.target)
        following = tree.get(path) if path is not None and path not in seen else None
        if following is None or following.kind is Kind.FOLDER:
            raise DeclarationError(
                f"{entry.path}: a link to {entry.target!r}, which is no file of the chart",
                hint="a chart with links out of its folder is another chart on every machine; copy the file",
            )
        seen.add(following.path)
        entry = following
    return entry


def _join(folder: str, target: str) -> str | None:
    parts = folder.split("/") if folder else []
    if target.startswith("/"):
        return None
    for part in target.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _inflate(data: bytes) -> bytes:
    decompressor = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        content = decompressor.decompress(data, MAX_CHART + 1)
    except zlib.error as problem:
        raise DeclarationError(f"not a chart package: {problem}") from None
    if len(content) > MAX_CHART:
        raise DeclarationError(f"the chart unpacks to more than {MAX_CHART} bytes")
    if not decompressor.eof:
        raise DeclarationError("not a chart package: it is cut off")
    return content


def _read(path: Path, limit: int) -> bytes:
    try:
        with FileSource(path).open() as reader:
            data = b"".join(iter(lambda: reader.read(1 << 20), b""))
    except OSError as problem:
        raise EnvironmentFailure(f"{path}: {problem.strerror}") from problem
    if len(data) > limit:
        raise DeclarationError(f"{path}: more than {limit} bytes")
    return data


CODEC = Codec("helm", "a Helm chart: its folder, or its package", (CONFIG,), encode, decode)
