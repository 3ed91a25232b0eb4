"""TOML with positions, as far as package manifests need it: tables, keys, strings and where they stand.

Follows TOML 1.0 (https://toml.io/en/v1.0.0) for what it reads; what it does not understand it skips, and nothing raises.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from relgraph.syntax.text import Text

__all__ = ["TomlString", "read_toml"]

_TABLE = re.compile(r"[ \t]*\[\[?(?P<name>[^\[\]\n#]+)\]\]?[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)
_KEY = re.compile(
    r"[ \t]*(?P<key>(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*'))*)[ \t]*=[ \t]*"
)
_STRING = r"\"\"\"(?:(?!\"\"\")[\s\S])*+\"\"\"|'''(?:(?!''')[\s\S])*+'''|\"(?:[^\"\\\n]|\\.)*+\"|'[^'\n]*+'"
# Within an array or an inline table: strings, keys, brackets, comments; anything else is passed over.
_TOKEN = re.compile(
    rf"(?P<string>{_STRING})|(?P<key>[A-Za-z0-9_-]+)[ \t]*=(?!=)|(?P<open>[\[{{])|(?P<close>[\]}}])|(?P<comment>#[^\n]*)|(?P<end>\n)"
)
_PART = re.compile(r"[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*'")


_DEEPEST = 32  # keys told of a value; what is nested deeper is no manifest, and would cost quadratic time


class TomlString(NamedTuple):
    """One string value: the keys that lead to it (an array's items share theirs), its content and its bounds without quotes."""

    keys: tuple[str, ...]
    value: str
    start: int
    end: int


def read_toml(text: Text) -> Iterator[TomlString]:
    """Every string value of a document, in order. Escapes within strings are left as written."""
    source, size = text.text, len(text.text)
    table: tuple[str, ...] = ()
    position = 0
    while position < size:
        line_end = source.find("\n", position)
        line_end = size if line_end < 0 else line_end
        if (header := _TABLE.match(source, position, line_end)) is not None:
            table = _keys(header["name"])
            position = line_end + 1
        elif (key := _KEY.match(source, position, line_end)) is not None:
            path = (*table, *_keys(key["key"]))
            strings, position = _value(source, key.end(), path)
            yield from strings
        else:
            position = line_end + 1


def _keys(written: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(written))


def _value(source: str, position: int, path: tuple[str, ...]) -> tuple[list[TomlString], int]:
    """The strings of the value that begins at ``position``, and the offset behind it."""
    found: list[TomlString] = []
    depth = 0
    inner = path
    stack: list[tuple[str, ...]] = []
    for token in _TOKEN.finditer(source, position):
        position = token.end()
        if (string := token["string"]) is not None:
            quotes = 3 if string[:3] in ('"""', "'''") and len(string) > 5 else 1
            found.append(TomlString(inner, string[quotes:-quotes], token.start() + quotes, token.end() - quotes))
        elif token["key"] is not None and depth:
            inner = (*stack[-1][:_DEEPEST], token["key"])
        elif token["open"] is not None:
            depth += 1
            stack.append(inner)
        elif token["close"] is not None and depth:
            depth -= 1
            inner = stack.pop()
        elif token["end"] is not None and not depth:
            return found, position
    return found, len(source)
