"""What the commands of a workspace share: opening it as the command line says, and finding a node by what was typed."""

from contextlib import ExitStack
from difflib import get_close_matches
from pathlib import Path

from relgraph.cli.command import Values
from relgraph.cli.terminal import Terminal
from relgraph.cli.words import day, repos_folder
from relgraph.errors import UsageError
from relgraph.git.clones import Clones, Network
from relgraph.infer.facts import Facts
from relgraph.model.graph import Graph, Node
from relgraph.verify import Request, Workspace, open_facts, open_workspace

__all__ = ["find_node", "named_revisions", "opened", "request_of", "workspace_of"]


def workspace_of(values: Values) -> Workspace:
    """The workspace around the current folder."""
    return open_workspace(Path.cwd(), values.get("graph"))


def request_of(values: Values, terminal: Terminal | None = None) -> Request:
    """What to look at; whoever is at the terminal hears what is being cloned. Raises UsageError."""
    tell = (lambda _: None) if terminal is None else terminal.progress
    if values.flag("offline") and values.flag("fetch"):
        raise UsageError("--offline and --fetch contradict each other")
    network = Network.NEVER if values.flag("offline") else Network.ALWAYS if values.flag("fetch") else Network.MISSING
    clones = Clones(network, tell=lambda text: tell(f"relgraph: {text}"))
    return Request(repos_folder(values), named_revisions(values, "rev"), day(values.get("as-of")), clones=clones)


def named_revisions(values: Values, option: str) -> tuple[tuple[str, str], ...]:
    """The revisions that an option gives, by the name of the repository; without one, it is the workspace's own (empty name)."""
    found = []
    for word in values.many(option):
        name, equals, rev = word.partition("=")
        found.append((name, rev) if equals else ("", word))
    return tuple(found)


def opened(values: Values, terminal: Terminal, stack: ExitStack, *, sites: bool) -> Facts:
    """The facts of the workspace's world."""
    return open_facts(workspace_of(values), request_of(values, terminal), stack, sites=sites)


def find_node(graph: Graph, word: str) -> Node:
    """The node that a word names: an id, or a name that only one node has. Raises UsageError."""
    if word in graph.nodes:
        return graph.nodes[word]
    named = [node for node in graph.nodes.values() if node.name == word]
    if len(named) == 1:
        return named[0]
    if named:
        raise UsageError(f"'{word}' may be {' or '.join(sorted(node.id for node in named))}", hint="write the section too")
    close = get_close_matches(word, [*graph.nodes, *(node.name for node in graph.nodes.values())], n=1)
    raise UsageError(
        f"the graph has no node '{word}'", hint=f"did you mean '{close[0]}'?" if close else "`relgraph versions` lists all"
    )
