"""``scan``: judge repositories that declare nothing, and print what was found."""

from relgraph.cli.command import Values
from relgraph.cli.terminal import Terminal
from relgraph.cli.words import day

__all__ = ["run"]


def run(values: Values, terminal: Terminal) -> int:
    """Scan, select, print; 1 where something of severity error was found, whatever is listed."""
    as_of = day(values.get("as-of"))

    if words := values.many("rule"):
        from relgraph.cli.rules import find_rule

        for word in words:
            find_rule(word)  # a misspelt rule is told before the work begins

    # The scan imports what it needs while git works; what comes after it, after it.
    from relgraph.scan import scan

    found = scan(values.many("target"), values.many("with"), as_of)

    from relgraph.cli.findings import show
    from relgraph.rules.scanned import SCANNED

    return show(found, values, terminal, SCANNED)
