"""Finding a workspace: the folder with a ``graph/`` of declarations, and the graph that is meant."""

from collections.abc import Mapping
from pathlib import Path

from relgraph.errors import DeclarationError, EnvironmentFailure, UsageError
from relgraph.model.graph import Graph

__all__ = ["DEFAULT", "choose", "documents", "find_workspace"]

#: The graph of a workspace that holds several and is asked for none.
DEFAULT = "relgraph"


def find_workspace(start: Path) -> Path:
    """The nearest folder at or above ``start`` with a ``graph/*.yaml``. Raises UsageError where there is none."""
    for folder in (start, *start.parents):
        if any(_paths(folder)):
            return folder
    raise UsageError(
        f"no workspace at or above {start}",
        hint="a workspace has a folder graph/ with a YAML document (`relgraph explain graph` shows one); `relgraph scan` needs none",
    )


def documents(workspace: Path) -> list[tuple[str, bytes]]:
    """Path (relative to the workspace) and content of every document, by path. Raises EnvironmentFailure on one that cannot be read."""
    found = []
    for path in sorted(_paths(workspace)):
        try:
            found.append((path.relative_to(workspace).as_posix(), path.read_bytes()))
        except OSError as problem:
            raise EnvironmentFailure(f"{path}: {problem.strerror}") from problem
    return found


def choose(graphs: Mapping[str, Graph], name: str | None) -> Graph:
    """The graph of that name; without one, the only graph or the one called ``relgraph``."""
    if name is not None:
        if name in graphs:
            return graphs[name]
        from difflib import get_close_matches

        close = get_close_matches(name, graphs, n=1)
        known = ", ".join(sorted(graphs))
        raise UsageError(f"no graph '{name}'", hint=f"did you mean '{close[0]}'?" if close else f"there are {known}")
    if len(graphs) == 1:
        return next(iter(graphs.values()))
    if DEFAULT in graphs:
        return graphs[DEFAULT]
    if not graphs:
        raise DeclarationError(
            "graph/ declares no graph",
            hint="a document begins with apiVersion, kind: Graph and metadata.name; `relgraph explain graph` shows one",
        )
    raise UsageError("several graphs are declared", hint="choose one with --graph: " + ", ".join(sorted(graphs)))


def _paths(folder: Path) -> list[Path]:
    return [path for pattern in ("*.yaml", "*.yml") for path in (folder / "graph").glob(pattern)]
