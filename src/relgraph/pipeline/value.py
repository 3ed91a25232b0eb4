"""Partially known text: what the evaluator computes with.

A text that cannot be computed is not guessed: it keeps what is known and has a *hole* for the rest, and every hole says why
(``commit id``, ``output of curl``). While a pipeline is evaluated, a hole is one code point of Unicode's private planes 15
and 16 within an ordinary ``str``, so that joining, splitting at known separators and looking up names are the operations of
``str``; :class:`Holes` remembers what each stands for. What leaves the evaluator is a :class:`Value`.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["COMMIT", "SHORT_COMMIT", "Holes", "Unknown", "Value", "is_known", "join_known", "number_of"]

_FIRST = 0xF0000
_LIMIT = 0xFFFD
_HOLE = re.compile("[\U000f0000-\U0010ffff]")

#: Shapes of holes: what is certain about a text that is not known.
COMMIT = "commit"
SHORT_COMMIT = "short-commit"


class Unknown(NamedTuple):
    """A hole: why it is not known, and its shape where that is certain (``commit``, ``short-commit``), else empty."""

    reason: str
    shape: str = ""


class Value(NamedTuple):
    """A text with holes: known stretches and :class:`Unknown` ones in order; no two known stretches touch."""

    parts: tuple[str | Unknown, ...]

    @classmethod
    def of(cls, text: str) -> "Value":
        """A fully known text."""
        return cls((text,) if text else ())

    @property
    def text(self) -> str | None:
        """The whole text, or None where it has holes."""
        if not self.parts:
            return ""
        only = self.parts[0]
        return only if len(self.parts) == 1 and isinstance(only, str) else None

    @property
    def holes(self) -> tuple[Unknown, ...]:
        """The holes, in order."""
        return tuple(part for part in self.parts if isinstance(part, Unknown))

    def __str__(self) -> str:
        """The text for people; a hole is its reason between angle brackets."""
        return "".join(part if isinstance(part, str) else f"<{part.reason}>" for part in self.parts)


def is_known(text: str) -> bool:
    """Whether the text has no holes."""
    return text.isascii() or _HOLE.search(text) is None


def number_of(text: str) -> int | None:
    """The number that a text spells, in at most nine digits; None where it does not."""
    text = text.strip()
    return int(text) if len(text) <= 9 and text.isascii() and text.isdigit() else None


def join_known(texts: Iterable[str]) -> str | None:
    """The texts joined by single spaces, or None where one has holes."""
    joined = " ".join(texts)
    return joined if is_known(joined) else None


class Holes:
    """The holes of one evaluation: code points and what they stand for."""

    def __init__(self) -> None:
        self._known: list[Unknown] = []
        self._marks: dict[Unknown, str] = {}

    def mark(self, reason: str, shape: str = "") -> str:
        """The code point of this hole; the same reason and shape have the same one."""
        unknown = Unknown(reason, shape)
        mark = self._marks.get(unknown)
        if mark is None:
            if len(self._known) >= _LIMIT:
                return chr(_FIRST + _LIMIT)
            mark = self._marks[unknown] = chr(_FIRST + len(self._known))
            self._known.append(unknown)
        return mark

    def meaning(self, mark: str) -> Unknown:
        """What a code point stands for."""
        index = ord(mark) - _FIRST
        return self._known[index] if index < len(self._known) else Unknown("not known")

    def value(self, text: str) -> Value:
        """The text as a frozen value."""
        if is_known(text):
            return Value.of(text)
        parts: list[str | Unknown] = []
        position = 0
        for match in _HOLE.finditer(text):
            if match.start() > position:
                parts.append(text[position : match.start()])
            parts.append(self.meaning(match.group()))
            position = match.end()
        if position < len(text):
            parts.append(text[position:])
        return Value(tuple(parts))

    def shape(self, text: str) -> str:
        """The shape of a text that is one single hole, else empty."""
        return self.meaning(text).shape if len(text) == 1 and not is_known(text) else ""

    def reasons(self, text: str) -> str:
        """The reasons of all holes of a text, each once, for messages."""
        return ", ".join(dict.fromkeys(self.meaning(mark).reason for mark in _HOLE.findall(text)))
