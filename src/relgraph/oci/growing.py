"""Lists kept under a tag, to which several may add at once: referrers where a registry has no API for them, signatures.

A registry has no lock, and most ignore ``If-Match``: of two that read the same list the later one takes away what the earlier
one added, and the earlier one has seen its own list in place before that happened. So whoever added looks again after a
while: longer than it took from reading to writing, which is how long another one's may be under way.
"""

from collections.abc import Callable

from relgraph.effects import chance, clock
from relgraph.oci.errors import NotFound, RegistryFailure, TagExists, TagMoved
from relgraph.oci.manifest import Document
from relgraph.oci.storage import Repository

__all__ = ["grow"]

_ATTEMPTS = 16
_SHORTEST = 0.1
_LONGEST = 2.0


def grow(repository: Repository, tag: str, add: Callable[[Document | None], Document | None]) -> Document:
    """Let what ``tag`` names grow, and return it when it is there to stay.

    ``add`` is given what the tag names (None: nothing) and returns what it shall name, or None where nothing is missing; what
    that names itself must be stored before ``add`` returns. It is called again whenever somebody else was faster. Raises
    :class:`~relgraph.oci.errors.RegistryFailure` where that does not end, and what the repository raises.
    """
    added = False
    for attempt in range(_ATTEMPTS):
        began = clock.monotonic()
        before = _load(repository, tag)
        after = add(before)
        if after is None and before is not None:
            return before
        if after is None:
            raise ValueError(f"{tag}: nothing is there, and nothing is to be")
        try:
            repository.publish(after, tag, replacing=None if before is None else before.descriptor)
            added = True
        except (TagExists, TagMoved):
            clock.sleep(min(_SHORTEST * 2.0 ** (attempt // 2), _LONGEST) * chance.fraction())
            continue
        if repository.atomic:
            return after
        took = clock.monotonic() - began
        clock.sleep(min(max(3 * took, _SHORTEST), _LONGEST) + (_SHORTEST * chance.fraction() if attempt else 0))
    if added and (before := _load(repository, tag)) is not None and add(before) is None:
        return before
    raise RegistryFailure(
        f"{repository.name}: {tag}: other writers were faster {_ATTEMPTS} times", hint="try again when nobody else signs or attests"
    )


def _load(repository: Repository, tag: str) -> Document | None:
    try:
        return repository.load(tag)
    except NotFound:
        return None
