"""What a declared graph says of a world: which repository is which, whose an artifact is, and every node's version there."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cached_property, lru_cache

from relgraph.graph.build import builder_of, home
from relgraph.graph.propagate import NodeVersion
from relgraph.infer.identity import Stated
from relgraph.infer.lines import Line, git_line
from relgraph.infer.standing import is_skipped
from relgraph.model.graph import Edge, EdgeKind, Graph, Node
from relgraph.model.published import NOTHING_LOOKED_AT, Published
from relgraph.model.site import Site
from relgraph.model.world import Subject
from relgraph.sites.build import canonical_image

__all__ = ["Declared", "address_of", "matches", "patterns_of"]

_URL = re.compile(r"(?:https?|ssh|git)://(?:[^/@]*@)?([^/:]+)(?::\d+)?/(.+?)(?:\.git)?/?|[^@/]+@([^:/]+):(.+?)(?:\.git)?/?")


class Declared:
    """A graph, the versions of its nodes in this world, and the repositories that were opened for it (by node id).

    ``today`` is the day by which waivers expire, ``published`` what is known of releases that were made.
    """

    def __init__(
        self,
        graph: Graph,
        versions: Mapping[str, NodeVersion],
        subjects: Mapping[str, Subject],
        today: date | None = None,
        published: Published = NOTHING_LOOKED_AT,
    ) -> None:
        self.today = today
        self.published = published
        self.graph = graph
        self.versions = versions
        self.subjects = subjects

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """The repository (node id) that each node's files lie in."""
        return home(self.graph)

    @cached_property
    def builders(self) -> Mapping[str, Edge]:
        """The edge that each node's version comes along."""
        return builder_of(self.graph)

    @cached_property
    def artifacts(self) -> Mapping[str, Node]:
        """Published nodes by the name that sites refer to them with, in lower case."""
        return {_artifact_name(node): node for node in self.graph.nodes.values() if node.kind != "repo" and node.ref}

    @cached_property
    def stated(self) -> Stated:
        """What identity need not conclude."""
        addresses: dict[str, tuple[str, ...]] = {}
        for node_id, subject in self.subjects.items():
            addresses[subject.name] = (address_of(self.graph.nodes[node_id].ref),)
        return Stated(
            addresses,
            {name: Line(self.line(node), f"{node.id} is declared as {node.ref}") for name, node in self.artifacts.items()},
        )

    def line(self, node: Node) -> str:
        """The version line of a node: its repository's, unless it has a version or a numbering of its own."""
        seen: set[str] = set()
        while node.kind != "repo":
            edge = self.builders.get(node.id)
            if node.get("version") or node.get("map") or edge is None or node.id in seen:
                return f"node:{node.id}"
            seen.add(node.id)
            node = self.graph.nodes[edge.head]
        return address_of(node.ref)

    def artifact(self, site: Site) -> Node | None:
        """The published node that a site of an image or chart refers to."""
        return self.artifacts.get(site.name.lower())

    @cached_property
    def edges(self) -> Mapping[tuple[str, str], Edge]:
        """References and containments by tail and head."""
        return {(edge.tail, edge.head): edge for edge in self.graph.edges if edge.kind is not EdgeKind.BUILDS_FROM}

    @cached_property
    def outgoing(self) -> Mapping[str, tuple[Edge, ...]]:
        """All edges by their tail, in order of declaration."""
        found: dict[str, list[Edge]] = {}
        for edge in self.graph.edges:
            found.setdefault(edge.tail, []).append(edge)
        return {tail: tuple(edges) for tail, edges in found.items()}

    @cached_property
    def incoming(self) -> Mapping[str, tuple[Edge, ...]]:
        """All edges by their head, in order of declaration."""
        found: dict[str, list[Edge]] = {}
        for edge in self.graph.edges:
            found.setdefault(edge.head, []).append(edge)
        return {head: tuple(edges) for head, edges in found.items()}

    @cached_property
    def by_line(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes that draw from each version line."""
        found: dict[str, list[Node]] = {}
        for node in self.graph.nodes.values():
            found.setdefault(self.line(node), []).append(node)
        return {line: tuple(nodes) for line, nodes in found.items()}

    @cached_property
    def _files(self) -> Mapping[str, "_Files"]:
        found: dict[str, _Files] = {}
        for node in self.graph.nodes.values():
            if node.id in self.homes:
                files = found.setdefault(self.homes[node.id], _Files())
                for pattern in patterns_of(node):
                    files.add(pattern, node)
        return found

    def repo_of(self, subject: Subject) -> str | None:
        """The node id of a repository of the world."""
        return next((node_id for node_id, one in self.subjects.items() if one is subject), None)

    def skips(self, subject: Subject, tag: str) -> bool:
        """Whether the graph says of a tag of a repository that it is no release."""
        repo = self.repo_of(subject)
        return repo is not None and is_skipped(self.graph.nodes[repo], tag)

    def owners(self, subject: Subject, path: str) -> tuple[Node, ...]:
        """The nodes that a file of a repository belongs to, the most telling first."""
        files = self._files.get(self.repo_of(subject) or "")
        return () if files is None else files.owners(path)


class _Files:
    """Whose the files of one repository are: folders and files by their names, so that only true patterns have to be tried."""

    def __init__(self) -> None:
        self._places: dict[str, list[tuple[str, Node]]] = {}
        self._patterns: list[tuple[str, Node]] = []
        self._known: dict[str, tuple[Node, ...]] = {}

    def add(self, pattern: str, node: Node) -> None:
        place = pattern.strip("/").removesuffix("/**")
        if any(mark in place for mark in "*?"):
            self._patterns.append((pattern, node))
            return
        self._places.setdefault(f"{place}/", []).append((pattern, node))
        if not pattern.endswith("/**"):
            self._places.setdefault(place, []).append((pattern, node))

    def owners(self, path: str) -> tuple[Node, ...]:
        found = self._known.get(path)
        if found is None:
            rows = [row for row in self._patterns if matches(row[0], path)]
            rows += self._places.get(path, ())
            end = path.find("/")
            while end >= 0:
                rows += self._places.get(path[: end + 1], ())
                end = path.find("/", end + 1)
            # The longest pattern that fits is the most telling one.
            rows.sort(key=lambda row: (-len(row[0]), row[0], row[1].id))
            found = self._known[path] = tuple(node for _, node in rows)
        return found


def address_of(url: str) -> str:
    """``host/owner/repository`` of a repository's address, in lower case."""
    match = _URL.fullmatch(url)
    return git_line(url if match is None else f"{match[1] or match[3]}/{match[2] or match[4]}")


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    # `**` crosses folders, `*` and `?` do not; a folder's name covers what is in it.
    pieces = re.split(r"(\*\*/?|\*|\?)", pattern.strip("/"))
    text = "".join({"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece)) for piece in pieces)
    return re.compile(text + r"(?:/.*)?", re.DOTALL)


def matches(pattern: str, path: str) -> bool:
    """Whether a path lies in a pattern of paths (``docs/**``, ``charts/web``)."""
    return _glob(pattern).fullmatch(path) is not None


def _artifact_name(node: Node) -> str:
    return (node.ref if "://" in node.ref else canonical_image(node.ref)).lower().rstrip("/")


def patterns_of(node: Node) -> tuple[str, ...]:
    """The patterns of a node's files in its repository."""
    if node.kind == "derived":
        return tuple(node.get("outputs", ()))
    return node.paths or ((node.source,) if node.source else ())
