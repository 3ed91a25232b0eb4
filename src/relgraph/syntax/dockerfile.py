"""Dockerfiles with positions: one instruction each, with continuation lines and here-documents.

Follows the Dockerfile reference (https://docs.docker.com/reference/dockerfile/): parser directives, line continuation by the
escape character, comment lines within continued instructions, here-documents of ``RUN``, ``COPY`` and ``ADD``.
"""

import re
from typing import NamedTuple

from relgraph.syntax.text import Text

__all__ = ["Instruction", "read_dockerfile"]

_DIRECTIVE = re.compile(r"#\s*(?P<name>\w+)\s*=\s*(?P<value>\S+)[ \t]*\r?\n?")
_KEYWORD = re.compile(r"[ \t]*(?P<keyword>[A-Za-z]+)[ \t]*+")
_HEREDOC = re.compile(r"<<-?[ \t]*(?P<quote>[\"']?)(?P<tag>[A-Za-z_][\w.-]*)(?P=quote)")


class Instruction(NamedTuple):
    """One instruction: its keyword in capitals and the bounds of its arguments, here-documents included."""

    keyword: str
    start: int
    end: int


def read_dockerfile(text: Text) -> tuple[Instruction, ...]:
    """Read a Dockerfile; lines that are no instruction are skipped, and nothing raises."""
    source, size = text.text, len(text.text)
    escape = "\\"
    position = 0
    while (directive := _DIRECTIVE.match(source, position)) is not None:
        if directive["name"].lower() == "escape" and directive["value"] in ("\\", "`"):
            escape = directive["value"]
        position = max(directive.end(), position + 1)
    found = []
    while position < size:
        end = _line_end(source, position)
        line = source[position:end].strip()
        if not line or line[0] == "#":
            position = end + 1
            continue
        end = _continued(source, position, escape)
        match = _KEYWORD.match(source, position, end)
        if match is not None:
            keyword = match["keyword"].upper()
            if keyword in ("RUN", "COPY", "ADD"):
                end = _documents(source, match.end(), end)
            found.append(Instruction(keyword, match.end(), max(end, match.end())))
        position = end + 1
    return tuple(found)


def _line_end(source: str, position: int) -> int:
    end = source.find("\n", position)
    return len(source) if end < 0 else end


def _continued(source: str, position: int, escape: str) -> int:
    """The end of an instruction that begins at ``position``: of the first line that no escape character ends."""
    while True:
        end = _line_end(source, position)
        line = source[position:end].strip()
        if end >= len(source) or not (line.endswith(escape) or line.startswith("#") or not line):
            return end
        position = end + 1


def _documents(source: str, start: int, end: int) -> int:
    """The end of the last here-document that the instruction opens; ``end`` where it opens none."""
    for match in _HEREDOC.finditer(source, start, end):
        closing = re.compile(rf"^\t*{re.escape(match['tag'])}[ \t]*\r?$", re.MULTILINE).search(source, end)
        if closing is None:
            return len(source)
        end = closing.end()
    return end
