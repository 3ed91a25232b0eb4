"""Top-level fields of ``Chart.yaml``, read without a parser so that a template in another line does no harm."""

import re
from typing import NamedTuple

__all__ = ["ChartField", "chart_field"]


class ChartField(NamedTuple):
    """A top-level field of ``Chart.yaml``: its value, and the bounds of that in the text."""

    text: str
    start: int
    end: int


def chart_field(source: str, name: str) -> ChartField | None:
    """The field of that name, or None."""
    match = re.search(rf"^{name}[ \t]*+:[ \t]*+([^\n]*+)", source, re.MULTILINE)
    if match is None:
        return None
    value, start = match[1].partition(" #")[0].rstrip(), match.start(1)
    if len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]:
        value, start = value[1:-1], start + 1
    return ChartField(value, start, start + len(value)) if value and not value.startswith("#") else None
