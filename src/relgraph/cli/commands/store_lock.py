"""``store.lock``: from references with ranges to digests, kept in a lock file."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from relgraph.cli.command import Values
from relgraph.cli.commands.store_report import report
from relgraph.cli.registries import Stores
from relgraph.cli.terminal import Terminal
from relgraph.cli.trusting import moment, read_file
from relgraph.errors import UsageError
from relgraph.locking.facts import RepositoryFacts
from relgraph.locking.lockfile import load, store
from relgraph.locking.wanted import Chart, from_file, from_lock, from_text, merged
from relgraph.oci.layout import Layout
from relgraph.oci.reference import LayoutReference, parse_reference
from relgraph.oci.storage import Repository
from relgraph.resolve.export import chart_lock, images_lock
from relgraph.resolve.lock import Lock, Locked
from relgraph.resolve.resolver import Change, Mode, Requirement, Resolution, resolve

__all__ = ["lock"]


def lock(values: Values, terminal: Terminal) -> int:
    """Resolve what is wanted, write the lock file where that changes it, and show or export the lock."""
    path = Path(values.get("lock") or "")
    mode = _mode(values)
    before = load(path, missing_ok=True)
    requirements, chart = _wanted(values, before)
    _check(values, before, requirements, chart)
    with Stores(values, terminal) as stores:
        opened: dict[str, Repository] = {}

        def repository(source: str) -> Repository:
            if source not in opened:
                opened[source] = stores.open(parse_reference(source))
            return opened[source]

        held = _held(values, requirements) if mode.offline else []
        facts = RepositoryFacts(repository, held=held, workers=stores.workers)
        resolution = resolve(requirements, before, facts, mode)
    # A frozen lock is a file that nobody touches, whatever of it was asked for.
    written = not (mode.frozen or mode.locked or mode.offline) and store(path, resolution.lock, before=before)
    wanted_format = values.get("format")
    if wanted_format == "imgpkg":
        terminal.write(images_lock(resolution.lock.entries).decode())
        return 0
    if wanted_format == "helm" and chart is not None:
        terminal.write(chart_lock(chart.dependencies, resolution.lock, chart.names, generated=moment()).decode())
        return 0
    return report(values, terminal, _facts(path, resolution, changed=written), _text(path, resolution, changed=written))


def _mode(values: Values) -> Mode:
    mode = Mode(
        locked=values.flag("locked"),
        frozen=values.flag("frozen"),
        offline=values.flag("offline"),
        upgrade=frozenset("*" if name == "all" else name for name in values.many("upgrade")),
        allow_downgrade=values.flag("allow-downgrade"),
    )
    fixed = [f"--{name}" for name in ("locked", "frozen", "offline") if values.flag(name)]
    if fixed and (mode.upgrade or values.many("drop")):
        raise UsageError(f"{fixed[0]} resolves nothing anew", hint="leave --upgrade and --drop out, or run without it")
    return mode


def _wanted(values: Values, before: Lock) -> tuple[list[Requirement], Chart | None]:
    """What is asked for: files say all of it; references on the command line come on top of them, or of what is locked."""
    files = values.many("from")
    given = merged([[from_text(text) for text in values.many("requirement")]])
    charts: list[Chart] = []
    listed: list[list[Requirement]] = []
    for path in files:
        found, chart = from_file(read_file(Path(path)), path, _reader(Path(path).parent))
        listed.append(found)
        charts += [chart] if chart is not None else []
    if not files:
        named = {requirement.name for requirement in given} | set(values.many("drop"))
        listed.append([requirement for requirement in from_lock(before) if requirement.name not in named])
    return merged([*listed, given]), charts[0] if len(files) == len(charts) == 1 else None


def _check(values: Values, before: Lock, requirements: list[Requirement], chart: Chart | None) -> None:
    if not requirements and not before.entries:
        raise UsageError("what is to be locked?", hint="relgraph store.lock ghcr.io/acme/charts/web:^1.2, or --from FILE")
    if values.get("format") == "helm" and chart is None:
        raise UsageError("--format helm needs the chart that the lock is for", hint="--from Chart.yaml, and no other file")
    names = {requirement.name for requirement in requirements}
    for option, known in (("upgrade", names), ("drop", {entry.name for entry in before.entries})):
        for name in values.many(option):
            if name not in known and not (option == "upgrade" and name in ("all", "*")):
                raise UsageError(f"--{option} {name}: nothing has this name", hint=f"known: {', '.join(sorted(known)) or 'none'}")


def _held(values: Values, requirements: Iterable[Requirement]) -> list[Layout]:
    texts = [*values.many("store"), *(item.source for item in requirements if item.source.startswith("layout:"))]
    layouts = []
    for text in dict.fromkeys(texts):
        reference = parse_reference(text)
        if not isinstance(reference, LayoutReference):
            raise UsageError(f"--store {text}: not a layout", hint="write layout:FOLDER")
        layouts.append(Layout(Path(reference.path)))
    return layouts


def _reader(folder: Path) -> Callable[[str], bytes | None]:
    """Gives the files of a folder."""

    def read(name: str) -> bytes | None:
        return read_file(folder / name) if (folder / name).exists() else None

    return read


def _facts(path: Path, resolution: Resolution, *, changed: bool) -> dict[str, Any]:
    return {
        "lock": str(path),
        "changed": changed,
        "entries": [_plain(entry) for entry in resolution.lock.entries],
        "changes": [
            {"name": change.name, "before": _plain(change.before), "after": _plain(change.after)} for change in resolution.changes
        ],
    }


def _plain(entry: Locked | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {
        "name": entry.name,
        "source": entry.source,
        "range": entry.range,
        "version": entry.version,
        "tag": entry.tag,
        "digest": entry.pin.digest,
    }


def _text(path: Path, resolution: Resolution, *, changed: bool) -> str:
    changes = {change.name: change for change in resolution.changes}
    lines = [f"{'wrote' if changed else 'unchanged'} {path}"]
    for entry in resolution.lock.entries:
        source = entry.source.removeprefix("oci://")
        lines.append(f"  {entry.name} {entry.version}{_how(changes.get(entry.name))}: {source}@{entry.pin.digest}")
    lines += [f"  {change.name}: dropped" for change in resolution.changes if change.after is None]
    return "\n".join(lines)


def _how(change: Change | None) -> str:
    if change is None or change.after is None:
        return ""
    if change.before is None:
        return " (new)"
    if change.before.version != change.after.version:
        return f" (was {change.before.version})"
    return ""
