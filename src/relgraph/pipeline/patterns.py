"""Patterns of the shell and of sed as Python's: globs, and POSIX basic and extended regular expressions.

Translation follows POSIX.1-2024 (XBD 9, XCU 2.14) with GNU sed's additions (``\\+``, ``\\?``, ``\\|``, ``\\w``, ``\\s``,
``\\b``, ``\\<``, ``\\>``). A pattern comes from the judged repository, so one that could take exponential time is refused, as
is one that cannot be translated: the answer is then None, and the evaluator does not know.
"""

import re
from functools import lru_cache

__all__ = ["filter_pattern", "glob_pattern", "has_glob", "line_limit", "posix_pattern", "script_pattern"]

_GLOB = re.compile(r"[*?\[]")
_FILTER = re.compile(r"\*\*|[*+?]|\[([^\]]+)\]|.", re.DOTALL)
_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": " \\t", "digit": "0-9", "lower": "a-z", "space": "\\s", "upper": "A-Z",
    "xdigit": "0-9A-Fa-f", "punct": "!-/:-@\\[-`{-~",
}  # fmt: skip
_CLASS = re.compile(r"\[:(\w+):\]")
_BRACKET = re.compile(r"\[(\^?)(\]?(?:\[[:.=]\w*[:.=]\]|[^\]])*+)\]")
_INTERVAL = re.compile(r"\{(\d*)(,?)(\d*)\}")
_QUANTIFIED_GROUP = re.compile(r"[*+}]\??\)(?:[*+]|\{\d+,)")
_MAX_UNBOUNDED = 8
_MAX_PATTERN = 400


def has_glob(text: str) -> bool:
    """Whether the text holds characters that match file names."""
    return _GLOB.search(text) is not None


@lru_cache(maxsize=512)
def glob_pattern(glob: str, *, path: bool = False, greedy: bool = True) -> re.Pattern[str] | None:
    """The regular expression of a shell pattern; with ``path``, ``*`` and ``?`` stop at slashes (``**`` does not)."""
    if len(glob) > _MAX_PATTERN or glob.count("*") > _MAX_UNBOUNDED:
        return None
    lazy = "" if greedy else "?"
    one = "[^/]" if path else "."
    out: list[str] = []
    position = 0
    while position < len(glob):
        char = glob[position]
        if char == "*":
            double = glob.startswith("**", position)
            out.append((".*" if double or not path else "[^/]*") + lazy)
            position += 2 if double else 1
            continue
        if char == "?":
            out.append(one)
        elif char == "[" and (bracket := re.compile(r"\[([!^]?)(\]?[^\]]*)\]").match(glob, position)) is not None and bracket[2]:
            out.append(_bracket(bracket[2], negated=bool(bracket[1])))
            position = bracket.end()
            continue
        elif char == "\\" and position + 1 < len(glob):
            position += 1
            out.append(re.escape(glob[position]))
        else:
            out.append(re.escape(char))
        position += 1
    return _compiled("".join(out), 0)


@lru_cache(maxsize=512)
def posix_pattern(pattern: str, *, extended: bool, ignore_case: bool = False) -> re.Pattern[str] | None:
    """The regular expression of sed's or grep's pattern, or None where it cannot be translated safely."""
    if len(pattern) > _MAX_PATTERN:
        return None
    translated = _translate(pattern, extended)
    if translated is None or _QUANTIFIED_GROUP.search(translated) or len(re.findall(r"[*+]|\{\d+,\}", translated)) > _MAX_UNBOUNDED:
        return None
    return _compiled(translated, re.IGNORECASE if ignore_case else 0)


@lru_cache(maxsize=128)
def filter_pattern(pattern: str) -> re.Pattern[str] | None:
    """The regular expression of a branch or tag filter of a workflow: ``*``, ``**``, brackets, and ``+`` and ``?`` as quantifiers."""
    if len(pattern) > _MAX_PATTERN or len(re.findall(r"[*+]", pattern)) > _MAX_UNBOUNDED:
        return None
    out: list[str] = []
    for match in _FILTER.finditer(pattern):
        token = match.group()
        if token in ("*", "**"):
            out.append("[^/]*" if token == "*" else ".*")
        elif token in "+?":
            out.append(token if out and out[-1] not in "+?" else re.escape(token))
        elif match[1] is not None:
            out.append(_bracket(match[1], negated=False))
        else:
            out.append(re.escape(token))
    return _compiled("".join(out), 0)


@lru_cache(maxsize=128)
def script_pattern(pattern: str) -> re.Pattern[str] | None:
    """A regular expression that is written as Python's and JavaScript's are, or None where it is not safe."""
    if (
        len(pattern) > _MAX_PATTERN
        or _QUANTIFIED_GROUP.search(pattern)
        or len(re.findall(r"[*+]|\{\d+,\}", pattern)) > _MAX_UNBOUNDED
    ):
        return None
    # What may become an operation on sets within brackets is refused wherever it stands.
    if re.search(r"&&|~~|\|\||--|\[\^?\[", pattern):
        return None
    return _compiled(pattern, 0)


@lru_cache(maxsize=512)
def line_limit(pattern: re.Pattern[str]) -> int:
    """How long a line may be for this expression: the more of it can stretch, the longer a search that fails may take."""
    stretches = len(re.findall(r"(?<!\\)[*+]|\{\d+,\}", pattern.pattern))
    return (200_000, 20_000, 4_000, 1_000, 400)[stretches] if stretches < 5 else 200


def _compiled(pattern: str, flags: int) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern, flags | re.DOTALL)
    except (re.error, OverflowError, RecursionError):
        return None


def _bracket(content: str, *, negated: bool) -> str:
    # Within brackets a backslash is a character like any other, except before n and t in GNU's tools.
    parts: list[str] = []
    position = 0
    while position < len(content):
        named = _CLASS.match(content, position)
        if named is not None:
            parts.append(_CLASSES.get(named[1], ""))
            position = named.end()
            continue
        char = content[position]
        if char == "\\" and content[position + 1 : position + 2] in ("n", "t"):
            parts.append(content[position : position + 2])
            position += 2
            continue
        # Python reserves doubled signs for operations on sets; a hyphen beside a hyphen is no range in either language.
        doubled = char == "-" and "-" in (content[position - 1 : position], content[position + 1 : position + 2])
        parts.append("\\" + char if char in "\\[]^&~|" or doubled else char)
        position += 1
    return f"[{'^' if negated else ''}{''.join(parts)}]"


_ESCAPES = {
    "n": "\\n",
    "t": "\\t",
    "w": "\\w",
    "W": "\\W",
    "s": "\\s",
    "S": "\\S",
    "b": "\\b",
    "B": "\\B",
    "<": "\\b(?=\\w)",
    ">": "\\b(?<=\\w)",
}


def _translate(pattern: str, extended: bool) -> str | None:
    out: list[str] = []
    position = 0
    start = True  # where a star is a character, and a circumflex an anchor
    while position < len(pattern):
        char = pattern[position]
        token = char
        if char == "\\":
            if position + 1 >= len(pattern):
                return None
            token = pattern[position : position + 2]
        if char == "[":
            bracket = _BRACKET.match(pattern, position)
            if bracket is None or not bracket[2]:
                return None
            out.append(_bracket(bracket[2], negated=bool(bracket[1])))
            position = bracket.end()
            start = False
            continue
        position += len(token)
        opens, closes, either = ("(", ")", "|") if extended else ("\\(", "\\)", "\\|")
        if token in (opens, closes, either):
            out.append(token[-1])
            start = token != closes
            continue
        if token == ("{" if extended else "\\{"):
            # The closing brace of a basic expression is escaped, too.
            rest = pattern[position:] if extended else pattern[position:].replace("\\}", "}", 1)
            interval = _INTERVAL.match("{" + rest)
            if interval is None:
                if not extended:
                    return None
                out.append("\\{")
            else:
                out.append(interval.group())
                position += len(interval.group()) - 1 + (0 if extended else 1)
            start = False
            continue
        out.append(_single(token, pattern[position:], extended=extended, start=start))
        start = False if token != "^" else start
    return "".join(out)


def _single(token: str, rest: str, *, extended: bool, start: bool) -> str:
    if token == ".":
        return "."
    if token == "*":
        return "\\*" if start else "*"
    if token in "+?" and extended or token in ("\\+", "\\?") and not extended:
        return token[-1]
    if token == "^":
        return "^" if extended or start else "\\^"
    if token == "$":
        return "\\Z" if extended or not rest or rest.startswith(("\\)", "\\|")) else "\\$"
    if len(token) == 2:
        if token[1] in "0123456789":
            return f"(?:{token})"
        return _ESCAPES.get(token[1], re.escape(token[1]))
    return re.escape(token)
