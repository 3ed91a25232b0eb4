"""Ranges in references: the newest version that exists takes their place, or the one that a lock file has."""

from pathlib import Path

from relgraph.cli.command import Values
from relgraph.oci.reference import Reference
from relgraph.oci.storage import TagLister

__all__ = ["found", "pinned"]


def pinned(reference: Reference, repository: TagLister) -> Reference:
    """The reference with a tag where it had a range.

    Raises :class:`~relgraph.resolve.select.NothingAllowed` where no tag is in it, with what there is instead.
    """
    if not reference.range:
        return reference

    from relgraph.resolve.range import parse_range
    from relgraph.resolve.select import require_newest

    found = require_newest(reference.name, repository.tags(), parse_range(reference.range))
    return reference._replace(tag=found.name, range="")


def found(values: Values, reference: Reference, repository: TagLister) -> tuple[Reference, str]:
    """The reference with a tag where it had a range, and what it is to be loaded by: with ``--lock`` the digest that is locked.

    Raises what :func:`pinned` does, and :class:`~relgraph.locking.lockfile.NotLocked`.
    """
    path = values.get("lock")
    if path is None:
        reference = pinned(reference, repository)
        return reference, reference.target

    from relgraph.cli.trusting import known_as
    from relgraph.locking.lockfile import load, locked_reference

    lock, name = load(Path(path)), known_as(values, reference)
    locked = locked_reference(lock, reference, name, path=path, allow_downgrade=values.flag("allow-downgrade"))
    # A signature is asked about the tag that was asked for, if it was one.
    return locked._replace(digest=reference.digest), locked.target
