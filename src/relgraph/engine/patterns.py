"""Patterns of paths: ``*`` and ``?`` within one part of a path, ``**`` for any number of parts.

``dir/**`` are all files below a folder. Other characters stand for themselves; so does ``**`` beside other characters of a
part, where it means ``*``.
"""

from collections.abc import Callable
from functools import lru_cache

__all__ = ["base_of", "is_pattern", "matcher", "overlap", "start_of"]


def is_pattern(path: str) -> bool:
    """Whether it is a pattern rather than the path of one file."""
    return "*" in path or "?" in path


def base_of(pattern: str) -> str:
    """The folder below which all that matches lies; empty for the root."""
    parts = pattern.split("/")
    plain = 0
    while plain < len(parts) - 1 and not is_pattern(parts[plain]):
        plain += 1
    return "/".join(parts[:plain])


@lru_cache(maxsize=4096)
def matcher(pattern: str) -> Callable[[str], object]:
    """A function that is true of the paths that match."""
    if not is_pattern(pattern):
        return pattern.__eq__
    import re

    first, *runs = _runs(pattern)
    text = "".join(map(_part, first))
    if runs:
        # Each run of parts is taken where it first fits and not tried elsewhere: what comes after it loses nothing by that,
        # and no path makes the search explode. The last run has to reach the end of the path.
        *middle, last = runs
        text += "".join(f"(?>(?:[^/]+/)*?{''.join(map(_part, run))})" for run in middle)
        text += "(?:[^/]+/)*" + "".join(map(_part, last)) if last else ".+/"
    return re.compile(text[:-1] + r"\Z", re.DOTALL).match


def _runs(pattern: str) -> list[list[str]]:
    """The parts between ``**``; those that follow each other count once."""
    runs: list[list[str]] = [[]]
    for part in pattern.split("/"):
        if part != "**":
            runs[-1].append(part)
        elif len(runs) == 1 or runs[-1]:
            runs.append([])
    return runs


def _part(part: str) -> str:
    """One part as an expression, with the slash behind it; within a part the same holds as between them."""
    import re

    first, *rest = ("".join("[^/]" if char == "?" else re.escape(char) for char in piece) for piece in _single(part).split("*"))
    if not rest:
        return first + "/"
    *middle, last = rest
    return first + "".join(f"(?>[^/]*?{piece})" for piece in middle) + f"[^/]*{last}/"


def _single(part: str) -> str:
    while "**" in part:
        part = part.replace("**", "*")
    return part


@lru_cache(maxsize=65536)
def overlap(one: str, other: str) -> bool:
    """Whether some path matches both patterns."""
    left, right = start_of(one), start_of(other)
    if not (left.startswith(right) or right.startswith(left)):
        return False
    if not is_pattern(one):
        return bool(matcher(other)(one))
    if not is_pattern(other):
        return bool(matcher(one)(other))
    return _meet(_spelt(one), _spelt(other), "**", _parts_meet)


def start_of(pattern: str) -> str:
    """What all that matches begins with."""
    for index, char in enumerate(pattern):
        if char in "*?":
            return pattern[:index]
    return pattern


def _spelt(pattern: str) -> tuple[str, ...]:
    """The parts; at the end ``**`` stands for at least one."""
    parts = pattern.split("/")
    return (*parts, "*") if parts[-1] == "**" else tuple(parts)


def _parts_meet(one: str, other: str) -> bool:
    if not is_pattern(one) and not is_pattern(other):
        return one == other
    return _meet(tuple(_single(one)), tuple(_single(other)), "*", lambda a, b: "?" in (a, b) or a == b)


def _meet(one: tuple[str, ...], other: tuple[str, ...], many: str, same: Callable[[str, str], bool]) -> bool:
    """Whether two sequences, in which ``many`` stands for any number of items, have a common instance."""
    # Row by row over the prefixes of one; a cell says whether the two prefixes have a common instance.
    row = [True]
    for item in other:
        row.append(row[-1] and item == many)
    for left in one:
        below = [row[0] and left == many]
        for column, right in enumerate(other):
            if left == many and right == many:
                below.append(below[column] or row[column + 1] or row[column])
            elif left == many:
                below.append(row[column + 1] or below[column])
            elif right == many:
                below.append(below[column] or row[column + 1])
            else:
                below.append(row[column] and same(left, right))
        row = below
    return row[-1]
