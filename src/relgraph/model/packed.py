"""Findings as bytes, on their way from one process of a run to another.

The form is ``marshal``'s: for the same Python only, and for bytes that this program itself wrote just now.
"""

import marshal
from collections.abc import Iterable
from typing import Any, TypeAlias

from relgraph.model.finding import Finding, Fix, Place, Severity
from relgraph.model.site import Span

__all__ = ["pack", "unpack"]

#: A finding or a place as plain values: marshal knows no classes.
_Row: TypeAlias = tuple[Any, ...]


def pack(groups: Iterable[Iterable[Finding]]) -> bytes:
    """Findings in groups."""
    return marshal.dumps([[_row(finding) for finding in group] for group in groups])


def unpack(data: bytes) -> list[list[Finding]]:
    """The groups that :func:`pack` was given."""
    groups: list[list[_Row]] = marshal.loads(data)  # noqa: S302 - from this program itself
    return [[_finding(row) for row in group] for group in groups]


def _row(finding: Finding) -> _Row:
    return tuple(
        finding._replace(
            severity=finding.severity.value,  # type: ignore[arg-type]  # plain values, as said
            place=_flat(finding.place),  # type: ignore[arg-type]
            related=tuple(map(_flat, finding.related)),  # type: ignore[arg-type]
            fix=None if finding.fix is None else tuple(finding.fix),  # type: ignore[arg-type]
        )
    )


def _finding(row: _Row) -> Finding:
    plain = Finding(*row)
    return plain._replace(
        severity=Severity(plain.severity),
        place=_place(plain.place),
        related=tuple(map(_place, plain.related)),
        fix=None if plain.fix is None else Fix(*plain.fix),
    )


def _flat(place: Place) -> _Row:
    return (*place[:3], *place.span)


def _place(row: _Row) -> Place:
    repo, rev, path, *span = row
    return Place(repo, rev, path, Span(*span))
