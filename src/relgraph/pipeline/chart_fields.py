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
    match = re.search(
        rf"^{name}[ \t]*:[ \t]*(?P<quote>[\"']?)(?P<value>[^\n]*?)(?P=quote)[ \t]*(?:[ \t]#[^\n]*)?\r?$", source, re.MULTILINE
    )
    return None if match is None or not match["value"] else ChartField(match["value"], *match.span("value"))
