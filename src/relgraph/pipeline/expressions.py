"""Expressions of GitHub workflows (https://docs.github.com/actions/reference/evaluate-expressions-in-workflows-and-actions).

Values are texts, truth values, or None where nothing is known; a text may have holes.
"""

import re
from collections.abc import Callable

from relgraph.pipeline.value import Holes, is_known

__all__ = ["Lookup", "evaluate", "interpolate", "truth"]

#: From a context path (``env.TAG``, ``steps.version.outputs.tag``) to its text; None: known to be absent.
Lookup = Callable[[str], str | None]

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<name>[A-Za-z_][\w-]*(?:\s*(?:\.\s*(?:[A-Za-z_][\w-]*|\*)|\[\s*(?:'[^']*'|\d+)\s*\]))*)"
    r"|(?P<mark>==|!=|<=|>=|&&|\|\||[!<>(),]))"
)
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_INDEX = re.compile(r"\[\s*'?([^'\]]*)'?\s*\]")


class _Syntax(ValueError):
    """The expression cannot be read."""


def interpolate(text: str, lookup: Lookup, holes: Holes) -> str:
    """A text with its ``${{ }}`` replaced."""
    out: list[str] = []
    position = 0
    while (start := text.find("${{", position)) >= 0 and (end := text.find("}}", start)) >= 0:
        out += [text[position:start], evaluate(text[start + 3 : end].strip(), lookup, holes)]
        position = end + 2
    return "".join(out) + text[position:]


def evaluate(expression: str, lookup: Lookup, holes: Holes) -> str:
    """The text of an expression's value."""
    value = _value(expression, lookup, holes)
    if value is None:
        return holes.mark(f"${{{{ {expression} }}}}" if is_known(expression) else "an expression")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def truth(condition: str, lookup: Lookup, holes: Holes) -> bool | None:
    """Whether an ``if:`` holds; None where that is not known."""
    match = _EXPRESSION.fullmatch(condition.strip())
    return _truth(_value(match[1].strip() if match is not None else condition, lookup, holes))


def _truth(value: str | bool | None) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    if is_known(value):
        return value not in ("", "0", "false", "null")
    return True if any(is_known(char) for char in value) else None


def _value(expression: str, lookup: Lookup, holes: Holes) -> str | bool | None:
    try:
        parser = _Parser(expression, lookup, holes)
        value = parser.either()
        if parser.index < len(parser.tokens):
            raise _Syntax
    except (_Syntax, IndexError, RecursionError):
        return None
    return value


class _Parser:
    def __init__(self, expression: str, lookup: Lookup, holes: Holes) -> None:
        self.lookup = lookup
        self.holes = holes
        self.tokens: list[tuple[str, str]] = []
        self.index = 0
        expression = expression.strip()
        position = 0
        while position < len(expression):
            match = _TOKEN.match(expression, position)
            if match is None or match.lastgroup is None:
                raise _Syntax
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()

    def _next(self, *marks: str) -> str | None:
        if self.index < len(self.tokens) and self.tokens[self.index][0] == "mark" and self.tokens[self.index][1] in marks:
            self.index += 1
            return self.tokens[self.index - 1][1]
        return None

    def either(self) -> str | bool | None:
        value = self._both()
        while self._next("||"):
            other = self._both()
            known = _truth(value)
            value = None if known is None else value if known else other
        return value

    def _both(self) -> str | bool | None:
        value = self._comparison()
        while self._next("&&"):
            other = self._comparison()
            known = _truth(value)
            if known is None:
                value = False if _truth(other) is False else None
            else:
                value = other if known else value
        return value

    def _comparison(self) -> str | bool | None:
        left = self._unary()
        operator = self._next("==", "!=", "<", "<=", ">", ">=")
        if operator is None:
            return left
        right = self._unary()
        same = self._same(left, right)
        if operator not in ("==", "!=") or same is None:
            return None
        return same is (operator == "==")

    @staticmethod
    def _same(left: str | bool | None, right: str | bool | None) -> bool | None:
        if left is None or right is None:
            return None
        a = ("true" if left else "false") if isinstance(left, bool) else left
        b = ("true" if right else "false") if isinstance(right, bool) else right
        if is_known(a) and is_known(b):
            return a.lower() == b.lower()
        for one, two in zip(a, b, strict=False):
            if not is_known(one) or not is_known(two):
                return None
            if one.lower() != two.lower():
                return False
        return None

    def _unary(self) -> str | bool | None:
        if self._next("!"):
            known = _truth(self._unary())
            return None if known is None else not known
        if self._next("("):
            value = self.either()
            if not self._next(")"):
                raise _Syntax
            return value
        kind, text = self.tokens[self.index]
        self.index += 1
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return text
        if kind == "name":
            if self._next("("):
                return self._function(text.lower())
            if text in ("true", "false"):
                return text == "true"
            if text == "null":
                return ""
            return self.lookup(_INDEX.sub(lambda match: f".{match[1]}", re.sub(r"\s", "", text)))
        raise _Syntax

    def _function(self, name: str) -> str | bool | None:
        arguments: list[str | bool | None] = []
        while not self._next(")"):
            arguments.append(self.either())
            self._next(",")
        if name in ("success", "always"):
            return True
        if name in ("failure", "cancelled"):
            return False
        if name == "format" and arguments:
            return self._format(arguments)
        if any(argument is None for argument in arguments):
            return None
        texts = [("true" if argument else "false") if isinstance(argument, bool) else argument or "" for argument in arguments]
        if name in ("contains", "startswith", "endswith") and len(texts) == 2:
            return self._search(name, texts[0].lower(), texts[1].lower())
        if name == "join" and texts:
            return texts[0]
        return None

    def _format(self, arguments: list[str | bool | None]) -> str | None:
        form = arguments[0]
        if not isinstance(form, str):
            return None
        texts = [
            self.holes.mark("an argument of format()")
            if one is None
            else ("true" if one else "false")
            if isinstance(one, bool)
            else one
            for one in arguments[1:]
        ]
        return re.sub(
            r"\{\{|\}\}|\{(\d{1,9})\}",
            lambda match: match.group()[0] if match[1] is None else texts[int(match[1])] if int(match[1]) < len(texts) else "",
            form,
        )

    @staticmethod
    def _search(name: str, text: str, wanted: str) -> bool | None:
        if is_known(text) and is_known(wanted):
            return (
                wanted in text if name == "contains" else text.startswith(wanted) if name == "startswith" else text.endswith(wanted)
            )
        if name == "contains" and is_known(wanted) and wanted in text:
            return True
        head = text[: next((i for i, char in enumerate(text) if not is_known(char)), len(text))]
        if name == "startswith" and is_known(wanted):
            return True if head.startswith(wanted) else None if wanted.startswith(head) else False
        return None
