"""``graph``: draw the declared graph."""

from contextlib import ExitStack

from relgraph.cli.command import Values
from relgraph.cli.terminal import Terminal
from relgraph.cli.workspace import find_node, request_of, workspace_of
from relgraph.draw.jsongraph import json_graph
from relgraph.draw.mermaid import mermaid
from relgraph.graph.build import home
from relgraph.graph.impact import around
from relgraph.verify import open_facts, states, verify

__all__ = ["run"]


def run(values: Values, terminal: Terminal) -> int:
    """Print the drawing."""
    workspace = workspace_of(values)
    graph = workspace.graph
    word = values.get("node")
    only = None if word is None else around(graph, find_node(graph, word).id)
    coloured = states(graph, verify(workspace, request_of(values))) if values.flag("state") else {}
    versions = {}
    if values.flag("versions"):
        with ExitStack() as stack:
            declared = open_facts(workspace, request_of(values), stack, sites=False).declared
            versions = {} if declared is None else dict(declared.versions)
    if values.get("format") == "json":
        terminal.write(json_graph(graph, versions, coloured, only))
    else:
        labels = {node: version.written for node, version in versions.items()}
        terminal.write(mermaid(graph, home(graph), labels, coloured, only))
    return 0
