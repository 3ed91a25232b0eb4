"""``why``: the chain of reasons for a node's version."""

import json
from contextlib import ExitStack

from relgraph.cli.command import Values
from relgraph.cli.terminal import Terminal
from relgraph.cli.workspace import find_node, opened

__all__ = ["run"]


def run(values: Values, terminal: Terminal) -> int:
    """Print the reasons, from the node to the tag, field or declaration."""
    with ExitStack() as stack:
        declared = opened(values, terminal, stack, sites=False).declared
    assert declared is not None  # noqa: S101 - a workspace always declares
    node = find_node(declared.graph, values.get("node") or "")
    version = declared.versions[node.id]
    if values.get("format") == "json":
        answer = {"schema": "relgraph.dev/why/v1", "node": node.id, "version": version.written, "why": list(version.reasons)}
        terminal.write(json.dumps(answer, indent=1) + "\n")
        return 0
    terminal.write(f"{node.id} is {version.written or 'without a version'}\n")
    for reason in version.reasons:
        terminal.write(f"  because {reason}\n")
    return 0
