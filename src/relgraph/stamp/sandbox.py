"""The environment that templates are rendered in: strict, sandboxed, and bounded in what it takes and what it makes.

Which names and constructs a template may use is decided before, by :mod:`.language`; this is what holds while it runs.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined
from jinja2 import nodes as ast
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from relgraph.stamp.language import FILTERS, METHODS, TESTS

__all__ = ["DELIMITERS", "MAX_OUTPUT", "Environment"]

#: The largest text that a template may make, in bytes of UTF-8.
MAX_OUTPUT = 16 << 20
_MAX_TEXT = 1 << 22  # characters of a text within a template
_MAX_STEPS = 200_000  # passes of all loops together
_MAX_NUMBER = 1 << 128

#: How templates write values, statements and comments: as Jinja does, or beside Helm's own ``{{ }}``.
DELIMITERS: Mapping[str, tuple[str, str, str, str, str, str]] = {
    "jinja": ("{{", "}}", "{%", "%}", "{#", "#}"),
    "angle": ("<{", "}>", "<%", "%>", "<#", "#>"),
}


class Environment(ImmutableSandboxedEnvironment):
    """Jinja, with what a file's text needs: the last newline is kept, a line that holds nothing but a statement leaves none."""

    intercepted_binops = frozenset(("+", "*", "%", "**"))

    def __init__(self, delimiters: str, newline: str) -> None:
        begin, end, open_block, close_block, open_comment, close_comment = DELIMITERS[delimiters]
        super().__init__(
            variable_start_string=begin,
            variable_end_string=end,
            block_start_string=open_block,
            block_end_string=close_block,
            comment_start_string=open_comment,
            comment_end_string=close_comment,
            newline_sequence=newline,
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
            autoescape=False,
            cache_size=0,
        )
        self.filters = {name: self.filters[name] for name in FILTERS if name in self.filters}
        self.filters |= {"replace": self._replace, "join": self._join, "indent": self._indent, "bool": bool}
        self.filters |= {"relgraph_steps": self._steps}
        self.tests = {name: self.tests[name] for name in TESTS}
        self.globals = {"range": self.globals["range"]}
        self._left = _MAX_STEPS

    def prepare(self, template: ast.Template) -> ast.Template:
        """The template with every loop and every ``~`` counted."""
        self._left = _MAX_STEPS
        _Counting().visit(template)
        return template

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Methods of texts, facts of nodes and loops; nothing else has attributes."""
        if isinstance(obj, str):
            return super().getattr(obj, attribute) if attribute in METHODS else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, Mapping):
            return self.getitem(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Items of texts, lists and mappings."""
        try:
            return obj[argument]
        except (LookupError, TypeError):
            return self.undefined(obj=obj, name=argument)

    def call_binop(self, _: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic, as long as its result stays small."""
        if operator == "+":
            return self._small(left + right)
        if operator == "*":
            sizes = [len(side) for side in (left, right) if isinstance(side, (str, list, tuple))]
            factor = next((side for side in (left, right) if isinstance(side, int)), 1)
            if sizes and sizes[0] * max(factor, 0) > _MAX_TEXT:
                raise SecurityError("it makes a text that is too long")
            return self._small(left * right)
        if operator == "%" and not isinstance(left, str):
            return left % right
        raise SecurityError(f"{operator!r} is not for texts")

    def _small(self, value: Any) -> Any:
        if isinstance(value, (str, list, tuple)) and len(value) > _MAX_TEXT:
            raise SecurityError("it makes a text that is too long")
        if isinstance(value, int) and abs(value) > _MAX_NUMBER:
            raise SecurityError("it makes a number that is too large")
        return value

    def _steps(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self._left -= 1
            if self._left < 0:
                raise SecurityError(f"its loops take more than {_MAX_STEPS} passes")
            yield item

    def _join(self, items: Iterable[Any], separator: str = "") -> str:
        parts: list[str] = []
        size = 0
        for item in items:
            text = str(item)
            size += len(text) + len(separator)
            if size > _MAX_TEXT:
                raise SecurityError("it makes a text that is too long")
            parts.append(text)
        return separator.join(parts)

    def _replace(self, text: object, old: str, new: str, count: int = -1) -> str:
        value = str(text)
        times = value.count(old) if count < 0 else min(count, value.count(old))
        if len(value) + times * (len(new) - len(old)) > _MAX_TEXT:
            raise SecurityError("it makes a text that is too long")
        return value.replace(old, new, count)

    def _indent(self, text: object, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
        margin = width if isinstance(width, str) else " " * min(max(width, 0), 1000)
        lines = str(text).split("\n")
        if len(lines) * len(margin) > _MAX_TEXT:
            raise SecurityError("it makes a text that is too long")
        rest = [margin + line if line or blank else line for line in lines[1:]]
        return "\n".join([margin + lines[0] if first else lines[0], *rest])


class _Counting(NodeTransformer):
    def visit_For(self, node: ast.For) -> ast.Node:  # noqa: N802 - called by the node's name
        self.generic_visit(node)
        node.iter = ast.Filter(node.iter, "relgraph_steps", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: ast.Concat) -> ast.Node:  # noqa: N802 - called by the node's name
        self.generic_visit(node)
        return ast.Filter(ast.List(node.nodes, lineno=node.lineno), "join", [], [], None, None, lineno=node.lineno)
