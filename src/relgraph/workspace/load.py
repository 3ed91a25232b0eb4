"""Loading: the documents of a workspace's ``graph/`` folder into one typed graph a name."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from relgraph.errors import DeclarationError
from relgraph.model.graph import DeclaredSite, Edge, EdgeKind, Follow, Graph, Node, Origin, SeverityChange, Waiver
from relgraph.workspace.document import Entry, Problem, Value, read_document
from relgraph.workspace.fields import Field, Reading, choice, listed, mapping, read_fields, schema_of, text
from relgraph.workspace.kinds.registry import KINDS

__all__ = ["API_VERSION", "graphs_of", "load_graphs", "schema"]

API_VERSION = "relgraph.dev/v1"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_WAIVER = (
    Field("rule", text, "the rule's code or name, or * for all", required=True),
    Field("site", text, "a pattern of paths, as docs/old/**"),
    Field("node", text, "a node, as images.web"),
    Field("reason", text, "why it is accepted", required=True),
    Field("owner", text, "who answers for it", required=True),
    Field("expires", text, "the last day it holds, as 2027-06-30"),
)
_SEVERITY = (
    Field("rule", text, "the rule's code or name", required=True),
    Field("severity", choice("error", "warning", "note", "off"), "what it becomes", required=True),
    Field("reason", text, "why", required=True),
)
# Whoever reads this many problems starts anew after the first ones anyway.
_MOST_TOLD = 200
_HEAD = ("apiVersion", "kind", "metadata")
_SECTIONS = {kind.section: kind for kind in KINDS}
_FIELDS = {kind.section: tuple(kind.fields) for kind in KINDS}
_LISTS = {"waivers": listed(mapping(_WAIVER, "a waiver")), "rules": listed(mapping(_SEVERITY, "an entry of 'rules'"))}
_COMMON = frozenset({"ref", "url", "tag", "tags", "source", "paths", "from", "uses", "contains", "sites"})


def load_graphs(documents: Iterable[tuple[str, bytes]]) -> Mapping[str, Graph]:
    """The graphs that documents (path, content) declare, by name; documents of one name make one graph.

    Raises :class:`DeclarationError` with every problem of every document at once.
    """
    problems: list[Problem] = []
    parts: dict[str, _Parts] = {}
    for path, data in documents:
        value, wrong = read_document(path, data)
        reading = Reading(path)
        reading.problems = wrong
        if value is not None:
            _document(reading, value, parts)
        problems += reading.problems
    graphs = {}
    for name, part in sorted(parts.items()):
        graphs[name] = part.graph(problems)
    if problems:
        told = [str(problem) for problem in sorted(set(problems))]
        if len(told) == 1:
            raise DeclarationError(told[0])
        more = [f"and {len(told) - _MOST_TOLD} more"] if len(told) > _MOST_TOLD else []
        raise DeclarationError(f"{len(told)} problems in graph/", details=(*told[:_MOST_TOLD], *more))
    return graphs


def graphs_of(files: Mapping[str, bytes]) -> Mapping[str, Graph]:
    """The graphs in the files of a folder ``graph/``, by path from it. Raises DeclarationError as :func:`load_graphs` does."""
    return load_graphs(
        (f"graph/{path}", data) for path, data in files.items() if "/" not in path and path.endswith((".yaml", ".yml"))
    )


class _Parts:
    """A graph while its documents are read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: dict[str, Node] = {}
        self.declared: dict[str, dict[str, Any]] = {}
        self.waivers: list[Waiver] = []
        self.severities: list[SeverityChange] = []

    def graph(self, problems: list[Problem]) -> Graph:
        """The finished graph; what does not fit together is added to ``problems``."""
        names: dict[str, list[str]] = {}
        for node in self.nodes.values():
            names.setdefault(node.name, []).append(node.id)
        edges: list[Edge] = []
        sites: list[DeclaredSite] = []
        for node in self.nodes.values():
            declared = self.declared[node.id]
            for field, kind in (("from", EdgeKind.BUILDS_FROM), ("uses", EdgeKind.REFERS_TO), ("contains", EdgeKind.CONTAINS)):
                for entry in declared.get(field, ()):
                    head = self._resolve(node, field, entry, names, problems)
                    if head is not None:
                        follow = Follow(entry["follow"]) if "follow" in entry else None
                        edges.append(Edge(node.id, head, kind, entry[""], follow, entry.get("version", ""), entry.get("path", "")))
            sites += [_site(node, entry, problems) for entry in declared.get("sites", ())]
        for waiver in self.waivers:
            if waiver.node and waiver.node not in self.nodes and not names.get(waiver.node):
                problems.append(
                    Problem(waiver.origin, f"a waiver for '{waiver.node}', which is no node", _suggest(waiver.node, names))
                )
        return Graph(self.name, self.nodes, tuple(edges), tuple(self.waivers), tuple(self.severities), tuple(sites))

    def _resolve(
        self, node: Node, field: str, entry: dict[str, Any], names: dict[str, list[str]], problems: list[Problem]
    ) -> str | None:
        """The id of the node that an edge names: written as ``section.name``, or a name that is one in this place."""
        origin: Origin = entry[""]
        written = str(entry.get("node") or "")
        if not written:
            return None
        if written in self.nodes:
            candidates = [written]
        else:
            candidates = names.get(written, [])
            # What something is built from is a repository first, what it refers to an artifact.
            preferred = [one for one in candidates if one.startswith("repos.") == (field == "from")]
            candidates = preferred or candidates
        if not candidates:
            problems.append(Problem(origin, f"{node.id} is {_VERB[field]} '{written}', which is no node", _suggest(written, names)))
            return None
        if len(candidates) > 1:
            problems.append(Problem(origin, f"'{written}' may be {' or '.join(sorted(candidates))}", "write the section too"))
            return None
        if candidates[0] == node.id:
            problems.append(Problem(origin, f"{node.id} is {_VERB[field]} itself", "an edge leads to another node"))
            return None
        return candidates[0]


_VERB = {"from": "built from", "uses": "said to use", "contains": "said to contain"}


def _suggest(written: str, names: Mapping[str, list[str]]) -> str:
    close = get_close_matches(written, names, n=1)
    return f"did you mean '{close[0]}'?" if close else "declare it, or correct the name"


def _document(reading: Reading, value: Value, parts: dict[str, _Parts]) -> None:
    if value.entries is None:
        reading.refuse(value, f"a graph is a mapping, not {value.what}")
        return
    entries = {entry.key: entry for entry in value.entries}
    name = _head(reading, value, entries)
    known = [*_HEAD, *_SECTIONS, *_LISTS]
    part = parts.setdefault(name, _Parts(name)) if name else _Parts("")
    for entry in value.entries:
        if entry.key in _SECTIONS:
            _section(reading, entry, part)
        elif entry.key == "waivers":
            part.waivers += [_waiver(reading, one) for one in _LISTS["waivers"].read(reading, entry.value)]
        elif entry.key == "rules":
            part.severities += [
                SeverityChange(one.get("rule", ""), one.get("severity", ""), one.get("reason", ""), one[""])
                for one in _LISTS["rules"].read(reading, entry.value)
            ]
        elif entry.key not in _HEAD:
            close = get_close_matches(entry.key, known, n=1)
            reading.refuse(
                entry, f"a graph has no '{entry.key}'", f"did you mean '{close[0]}'?" if close else "known are " + ", ".join(known)
            )


def _head(reading: Reading, value: Value, entries: dict[str, Entry]) -> str:
    for key, wanted in (("apiVersion", API_VERSION), ("kind", "Graph")):
        if key not in entries:
            reading.refuse(value, f"a graph needs '{key}: {wanted}'")
        elif entries[key].value.text != wanted:
            reading.refuse(entries[key].value, f"{key} {entries[key].value.what}", f"this program reads '{wanted}'")
    if "metadata" not in entries:
        reading.refuse(value, "a graph needs 'metadata: {name: ...}'")
        return ""
    found = read_fields(reading, entries["metadata"].value, (Field("name", text, "the graph's name", required=True),), "'metadata'")
    return str(found.get("name", ""))


def _section(reading: Reading, entry: Entry, part: _Parts) -> None:
    kind = _SECTIONS[entry.key]
    if entry.value.entries is None:
        if not entry.value.is_null:
            reading.refuse(entry.value, f"'{entry.key}' is a mapping of names, not {entry.value.what}")
        return
    for declared in entry.value.entries:
        if not _NAME.fullmatch(declared.key):
            reading.refuse(declared, f"'{declared.key}' as a name", "letters, digits, dot, dash and underscore; no dash first")
            continue
        node_id = f"{kind.section}.{declared.key}"
        if node_id in part.nodes:
            reading.refuse(declared, f"{node_id} is declared again", f"first at {part.nodes[node_id].origin}")
            continue
        fields = read_fields(reading, declared.value, _FIELDS[kind.section], f"{kind.name} '{declared.key}'")
        part.declared[node_id] = fields
        part.nodes[node_id] = Node(
            node_id, kind.name, declared.key, reading.origin(declared),
            ref=str(fields.get("ref") or fields.get("url") or ""),
            tag=str(fields.get("tag") or fields.get("tags") or ("v{version}" if kind.name == "repo" else "{version}")),
            source=str(fields.get("source") or ""),
            paths=fields.get("paths", ()),
            fields=tuple((name, _plain(value)) for name, value in fields.items() if name not in _COMMON),
        )  # fmt: skip


def _plain(value: Any) -> Any:
    """A field's value without the places that its mappings were declared at."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if key}
    return tuple(_plain(one) for one in value) if isinstance(value, tuple) else value


def _waiver(reading: Reading, found: dict[str, Any]) -> Waiver:
    origin: Origin = found[""]
    expires = str(found.get("expires", ""))
    if expires and not re.fullmatch(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])", expires):
        reading.problems.append(Problem(origin, f"a waiver that expires '{expires}'", "write a day as 2027-06-30"))
    if not found.get("site") and not found.get("node"):
        reading.problems.append(Problem(origin, "a waiver that names neither 'site' nor 'node'", "say what it is about"))
    return Waiver(
        found.get("rule", ""),
        found.get("site", ""),
        found.get("node", ""),
        found.get("reason", ""),
        found.get("owner", ""),
        expires,
        origin,
    )


def _site(node: Node, found: dict[str, Any], problems: list[Problem]) -> DeclaredSite:
    origin: Origin = found[""]
    if bool(found.get("yaml")) == bool(found.get("match")):
        problems.append(
            Problem(origin, "a site has either 'yaml' or 'match'", "an address in a YAML file, or an expression with one group")
        )
    if expression := found.get("match"):
        try:
            groups = re.compile(expression).groups
        except re.error as wrong:
            problems.append(Problem(origin, f"'match' is no regular expression: {wrong}"))
        else:
            if groups != 1:
                problems.append(Problem(origin, f"'match' has {groups} groups", "one group, around the version"))
    return DeclaredSite(
        node.id,
        found.get("repo", ""),
        found.get("path", ""),
        found.get("yaml", ""),
        found.get("match", ""),
        found.get("count", 1),
        origin,
    )


def schema() -> dict[str, Any]:
    """The JSON Schema of a graph document, for editors."""
    sections = {
        kind.section: {
            "type": ["object", "null"],
            "description": kind.about,
            "propertyNames": {"pattern": f"^{_NAME.pattern}$"},
            "additionalProperties": schema_of(kind.fields),
        }
        for kind in KINDS
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://relgraph.dev/schema/graph-v1.json",
        "title": "relgraph graph",
        "type": "object",
        "required": list(_HEAD),
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": "Graph"},
            "metadata": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": {"name": {"type": "string"}},
            },
            **sections,
            **{name: shape.schema for name, shape in _LISTS.items()},
        },
    }
