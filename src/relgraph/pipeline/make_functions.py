"""Functions of GNU make on partially known texts (GNU make manual, chapter 8)."""

import posixpath
from collections.abc import Callable

from relgraph.pipeline.value import is_known, number_of

__all__ = ["call_function", "match_pattern", "substitute"]


def match_pattern(pattern: str, word: str) -> str | None:
    """What ``%`` stands for where the word matches the pattern, else None."""
    head, percent, tail = pattern.partition("%")
    if not percent:
        return "" if pattern == word else None
    if len(word) >= len(head) + len(tail) and word.startswith(head) and word.endswith(tail):
        return word[len(head) : len(word) - len(tail)]
    return None


def substitute(pattern: str, replacement: str, text: str) -> str:
    """``$(patsubst pattern,replacement,text)``."""
    if "%" not in pattern:
        return " ".join(replacement if word == pattern else word for word in text.split())
    words: list[str] = []
    for word in text.split():
        stem = match_pattern(pattern, word)
        words.append(word if stem is None else replacement.replace("%", stem, 1))
    return " ".join(words)


def _filter(patterns: str, text: str, *, keep: bool) -> str:
    wanted = patterns.split()
    return " ".join(word for word in text.split() if any(match_pattern(p, word) is not None for p in wanted) is keep)


def _word(index: str, text: str) -> str:
    words = text.split()
    number = number_of(index) or 0
    return words[number - 1] if 0 < number <= len(words) else ""


def _words(first: str, last: str, text: str) -> str:
    start, end = number_of(first), number_of(last)
    return "" if not start or end is None else " ".join(text.split()[start - 1 : end])


def _each(change: Callable[[str], str]) -> Callable[[list[str]], str]:
    return lambda arguments: " ".join(change(word) for word in arguments[-1].split())


def _suffix(word: str) -> str:
    return posixpath.splitext(word)[1]


_FUNCTIONS: dict[str, tuple[int, Callable[[list[str]], str]]] = {
    "subst": (3, lambda a: a[2].replace(a[0], a[1]) if a[0] else a[2]),
    "patsubst": (3, lambda a: substitute(a[0].strip(), a[1].strip(), a[2])),
    "strip": (1, lambda a: " ".join(a[0].split())),
    "findstring": (2, lambda a: a[0] if a[0] in a[1] else ""),
    "filter": (2, lambda a: _filter(a[0], a[1], keep=True)),
    "filter-out": (2, lambda a: _filter(a[0], a[1], keep=False)),
    "sort": (1, lambda a: " ".join(sorted(set(a[0].split())))),
    "word": (2, lambda a: _word(a[0], a[1])),
    "wordlist": (3, lambda a: _words(a[0], a[1], a[2])),
    "words": (1, lambda a: str(len(a[0].split()))),
    "firstword": (1, lambda a: (a[0].split() or [""])[0]),
    "lastword": (1, lambda a: (a[0].split() or [""])[-1]),
    "dir": (1, _each(lambda word: posixpath.dirname(word) + "/" if "/" in word else "./")),
    "notdir": (1, _each(posixpath.basename)),
    "suffix": (1, _each(_suffix)),
    "basename": (1, _each(lambda word: posixpath.splitext(word)[0])),
    "addsuffix": (2, lambda a: " ".join(word + a[0].strip() for word in a[1].split())),
    "addprefix": (2, lambda a: " ".join(a[0].strip() + word for word in a[1].split())),
    "join": (2, lambda a: " ".join(one + two for one, two in zip(a[0].split(), a[1].split(), strict=False))),
    "error": (1, lambda _: ""),
    "warning": (1, lambda _: ""),
    "info": (1, lambda _: ""),
}  # fmt: skip
_COUNTING = frozenset("word wordlist words firstword lastword sort filter filter-out findstring suffix basename".split())


def call_function(name: str, arguments: list[str], unknown: Callable[[str], str]) -> str | None:
    """The result of a function on expanded arguments, or None where this is no function that is modelled here."""
    function = _FUNCTIONS.get(name)
    if function is None:
        return None
    count, apply = function
    if len(arguments) > count:
        arguments = [*arguments[: count - 1], ",".join(arguments[count - 1 :])]
    arguments += [""] * (count - len(arguments))
    if name in _COUNTING and not all(is_known(argument) for argument in arguments) and len(" ".join(arguments[-1:]).split()) != 1:
        return unknown(f"$({name}) of something unknown")
    return apply(arguments)
