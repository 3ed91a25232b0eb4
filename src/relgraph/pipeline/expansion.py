"""Parameter expansion: ``${name#pattern}`` and its kin, on partially known texts (POSIX.1-2024, XCU 2.6.2, and bash's)."""

import re

from relgraph.pipeline.patterns import glob_pattern
from relgraph.pipeline.value import COMMIT, SHORT_COMMIT, Holes, is_known

__all__ = ["cut_short", "expand_value", "replace_pattern", "strip_pattern"]

_NUMBER = re.compile(r"\s*-?\d{1,9}\s*")


def cut_short(text: str, start: int, length: int | None, holes: Holes) -> str:
    """Characters ``start`` to ``start + length``, where they are certain; a commit id cut short is a short commit id."""
    if is_known(text):
        return text[start:] if length is None else text[start : start + length]
    if holes.shape(text) in (COMMIT, SHORT_COMMIT) and start == 0 and length is not None:
        return holes.mark("short commit id", SHORT_COMMIT)
    # A hole may be of any length: what lies before the first one is certain, and the rest only as a whole.
    first = next(index for index, char in enumerate(text) if not is_known(char))
    if length is not None and start + length <= first:
        return text[start : start + length]
    if start <= first and length is None:
        return text[start:]
    return holes.mark(f"part of {holes.reasons(text)}")


def strip_pattern(text: str, pattern: str, *, suffix: bool, longest: bool) -> str | None:
    """``${text#pattern}`` and ``${text%pattern}``; None where the pattern cannot be told."""
    if not is_known(pattern):
        return None
    if not any(char in pattern for char in "*?[\\"):
        return text.removesuffix(pattern) if suffix else text.removeprefix(pattern)
    regex = glob_pattern(pattern)
    if regex is None or len(text) > 2000:
        return None
    positions = range(len(text) + 1)
    if suffix:
        order = positions if longest else reversed(positions)
        return next((text[:i] for i in order if regex.fullmatch(text, i)), text)
    order = reversed(positions) if longest else positions
    return next((text[i:] for i in order if regex.fullmatch(text, 0, i)), text)


def replace_pattern(text: str, op: str, pattern: str, replacement: str) -> str | None:
    """``${text/pattern/replacement}`` with the operator's variants; None where the pattern cannot be told."""
    if not is_known(pattern) or not pattern:
        return None if pattern else text
    regex = glob_pattern(pattern)
    if regex is None:
        return None
    if op == "/#":
        match = regex.match(text)
        return text if match is None else replacement + text[match.end() :]
    if op == "/%":
        head = strip_pattern(text, pattern, suffix=True, longest=True)
        return None if head is None else head if head == text else head + replacement
    return regex.sub(lambda _: replacement, text, count=0 if op == "//" else 1)


def expand_value(value: str | None, op: str, argument: str, second: str | None, holes: Holes) -> str:
    """The text of a parameter whose value is ``value`` (None: not set) under an operator that needs no assignment."""
    if op in (":-", "-", ":=", "="):
        unset = value is None or (op[0] == ":" and value == "")
        return argument if unset else value or ""
    if op in (":+", "+"):
        unset = value is None or (op[0] == ":" and value == "")
        return "" if unset else argument
    text = value or ""
    unknown = holes.mark(f"${{..{op}..}} of a pattern that is not understood")
    if op in ("#", "##", "%", "%%"):
        result = strip_pattern(text, argument, suffix=op[0] == "%", longest=len(op) == 2)
        return unknown if result is None else result
    if op.startswith("/"):
        result = replace_pattern(text, op, argument, second or "")
        return unknown if result is None else result
    if op in ("^", "^^", ",", ",,"):
        if op[0] == "^":
            return text.upper() if op == "^^" else text[:1].upper() + text[1:]
        return text.lower() if op == ",," else text[:1].lower() + text[1:]
    if op == ":":
        start = argument.strip() or "0"
        if not _NUMBER.fullmatch(start) or (second is not None and not _NUMBER.fullmatch(second)):
            return unknown
        first = int(start) if int(start) >= 0 else max(0, len(text) + int(start))
        length = None if second is None else int(second)
        if length is not None and length < 0:
            return text[first:length] if is_known(text) else unknown
        if int(start) < 0 and not is_known(text):
            return unknown
        return cut_short(text, first, length, holes)
    if op == "length":
        return str(len(text)) if is_known(text) else holes.mark("length of something unknown")
    return text if op in ("", ":?", "?", "@") else unknown
