"""Consensus: what the references of one version line say together, and which of them say something else.

A value counts by what states it: what is built and shipped weighs more than what is written about it, and one file counts
once however often it repeats itself. Between equals the newer version is the one that somebody chose last.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.model.site import Kind, Part, Pin, Role
from relgraph.model.version import Version, agree, natural_key

__all__ = ["Cluster", "clusters", "comparable", "consensus", "weight"]

_WEIGHTS = {
    PathRole.ARTIFACT: 4,
    PathRole.BUILD: 4,
    PathRole.SOURCE: 3,
    PathRole.PIPELINE: 2,
    PathRole.DOCUMENT: 2,
    PathRole.TEST: 1,
}


# Lists of versions to run something with, one after the other.
_CHOICES = re.compile(r"(?:^|[.\[\]])(?:matrix|variants)(?:$|[.\[])")


class Cluster(NamedTuple):
    """References that agree on one version; ``version`` is the fullest spelling among them."""

    version: Version
    members: tuple[Reference, ...]

    @property
    def weight(self) -> int:
        """The sum over its files of each file's weight."""
        return sum({member.site.path: weight(member) for member in self.members}.values())

    @property
    def spelled(self) -> str:
        """The value as its weightiest member writes it."""
        return max(self.members, key=lambda member: (weight(member), member.where)).site.value


def weight(reference: Reference) -> int:
    """How much a reference's file says about what is meant now; 0 for files about the past."""
    found = _WEIGHTS.get(reference.role, 0)
    if not found:
        return 0
    site = reference.site
    if site.kind is Kind.GIT and site.get("form") in ("blob", "tree", "release", "commit"):
        # A link explains; it fetches nothing.
        return 1
    if site.kind is Kind.MODULE and not site.get("indirect") and reference.role is PathRole.BUILD:
        return found + 2
    return found


def comparable(reference: Reference) -> bool:
    """Whether the reference states one version that is meant to be the current one."""
    site = reference.site
    return (
        reference.version is not None
        and len(reference.version.release) >= 2
        and weight(reference) > 0
        and site.pin is Pin.EXACT
        and site.part in (Part.TAG, Part.VERSION, Part.REF)
        and site.role in (Role.USES, Role.DEFAULT)
        and not _CHOICES.search(site.key)
        and not site.get("indirect")
        # A commit between two releases, or a version that a local folder replaces, is chosen for one module alone.
        and not site.get("pseudo")
        and any(reference.version.release)
        and not (site.kind is Kind.GIT and site.get("form") == "asset")
    )


def clusters(references: Iterable[Reference]) -> tuple[Cluster, ...]:
    """References grouped by agreement, weightiest first, then newest.

    A short version (``1.24``) joins the weightiest full version that it agrees with.
    """
    full: dict[tuple[tuple[int, ...], str], list[Reference]] = {}
    short: list[Reference] = []
    for reference in references:
        version = reference.version
        if version is None:
            continue
        if version.complete:
            full.setdefault((version.release, version.pre), []).append(reference)
        else:
            short.append(reference)
    found = [Cluster(_version(members[0]), tuple(members)) for members in full.values()]
    found.sort(key=_order)
    homes: dict[tuple[tuple[int, ...], str], int | None] = {}
    joined: dict[int, list[Reference]] = {}
    loose: dict[tuple[tuple[int, ...], str], list[Reference]] = {}
    for reference in short:
        version = _version(reference)
        key = (version.release, version.pre)
        if key not in homes:
            homes[key] = next((number for number, cluster in enumerate(found) if agree(version, cluster.version)), None)
        home = homes[key]
        if home is None:
            loose.setdefault(key, []).append(reference)
        else:
            joined.setdefault(home, []).append(reference)
    for number, members in joined.items():
        found[number] = found[number]._replace(members=(*found[number].members, *members))
    found += [Cluster(_version(members[0]), tuple(members)) for members in loose.values()]
    return tuple(sorted(found, key=_order))


def consensus(found: Sequence[Cluster]) -> Cluster | None:
    """The cluster that the others should follow, or None where there is nothing to follow."""
    return found[0] if found else None


def _version(reference: Reference) -> Version:
    assert reference.version is not None  # noqa: S101 - callers pass references with versions only
    return reference.version


def _order(cluster: Cluster) -> tuple[int, tuple[tuple[int, ...], ...]]:
    numbers, final, identifiers = natural_key(cluster.version)
    # Descending by version: negate numbers; identifiers of one line are few, so their text order is inverted by code points.
    inverted = tuple(-number for number in numbers)
    tail = tuple(-ord(letter) for kind, value, text in identifiers for letter in f"{kind}{value:08d}{text}~")
    return -cluster.weight, (inverted, (-final,), tail)
