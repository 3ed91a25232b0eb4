"""Versions to choose from, and the order they stand in.

Versions are those of Semantic Versioning 2.0.0 (https://semver.org), parsed by the ``semver`` library. Two orders exist:
that of section 11, and the *natural* one, in which digits within an identifier count as a number, so that ``rc9`` comes
before ``rc10``. Which of them a repository means is seen from the order in which it made its tags.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from semver import Version

from relgraph.model.version import Version as Written
from relgraph.model.version import natural_key, semver_key

__all__ = ["Candidate", "Observation", "Order", "Version", "candidate", "candidates", "observe_order", "precedence", "read_version"]

# Longer than any version that a registry takes as a tag (128 characters).
_LONGEST = 160


class Order(StrEnum):
    """How pre-releases are compared."""

    SEMVER = "semver"  #: identifiers of letters and digits as text: rc10 < rc9
    NATURAL = "natural"  #: digits within identifiers as numbers: rc9 < rc10


class Candidate(NamedTuple):
    """A version that can be had, and the name under which it can be had (a tag of a registry or of a repository)."""

    name: str
    version: Version


class Observation(NamedTuple):
    """The order that a history shows, with the pair of names (older, newer) that decided it; None where none did."""

    order: Order
    evidence: tuple[str, str] | None = None


@lru_cache(maxsize=16384)
def read_version(text: str) -> Version | None:
    """The SemVer version that the whole of ``text`` spells, with or without a ``v`` in front; None if it is none.

    In a registry's tags ``_`` stands for the ``+`` that they cannot hold (Helm's convention).
    """
    if len(text) > _LONGEST or not text.isascii():
        return None
    bare = text[1:] if text[:1] in ("v", "V") else text
    if "+" not in bare:
        bare = bare.replace("_", "+", 1)
    try:
        return Version.parse(bare)
    except ValueError:
        return None


def candidate(name: str, *, form: str = "{version}") -> Candidate | None:
    """``name`` as a candidate; ``form`` is the tag format around the version, such as ``webservice/v{version}``.

    None where the name does not have that form or holds no full version: ``v1`` and ``latest`` are channels.
    """
    before, _, after = form.partition("{version}")
    if not (name.startswith(before) and name.endswith(after) and len(name) >= len(before) + len(after)):
        return None
    version = read_version(name[len(before) : len(name) - len(after)])
    return None if version is None else Candidate(name, version)


def candidates(names: Iterable[str], *, form: str = "{version}") -> list[Candidate]:
    """All names that are candidates, in the order given."""
    return [found for name in names if (found := candidate(name, form=form)) is not None]


@lru_cache(maxsize=65536)
def precedence(version: Version, order: Order = Order.SEMVER) -> Any:
    """A sort key: by precedence alone; versions that differ in build metadata only are equal."""
    written = Written("", (version.major, version.minor, version.patch), version.prerelease or "", version.build or "")
    return natural_key(written) if order is Order.NATURAL else semver_key(written)


def observe_order(names: Sequence[str], *, form: str = "{version}") -> Observation:
    """Which order a history of tags, oldest first, was made in.

    Only successive pre-releases of one release say anything, and only where the two orders disagree about them; the
    majority of those pairs decides, SemVer's order where it is even.
    """
    last: dict[tuple[int, int, int], Candidate] = {}
    votes: dict[Order, list[tuple[str, str]]] = {Order.SEMVER: [], Order.NATURAL: []}
    for newer in candidates(names, form=form):
        version = newer.version
        release = (version.major, version.minor, version.patch)
        older = last.get(release)
        last[release] = newer
        if older is None:
            continue
        rises = [order for order in Order if precedence(older.version, order) < precedence(version, order)]
        if len(rises) == 1:
            votes[rises[0]].append((older.name, newer.name))
    if len(votes[Order.NATURAL]) > len(votes[Order.SEMVER]):
        return Observation(Order.NATURAL, votes[Order.NATURAL][0])
    return Observation(Order.SEMVER, votes[Order.SEMVER][0] if votes[Order.SEMVER] else None)
