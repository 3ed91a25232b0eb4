"""The lock file on disk, and what a reference means according to it."""

import os
from pathlib import Path

from relgraph.effects.files import open_regular, write_file
from relgraph.errors import EnvironmentFailure, Refused
from relgraph.locking.wanted import source_of
from relgraph.oci.digest import Digest
from relgraph.oci.reference import Reference
from relgraph.resolve.lock import Lock, Locked, read_lock, write_lock
from relgraph.resolve.order import precedence, read_version
from relgraph.resolve.range import parse_range

__all__ = ["NotLocked", "load", "locked_reference", "store"]

_LIMIT = 64 << 20


class NotLocked(Refused):
    """A reference that the lock has no answer to, or another one than what was asked for."""


def load(path: Path, *, missing_ok: bool = False) -> Lock:
    """The lock of a file; an empty one where there is none and that is no failure. Raises LockProblem, EnvironmentFailure."""
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            return read_lock(file.read(_LIMIT + 1), path=str(path))
    except FileNotFoundError:
        if missing_ok:
            return Lock()
        raise EnvironmentFailure(f"{path}: there is no lock file", hint="`relgraph store.lock REFERENCE` writes one") from None
    except OSError as problem:
        raise EnvironmentFailure(f"{path}: {problem.strerror or problem}") from problem


def store(path: Path, lock: Lock, *, before: Lock) -> bool:
    """Write the lock where that changes the file; whether it did. The file is replaced as a whole.

    Raises EnvironmentFailure where it is not ``before`` any more: somebody else has resolved something meanwhile.
    """
    data = write_lock(lock)
    if load(path, missing_ok=True) != before:
        raise EnvironmentFailure(f"{path}: it was changed while this run resolved", hint="run again")
    try:
        if path.read_bytes() == data:
            return False
    except OSError:  # missing, or to be complained of by what comes next
        pass
    try:
        write_file(path, [data])
    except OSError as problem:
        raise EnvironmentFailure(f"{path}: cannot be written: {problem.strerror or problem}") from problem
    return True


def locked_reference(lock: Lock, reference: Reference, name: str, *, path: str, allow_downgrade: bool = False) -> Reference:
    """What a reference means according to a lock. ``name`` is the repository that it stands for (``host/path``), which a
    layout or a mirror is known by; entries of the reference's own repository count as well.

    A range is the locked version in it, by digest; without one that is refused. A tag that is locked is the locked digest. Any
    other version is as asked for, but not one behind the locked ones, unless ``allow_downgrade``. A digest means itself.
    """
    if reference.digest is not None:
        return reference
    sources = {f"oci://{name}", source_of(reference)}
    entries = [entry for entry in lock.entries if entry.source in sources]
    if reference.range:
        return _of_range(entries, reference, path)
    for entry in entries:
        if entry.tag == (reference.tag or "latest"):
            return reference._replace(tag=entry.tag, digest=Digest(entry.pin.digest))
    wanted = read_version(reference.tag)
    newest = max((version for entry in entries if (version := read_version(entry.version))), key=precedence, default=None)
    if wanted is not None and newest is not None and not allow_downgrade and precedence(wanted) < precedence(newest):
        raise NotLocked(
            f"{reference}: behind {newest}, which {path} has locked", hint="--allow-downgrade goes back behind it for once"
        )
    return reference


def _of_range(entries: list[Locked], reference: Reference, path: str) -> Reference:
    allowed = parse_range(reference.range)
    fitting = [
        (entry.range == reference.range, precedence(version), entry)
        for entry in entries
        if (version := read_version(entry.version)) is not None and allowed.admits(version)
    ]
    if not fitting:
        known = ", ".join(entry.version for entry in entries)
        problem = f"locked is {known}, which {reference.range!r} does not allow" if known else "it is not locked"
        raise NotLocked(f"{reference}: {problem} in {path}", hint=f"`relgraph store.lock '{reference}'` locks it")
    entry = max(fitting, key=lambda item: item[:2])[2]
    return reference._replace(tag=entry.tag, range="", digest=Digest(entry.pin.digest))
