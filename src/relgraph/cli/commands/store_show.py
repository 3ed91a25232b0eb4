"""``store.list`` and ``store.inspect``: what there is."""

import re
from typing import Any

from relgraph.cli.command import Values
from relgraph.cli.commands.store_report import report
from relgraph.cli.pinning import pinned
from relgraph.cli.progress import counted, human
from relgraph.cli.registries import Stores
from relgraph.cli.terminal import Terminal
from relgraph.errors import EnvironmentFailure, UsageError
from relgraph.model.version import natural_key, parse_version
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.errors import NotFound
from relgraph.oci.reference import LayoutReference, RegistryReference, parse_reference

__all__ = ["by_version", "inspect", "list_tags"]

# Without a slash it would be an image of docker.io, of which none is called like this.
_HOST = re.compile(r"localhost\b|[^:]*\.|[^:]*:\d+\Z")
_PREDICATE = "dev.sigstore.bundle.predicateType"


def list_tags(values: Values, terminal: Terminal) -> int:
    """List tags, versions in their order; of a layout without a repository, all that it holds."""
    text = values.get("source") or ""
    source = parse_reference(text)
    if isinstance(source, RegistryReference) and "/" not in text and _HOST.match(text):
        raise UsageError(f"{text}: a registry is not listed, its repositories are", hint=f"write {text}/NAME")
    if source.tag or source.digest or source.range:
        raise UsageError(f"{source}: a repository is listed, not a tag", hint=f"write {source.name}")

    from relgraph.oci.copy import companion_of

    everything = values.flag("all")
    with Stores(values, terminal) as stores:
        repository = stores.open(source)
        if isinstance(source, LayoutReference) and not source.repository:
            return _list_layout(values, terminal, stores, source)
        try:
            tags = by_version([tag for tag in repository.tags() if everything or companion_of(tag) is None])
        except NotFound as problem:
            # Registries say of a part of a name what they say of a name that is misspelt.
            raise EnvironmentFailure(
                str(problem), hint="write the whole name as it was pushed: `release --to PLACE` puts HOST/NAME at PLACE/HOST/NAME"
            ) from problem
    return report(values, terminal, {"repository": source.name, "tags": tags}, "\n".join(tags))


def inspect(values: Values, terminal: Terminal) -> int:
    """Show a manifest or index, and what refers to it."""
    source = parse_reference(values.get("source") or "")

    from relgraph.oci.codecs.registry import codec_of
    from relgraph.oci.manifest import Index

    with Stores(values, terminal) as stores:
        repository = stores.open(source)
        source = pinned(source, repository)
        document = repository.load(source.target)
        if values.flag("raw"):
            terminal.write(document.raw.decode())
            return 0
        referrers = list(repository.referrers(document.descriptor))
    config = [] if isinstance(document, Index) else [document.config]
    content = document.manifests if isinstance(document, Index) else document.layers
    facts: dict[str, Any] = {
        "reference": f"{source.name}@{document.digest}",
        "digest": document.digest,
        "mediaType": document.media_type,
        "kind": document.kind,
        "type": codec_of(document).name,
        "size": len(document.raw),
        "total": sum(item.size for item in (*config, *content)),
        "annotations": dict(sorted(document.annotations.items())),
        "config": config[0].to_json() if config else None,
        "content": [item.to_json() for item in content],
        "subject": document.subject.to_json() if document.subject else None,
        "referrers": [item.to_json() for item in referrers],
    }
    lines = [facts["reference"], f"{facts['type']}: {document.kind}, {human(facts['total'])}"]
    lines += [f"  {key}: {value}" for key, value in facts["annotations"].items()]
    if document.subject:
        lines.append(f"about {document.subject.digest}")
    lines += _table("config", config) + _table("manifests" if isinstance(document, Index) else "layers", content)
    lines += _table("referred to by", referrers)
    return report(values, terminal, facts, "\n".join(lines))


def by_version(tags: list[str]) -> list[str]:
    """Tags that are versions in the order of versions, the newest last; others before them, by name."""

    def key(tag: str) -> tuple[Any, ...]:
        version = parse_version(tag.replace("_", "+"))
        return (0, tag) if version is None else (1, natural_key(version), tag)

    return sorted(tags, key=key)


def _list_layout(values: Values, terminal: Terminal, stores: Stores, source: LayoutReference) -> int:
    from relgraph.oci.garbage import measure

    sizes = measure(stores.layout(source))
    items = [
        {"repository": item.repository, "tag": item.tag, "digest": item.digest, "bytes": item.bytes, "own": item.own}
        for item in sizes.tags
    ]
    facts = {
        "layout": source.path,
        "tags": items,
        "blobs": sizes.blobs,
        "bytes": sizes.bytes,
        "unused": {"blobs": sizes.unused_blobs, "bytes": sizes.unused_bytes},
    }
    lines = [
        f"{f'{item.repository}:' if item.repository else ''}{item.tag}  {item.digest}  {human(item.bytes)}" for item in sizes.tags
    ]
    lines.append(f"{counted(sizes.blobs, 'blob')}, {human(sizes.bytes)}; no name leads to {human(sizes.unused_bytes)} of it")
    return report(values, terminal, facts, "\n".join(lines))


def _table(title: str, descriptors: "list[Descriptor] | tuple[Descriptor, ...]") -> list[str]:
    if not descriptors:
        return []
    lines = [f"{title}:"]
    for item in descriptors:
        platform = item.platform or {}
        where = "/".join(str(platform[key]) for key in ("os", "architecture", "variant") if platform.get(key))
        words = (
            str(item.digest),
            human(item.size),
            item.artifact_type or item.media_type,
            item.title or where or item.annotations.get(_PREDICATE, ""),
        )
        lines.append("  " + "  ".join(word for word in words if word))
    return lines
