"""How the outcome of a ``store`` command is written."""

from collections.abc import Mapping
from json import dumps
from typing import Any

from relgraph.cli.command import Values
from relgraph.cli.terminal import Terminal
from relgraph.report.clean import visible

__all__ = ["SCHEMA", "report"]

#: What the JSON of these commands says of itself.
SCHEMA = "relgraph.dev/store/v1"


def report(values: Values, terminal: Terminal, facts: Mapping[str, Any], text: str) -> int:
    """Write the facts as JSON, or the text for people; always 0."""
    if values.get("format") == "json":
        terminal.write(dumps({"schema": SCHEMA, **facts}, indent=2, ensure_ascii=False) + "\n")
    elif text:
        terminal.write("".join(f"{_indented(line)}\n" for line in text.split("\n")))
    return 0


def _indented(line: str) -> str:
    # Names come from strangers; the indentation is ours.
    rest = line.lstrip(" ")
    return " " * (len(line) - len(rest)) + visible(rest)
