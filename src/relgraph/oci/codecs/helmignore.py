"""``.helmignore``: which files of a chart's folder are no part of the chart.

The rules are those of Helm (https://helm.sh/docs/chart_template_guide/helm_ignore_file), peculiarities included: the first
rule that matches decides, a rule with ``!`` ignores whatever it does *not* match, ``**`` is an error, and dot files directly
below ``templates/`` are always ignored.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from relgraph.errors import DeclarationError

__all__ = ["FILE_NAME", "Rules", "parse_rules"]

#: The name of the file, at the root of a chart.
FILE_NAME = ".helmignore"


class _Rule(NamedTuple):
    matches: Callable[[str], object]
    negated: bool
    folders_only: bool


class Rules(NamedTuple):
    """The rules of one chart."""

    rules: tuple[_Rule, ...]

    def ignores(self, path: str, *, folder: bool) -> bool:
        """Whether a path (relative to the chart, ``/`` between) is ignored; of an ignored folder, so is everything in it."""
        parts = path.split("/")
        above = any(self._ignores("/".join(parts[:depth]), folder=True) for depth in range(1, len(parts)))
        return above or self._ignores(path, folder=folder)

    def _ignores(self, path: str, *, folder: bool) -> bool:
        for rule in self.rules:
            if rule.negated:
                if (rule.folders_only and not folder) or not rule.matches(path):
                    return True
            elif (folder or not rule.folders_only) and rule.matches(path):
                return True
        return False


def parse_rules(data: bytes) -> Rules:
    """The rules of a file, Helm's own added. Raises :class:`~relgraph.errors.DeclarationError` with the line."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    rules = []
    for number, line in enumerate(text.split("\n"), 1):
        rule = line.strip()
        if rule and not rule.startswith("#"):
            rules.append(_parse(rule, number))
    rules.append(_parse("templates/.?*", 0))
    return Rules(tuple(rules))


def _parse(rule: str, number: int) -> _Rule:
    if "**" in rule:
        raise DeclarationError(f"{FILE_NAME}: line {number}: Helm knows no **", hint="write one rule a level")
    negated = rule.startswith("!")
    pattern = rule.removeprefix("!")
    folders_only = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    try:
        if pattern.startswith("/"):
            return _Rule(re.compile(_translate(pattern[1:])).fullmatch, negated, folders_only)
        compiled = re.compile(_translate(pattern))
    except ValueError as problem:
        raise DeclarationError(f"{FILE_NAME}: line {number}: {rule!r}: {problem}") from None
    if "/" in pattern:
        return _Rule(compiled.fullmatch, negated, folders_only)
    return _Rule(lambda path: compiled.fullmatch(path.rpartition("/")[2]), negated, folders_only)


def _translate(pattern: str) -> str:
    """The pattern of Go's ``filepath.Match`` as a regular expression: ``*`` and ``?`` stop at a slash."""
    pieces = [""]  # what stands between the stars
    rest = pattern
    while rest:
        character, rest = rest[0], rest[1:]
        if character == "*":
            if pieces[-1] or len(pieces) == 1:
                pieces.append("")
        elif character == "?":
            pieces[-1] += "[^/]"
        elif character == "[":
            translated, rest = _class(rest)
            pieces[-1] += translated
        else:
            if character == "\\":
                if not rest:
                    raise ValueError("nothing follows the backslash")
                character, rest = rest[0], rest[1:]
            pieces[-1] += re.escape(character)
    first, *others = pieces
    if not others:
        return f"(?s:{first})"
    # A star need never take more than the nearest place where the next piece fits; only the last one goes to the end.
    nearest = "".join(f"(?>[^/]*?{piece})" for piece in others[:-1])
    return f"(?s:{first}{nearest}[^/]*{others[-1]})"


def _class(rest: str) -> tuple[str, str]:
    negated = rest.startswith("^")
    rest = rest.removeprefix("^")
    members: list[str] = []
    while not (rest.startswith("]") and members):
        low, rest = _member(rest)
        high = low
        if rest.startswith("-"):
            high, rest = _member(rest[1:])
        if high < low:
            # Go takes such a range for one that nothing is in.
            members.append("")
            continue
        members.append(re.escape(low) if low == high else f"{re.escape(low)}-{re.escape(high)}")
    inside = "".join(members)
    if not inside:
        return ("." if negated else "(?!)"), rest[1:]
    return f"[{'^' if negated else ''}{inside}]", rest[1:]


def _member(rest: str) -> tuple[str, str]:
    if rest.startswith("\\"):
        rest = rest[1:]
    elif rest[:1] in ("-", "]"):
        raise ValueError("a [ without its members")
    if len(rest) < 2:
        raise ValueError("a [ without its ]")
    return rest[0], rest[1:]
