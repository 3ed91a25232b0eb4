"""Declared graphs for tests: short documents, and a strategy that invents more."""

from hypothesis import strategies as st

from relgraph.graph.propagate import RepoState
from relgraph.model.graph import Edge, EdgeKind, Follow, Graph, Node, Origin
from relgraph.model.version import parse_version
from relgraph.workspace.load import load_graphs

__all__ = ["HEAD", "graph_of", "graphs", "states"]

HEAD = "apiVersion: relgraph.dev/v1\nkind: Graph\nmetadata: {name: g}\n"


def graph_of(text: str) -> Graph:
    """The graph of a document without its head."""
    return load_graphs([("graph/g.yaml", (HEAD + text).encode())])["g"]


_FORMS = st.sampled_from(["{version}", "v{version}", "web/v{version}", "{version}-alpine", "v{major}.{minor}"])
_ARTIFACTS = ("image", "chart", "hook", "files", "tool")
_SECTIONS = {"repo": "repos", "image": "images", "chart": "charts", "hook": "hooks", "files": "files", "tool": "tools"}


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graphs of up to four repositories and eight other nodes, with edges of all kinds in any direction: cycles included."""
    kinds = ["repo"] * draw(st.integers(1, 4)) + draw(st.lists(st.sampled_from(_ARTIFACTS), max_size=8))
    nodes = []
    for number, kind in enumerate(kinds):
        name = f"{kind}{number}"
        published = kind in ("image", "chart", "tool")
        fields: list[tuple[str, object]] = []
        if kind == "repo" and draw(st.booleans()):
            fields.append(("external", True))
        if published and draw(st.integers(0, 5)) == 0:
            fields.append(("version", "1.2.3"))
        if published and draw(st.integers(0, 5)) == 0:
            fields.append(("map", "v1.{minor}.{patch}-x"))
        nodes.append(
            Node(
                f"{_SECTIONS[kind]}.{name}", kind, name, Origin("graph/g.yaml", number + 5, 3),
                ref=f"ghcr.io/example/{name}" if published or kind == "repo" else "",
                tag=draw(_FORMS) if published else "v{version}" if kind == "repo" else "{version}",
                source=f"src/{name}" if kind in ("chart", "hook") and draw(st.booleans()) else "",
                fields=tuple(fields),
            )
        )  # fmt: skip
    ids = [node.id for node in nodes]
    edges = []
    for number, node in enumerate(nodes):
        others = [one for one in ids if one != node.id]
        if node.kind == "repo":
            heads = draw(st.lists(st.sampled_from([one for one in others if one.startswith("repos.")] or [""]), max_size=1))
        else:
            heads = draw(st.lists(st.sampled_from(others), max_size=2, unique=True))
        origin = Origin("graph/g.yaml", number + 5, 9)
        edges += [
            Edge(node.id, head, EdgeKind.BUILDS_FROM, origin, path=draw(st.sampled_from(["", "", "hack/b.sh"])))
            for head in heads
            if head
        ]
        if node.kind != "repo" and others:
            for head in draw(st.lists(st.sampled_from(others), max_size=3, unique=True)):
                kind = draw(st.sampled_from([EdgeKind.REFERS_TO, EdgeKind.REFERS_TO, EdgeKind.CONTAINS]))
                edges.append(Edge(node.id, head, kind, origin, draw(st.none() | st.sampled_from(Follow))))
    return Graph("g", {node.id: node for node in nodes}, tuple(edges))


def states(graph: Graph) -> dict[str, RepoState]:
    """A state for every repository of a graph: at a tag, each at another."""
    repos = sorted(node.id for node in graph.nodes.values() if node.kind == "repo")
    return {one: RepoState(parse_version(f"{n}.2.3"), f"{one} is at tag v{n}.2.3") for n, one in enumerate(repos, 1)}
