"""Markdown files whose drawings and tables are kept up to date between markers."""

from collections.abc import Mapping
from contextlib import ExitStack
from difflib import unified_diff
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from relgraph.cli.output import write_bytes
from relgraph.cli.workspace import find_node
from relgraph.draw.drawing import View, draw, outline
from relgraph.draw.mermaid import mermaid
from relgraph.edit.markers import Marker, fill, find_markers
from relgraph.errors import DeclarationError, EnvironmentFailure, UsageError
from relgraph.graph.impact import part
from relgraph.infer.facts import Facts
from relgraph.infer.released import released
from relgraph.model.graph import Graph
from relgraph.verify import Request, Workspace, open_facts, open_graphs, states
from relgraph.workspace.find import choose

__all__ = ["Document", "Documents"]

_KINDS = ("graph", "versions")
_WAYS = ("versions", "state", "outline")


class Document(NamedTuple):
    """A file, its content, and its content with every marker filled anew."""

    path: str
    before: bytes
    after: bytes

    def write(self) -> bool:
        """Bring the file up to date; whether anything had to be written."""
        if self.before != self.after:
            write_bytes(self.path, self.after)
        return self.before != self.after

    def difference(self) -> str:
        """What :meth:`write` would change, as a unified diff; empty where the file is up to date."""
        before, after = (data.decode("utf-8", "surrogateescape").splitlines(keepends=True) for data in (self.before, self.after))
        lines = unified_diff(before, after, self.path, f"{self.path} (as the graph has it)")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


class Documents:
    """The files that one command line names; repositories are opened once for all of them, and closed with ``stack``.

    ``graph`` is the one that is meant where a marker names none.
    """

    def __init__(self, request: Request, stack: ExitStack, graph: str | None = None) -> None:
        self._request = request
        self._chosen = graph
        self._stack = stack
        self._facts: dict[str, Facts] = {}
        self._states: dict[str, Mapping[str, str]] = {}

    def read(self, path: str) -> "Document":
        """A file as it is and as it should be. Raises DeclarationError for its markers, EnvironmentFailure where it cannot be read."""
        try:
            data = Path(path).read_bytes()
        except OSError as problem:
            missing = "make the file first, with <!-- relgraph:graph --> and <!-- /relgraph --> where the drawing belongs"
            hint = missing if isinstance(problem, FileNotFoundError) else ""
            raise EnvironmentFailure(f"cannot read {path}: {problem.strerror or problem}", hint=hint) from problem
        filled = [(marker, self._text(path, marker)) for marker in find_markers(path, data, _KINDS)]
        return Document(path, data, fill(data, filled))

    def _text(self, path: str, marker: Marker) -> str:
        try:
            return self._drawing(marker) if marker.kind == "graph" else self._tables(marker)
        except UsageError as problem:
            raise DeclarationError(f"{path}:{marker.line}: {problem}", hint=problem.hint) from problem

    def _drawing(self, marker: Marker) -> str:
        graph, words = self._graph([word for word in marker.words if word not in _WAYS])
        if len(words) > 1:
            raise UsageError(f"'{words[1]}' is one node too many", hint=f"a graph's name, a node, and any of {', '.join(_WAYS)}")
        view = View()
        if words:
            if "outline" in marker.words:
                raise UsageError("an outline shows all repositories, and no node", hint="leave out one of the two")
            view = View(*part(graph, find_node(graph, words[0]).id))
        if "versions" in marker.words:
            declared = self._facts_of(graph).declared
            assert declared is not None  # noqa: S101 - facts of a graph are declared
            view = view._replace(versions={node: version.written for node, version in declared.versions.items()})
        if "state" in marker.words:
            if graph.name not in self._states:
                self._states[graph.name] = states(self._workspace(graph), self._request)
            view = view._replace(states=self._states[graph.name])
        text = mermaid((outline if "outline" in marker.words else draw)(graph, view))
        return f"```mermaid\n{text}```"

    def _tables(self, marker: Marker) -> str:
        graph, words = self._graph([word for word in marker.words if not word.startswith("last=")])
        last = _last(marker)
        if not words:
            raise UsageError("a table of versions is of a node", hint="name it: <!-- relgraph:versions charts.web -->")
        blocks = []
        for word in words:
            node = find_node(graph, word)
            table = released(self._facts_of(graph), node)
            if table is None:
                raise UsageError(
                    f"{node.id} has no releases to tell of",
                    hint="a table is of a repository, image, chart or tool whose repository has a clone here",
                )
            blocks += [f"**{node.id}**"] if len(words) > 1 else []
            blocks.append(_markdown(table.titles, table.rows[-last:] if last else table.rows))
        return "\n\n".join(blocks)

    def _graph(self, words: list[str]) -> tuple[Graph, list[str]]:
        """The graph that a marker speaks of, and its other words."""
        if words and words[0] in self._graphs:
            return self._graphs[words[0]], words[1:]
        return choose(self._graphs, self._chosen), words

    @cached_property
    def _opened(self) -> tuple[Path, Mapping[str, Graph]]:
        return open_graphs(Path.cwd())

    @property
    def _graphs(self) -> Mapping[str, Graph]:
        return self._opened[1]

    def _workspace(self, graph: Graph) -> Workspace:
        return Workspace(self._opened[0], graph)

    def _facts_of(self, graph: Graph) -> Facts:
        if graph.name not in self._facts:
            self._facts[graph.name] = open_facts(self._workspace(graph), self._request, self._stack, sites=False)
        return self._facts[graph.name]


def _last(marker: Marker) -> int:
    """How many rows are wanted; 0 for all."""
    wanted = [word.removeprefix("last=") for word in marker.words if word.startswith("last=")]
    if any(not word.isascii() or not word.isdigit() or int(word) == 0 for word in wanted):
        raise UsageError(f"last={wanted[0]} is no number of rows", hint="as last=5")
    return int(wanted[-1]) if wanted else 0


def _markdown(titles: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    """A table (GitHub Flavored Markdown, section 4.10), its columns aligned."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (titles, *rows)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(titles))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells]
    return "\n".join([lines[0], "| " + " | ".join("-" * width for width in widths) + " |", *lines[1:]])
