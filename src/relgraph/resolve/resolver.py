"""Requirements to lock entries: keep what is locked, resolve what is new, and refuse what should not happen.

==============  ==========================================================================================================
as it is        entries that answer their requirement stay; missing and outdated ones are resolved; the tags of those that
                stay are looked at, and one that names another digest now is refused
``--locked``    as above, and refused where the lock file would change in any way
``--frozen``    the lock file alone is used: it is not compared with the requirements, and no registry is asked for a tag
``--offline``   nothing is asked over a network; everything must be locked and held locally
==============  ==========================================================================================================

In every mode a version never goes back behind the locked one (TUF calls that a rollback) unless it is allowed for this run.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from relgraph.errors import EnvironmentFailure, Refused
from relgraph.resolve.lock import FILE_NAME, Lock, Locked, Pin
from relgraph.resolve.order import Order, precedence, read_version
from relgraph.resolve.range import Range
from relgraph.resolve.select import require_newest

__all__ = ["Change", "LockRefused", "Mode", "Provider", "Requirement", "Resolution", "resolve"]

_SHOWN = 3


class Requirement(NamedTuple):
    """What is asked for: a name of its own, where it is published, which versions are allowed, how tags are written there."""

    name: str
    source: str
    allowed: Range
    form: str = "{version}"
    order: Order = Order.SEMVER


class Mode(NamedTuple):
    """How far a run may change or ask. ``upgrade`` are names to resolve anew (``*``: all of them)."""

    locked: bool = False
    frozen: bool = False
    offline: bool = False
    upgrade: frozenset[str] = frozenset()
    allow_downgrade: bool = False


class Provider(Protocol):
    """What is known of sources; every question may cost a request."""

    def tags(self, sources: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """All tags of each source, in any order. Asked for all at once."""

    def pins(self, tags: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Pin]:
        """What each (source, tag) names at the moment; those that do not exist are left out. Asked for all at once."""

    def holds(self, digest: str) -> bool:
        """Whether the local store has this content: no request."""


class Change(NamedTuple):
    """An entry that was added (``before`` is None), dropped (``after`` is None) or changed."""

    name: str
    before: Locked | None
    after: Locked | None


class Resolution(NamedTuple):
    """The new lock and how it differs from the old one."""

    lock: Lock
    changes: tuple[Change, ...]


class LockRefused(Refused):
    """What was asked for contradicts the lock file; ``problems`` are all of them, one line each."""

    def __init__(self, problems: Sequence[str], hint: str) -> None:
        shown = "; ".join(problems[:_SHOWN]) + (f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else "")
        super().__init__(f"{FILE_NAME}: {shown}", hint=hint)
        self.problems = tuple(problems)


def resolve(wanted: Iterable[Requirement], lock: Lock, provider: Provider, mode: Mode | None = None) -> Resolution:
    """The lock that answers all requirements.

    Raises :class:`LockRefused` (all problems at once), :class:`~relgraph.resolve.select.NothingAllowed` where nothing fits a
    range, EnvironmentFailure where offline content is missing, and whatever the provider raises.
    """
    mode = mode or Mode()
    requirements = sorted(wanted, key=lambda requirement: requirement.name)
    if mode.frozen:
        kept = _frozen(requirements, lock)
        _check_held(kept, provider, mode)
        return Resolution(Lock.of(kept), ())
    held: list[Locked] = []
    open_: list[tuple[Requirement, str]] = []
    for requirement in requirements:
        entry = lock.get(requirement.name)
        reason = _outdated(requirement, entry, mode)
        if entry is not None and not reason:
            held.append(entry)
        elif entry is not None and not (mode.locked or mode.offline) and _still_allowed(requirement, entry, mode):
            # Only the wording of the range has changed; what is locked stays until an upgrade is asked for.
            held.append(entry._replace(range=requirement.allowed.text))
        else:
            open_.append((requirement, reason))
    _check_strict(open_, requirements, lock, mode)
    _check_held(held, provider, mode)
    if not mode.offline:
        _check_unmoved(held, provider)
    entries = Lock.of([*held, *_resolve_open([requirement for requirement, _ in open_], lock, provider, mode)])
    return Resolution(entries, _changes(lock, entries))


def _frozen(requirements: Sequence[Requirement], lock: Lock) -> list[Locked]:
    found = {requirement.name: lock.get(requirement.name) for requirement in requirements}
    missing = [f"{name} is not locked" for name, entry in found.items() if entry is None]
    if missing:
        raise LockRefused(missing, "--frozen uses nothing but the lock file; run once without it")
    return [entry for entry in found.values() if entry is not None]


def _outdated(requirement: Requirement, entry: Locked | None, mode: Mode) -> str:
    """Why an entry cannot stay; empty where it can."""
    if entry is None:
        return f"{requirement.name} is not locked"
    if entry.source != requirement.source:
        return f"{requirement.name} comes from {requirement.source} now, locked is {entry.source}"
    if entry.range != requirement.allowed.text:
        return f"{requirement.name} asks for {requirement.allowed.text!r} now, locked for {entry.range!r}"
    if not _admits(requirement, entry):
        return f"{requirement.name} {entry.version} is locked, which {requirement.allowed.text!r} does not allow"
    if _upgrades(requirement, mode):
        return f"{requirement.name} is to be upgraded"
    return ""


def _still_allowed(requirement: Requirement, entry: Locked, mode: Mode) -> bool:
    return entry.source == requirement.source and _admits(requirement, entry) and not _upgrades(requirement, mode)


def _admits(requirement: Requirement, entry: Locked) -> bool:
    version = read_version(entry.version)
    return version is not None and requirement.allowed.admits(version, order=requirement.order)


def _upgrades(requirement: Requirement, mode: Mode) -> bool:
    return "*" in mode.upgrade or requirement.name in mode.upgrade


def _check_strict(open_: Sequence[tuple[Requirement, str]], requirements: Sequence[Requirement], lock: Lock, mode: Mode) -> None:
    if not (mode.locked or mode.offline):
        return
    problems = [reason for _, reason in open_]
    if mode.locked:
        names = {requirement.name for requirement in requirements}
        problems += [f"{entry.name} is locked and nothing asks for it" for entry in lock.entries if entry.name not in names]
    if problems:
        option = "--locked" if mode.locked else "--offline"
        raise LockRefused(problems, f"{option} resolves nothing; run once without it and commit the lock file")


def _check_held(entries: Sequence[Locked], provider: Provider, mode: Mode) -> None:
    if not mode.offline:
        return
    missing = [f"{entry.name} {entry.version} ({entry.pin.digest})" for entry in entries if not provider.holds(entry.pin.digest)]
    if missing:
        raise EnvironmentFailure(
            f"offline, and not held locally: {', '.join(missing[:_SHOWN])}{' and more' if len(missing) > _SHOWN else ''}",
            hint="pull them into the store while online",
        )


def _check_unmoved(entries: Sequence[Locked], provider: Provider) -> None:
    pins = provider.pins([(entry.source, entry.tag) for entry in entries]) if entries else {}
    problems = []
    for entry in entries:
        pin = pins.get((entry.source, entry.tag))
        if pin is not None and pin.digest != entry.pin.digest:
            problems.append(f"{entry.source}: tag {entry.tag} has moved: it was {entry.pin.digest}, now it is {pin.digest}")
    if problems:
        # A tag that is gone is no contradiction: the digest still says what was meant.
        raise LockRefused(problems, "a published version does not change; ask its publisher, and lock another version")


def _resolve_open(requirements: Sequence[Requirement], lock: Lock, provider: Provider, mode: Mode) -> list[Locked]:
    sources = list(dict.fromkeys(requirement.source for requirement in requirements))
    tags = provider.tags(sources) if sources else {}
    chosen = []
    for requirement in requirements:
        source = requirement.source
        found = require_newest(
            f"{requirement.name} ({source})", tags[source], requirement.allowed, form=requirement.form, order=requirement.order
        )
        chosen.append((requirement, found))
    pins = provider.pins([(requirement.source, found.name) for requirement, found in chosen]) if chosen else {}
    entries: list[Locked] = []
    problems: list[str] = []
    for requirement, found in chosen:
        pin = pins.get((requirement.source, found.name))
        if pin is None:
            raise EnvironmentFailure(
                f"{requirement.source}: tag {found.name} is listed and does not exist", hint="try again; it may just be deleted"
            )
        entry = Locked(requirement.name, requirement.source, requirement.allowed.text, str(found.version), found.name, pin)
        problem = _goes_back(lock.get(requirement.name), entry, requirement.order, allow_downgrade=mode.allow_downgrade)
        if problem:
            problems.append(problem)
        entries.append(entry)
    if problems:
        raise LockRefused(problems, "versions never go back unasked; --allow-downgrade allows it for this run")
    return entries


def _goes_back(before: Locked | None, after: Locked, order: Order, *, allow_downgrade: bool) -> str:
    if before is None or before.source != after.source:
        return ""
    if before.tag == after.tag and before.pin.digest != after.pin.digest:
        return f"{after.source}: tag {after.tag} has moved: it was {before.pin.digest}, now it is {after.pin.digest}"
    old, new = read_version(before.version), read_version(after.version)
    if old is None or new is None or allow_downgrade or precedence(new, order) >= precedence(old, order):
        return ""
    return f"{after.name} would go back from {before.version} to {after.version}"


def _changes(before: Lock, after: Lock) -> tuple[Change, ...]:
    names = sorted({entry.name for entry in (*before.entries, *after.entries)})
    pairs = [Change(name, before.get(name), after.get(name)) for name in names]
    return tuple(change for change in pairs if change.before != change.after)
