"""``store.push`` and ``store.pull``: files into artifacts, and back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relgraph.cli.command import Values
from relgraph.cli.commands.store_report import report
from relgraph.cli.pinning import found
from relgraph.cli.progress import counted, human
from relgraph.cli.registries import Stores, pairs_of
from relgraph.cli.terminal import Terminal
from relgraph.cli.trust_options import wants_verdict
from relgraph.effects.environment import variable
from relgraph.errors import UsageError
from relgraph.oci.reference import Reference, parse_reference

if TYPE_CHECKING:
    from relgraph.oci.codecs.artifact import Artifact

__all__ = ["pull", "push"]

# What each option is for; given with another type it would be passed over in silence.
_FOR = {
    "name": ("bundle",),
    "version": ("cue", "helm"),
    "artifact-type": ("artifact",),
    "media-type": ("artifact",),
    "platform": ("rootfs",),
    "config": ("rootfs",),
    "select": ("image",),
    "annotation": ("artifact", "bundle", "cue", "flux", "helm", "rootfs"),
}
_TITLE = "org.opencontainers.image.title"


def push(values: Values, terminal: Terminal) -> int:
    """Make the artifact, store it, name it."""
    target = parse_reference(values.get("target") or "")
    if target.digest is not None:
        raise UsageError(f"{target}: something is published under a tag", hint="a digest follows from the content")
    if target.range:
        raise UsageError(f"{target}: something is published under one version", hint=f"write {target.name}:1.2.0, say")
    kind = values.get("type") or ""
    _check(values, kind)

    from relgraph.oci.codecs.codec import Options
    from relgraph.oci.codecs.registry import by_name
    from relgraph.oci.content import FileSource
    from relgraph.oci.copy import upload

    config = values.get("config")
    options = Options(
        name=values.get("name") or "",
        version=values.get("version") or target.tag,
        created=_created(),
        annotations=pairs_of(values, "annotation"),
        artifact_type=values.get("artifact-type") or "",
        media_types=pairs_of(values, "media-type"),
        platform=values.get("platform") or "",
        config=FileSource(Path(config)) if config else None,
        reference=values.get("select") or "",
    )
    with Stores(values, terminal) as stores:
        paths = tuple(map(Path, values.many("path")))
        artifact = by_name(kind).encode(paths, options)
        if kind == "helm":
            _check_chart(target, options.version, artifact)
        tag = target.tag or artifact.tag
        if not tag:
            chart = kind == "artifact" and len(paths) == 1 and (paths[0] / "Chart.yaml").is_file()
            hint = "--type helm publishes a chart under its own version" if chart else f"write {target.name}:TAG"
            raise UsageError(f"{target}: under which tag?", hint=hint)
        destination = stores.open(target, create=True)
        copied = upload(artifact, destination, artifact.root, tag=tag, workers=stores.workers)
    named = f"{target.name}:{tag}@{artifact.root.digest}"
    changed = bool(copied.manifests)
    facts = {
        "reference": named,
        "tag": tag,
        "digest": artifact.root.digest,
        "mediaType": artifact.root.media_type,
        "kind": artifact.root.kind,
        "changed": changed,
        "blobs": copied.blobs,
        "bytes": copied.bytes,
    }
    did = f"pushed {named} ({counted(copied.blobs, 'blob')}, {human(copied.bytes)})" if changed else f"unchanged {named}"
    return report(values, terminal, facts, did)


def pull(values: Values, terminal: Terminal) -> int:
    """Fetch an artifact's parts and write them."""
    source = parse_reference(values.get("source") or "")

    from relgraph.oci.codecs.registry import codec_of
    from relgraph.oci.manifest import Manifest
    from relgraph.oci.unpack import write_parts

    with Stores(values, terminal) as stores:
        repository = stores.open(source)
        source, target = found(values, source, repository)
        document = repository.load(target)
        if wants_verdict(values):
            from relgraph.cli.trusting import require_trust

            require_trust(values, repository, source, document.descriptor)
        codec = codec_of(document)
        if codec.decode is None or not isinstance(document, Manifest):
            raise UsageError(
                f"{source}: {codec.name} artifacts are not laid out as files",
                hint=f"`relgraph store.copy {source} layout:FOLDER` keeps it as it is",
            )
        # From here on the tag means nothing: what was loaded names everything else by digest.
        parts = codec.decode(repository, document)
        folder = _output(values, source, whole=any(not part.path for part in parts))
        paths = write_parts(repository, parts, folder, workers=stores.workers)
    size = sum(part.descriptor.size for part in parts)
    named = f"{source.name}@{document.digest}"
    facts: dict[str, Any] = {
        "reference": named,
        "digest": document.digest,
        "mediaType": document.media_type,
        "kind": document.kind,
        "files": [str(path) for path in paths],
        "bytes": size,
    }
    lines = [f"pulled {named} ({human(size)})", *(f"  {path}" for path in paths)]
    return report(values, terminal, facts, "\n".join(lines))


def _check(values: Values, kind: str) -> None:
    """Refuse options that the type has no use for, and media types of files that are not published."""
    for name, kinds in _FOR.items():
        if values.many(name) and kind not in kinds:
            raise UsageError(f"--{name} says nothing to --type {kind}", hint=f"it is for {', '.join(kinds)}")
    names = [Path(path).name for path in values.many("path")]
    for name in pairs_of(values, "media-type"):
        if name not in names:
            raise UsageError(f"--media-type {name}: no such file is published", hint=f"there are {', '.join(names)}")


def _check_chart(target: Reference, version: str, artifact: "Artifact") -> None:
    """Helm looks a chart up by its name and version: under others it would not be found, or be taken for something else."""
    if version and version.removeprefix("v").replace("+", "_") != artifact.tag.removeprefix("v"):
        raise UsageError(f"{target}: the chart says that its version is {artifact.tag}", hint="change Chart.yaml, or leave it out")
    name = artifact.root.annotations.get(_TITLE, "")
    if target.repository and target.repository.rpartition("/")[2] != name:
        place = target.name.removesuffix(target.repository.rpartition("/")[2])
        raise UsageError(f"{target}: the chart is called {name}", hint=f"write {place}{name}")


def _output(values: Values, source: Reference, *, whole: bool) -> Path:
    given = values.get("output")
    if given is not None:
        return Path(given)
    # What is a folder by itself needs one of its own: the current one has other things in it.
    name = source.repository.rpartition("/")[2] or "artifact"
    return Path(name) if whole else Path()


def _created() -> datetime | None:
    text = variable("SOURCE_DATE_EPOCH")
    if text is None or not text:
        return None
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"SOURCE_DATE_EPOCH cannot be {text!r}", hint="seconds since 1970-01-01, as a whole number") from None
