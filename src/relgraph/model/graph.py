"""The declared graph as values: nodes, edges, waivers, and the places where they are declared."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

__all__ = ["DeclaredSite", "Edge", "EdgeKind", "Follow", "Graph", "Node", "Origin", "SeverityChange", "Waiver"]


class Origin(NamedTuple):
    """A place in a declaration: path of the document, line and column from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class EdgeKind(StrEnum):
    """What a node has of another."""

    BUILDS_FROM = "builds-from"  #: solid: at build time
    REFERS_TO = "refers-to"  #: dashed: at run time
    CONTAINS = "contains"  #: holds the other as a part


class Follow(StrEnum):
    """Which version of its target an edge means."""

    TAG = "tag"  #: the version that is being released with it
    MAIN = "main"  #: the newest commit
    LAST_RELEASE = "last-release"  #: the newest release
    PINNED = "pinned"  #: the one that is written; it only has to exist, and to be one


class Node(NamedTuple):
    """One declared thing.

    ``id`` is ``section.name`` (``images.web``); ``ref`` says where it is published or cloned from, ``tag`` how its versions are
    written (``v{version}``); ``source`` and ``paths`` are its files in the repository that it is built from; ``fields`` are
    the remaining declared values of its kind, as plain values.
    """

    id: str
    kind: str
    name: str
    origin: Origin
    ref: str = ""
    tag: str = ""
    source: str = ""
    paths: tuple[str, ...] = ()
    fields: tuple[tuple[str, Any], ...] = ()

    def get(self, field: str, default: Any = None) -> Any:
        """The declared value of a field of its kind, or ``default``."""
        for name, value in self.fields:
            if name == field:
                return value
        return default


class Edge(NamedTuple):
    """``tail`` depends on ``head`` (both node ids). ``constraint`` is a version range, ``path`` the file that builds it."""

    tail: str
    head: str
    kind: EdgeKind
    origin: Origin
    follow: Follow | None = None
    constraint: str = ""
    path: str = ""


class Waiver(NamedTuple):
    """Findings that are accepted: of one rule (or all, ``*``), at sites that match a path pattern or of one node.

    ``expires`` is the last day (ISO) on which it holds, or empty.
    """

    rule: str
    site: str
    node: str
    reason: str
    owner: str
    expires: str
    origin: Origin


class SeverityChange(NamedTuple):
    """A rule whose severity this graph raises or lowers (``off`` silences it), and why."""

    rule: str
    severity: str
    reason: str
    origin: Origin


class DeclaredSite(NamedTuple):
    """A site that no syntax shows: a file with a YAML address or an expression with one group, and how many are expected."""

    node: str
    repo: str
    path: str
    yaml: str
    match: str
    times: int
    origin: Origin


class Graph(NamedTuple):
    """One graph of that name, put together from all documents that declare it."""

    name: str
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    severities: tuple[SeverityChange, ...] = ()
    sites: tuple[DeclaredSite, ...] = ()
