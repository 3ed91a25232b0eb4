"""Kept sites: what was extracted from a blob once need not be extracted again.

Sites are a pure function of a file's path and content, so they are kept by both. The form is ``marshal``'s, the fastest that Python
has; it is read only behind a checksum, in a file that belongs to the user, written by the same program.
"""

import marshal
from collections.abc import Iterable
from typing import Any, TypeAlias

from relgraph.model.site import Kind, Part, Pin, Role, Site, Span

__all__ = ["KeptSites"]

_Row: TypeAlias = tuple[Any, ...]
_LIMIT = 40_000


class KeptSites:
    """Sites by (content id, path); ``fresh`` tells whether anything came in that was not there when it was loaded."""

    def __init__(self, data: bytes | None = None) -> None:
        self._rows: dict[tuple[str, str], tuple[_Row, ...]] = {}
        self._used: dict[tuple[str, str], tuple[_Row, ...]] = {}
        self.fresh = False
        if data is not None:
            try:
                rows = marshal.loads(data)  # noqa: S302 - behind a checksum, in the user's own file
            except (EOFError, ValueError, TypeError):
                return
            if isinstance(rows, dict):
                self._rows = rows

    def __bool__(self) -> bool:
        return bool(self._rows)

    def get(self, oid: str, path: str) -> tuple[Site, ...] | None:
        """The sites of a file with this content; None where it was not seen before."""
        rows = self._rows.get((oid, path))
        if rows is None:
            return None
        self._used[oid, path] = rows
        return tuple(_site(path, row) for row in rows)

    def put(self, oid: str, path: str, sites: Iterable[Site]) -> None:
        """Keep the sites of a file."""
        self._used[oid, path] = self._rows[oid, path] = tuple(_row(site) for site in sites)
        self.fresh = True

    def take(self, data: bytes) -> None:
        """Add what another instance dumped."""
        rows = marshal.loads(data)  # noqa: S302 - from this program itself
        self._rows |= rows
        self._used |= rows
        self.fresh = True

    def dump(self) -> bytes:
        """Everything used in this run, and as much of the rest as the limit of files leaves room for."""
        kept = dict(self._used)
        for key, rows in self._rows.items():
            if len(kept) >= _LIMIT:
                break
            kept.setdefault(key, rows)
        return marshal.dumps(kept)


_KINDS = {kind.value: kind for kind in Kind}
_PARTS = {part.value: part for part in Part}
_PINS = {pin.value: pin for pin in Pin}
_ROLES = {role.value: role for role in Role}


def _row(site: Site) -> _Row:
    return (
        tuple(site.span), site.kind.value, site.name, site.part.value, site.raw, site.value, site.pin.value, site.role.value, site.key,
        site.syntax, site.extra,
    )  # fmt: skip


def _site(path: str, row: _Row) -> Site:
    span, kind, name, part, raw, value, pin, role, key, syntax, extra = row
    return Site(path, Span(*span), _KINDS[kind], name, _PARTS[part], raw, value, _PINS[pin], _ROLES[role], key, syntax, extra)
