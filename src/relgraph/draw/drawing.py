"""Drawings as values: which boxes, frames and arrows show a declared graph. Formats render them, tests compare them.

A repository is a frame. Within it stand the *sources*: the code of its images, the source of its charts, its hooks, scripts and other
files. What is *published* stands outside, with a solid arrow to the source that it is built from; a dashed arrow leads from what refers
to what it refers to, from a chart's source as from the chart that is published of it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from relgraph.graph.build import home
from relgraph.model.graph import Edge, EdgeKind, Graph, Node

__all__ = ["Arrow", "Box", "Drawing", "Form", "Frame", "View", "draw", "outline"]


class Form(StrEnum):
    """What a box shows of its node."""

    PUBLISHED = "published"  #: what users get, from a registry
    SOURCE = "source"  #: the files that a chart is made of
    CODE = "code"  #: the code that images and tools are built from
    SCRIPT = "script"  #: a file that builds something
    FILES = "files"  #: files that are what they are: hooks, scripts, documents, derived files
    REPOSITORY = "repository"  #: a repository of which nothing else is drawn


class Frame(NamedTuple):
    """A repository with something in it. ``key`` is its node's id; ``lines`` are the lines of its title."""

    key: str
    node: str
    lines: tuple[str, ...]
    state: str = ""
    external: bool = False


class Box(NamedTuple):
    """A box. ``key`` is unique in a drawing; ``frame`` is the key of the frame around it, or empty."""

    key: str
    node: str
    kind: str
    form: Form
    lines: tuple[str, ...]
    frame: str = ""
    state: str = ""


class Arrow(NamedTuple):
    """An arrow between two boxes or frames, by their keys."""

    tail: str
    head: str
    kind: EdgeKind


class Drawing(NamedTuple):
    """Frames, boxes and arrows, each in order of their keys."""

    frames: tuple[Frame, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


class View(NamedTuple):
    """What of a graph is drawn, and how.

    ``whole`` are the nodes drawn with their sources (None: all); their neighbours are drawn as boxes alone where ``fringe`` is set.
    ``versions`` are second lines by node, ``states`` the worst severities found.
    """

    whole: frozenset[str] | None = None
    fringe: bool = False
    versions: Mapping[str, str] = {}
    states: Mapping[str, str] = {}


def draw(graph: Graph, view: View = View()) -> Drawing:  # noqa: B008 - an immutable value
    """The drawing of a graph, or of a part of it."""
    return _Pen(graph, view).drawing()


def outline(graph: Graph, view: View = View()) -> Drawing:  # noqa: B008
    """One's own repositories as boxes: solid where one is built with another, dashed where what is in it refers to the other's."""
    homes = home(graph)
    shown = {
        node.id
        for node in graph.nodes.values()
        if node.kind == "repo" and not node.get("external", False) and (view.whole is None or node.id in view.whole)
    }
    found: dict[tuple[str, str], EdgeKind] = {}
    for edge in graph.edges:
        tail, head = homes.get(edge.tail, edge.tail), homes.get(edge.head, edge.head)
        if tail != head and tail in shown and head in shown:
            solid = edge.kind is EdgeKind.BUILDS_FROM or found.get((tail, head)) is EdgeKind.BUILDS_FROM
            found[tail, head] = EdgeKind.BUILDS_FROM if solid else EdgeKind.REFERS_TO
    boxes = (
        Box(node.id, node.id, node.kind, Form.REPOSITORY, _lines(_name(node), view.versions.get(node.id, "")), "", view.states.get(node.id, ""))
        for node in (graph.nodes[node_id] for node_id in sorted(shown))
    )  # fmt: skip
    return Drawing((), tuple(boxes), tuple(Arrow(tail, head, kind) for (tail, head), kind in sorted(found.items())))


class _Pen:
    """One drawing while it is made."""

    def __init__(self, graph: Graph, view: View) -> None:
        self._graph = graph
        self._view = view
        self._homes = home(graph)
        self._whole = frozenset(graph.nodes) if view.whole is None else view.whole
        self._frames: dict[str, Frame] = {}
        self._boxes: dict[str, Box] = {}
        self._arrows: set[Arrow] = set()

    def drawing(self) -> Drawing:
        nodes = self._graph.nodes
        for node_id in sorted(self._whole):
            self._place(nodes[node_id])
        for edge in self._graph.edges:
            if edge.tail in self._whole and (edge.head in self._whole or self._view.fringe or edge.kind is EdgeKind.BUILDS_FROM):
                self._edge(edge)
        filled = {box.frame for box in self._boxes.values()}
        for node_id in sorted(self._whole):
            node = nodes[node_id]
            if node.kind == "repo" and node_id not in filled:
                self._box(node, node_id, Form.REPOSITORY, _name(node), self._view.versions.get(node_id, ""))
        frames = tuple(frame for key, frame in sorted(self._frames.items()) if key in filled)
        # A repository is a frame as soon as something stands in it.
        boxes = tuple(box for key, box in sorted(self._boxes.items()) if key not in filled)
        return Drawing(frames, boxes, tuple(sorted(self._arrows)))

    def _place(self, node: Node) -> None:
        """The boxes of a node that is drawn with its sources; those of code come with the edges that lead to it."""
        if node.kind == "repo":
            self._frame(node)
            return
        if not _is_published(node):
            self._box(node, node.id, Form.FILES, _files_name(node), frame=self._homes.get(node.id, ""))
            return
        self._published(node)
        if node.kind == "chart" and node.source and node.id in self._homes:
            name = f"{_with_word(_name(node), 'chart')} source"
            source = self._box(node, f"{node.id}#source", Form.SOURCE, name, frame=self._homes[node.id])
            self._arrows.add(Arrow(node.id, source, EdgeKind.BUILDS_FROM))

    def _published(self, node: Node) -> str:
        return self._box(node, node.id, Form.PUBLISHED, _published_name(node), self._view.versions.get(node.id, ""))

    def _edge(self, edge: Edge) -> None:
        if edge.kind is EdgeKind.BUILDS_FROM:
            self._built(edge)
            return
        head = self._target(edge.head)
        tails = [edge.tail]
        if (source := f"{edge.tail}#source") in self._boxes:
            tails.append(source)
            # What a chart holds is in its source; that the published one holds it too follows.
            if edge.kind is EdgeKind.CONTAINS:
                tails = [source]
        self._arrows.update(Arrow(tail, head, edge.kind) for tail in tails)

    def _built(self, edge: Edge) -> None:
        node, head = self._graph.nodes[edge.tail], self._graph.nodes[edge.head]
        if head.kind != "repo" or node.kind == "repo":
            # What a repository's code is built with is no neighbour of what is published of it.
            if edge.head in self._whole or (self._view.fringe and node.kind != "repo"):
                self._arrows.add(Arrow(edge.tail, self._target(edge.head), EdgeKind.BUILDS_FROM))
        elif edge.path:
            self._frame(head)
            script = self._box(head, f"{head.id}#script:{edge.path}", Form.SCRIPT, edge.path, frame=head.id)
            self._arrows.add(Arrow(node.id, script, EdgeKind.BUILDS_FROM))
        elif self._homes.get(node.id) == head.id and (f"{node.id}#source" in self._boxes or not _is_published(node)):
            pass  # the frame around the source says it
        else:
            self._frame(head)
            self._arrows.add(Arrow(node.id, self._code(node, head), EdgeKind.BUILDS_FROM))

    def _code(self, node: Node, repository: Node) -> str:
        """The box of the code that a node is built from: of a part of the repository where the declaration names one."""
        part = _code_path(node) if self._homes.get(node.id) == repository.id else ""
        if not part:
            return self._box(repository, f"{repository.id}#code", Form.CODE, "source code", frame=repository.id)
        name = _without_words(_name(node), "image", "container")
        return self._box(node, f"{repository.id}#code:{part}", Form.CODE, f"{name} source code", frame=repository.id)

    def _target(self, node_id: str) -> str:
        """The key of what an arrow to a node leads to; a neighbour at the edge of the drawing is made here."""
        node = self._graph.nodes[node_id]
        if node_id not in self._boxes and node_id not in self._whole:
            if node.kind == "repo":
                self._box(node, node_id, Form.REPOSITORY, _name(node), self._view.versions.get(node_id, ""))
            elif _is_published(node):
                self._published(node)
            else:
                self._box(node, node_id, Form.FILES, _files_name(node))
        return node_id

    def _frame(self, node: Node) -> None:
        if node.id not in self._frames:
            lines = _lines(_name(node), self._view.versions.get(node.id, ""))
            external = bool(node.get("external", False))
            self._frames[node.id] = Frame(node.id, node.id, lines, self._view.states.get(node.id, ""), external)

    def _box(self, node: Node, key: str, form: Form, name: str, version: str = "", frame: str = "") -> str:
        if frame:
            self._frame(self._graph.nodes[frame])
        state = self._view.states.get(node.id, "") if form is not Form.SCRIPT and not (node.kind == "repo" and frame) else ""
        box = Box(key, node.id, node.kind, form, _lines(name, version), frame, state)
        # Several nodes may be built from one piece of code; its name does not depend on which was declared first.
        self._boxes[key] = min(box, self._boxes.get(key, box))
        return key


def _is_published(node: Node) -> bool:
    return bool(node.ref) or node.kind in ("image", "chart", "tool")


def _code_path(node: Node) -> str:
    build = node.get("build") or {}
    return str(node.source or build.get("ko") or build.get("docker") or "").removeprefix("./").strip("/")


def _name(node: Node) -> str:
    return str(node.get("title") or node.name)


def _files_name(node: Node) -> str:
    return _with_word(_name(node), "hook") if node.kind == "hook" else _name(node)


def _published_name(node: Node) -> str:
    if node.kind == "chart":
        return f"published {_with_word(_name(node), 'chart')}"
    return _with_word(node.name, "image") if node.kind == "image" and not node.get("title") else _name(node)


def _with_word(name: str, word: str) -> str:
    """A name that says what it is of: ``web`` of an image becomes ``web image``; ``web-image`` and ``Web Image`` say it already."""
    return name if name.lower().endswith(word) else f"{name} {word}"


def _without_words(name: str, *words: str) -> str:
    for word in words:
        if name.lower().endswith(word):
            name = name[: -len(word)].rstrip(" -_") or name
    return name


def _lines(name: str, version: str) -> tuple[str, ...]:
    return (name, version) if version else (name,)
