"""The data subset of CUE: what ``cue.mod/module.cue`` is written in.

Fields with concrete values: structs (``a: b: 1`` for ``a: {b: 1}``), lists, strings, numbers, booleans, null, comments.
Everything that would have to be evaluated (references, expressions, defaults, interpolation, ``let``) is refused, as CUE
itself refuses it in that file (https://cuelang.org/docs/reference/modules; https://cuelang.org/docs/reference/spec).
"""

import re
from typing import Any, NoReturn

from relgraph.errors import DeclarationError

__all__ = ["CueProblem", "load_cue_data"]

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r]++|//[^\n]*+)|(?P<newline>\n)|(?P<mark>[{}\[\]:,])"
    r"|(?P<long>\"\"\"|''')"
    r"|(?P<raw>#\"(?:[^\"\n]|\"(?!#))*+\"#)"
    r"|(?P<string>\"(?:[^\"\\\n]|\\.)*+\")"
    r"|(?P<number>[+-]?(?:0x[0-9a-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?))"
    r"|(?P<word>[A-Za-z_$#][A-Za-z0-9_$#]*+)"
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "/": "/", "\\": "\\", '"': '"', "'": "'"}
_CONSTANTS = {"true": True, "false": False, "null": None}
_DEEPEST = 32


class CueProblem(DeclarationError):
    """A file that is not plain CUE data; ``line`` counts from 1."""

    def __init__(self, what: str, line: int, reason: str) -> None:
        super().__init__(f"{what}: line {line}: {reason}", hint="the file holds plain data: fields, texts, numbers, lists, structs")
        self.line = line


def load_cue_data(data: bytes, *, what: str, limit: int = 16 << 20) -> dict[str, Any]:
    """The fields of a file as plain values. Raises :class:`CueProblem`; ``what`` names the file in messages."""
    if len(data) > limit:
        raise CueProblem(what, 1, f"{len(data)} bytes, more than the {limit} allowed")
    try:
        text = data.decode()
    except UnicodeDecodeError as problem:
        raise CueProblem(what, data[: problem.start].count(b"\n") + 1, "not UTF-8") from None
    return _Reader(text, what).file()


class _Reader:
    def __init__(self, text: str, what: str) -> None:
        self._text = text
        self._what = what
        self._at = 0
        self._kind = ""
        self._token = ""
        self._start = 0
        self._fresh = True  # whether a line has begun since the last token
        self._advance()

    def file(self) -> dict[str, Any]:
        fields = self._fields("", 0)
        if self._kind:
            self._fail(f"{self._token!r} is out of place")
        return fields

    def _advance(self) -> None:
        self._fresh = False
        while self._at < len(self._text):
            match = _TOKEN.match(self._text, self._at)
            if match is None:
                self._start = self._at
                self._fail(f"{self._text[self._at]!r} cannot stand in plain data")
            self._start, self._at = self._at, match.end()
            kind = match.lastgroup or ""
            if kind == "newline":
                self._fresh = True
            elif kind != "blank":
                self._kind, self._token = kind, match[0]
                return
        self._start = self._at
        self._kind, self._token = "", ""

    def _fields(self, end: str, depth: int) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        while self._kind and self._token != end:
            label = self._label()
            self._expect(":")
            self._merge(fields, label, self._value(depth))
            self._separate(end)
        return fields

    def _label(self) -> str:
        if self._kind == "word":
            if self._token in ("let", "import", "for", "if", "package"):
                self._fail(f"{self._token!r} cannot stand in plain data")
            label = self._token
        elif self._kind == "string":
            label = self._unquote(self._token[1:-1])
        else:
            self._fail(f"a field is expected, not {self._token or 'the end'!r}")
        self._advance()
        return label

    def _value(self, depth: int) -> Any:
        if depth > _DEEPEST:
            self._fail("nested too deep")
        kind, token = self._kind, self._token
        if kind == "long":
            self._fail("texts of several lines are not read here")
        if self._is_label():
            label = self._label()
            self._expect(":")
            return {label: self._value(depth + 1)}
        if token == "{":
            self._advance()
            fields = self._fields("}", depth + 1)
            self._expect("}")
            return fields
        if token == "[":
            return self._items(depth)
        if kind not in ("string", "raw", "number") and token not in _CONSTANTS:
            self._fail(f"{token or 'the end'!r} is no plain value")
        self._advance()
        if kind == "string":
            return self._unquote(token[1:-1])
        if kind == "raw":
            return token[2:-2]
        return self._number(token) if kind == "number" else _CONSTANTS[token]

    def _items(self, depth: int) -> list[Any]:
        self._advance()
        items = []
        while self._token != "]":
            items.append(self._value(depth + 1))
            if self._token != "]":
                self._expect(",")
        self._advance()
        return items

    def _is_label(self) -> bool:
        return self._kind in ("word", "string") and re.compile(r"[ \t]*:").match(self._text, self._at) is not None

    def _expect(self, mark: str) -> None:
        if self._token != mark or self._kind != "mark":
            self._fail(f"{mark!r} is expected, not {self._token or 'the end'!r}")
        self._advance()

    def _separate(self, end: str) -> None:
        if self._token == ",":
            self._advance()
        elif self._kind and self._token != end and not self._fresh:
            self._fail(f"a comma or a new line is expected before {self._token!r}")

    def _merge(self, fields: dict[str, Any], label: str, value: Any) -> None:
        if label not in fields:
            fields[label] = value
        elif isinstance(fields[label], dict) and isinstance(value, dict):
            for name, item in value.items():
                self._merge(fields[label], name, item)
        elif fields[label] != value:
            self._fail(f"the field {label!r} has two values")

    def _number(self, token: str) -> int | float:
        digits = token.replace("_", "")
        try:
            return int(digits, 0) if re.fullmatch(r"[+-]?(?:0x.*|0|[1-9]\d*)", digits) else float(digits)
        except ValueError:
            self._fail(f"{token[:40]!r} is no number")

    def _unquote(self, body: str) -> str:
        def replace(match: re.Match[str]) -> str:
            if match[3] is None:
                point = int(match[1] or match[2], 16)
                if point > 0x10FFFF or 0xD800 <= point < 0xE000:
                    self._fail(f"{match[0]} is no character")
                return chr(point)
            if match[3] not in _ESCAPES:
                self._fail(f"\\{match[3]} cannot stand in plain data")
            return _ESCAPES[match[3]]

        return _ESCAPE.sub(replace, body)

    def _fail(self, reason: str) -> NoReturn:
        raise CueProblem(self._what, self._text.count("\n", 0, self._start) + 1, reason)
