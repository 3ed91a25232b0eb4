"""The part of Jinja's language that stamping has, and what a template reads: found in its syntax tree, before anything is rendered.

Values, conditions, loops over what is there, assignments, a choice of filters. No macros, imports or inheritance: what a
template reads is all written in it, so that planning sees it, and nothing in it can run for ever.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from jinja2 import nodes as ast

from relgraph.stamp.context import FIELDS, OWN, Thing, find_node
from relgraph.stamp.problem import Problem

__all__ = ["FILTERS", "METHODS", "TESTS", "Reads", "column_of", "examine"]

#: The filters of Jinja that a template can use.
FILTERS = (
    "abs", "bool", "capitalize", "count", "d", "default", "first", "float", "indent", "int", "join", "last", "length", "list", "lower",
    "map", "max", "min", "reject", "replace", "reverse", "round", "select", "sort", "string", "sum", "title", "tojson", "trim", "unique",
    "upper",
)  # fmt: skip
#: The tests of Jinja that a template can use.
TESTS = (
    "boolean", "defined", "divisibleby", "eq", "==", "equalto", "even", "false", "float", "ge", ">=", "greaterthan", "gt", ">", "in",
    "integer", "iterable", "le", "<=", "lessthan", "lower", "lt", "<", "mapping", "ne", "!=", "none", "number", "odd", "sequence",
    "string", "true", "undefined", "upper",
)  # fmt: skip
#: The methods of texts that a template can call.
METHODS = (
    "capitalize", "count", "endswith", "find", "isdigit", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "rpartition",
    "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "title", "upper",
)  # fmt: skip
_LOOP = ("index", "index0", "first", "last", "length", "revindex", "revindex0")

_ALLOWED: tuple[type[ast.Node], ...] = (
    ast.Template, ast.Output, ast.TemplateData, ast.If, ast.For, ast.Assign, ast.AssignBlock, ast.With, ast.Name, ast.Const, ast.Tuple,
    ast.List, ast.Dict, ast.Pair, ast.Keyword, ast.CondExpr, ast.Filter, ast.Test, ast.Call, ast.Getattr, ast.Getitem, ast.Slice,
    ast.Concat, ast.Compare, ast.Operand, ast.And, ast.Or, ast.Not, ast.Neg, ast.Pos, ast.Add, ast.Sub, ast.Mul, ast.Div, ast.FloorDiv,
    ast.Mod,
)  # fmt: skip
_WORDS: dict[type[ast.Node], str] = {
    ast.Macro: "macro", ast.CallBlock: "call", ast.Include: "include", ast.Import: "import", ast.FromImport: "from ... import",
    ast.Extends: "extends", ast.Block: "block", ast.FilterBlock: "filter", ast.Pow: "**",
}  # fmt: skip


class Reads(NamedTuple):
    """What a template reads: names of :data:`~relgraph.stamp.context.OWN`, (node id, field), further values by name."""

    own: frozenset[str] = frozenset()
    nodes: frozenset[tuple[str, str]] = frozenset()
    values: frozenset[str] = frozenset()

    def __or__(self, other: "Reads") -> "Reads":
        return Reads(self.own | other.own, self.nodes | other.nodes, self.values | other.values)

    @property
    def digests(self) -> frozenset[str]:
        """The nodes whose digest it reads."""
        return frozenset(node for node, field in self.nodes if field in ("digest", "pinned"))


def examine(
    template: ast.Template, source: str, where: str, nodes: Mapping[str, Thing], values: frozenset[str]
) -> tuple[Reads, list[Problem]]:
    """What a template reads, and everything in it that is unknown or not allowed; ``values`` are the further values there are."""
    examiner = _Examiner(source, where, nodes, values)
    examiner.visit(template, examiner.assigned(template))
    reads = Reads(frozenset(examiner.own), frozenset(examiner.read), frozenset(examiner.used))
    return reads, examiner.problems


def column_of(source: str, line: int, word: str) -> int:
    """The column (from 1) at which a word stands in a line, 1 where it does not: Jinja keeps lines only."""
    lines = source.splitlines()
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) if word else re.search(r"\{\{|\{%|<\{|<%", text)
    return found.start() + 1 if found is not None else 1


class _Examiner:
    def __init__(self, source: str, where: str, nodes: Mapping[str, Thing], values: frozenset[str]) -> None:
        self.source, self.where, self.nodes, self.values = source, where, nodes, values
        self.own: set[str] = set()
        self.read: set[tuple[str, str]] = set()
        self.used: set[str] = set()
        self.problems: list[Problem] = []

    def assigned(self, template: ast.Template) -> frozenset[str]:
        """Names that the template gives a value itself."""
        names = {node.name for node in template.find_all(ast.Name) if node.ctx == "store"}
        for name in sorted(names & {*OWN, "nodes", "values", "range", "loop"}):
            line = next(node.lineno for node in template.find_all(ast.Name) if node.ctx == "store" and node.name == name)
            self.refuse(line, name, f"{name!r} has a meaning already", "choose another name")
        return frozenset(names)

    def refuse(self, line: int, word: str, message: str, hint: str = "") -> None:
        """Note a problem at a word of a line."""
        self.problems.append(Problem(self.where, message, line, column_of(self.source, line, word), hint))

    def visit(self, node: ast.Node, known: frozenset[str]) -> None:
        """Look at a node and all below it."""
        if not isinstance(node, _ALLOWED) or (isinstance(node, ast.For) and node.recursive):
            word = "recursive" if isinstance(node, ast.For) else _WORDS.get(type(node), type(node).__name__)
            self.refuse(node.lineno, word, f"stamping has no {word!r}", "what a template reads must be written in it")
            return
        if isinstance(node, (ast.Getattr, ast.Getitem)) and self._access(node, known):
            return
        if isinstance(node, ast.Name):
            self._name(node, known)
        elif isinstance(node, ast.Filter) and node.name not in FILTERS:
            self._unknown(node.lineno, "filter", node.name, FILTERS)
        elif isinstance(node, ast.Filter) and any(keyword.key == "attribute" for keyword in node.kwargs):
            self.refuse(node.lineno, "attribute", "there are no attributes to choose by")
        elif isinstance(node, ast.Test) and node.name not in TESTS:
            self._unknown(node.lineno, "test", node.name, TESTS)
        elif isinstance(node, ast.Call) and self._call(node, known):
            return
        inner = known | {"loop"} if isinstance(node, ast.For) else known
        for child in node.iter_child_nodes():
            self.visit(child, inner)

    def _access(self, node: ast.Getattr | ast.Getitem, known: frozenset[str]) -> bool:
        """Whether the node reads an attribute and has been dealt with."""
        base, attribute = node.node, _constant(node)
        if _is_name(base, "values"):
            self._value(node, attribute)
            return True
        if isinstance(base, (ast.Getattr, ast.Getitem)) and _is_name(base.node, "nodes"):
            self._node(node, _constant(base), attribute)
            return True
        if isinstance(node, ast.Getattr):
            if _is_name(base, "loop") and "loop" in known and node.attr in _LOOP:
                return True
            self.refuse(node.lineno, node.attr, f"{node.attr!r} is nothing that a template can read here")
            return True
        return False

    def _node(self, node: ast.Node, word: object, field: object) -> None:
        if not isinstance(word, str) or not isinstance(field, str):
            self.refuse(
                node.lineno,
                "nodes",
                "which node is meant must be written out",
                "write nodes['images.web'].digest, without a variable",
            )
            return
        found = find_node(self.nodes, word)
        if found is None:
            close = get_close_matches(word, self.nodes, n=1)
            several = [name for name in self.nodes if name.partition(".")[2] == word]
            hint = f"did you mean {close[0]!r}?" if close else "what a template reads must be among 'uses' or 'contains'"
            message = f"{word!r} is the name of {' and '.join(several)}" if several else f"the node uses no {word!r}"
            self.refuse(node.lineno, word, message, "write its id" if several else hint)
        elif field not in FIELDS:
            self._unknown(node.lineno, "field of a node", field, FIELDS)
        elif field not in ("digest", "pinned") and not getattr(self.nodes[found], field):
            self.refuse(
                node.lineno, word, f"nothing tells the {field} of {found}", "declare its ref, or where its version comes from"
            )
        elif field == "pinned" and not self.nodes[found].reference:
            self.refuse(node.lineno, word, f"nothing tells where {found} is published", "declare its ref")
        else:
            self.read.add((found, field))

    def _value(self, node: ast.Node, name: object) -> None:
        if not isinstance(name, str):
            self.refuse(node.lineno, "values", "which value is meant must be written out", "write values.name")
        elif name not in self.values:
            self._unknown(node.lineno, "value", name, tuple(sorted(self.values)))
        else:
            self.used.add(name)

    def _name(self, node: ast.Name, known: frozenset[str]) -> None:
        if node.name in known or node.ctx != "load":
            return
        if node.name in OWN:
            self.own.add(node.name)
        elif node.name in ("nodes", "values"):
            example = "nodes['images.web'].tag" if node.name == "nodes" else "values.name"
            self.refuse(node.lineno, node.name, f"{node.name!r} is not read as a whole", f"write {example}")
        else:
            self._unknown(node.lineno, "name", node.name, (*OWN, "nodes", "values", *sorted(known)))

    def _call(self, node: ast.Call, known: frozenset[str]) -> bool:
        """Whether the node is a call that was dealt with."""
        function = node.node
        if _is_name(function, "range"):
            inside: Iterator[ast.Node] = node.iter_child_nodes(exclude=("node",))
        elif isinstance(function, ast.Getattr) and function.attr in METHODS:
            inside = iter((function.node, *node.iter_child_nodes(exclude=("node",))))
        else:
            word = function.attr if isinstance(function, ast.Getattr) else getattr(function, "name", "")
            self.refuse(
                node.lineno, word, f"{word or 'this'!r} cannot be called", f"there are {', '.join(METHODS)} of a text, and range()"
            )
            return True
        for child in inside:
            self.visit(child, known)
        return True

    def _unknown(self, line: int, what: str, word: str, there_are: tuple[str, ...]) -> None:
        close = get_close_matches(word, there_are, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(there_are) or 'none'}"
        self.refuse(line, word, f"there is no {what} {word!r}", hint)


def _is_name(node: ast.Node, name: str) -> bool:
    return isinstance(node, ast.Name) and node.name == name and node.ctx == "load"


def _constant(node: ast.Node) -> object:
    """The attribute or key that a node reads, None where it is computed."""
    if isinstance(node, ast.Getattr):
        return node.attr
    if isinstance(node, ast.Getitem) and isinstance(node.arg, ast.Const):
        value: object = node.arg.value
        return value
    return None
