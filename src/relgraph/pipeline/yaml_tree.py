"""YAML documents as trees with positions, for the few files that describe a pipeline.

Made of the scalars that :mod:`relgraph.syntax.yaml` finds: null values, empty collections and aliases are not there.
"""

from functools import lru_cache

from relgraph.pipeline.value import number_of
from relgraph.syntax.yaml import Scalar, Style, scalars, unquote

__all__ = ["YamlNode", "read_yaml", "read_yaml_documents"]

_MAX_TEXT = 400_000


class YamlNode:
    """One node: a mapping (``pairs``), a list (``items``) or a scalar (``text``).

    ``start`` and ``end`` bound a scalar's content without quotes; of a collection, its scalars. ``style`` is a scalar's.
    ``lines`` pairs, for a block scalar, offsets into ``text`` with offsets into the source.
    """

    __slots__ = ("end", "items", "kind", "lines", "pairs", "start", "style", "text")

    def __init__(self, kind: str, start: int = -1, end: int = -1) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.text = ""
        self.style: Style | None = None
        self.pairs: dict[str, YamlNode] = {}
        self.items: list[YamlNode] = []
        self.lines: list[tuple[int, int]] = []

    def get(self, *path: str) -> "YamlNode | None":
        """The node below a path of keys (of list positions, where a key is a number), or None."""
        node: YamlNode | None = self
        for key in path:
            if node is None:
                return None
            if node.kind == "list":
                index = number_of(key)
                node = node.items[index] if index is not None and index < len(node.items) else None
            else:
                node = node.pairs.get(key)
        return node

    def string(self, *path: str) -> str | None:
        """The text of the scalar below a path; None where there is none."""
        node = self.get(*path)
        return node.text if node is not None and node.kind == "scalar" else None

    def strings(self, *path: str) -> "list[YamlNode]":
        """The scalars of the list below a path; one scalar counts as a list of one."""
        node = self.get(*path)
        if node is None:
            return []
        return [node] if node.kind == "scalar" else [item for item in node.items if item.kind == "scalar"]

    def maps(self, *path: str) -> "list[YamlNode]":
        """The mappings of the list below a path; one mapping counts as a list of one."""
        node = self.get(*path)
        if node is None:
            return []
        return [node] if node.kind == "map" else [item for item in node.items if item.kind == "map"]

    def true(self, *path: str) -> bool:
        """Whether the scalar below a path is a true value."""
        return (self.string(*path) or "").lower() in ("true", "yes", "on", "1")

    def written(self, start: int, end: int) -> tuple[int, int]:
        """Where ``text[start:end]`` stands in the source; for a folded or escaped scalar, its whole content."""
        if self.lines:
            return self._source(start), self._source(max(start, end - 1)) + (1 if end > start else 0)
        if self.end - self.start == len(self.text):
            return self.start + start, self.start + end
        return self.start, self.end

    def _source(self, offset: int) -> int:
        first, base = self.lines[0]
        for script, source in self.lines:
            if script > offset:
                break
            first, base = script, source
        return base + offset - first


def read_yaml(source: str) -> YamlNode | None:
    """The first document, or None where the text is none."""
    documents = read_yaml_documents(source)
    return documents[0] if documents else None


@lru_cache(maxsize=64)
def read_yaml_documents(source: str) -> tuple[YamlNode, ...]:
    """The documents of a text, in order; nothing of one that is very long."""
    if len(source) > _MAX_TEXT:
        return ()
    roots: dict[int, YamlNode] = {}
    for scalar in scalars(source):
        root = roots.get(scalar.document)
        if root is None:
            root = roots[scalar.document] = YamlNode("list" if scalar.path and isinstance(scalar.path[0], int) else "map")
        _place(root, scalar, source)
    return tuple(roots[number] for number in sorted(roots))


def _place(root: YamlNode, scalar: Scalar, source: str) -> None:
    node = root
    path = scalar.path
    for depth, key in enumerate(path):
        if node.start < 0:
            node.start = scalar.start
        node.end = max(node.end, scalar.end)
        last = depth == len(path) - 1
        kind = "scalar" if last else "list" if isinstance(path[depth + 1], int) else "map"
        if isinstance(key, int):
            while len(node.items) <= key:
                node.items.append(YamlNode("map"))
            if node.items[key].kind != kind:
                node.items[key] = YamlNode(kind)
            node = node.items[key]
        else:
            child = node.pairs.get(key)
            if child is None or child.kind != kind:
                child = node.pairs[key] = YamlNode(kind)
            node = child
    _fill(node, scalar, source)


def _fill(node: YamlNode, scalar: Scalar, source: str) -> None:
    raw = source[scalar.start : scalar.end]
    node.start, node.end, node.style = scalar.start, scalar.end, scalar.style
    if scalar.style not in (Style.LITERAL, Style.FOLDED):
        node.text = unquote(raw, scalar.style)
        return
    lines = raw.split("\n")
    # The content may begin behind its first line's indentation or before it.
    lead = source.rfind("\n", 0, scalar.start) + 1
    first = source[lead : scalar.start]
    if not first.strip():
        lines[0] = first + lines[0]
        offset = lead
    else:
        offset = scalar.start
    indents = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
    indent = indents[0] if indents else 0
    texts: list[str] = []
    position = 0
    for line in lines:
        cut = min(indent, len(line) - len(line.lstrip(" ")))
        node.lines.append((position, offset + cut))
        text = line[cut:].removesuffix("\r")
        texts.append(text)
        position += len(text) + 1
        offset += len(line) + 1
    joiner = "\n" if scalar.style is Style.LITERAL else " "
    node.text = joiner.join(texts) + ("\n" if joiner == "\n" and not raw.endswith("\n") else "")
