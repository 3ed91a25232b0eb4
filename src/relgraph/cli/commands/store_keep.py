"""``store.gc``, ``store.export``, ``store.import``, ``store.serve``: what is done with layouts."""

import re
import sys
from pathlib import Path

from relgraph.cli.command import Values
from relgraph.cli.commands.store_report import report
from relgraph.cli.progress import counted, human
from relgraph.cli.registries import layout_of
from relgraph.cli.terminal import Terminal
from relgraph.cli.words import number_of
from relgraph.errors import EnvironmentFailure, UsageError
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.reference import LayoutReference, check_repository, is_tag, parse_reference

__all__ = ["export", "gc", "import_archive", "serve"]

_AGE = re.compile(r"(\d{1,9})([smhd]?)", re.ASCII)
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def gc(values: Values, terminal: Terminal) -> int:
    """Give up names, remove what nothing leads to, and say what remains."""
    grace = _age(values.get("grace") or "")
    layout = _whole(values.get("layout") or "")

    from relgraph.oci.garbage import collect, damaged, measure

    dry = values.flag("dry-run")
    drops = [_name(text) for text in values.many("drop")]
    for repository, tag in drops:
        local = LocalRepository(layout, repository)
        if dry:
            local.resolve(tag)
        else:
            local.untag(tag)
    broken = damaged(layout, remove=not dry) if values.flag("check") else []
    removed = collect(layout, grace=grace, untagged=values.flag("untagged"), dry_run=dry, without=drops)
    sizes = measure(layout)
    facts = {
        "layout": str(layout.path),
        "removed": {
            "blobs": removed.blobs,
            "bytes": removed.bytes,
            "entries": removed.entries + len(drops) * (not dry),
            "leftovers": removed.leftovers,
        },
        "damaged": [str(digest) for digest in broken],
        "dryRun": dry,
        "blobs": sizes.blobs,
        "bytes": sizes.bytes,
    }
    verb = "would remove" if dry else "removed"
    lines = [
        f"{verb} {counted(removed.blobs, 'blob')}, {human(removed.bytes)}; {counted(sizes.blobs, 'blob')}, {human(sizes.bytes)} are there now"
    ]
    lines += [f"damaged{'' if dry else ' and removed'}: {digest}" for digest in broken]
    return report(values, terminal, facts, "\n".join(lines))


def export(values: Values, terminal: Terminal) -> int:
    """Write an archive of one layout."""
    opened = [layout_of(text) for text in values.many("source")]
    layout, first = opened[0]
    if any(reference.path != first.path for _, reference in opened):
        raise UsageError("only one layout can be exported at a time", hint="copy into one layout first: `relgraph store.copy`")

    from relgraph.oci.archive import export_layout

    selected: list[tuple[str, str]] = []
    for _, reference in opened:
        if reference.tag or reference.digest or reference.range:
            selected.append((reference.repository, reference.target))
        elif reference.repository:
            selected += [(reference.repository, tag) for tag in LocalRepository(layout, reference.repository).tags()]
    target = Path(values.get("target") or "")
    try:
        done = export_layout(layout, target, selected)
    except OSError as problem:
        raise EnvironmentFailure(f"{target}: cannot be written: {problem.strerror or problem}") from problem
    facts = {"file": str(target), "tags": done.tags, "untagged": done.untagged, "blobs": done.blobs, "bytes": done.bytes}
    return report(
        values,
        terminal,
        facts,
        f"exported {target} ({counted(done.tags, 'tag')}, {counted(done.blobs, 'blob')}, {human(done.bytes)})",
    )


def import_archive(values: Values, terminal: Terminal) -> int:
    """Take an archive in."""
    layout = _whole(values.get("layout") or "", create=True)

    from relgraph.oci.archive import import_layout

    name = values.get("source") or ""
    try:
        if name == "-":
            done = import_layout(layout, sys.stdin.buffer)
        else:
            with Path(name).open("rb") as file:
                done = import_layout(layout, file)
    except OSError as problem:
        raise EnvironmentFailure(f"{name}: {problem.strerror or problem}") from problem
    facts = {"file": name, "layout": str(layout.path), "tags": done.tags, "blobs": done.blobs, "bytes": done.bytes}
    return report(
        values,
        terminal,
        facts,
        f"imported {name} ({counted(done.tags, 'new tag')}, {counted(done.blobs, 'blob')}, {human(done.bytes)})",
    )


def serve(values: Values, terminal: Terminal) -> int:
    """Serve until interrupted."""
    port = number_of(values, "port", 0, 65535)
    layout = _whole(values.get("layout") or "")

    from relgraph.oci.serve import LayoutServer

    trace = values.flag("trace")

    def log(method: str, path: str, status: int) -> None:
        if trace:
            from relgraph.report.clean import visible

            terminal.complain(f"relgraph: {method} {visible(path)} {status}")

    server = LayoutServer(
        layout, host=values.get("host") or "127.0.0.1", port=port, default=values.get("name") or "layout", log=log
    )
    terminal.write(f"serving {layout.name} at http://{server.address}\n")
    try:
        server.serve()
    except KeyboardInterrupt:
        pass  # that is how it ends
    finally:
        server.close()
    return 0


def _whole(text: str, *, create: bool = False) -> Layout:
    reference = parse_reference(text)
    if not isinstance(reference, LayoutReference) or reference != reference.bare or reference.repository:
        raise UsageError(f"{text}: a whole layout is meant", hint="write layout:FOLDER")
    return Layout(Path(reference.path), create=create)


def _name(text: str) -> tuple[str, str]:
    repository, _, tag = text.rpartition(":")
    if not is_tag(tag):
        raise UsageError(f"--drop cannot be {text!r}", hint="write TAG or NAME:TAG")
    if repository:
        check_repository(repository)
    return repository, tag


def _age(text: str) -> float:
    match = _AGE.fullmatch(text)
    if match is None:
        raise UsageError(f"--grace cannot be {text!r}", hint="seconds, or a number with s, m, h or d")
    return float(int(match[1]) * _UNITS[match[2]])
