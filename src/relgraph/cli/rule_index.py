"""Codes, names and summaries of all rules, for shell completion, which has no time to import the rules themselves.

The file is derived from the registry by ``invoke docs``; a test compares the two.
"""

import os
from collections.abc import Iterable

__all__ = ["INDEX", "index_text", "rule_index"]

INDEX = "src/relgraph/cli/rule_index.tsv"


def rule_index() -> list[tuple[str, str, str]]:
    """Code, name and summary of every rule, in the order of the registry."""
    with open(os.path.splitext(__file__)[0] + ".tsv", encoding="utf-8") as stream:
        rows = [line.rstrip("\n").split("\t") for line in stream]
    return [(code, name, summary) for code, name, summary in rows]


def index_text(rules: Iterable[tuple[str, str, str]]) -> str:
    """The text of the file."""
    return "".join(f"{code}\t{name}\t{' '.join(summary.split())}\n" for code, name, summary in rules)
