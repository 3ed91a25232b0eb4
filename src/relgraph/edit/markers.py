"""Markers in Markdown: the stretches of a document that the program keeps up to date.

A stretch lies between two lines of their own, an HTML comment that says what stands there and one that closes it::

    <!-- relgraph:graph NODE versions -->
    ...
    <!-- /relgraph -->

Markers within code blocks (fences, CommonMark 0.31 section 4.5) are examples and no markers. An indented marker, as in a list, indents
its content; a document's line feeds are kept.
"""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from relgraph.errors import DeclarationError

__all__ = ["Marker", "fill", "find_markers"]

_OPENING = re.compile(rb"(?P<indent>[ \t]*)<!--\s*relgraph:(?P<rest>[^\r\n]*)")
_COMMENT_END = re.compile(rb"(?P<words>.*?)\s*-->[ \t]*", re.DOTALL)
_CLOSING = re.compile(rb"[ \t]*<!--\s*/\s*relgraph\b(?P<rest>[^\r\n]*?)-->[ \t]*")
_FENCE = re.compile(rb"[ \t]*(?P<mark>`{3,}|~{3,})(?P<info>[^\r\n]*)")


class Marker(NamedTuple):
    """An opened and closed stretch.

    ``kind`` is the word after ``relgraph:``, ``words`` those behind it; ``line`` counts from 1; ``start`` and ``end`` are the byte
    offsets of what lies between the two lines; ``indent`` and ``newline`` are those of the opening line.
    """

    kind: str
    words: tuple[str, ...]
    line: int
    start: int
    end: int
    indent: bytes
    newline: bytes


def find_markers(path: str, data: bytes, kinds: Sequence[str]) -> tuple[Marker, ...]:
    """The markers of a document, in order. ``kinds`` are those that there are; ``path`` is for messages.

    Raises DeclarationError with every problem at once: opened and not closed, closed and not opened, unknown, or none at all.
    """
    found: list[Marker] = []
    problems: list[str] = []
    opened: Marker | None = None
    fence = b""
    position = 0
    for line, text in enumerate(data.splitlines(keepends=True), 1):  # bytes: only CR, LF and CRLF end a line
        start, position = position, position + len(text)
        bare = text.rstrip(b"\r\n")
        # Within a marker, what the last run wrote is skipped up to the closing line, code blocks included.
        if opened is None:
            fence, inside = _fence(bare, fence)
            if inside:
                continue
        if _CLOSING.fullmatch(bare):
            if opened is None:
                problems.append(f"{path}:{line}: a marker is closed that was not opened")
            else:
                found.append(opened._replace(end=start))
                opened = None
        elif match := _OPENING.fullmatch(bare):
            if opened is not None:
                problems.append(f"{path}:{opened.line}: a marker is opened and not closed before the next one in line {line}")
            opened = _opened(path, line, match, position, text[len(bare) :], kinds, problems)
    if opened is not None:
        problems.append(f"{path}:{opened.line}: a marker is opened and not closed (<!-- /relgraph --> closes it)")
    if not problems and not found:
        problems.append(f"{path}: no marker (<!-- relgraph:{kinds[0]} --> opens one, <!-- /relgraph --> closes it)")
    if problems:
        raise DeclarationError(
            problems[0] if len(problems) == 1 else f"{len(problems)} problems with the markers of {path}",
            details=tuple(problems) if len(problems) > 1 else (),
        )
    return tuple(found)


def fill(data: bytes, contents: Iterable[tuple[Marker, str]]) -> bytes:
    """The document with new content in its markers, which are given in order; every other byte stays.

    A content is lines of text, without blank ones around; it is set apart by blank lines, since some Markdown needs them around HTML.
    """
    parts: list[bytes] = []
    position = 0
    for marker, content in contents:
        parts += [data[position : marker.start], marker.newline]
        parts += [(marker.indent + line if line else line) + marker.newline for line in content.encode().split(b"\n")]
        parts.append(marker.newline)
        position = marker.end
    return b"".join([*parts, data[position:]])


def _opened(
    path: str, line: int, match: re.Match[bytes], position: int, newline: bytes, kinds: Sequence[str], problems: list[str]
) -> Marker:
    comment = _COMMENT_END.fullmatch(match["rest"])
    if comment is None:
        problems.append(f"{path}:{line}: the comment does not end in its line (a marker stands in a line of its own)")
    kind, *words = (match["rest"] if comment is None else comment["words"]).decode("utf-8", "backslashreplace").split() or [""]
    if comment is not None and kind not in kinds:
        close = get_close_matches(kind, kinds, n=1)
        advice = f"did you mean 'relgraph:{close[0]}'?" if close else "there are " + ", ".join(f"relgraph:{one}" for one in kinds)
        problems.append(f"{path}:{line}: 'relgraph:{kind}' is no marker ({advice})")
    return Marker(kind, tuple(words), line, position, position, match["indent"], newline or b"\n")


def _fence(line: bytes, fence: bytes) -> tuple[bytes, bool]:
    """The fence that is open after a line (empty: none), and whether the line is part of a code block."""
    match = _FENCE.fullmatch(line)
    if fence:
        closes = match is not None and match["mark"].startswith(fence) and not match["info"].strip()
        return (b"", True) if closes else (fence, True)
    if match is None or (match["mark"].startswith(b"`") and b"`" in match["info"]):
        return b"", False
    return match["mark"], True
