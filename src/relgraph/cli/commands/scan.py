"""``scan``: judge repositories that declare nothing, and print what was found."""

from relgraph.cli.command import Values
from relgraph.cli.terminal import Terminal
from relgraph.cli.words import day

__all__ = ["run"]


def run(values: Values, terminal: Terminal) -> int:
    """Scan, select, print; 1 where something of severity error was found, whatever is listed."""
    as_of = day(values.get("as-of"))

    from relgraph.cli.findings import show
    from relgraph.cli.rules import find_rule
    from relgraph.rules.scanned import SCANNED
    from relgraph.scan import scan

    for word in values.many("rule"):
        find_rule(word)  # a misspelt rule is told before the work begins
    return show(scan(values.many("target"), values.many("with"), as_of), values, terminal, SCANNED)
