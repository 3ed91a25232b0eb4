"""What reading YAML yields: scalars with their addresses, their offsets and the way they are written."""

import re
from enum import StrEnum
from typing import NamedTuple, TypeAlias

__all__ = ["Path", "Scalar", "Style", "address", "unquote"]

Path: TypeAlias = tuple[str | int, ...]


class Style(StrEnum):
    """How a scalar is written."""

    PLAIN = "plain"
    SINGLE = "single"
    DOUBLE = "double"
    LITERAL = "literal"
    FOLDED = "folded"


class Scalar(NamedTuple):
    """One scalar value.

    ``path`` holds the keys and list indices from the root of its document, which ``document`` counts from 0. ``start`` and
    ``end`` are offsets of the text of the value, without quotes; for block scalars of the whole content, indentation included.
    ``comment`` and ``comment_end`` enclose the text of the comment behind it on the same line, without ``#`` and surrounding
    blanks; both are 0 where there is none. ``flow`` tells whether it stands in a flow collection.
    """

    path: Path
    start: int
    end: int
    style: Style
    document: int = 0
    comment: int = 0
    comment_end: int = 0
    flow: bool = False


# Escape sequences of double-quoted scalars, YAML 1.2.2, 5.7.
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|\r?\n[ \t]*|(.))", re.DOTALL)
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_FOLD = re.compile(r"[ \t]*+\r?\n\s*+")


def address(path: Path) -> str:
    """The path as one word for people and reports: ``jobs.test.steps[1].uses``."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).removeprefix(".")


def unquote(raw: str, style: Style) -> str:
    r"""The value that a scalar's text stands for, lines folded; the content of block scalars is given back as written.

    >>> unquote("don''t", Style.SINGLE), unquote("a\\x2db", Style.DOUBLE), unquote("one\n  two", Style.PLAIN)
    ("don't", 'a-b', 'one two')
    """
    if style is Style.LITERAL or style is Style.FOLDED:
        return raw
    if style is Style.SINGLE:
        raw = raw.replace("''", "'")
    elif style is Style.DOUBLE and "\\" in raw:
        return _ESCAPE.sub(_unescaped, raw)
    return _FOLD.sub(" ", raw) if "\n" in raw else raw


def _unescaped(match: re.Match[str]) -> str:
    if (code := match[1] or match[2] or match[3]) is not None:
        number = int(code, 16)
        # What is no character stays as it is written: half of a surrogate pair, too, which no encoding takes.
        return chr(number) if number < 0xD800 or 0xE000 <= number < 0x110000 else match.group()
    return "" if match[4] is None else _ESCAPES.get(match[4], match[4])
