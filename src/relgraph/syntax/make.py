"""Makefiles with positions: variables, rules with their recipes, includes.

Follows the GNU make manual, chapters 3 to 6 and "Conditional Parts of Makefiles" (https://www.gnu.org/software/make/manual/):
nothing is expanded or decided here. What stands within a conditional is read with the conditions it stands under.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from relgraph.syntax.text import Text

__all__ = ["Assignment", "Include", "MakeRule", "Makefile", "RecipeLine", "read_makefile"]

_LOGICAL = re.compile(r"[^\n\\]*+(?:\\(?:\r?\n|.)?[^\n\\]*+)*+")
_CONTINUATION = re.compile(r"[ \t]*\\\r?\n[ \t]*")
_MODIFIERS = r"(?P<modifiers>(?:(?:export|override|private|unexport)[ \t]+)*+)"
_NAME = r"(?P<name>(?>\$\([^()\n]*+\)|\$\{[^{}\n]*+\}|[^\s:=#?+!$]|[?+!](?![ \t]*=)|\$)++)"
_ASSIGNMENT = re.compile(rf"[ ]*+{_MODIFIERS}{_NAME}[ \t]*+(?P<operator>:::=|::=|:=|\?=|\+=|!=|=)[ \t]*+")
_DEFINE = re.compile(
    r"[ ]*(?P<modifiers>(?:(?:export|override)[ \t]+)*)define[ \t]+(?P<name>\S+?)[ \t]*(?P<operator>:::=|::=|:=|\?=|\+=|=)?[ \t]*\Z"
)
_ENDEF = re.compile(r"^[ \t]*endef\b.*$", re.MULTILINE)
_INCLUDE = re.compile(r"[ ]*(?P<optional>-|s)?include[ \t]+")
_CONDITION = re.compile(r"[ \t]*(?P<word>ifeq|ifneq|ifdef|ifndef|else|endif)\b[ \t]*(?P<rest>.*)", re.DOTALL)
_EXPORT = re.compile(r"[ ]*(?:un)?export(?:[ \t]+[\w. \t-]+)?\Z")
_RULE = re.compile(
    r"(?P<targets>(?>\$\((?:[^()\n]|\([^()\n]*+\))*+\)|\$\{[^{}\n]*+\}|\\.|[^:=#$\\\n]|\$|\\\r?\n)++)(?P<colon>&?::?)(?!=)"
)
_COMMENT = re.compile(r"(?<!\\)#")
_WORD = re.compile(r"(?>\$\((?:[^()]|\([^()]*+\))*+\)|\$\{[^{}]*+\}|[^\s])++")


class Assignment(NamedTuple):
    """One setting of a variable.

    ``operator`` is ``=``, ``:=``, ``::=``, ``:::=``, ``?=``, ``+=`` or ``!=`` (``define`` without one: ``=``). ``value`` is the text
    as make reads it, comment and line continuations gone; ``start`` and ``end`` bound it in the source, as written. ``targets``
    are those that a target-specific variable is for; ``conditions`` the directives it stands under, outermost first, an
    ``else`` branch marked with ``!``.
    """

    name: str
    operator: str
    value: str
    start: int
    end: int
    name_start: int
    modifiers: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


class RecipeLine(NamedTuple):
    """One line of a recipe, continuation lines included: its text as written without the leading tab, and its bounds."""

    text: str
    start: int
    end: int
    conditions: tuple[str, ...] = ()


class MakeRule(NamedTuple):
    """One rule as written, nothing expanded; ``start`` is the offset of its first target."""

    targets: tuple[str, ...]
    prerequisites: tuple[str, ...]
    order_only: tuple[str, ...]
    recipe: tuple[RecipeLine, ...]
    start: int
    conditions: tuple[str, ...] = ()


class Include(NamedTuple):
    """One file named by an ``include``; ``optional`` where its absence is no error."""

    path: str
    start: int
    end: int
    optional: bool


class Makefile(NamedTuple):
    """What one Makefile says, each in the order of the text."""

    variables: tuple[Assignment, ...]
    rules: tuple[MakeRule, ...]
    includes: tuple[Include, ...]


def read_makefile(text: Text) -> Makefile:
    """Read a Makefile; lines that are none of its statements are skipped, and nothing raises."""
    reader = _Reader(text.text)
    reader.read()
    return Makefile(tuple(reader.variables), tuple(reader.rules), tuple(reader.includes))


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.variables: list[Assignment] = []
        self.rules: list[MakeRule] = []
        self.includes: list[Include] = []
        self._conditions: list[str] = []
        self._recipe: list[RecipeLine] = []
        self._rule: MakeRule | None = None

    def read(self) -> None:
        source, position, size = self.source, 0, len(self.source)
        while position < size:
            match = _LOGICAL.match(source, position)
            end = match.end() if match is not None else position
            if end == position and position < size and source[position] != "\n":
                end = position + 1
            following = end + 1
            if source.startswith("\t", position) and self._rule is not None:
                self._recipe.append(
                    RecipeLine(source[position + 1 : end].removesuffix("\r"), position + 1, end, tuple(self._conditions))
                )
            else:
                following = max(following, self._statement(position, end))
            position = following
        self._close()

    def _statement(self, start: int, end: int) -> int:
        """Read one statement; the offset after it where that is not simply the next line, else 0."""
        source = self.source
        line = source[start:end]
        stripped = line.strip()
        if not stripped or stripped[0] == "#":
            return 0
        if (condition := _CONDITION.fullmatch(line)) is not None:
            self._condition(condition["word"], condition["rest"].strip(), stripped)
            return 0
        if stripped.startswith(("define", "export", "override")) and (define := _DEFINE.match(line)) is not None:
            return self._define(define, start, end)
        if (include := _INCLUDE.match(line)) is not None:
            self._close()
            stop = self._uncommented(start + include.end(), end)
            for word in _WORD.finditer(source, start + include.end(), stop):
                if word.group() != "\\":
                    self.includes.append(Include(word.group(), *word.span(), optional=include["optional"] is not None))
            return 0
        if (assignment := _ASSIGNMENT.match(source, start, end)) is not None:
            self._close()
            self._assign(assignment, end, ())
            return 0
        if _EXPORT.match(stripped) is None and (rule := _RULE.match(source, start, end)) is not None:
            self._open(rule, end)
        return 0

    def _assign(self, match: re.Match[str], end: int, targets: tuple[str, ...]) -> None:
        start = match.end()
        end = self._uncommented(start, end)
        while end > start and self.source[end - 1] in " \t\r\n\\":
            end -= 1
        value = _CONTINUATION.sub(" ", self.source[start:end]).lstrip()
        self.variables.append(
            Assignment(
                match["name"], match["operator"], value, start, end, match.start("name"), tuple(match["modifiers"].split()), targets,
                tuple(self._conditions),
            )
        )  # fmt: skip

    def _define(self, match: re.Match[str], start: int, end: int) -> int:
        self._close()
        body = min(end + 1, len(self.source))
        ending = _ENDEF.search(self.source, body)
        stop, following = (ending.start(), ending.end() + 1) if ending is not None else (len(self.source), len(self.source))
        last = max(body, stop - 1) if ending is not None else stop
        self.variables.append(
            Assignment(
                match["name"], match["operator"] or "=", self.source[body:last], body, last, start + match.start("name"),
                ("define", *match["modifiers"].split()), (), tuple(self._conditions),
            )
        )  # fmt: skip
        return following

    def _open(self, match: re.Match[str], end: int) -> None:
        self._close()
        targets = tuple(_words(match["targets"]))
        if not targets:
            return
        rest = match.end()
        if (assignment := _ASSIGNMENT.match(self.source, _skip(self.source, rest, end), end)) is not None:
            self._assign(assignment, end, targets)
            return
        stop = self._uncommented(rest, end)
        inline = self.source.find(";", rest, stop)
        if inline >= 0:
            first = _skip(self.source, inline + 1, end)
            self._recipe.append(RecipeLine(self.source[first:end].removesuffix("\r"), first, end, tuple(self._conditions)))
            stop = inline
        before, _, after = self.source[rest:stop].partition("|")
        if ": " in before:
            before = before.partition(":")[2]  # a static pattern rule: the middle is the target pattern
        start = match.start("targets") + match["targets"].index(targets[0])
        self._rule = MakeRule(targets, tuple(_words(before)), tuple(_words(after)), (), start, tuple(self._conditions))

    def _close(self) -> None:
        if self._rule is not None:
            self.rules.append(self._rule._replace(recipe=tuple(self._recipe)))
            self._rule = None
        self._recipe = []

    def _condition(self, word: str, rest: str, written: str) -> None:
        stack = self._conditions
        if word in ("ifeq", "ifneq", "ifdef", "ifndef"):
            stack.append(written)
        elif word == "else" and stack:
            top = stack.pop()
            stack.append(rest or f"!{top}")
        elif word == "endif" and stack:
            stack.pop()

    def _uncommented(self, start: int, end: int) -> int:
        comment = _COMMENT.search(self.source, start, end)
        return comment.start() if comment is not None else end


def _skip(source: str, start: int, end: int) -> int:
    while start < end and source[start] in " \t":
        start += 1
    return start


def _words(written: str) -> Iterator[str]:
    for match in _WORD.finditer(written):
        if match.group() != "\\":
            yield match.group()
