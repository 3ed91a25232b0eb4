"""``graph``: draw the declared graph, or keep the drawings and tables of Markdown files up to date."""

from contextlib import ExitStack

from relgraph.cli.command import Values
from relgraph.cli.documents import Documents
from relgraph.cli.terminal import Terminal
from relgraph.cli.workspace import find_node, request_of, workspace_of
from relgraph.draw.drawing import View, draw, outline
from relgraph.draw.jsongraph import json_graph
from relgraph.draw.mermaid import mermaid
from relgraph.errors import UsageError
from relgraph.graph.impact import part
from relgraph.graph.propagate import NodeVersion
from relgraph.verify import open_facts, states

__all__ = ["run"]

# What mermaid draws without being told otherwise (its settings maxEdges and maxTextSize, which a page cannot change by itself).
_MOST_ARROWS, _MOST_TEXT = 500, 50_000


def run(values: Values, terminal: Terminal) -> int:
    """Print the drawing, or write or check files; 1 where a checked file is out of date."""
    if values.many("write") or values.many("check"):
        return _files(values, terminal)
    workspace = workspace_of(values)
    graph = workspace.graph
    word = values.get("node")
    if word is not None and values.flag("outline"):
        raise UsageError("an outline shows all repositories, and no node", hint="leave out one of the two")
    view = View() if word is None else View(*part(graph, find_node(graph, word).id))
    request = request_of(values, terminal)
    coloured = states(workspace, request) if values.flag("state") else {}
    versions: dict[str, NodeVersion] = {}
    if values.flag("versions"):
        with ExitStack() as stack:
            declared = open_facts(workspace, request, stack, sites=False).declared
            versions = {} if declared is None else dict(declared.versions)
    view = view._replace(versions={node: version.written for node, version in versions.items()}, states=coloured)
    drawing = (outline if values.flag("outline") else draw)(graph, view)
    if values.get("format") == "json":
        terminal.write(json_graph(graph, drawing, versions, coloured))
        return 0
    text = mermaid(drawing)
    terminal.write(text)
    if len(drawing.arrows) > _MOST_ARROWS or len(text) > _MOST_TEXT:
        terminal.say(
            f"relgraph: mermaid draws at most {_MOST_ARROWS} arrows and {_MOST_TEXT} characters unless its page is told otherwise; "
            f"here are {len(drawing.arrows)} and {len(text)}: name a node to draw a part"
        )
    return 0


def _files(values: Values, terminal: Terminal) -> int:
    for option in ("node", "outline", "versions", "state"):
        if values.get(option) is not None or values.flag(option):
            raise UsageError(
                f"{'NODE' if option == 'node' else f'--{option}'} does not go with --write and --check",
                hint="what is drawn is said in the file: <!-- relgraph:graph NODE versions -->",
            )
    with ExitStack() as stack:
        documents = Documents(request_of(values, terminal), stack, values.get("graph"))
        # All are read before the first is written: a mistake in one leaves all as they were.
        written = [documents.read(path) for path in values.many("write")]
        checked = [documents.read(path) for path in values.many("check")]
    for document in written:
        if document.write():
            terminal.say(f"relgraph: {document.path} updated")
    differences = [document.difference() for document in checked]
    terminal.write("".join(differences))
    return 1 if any(differences) else 0
