"""Byte-minimal edits: spans of a text replaced, every other byte kept."""

from collections.abc import Iterable
from typing import NamedTuple

from relgraph.errors import Refused

__all__ = ["Edit", "apply_edits", "overlapping"]


class Edit(NamedTuple):
    """The bytes from ``start`` to ``end`` (offsets into the content), which are ``old``, become ``new``."""

    start: int
    end: int
    old: bytes
    new: bytes


def apply_edits(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The content with all edits done; their order does not matter, and one that is given twice is done once.

    Raises Refused where two edits overlap, or where the content does not hold what an edit replaces.
    """
    parts: list[bytes] = []
    position = 0
    for group in overlapping(edits):
        first, *others = group
        if others:
            raise Refused(f"bytes {first.start} to {first.end} are edited twice", hint="apply one of the two, then look again")
        if not 0 <= first.start <= first.end <= len(data) or data[first.start : first.end] != first.old:
            raise Refused(
                f"bytes {first.start} to {first.end} are not what the edit replaces", hint="the file has changed; look again"
            )
        parts += [data[position : first.start], first.new]
        position = first.end
    return b"".join([*parts, data[position:]])


def overlapping(edits: Iterable[Edit]) -> list[list[Edit]]:
    """The distinct edits in order of place, those together that touch a byte in common (insertions: the same place)."""
    groups: list[list[Edit]] = []
    end = -1
    for edit in sorted(set(edits)):
        if groups and (edit.start < end or edit[:2] == groups[-1][-1][:2]):
            groups[-1].append(edit)
        else:
            groups.append([edit])
        end = max(end, edit.end)
    return groups
