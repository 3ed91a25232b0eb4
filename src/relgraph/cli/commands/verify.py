"""``verify``: judge a workspace's repositories by its declared graph, and print what was found."""

from relgraph.cli.command import Values
from relgraph.cli.findings import show
from relgraph.cli.terminal import Terminal
from relgraph.cli.workspace import request_of, workspace_of
from relgraph.rules.registry import RULES
from relgraph.verify import verify

__all__ = ["run"]


def run(values: Values, terminal: Terminal) -> int:
    """Verify, select, print; 1 where something of severity error was found, whatever is listed."""
    return show(verify(workspace_of(values), request_of(values)), values, terminal, RULES)
