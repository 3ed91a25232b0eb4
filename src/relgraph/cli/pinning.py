"""Ranges in references: the newest version that exists takes their place."""

from relgraph.oci.reference import Reference
from relgraph.oci.storage import TagLister

__all__ = ["pinned"]


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
