"""``versions``: every node's version and where it comes from."""

import json
from contextlib import ExitStack

from relgraph.cli.command import Values
from relgraph.cli.terminal import Terminal
from relgraph.cli.workspace import opened

__all__ = ["run"]


def run(values: Values, terminal: Terminal) -> int:
    """Print the table."""
    with ExitStack() as stack:
        declared = opened(values, terminal, stack, sites=False).declared
    assert declared is not None  # noqa: S101 - a workspace always declares
    rows = [(node.id, declared.versions[node.id]) for node in declared.graph.nodes.values()]
    if values.get("format") == "json":
        table = [{"node": node, "version": version.written, "why": list(version.reasons)} for node, version in rows]
        terminal.write(json.dumps({"schema": "relgraph.dev/versions/v1", "versions": table}, indent=1) + "\n")
        return 0
    widths = max((len(node) for node, _ in rows), default=0), max((len(version.written or "-") for _, version in rows), default=0)
    for node, version in rows:
        terminal.write(f"{node:{widths[0]}}  {version.written or '-':{widths[1]}}  {version.reasons[-1]}\n")
    return 0
