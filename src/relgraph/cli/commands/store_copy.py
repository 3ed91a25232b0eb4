"""``store.copy``: artifacts from one place to another."""

from relgraph.cli.command import Values
from relgraph.cli.commands.store_report import report
from relgraph.cli.pinning import found
from relgraph.cli.progress import counted, human
from relgraph.cli.registries import Stores
from relgraph.cli.terminal import Terminal
from relgraph.errors import UsageError
from relgraph.oci.reference import parse_reference

__all__ = ["copy"]


def copy(values: Values, terminal: Terminal) -> int:
    """Copy one artifact, or all tags of a repository."""
    source, target = parse_reference(values.get("source") or ""), parse_reference(values.get("target") or "")
    everything = values.flag("all")
    if target.digest is not None or target.range:
        raise UsageError(f"{target}: a copy goes under a tag, or keeps its digest by itself")
    if everything and values.get("lock") is not None:
        raise UsageError("--lock says which version is copied, and --all copies every one", hint="leave one of them out")
    if everything and (source.tag or source.digest or source.range or target.tag):
        raise UsageError("--all copies every tag under its own name", hint="leave the tags out")

    from relgraph.oci.copy import companion_of
    from relgraph.oci.copy import copy as copy_artifact

    with Stores(values, terminal) as stores:
        origin, destination = stores.open(source), stores.open(target, create=True)
        if everything:
            # What belongs to another tag comes along with it, or not at all.
            wanted = [(tag, tag) for tag in origin.tags() if companion_of(tag) is None]
        else:
            source, wanted_as = found(values, source, origin)
            # A digest names itself: its copy gets a name only where one is given.
            wanted = [(wanted_as, target.tag or ("" if source.digest else source.target))]
        done = [
            (
                tag,
                copy_artifact(origin, destination, reference, tag=tag, referrers=not values.flag("alone"), workers=stores.workers),
            )
            for reference, tag in wanted
        ]
    items = [
        {
            "reference": f"{target.name}{f':{tag}' if tag else ''}@{copied.root.digest}",
            "tag": tag,
            "digest": copied.root.digest,
            "changed": bool(copied.manifests),
            "manifests": copied.manifests,
            "blobs": copied.blobs,
            "bytes": copied.bytes,
            "referrers": copied.referrers,
        }
        for tag, copied in done
    ]
    lines = []
    for item, (_, copied) in zip(items, done, strict=True):
        size = f"{counted(copied.manifests, 'manifest')}, {counted(copied.blobs, 'blob')}, {human(copied.bytes)}"
        verb = "copied" if copied.manifests else "unchanged"
        more = f"; {copied.referrers} that refer to it" if copied.referrers else ""
        lines.append(f"{verb} {item['reference']}" + (f" ({size}{more})" if copied.manifests else ""))
    return report(values, terminal, {"copied": items}, "\n".join(lines))
