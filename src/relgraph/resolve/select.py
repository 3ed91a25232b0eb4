"""The newest version in a line: one choice among the tags that exist, and why there was none."""

from collections.abc import Iterable, Sequence
from typing import Any

from relgraph.errors import EnvironmentFailure
from relgraph.resolve.order import Candidate, Order, candidates, precedence
from relgraph.resolve.range import Range

__all__ = ["NothingAllowed", "newest", "ranked", "require_newest"]

_SHOWN = 3


class NothingAllowed(EnvironmentFailure):
    """No version that exists is allowed by a range; ``known`` are those that exist, newest first."""

    def __init__(self, what: str, allowed: Range, known: Sequence[Candidate], hint: str) -> None:
        super().__init__(f"{what}: no version in range {allowed.text or '*'!r}", hint=hint)
        self.what = what
        self.allowed = allowed
        self.known = tuple(known)


def ranked(found: Iterable[Candidate], order: Order = Order.SEMVER) -> list[Candidate]:
    """Newest first.

    Versions that differ in build metadata alone have no precedence over each other; they are ranked by that metadata, its
    numbers as numbers, and then by name, so that the same tags always give the same choice.
    """
    return sorted(found, key=lambda item: (precedence(item.version, order), _build_key(item), item.name), reverse=True)


def newest(
    found: Iterable[Candidate], allowed: Range, *, order: Order = Order.SEMVER, prereleases: bool = False
) -> Candidate | None:
    """The newest candidate that the range allows, or None."""
    fitting = [item for item in found if allowed.admits(item.version, order=order, prereleases=prereleases)]
    return ranked(fitting, order)[0] if fitting else None


def require_newest(
    what: str,
    names: Iterable[str],
    allowed: Range,
    *,
    form: str = "{version}",
    order: Order = Order.SEMVER,
    prereleases: bool = False,
) -> Candidate:
    """The newest of the tags ``names`` that has the tag format ``form`` and is allowed. ``what`` names the thing in messages.

    Raises :class:`NothingAllowed` with a hint: what exists instead.
    """
    tags = list(names)
    found = candidates(tags, form=form)
    choice = newest(found, allowed, order=order, prereleases=prereleases)
    if choice is not None:
        return choice
    known = ranked(found, order)
    if not tags:
        hint = "it has no tags at all"
    elif not known:
        hint = f"none of its {len(tags)} tags is a version in the form {form}: {', '.join(sorted(tags)[:_SHOWN])}"
    else:
        hint = f"it has {', '.join(item.name for item in known[:_SHOWN])}{' and older ones' if len(known) > _SHOWN else ''}"
        hidden = newest(known, allowed, order=order, prereleases=True)
        if hidden is not None:
            hint = f"only pre-releases are in it, such as {hidden.name}; a range that names one allows them: >={hidden.version}"
    raise NothingAllowed(what, allowed, known, hint)


def _build_key(item: Candidate) -> Any:
    parts = (item.version.build or "").split(".")
    return [(1, int(part), "") if part.isdigit() else (2 if part else 0, 0, part) for part in parts]
