"""Texts with templates in them, filled in: all that is wrong in any of them is said at once."""

import traceback
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from jinja2 import TemplateSyntaxError
from jinja2 import nodes as ast
from jinja2.exceptions import TemplateError

from relgraph.stamp.context import Context, Thing
from relgraph.stamp.language import Reads, column_of, examine
from relgraph.stamp.problem import Problem, raise_all
from relgraph.stamp.sandbox import MAX_OUTPUT, Environment

__all__ = ["Template", "fill", "parse", "reads", "render"]

_FILE = "<template>"  # what Jinja calls a template without a name


class Template(NamedTuple):
    """A text that was parsed: where it stands, its source and its syntax tree, how it writes values, and what it reads."""

    where: str
    source: str
    tree: ast.Template
    delimiters: str
    reads: Reads


def reads(texts: Mapping[str, str], nodes: Mapping[str, Thing], *, what: str = "stamp") -> Reads:
    """What texts read, by where each stands. Raises :class:`~relgraph.errors.DeclarationError` with everything that is wrong."""
    problems: list[Problem] = []
    found = Reads()
    for where, text in texts.items():
        template = parse(where, text, nodes, problems)
        found |= template.reads if template is not None else Reads()
    raise_all(problems, what)
    return found


def fill(texts: Mapping[str, str], context: Context, *, what: str = "stamp") -> dict[str, str]:
    """The texts, filled in, by where each stands (as a message may name it: ``build.args.VERSION``).

    Raises :class:`~relgraph.errors.DeclarationError` with everything that is wrong in any of them.
    """
    problems: list[Problem] = []
    parsed = {where: parse(where, text, context.nodes, problems) for where, text in texts.items()}
    done = {where: render(template, context, {}, problems) for where, template in parsed.items() if template is not None}
    raise_all(problems, what)
    return {where: text for where, text in done.items() if text is not None}


def parse(
    where: str,
    text: str,
    nodes: Mapping[str, Thing],
    problems: list[Problem],
    *,
    delimiters: str = "jinja",
    values: Iterable[str] = (),
) -> Template | None:
    """A text, parsed and examined; what is wrong with it joins ``problems``, and then there is none."""
    environment = Environment(delimiters, _newline(text))
    try:
        text.encode()
        tree = environment.parse(text)
        found, wrong = examine(tree, text, where, nodes, frozenset(values))
    except UnicodeEncodeError as problem:
        line = text.count("\n", 0, problem.start) + 1
        problems.append(Problem(where, "not UTF-8", line, problem.start - text.rfind("\n", 0, problem.start), "a template is text"))
        return None
    except TemplateSyntaxError as problem:
        line = problem.lineno or 1
        # Helm's own actions, met where Jinja's values are looked for.
        hint = "what is not Jinja's can stay with `delimiters: angle`" if where.endswith(".j2") and delimiters == "jinja" else ""
        problems.append(Problem(where, f"{problem.message}", line, column_of(text, line, ""), hint))
        return None
    except RecursionError:
        problems.append(Problem(where, "nested too deep"))
        return None
    problems += wrong
    return None if wrong else Template(where, text, tree, delimiters, found)


def render(template: Template, context: Context, values: Mapping[str, str], problems: list[Problem]) -> str | None:
    """What a template says; what goes wrong joins ``problems``, and then there is nothing."""
    environment = Environment(template.delimiters, _newline(template.source))
    facts: dict[str, Any] = {name: context.get(name) for name in template.reads.own}
    for name in sorted(template.reads.own):
        if not facts[name]:
            problems.append(
                Problem(template.where, f"nothing tells the {name} of {context.name}", *_first(template.source, name), "declare it")
            )
            return None
    facts["nodes"] = _Nodes(context, template.reads)
    facts["values"] = dict(values)
    pieces: list[str] = []
    size = 0
    try:
        # The tree is used once more by whoever renders again: what counts is put into a copy.
        again = environment.prepare(environment.parse(template.source))
        for piece in environment.from_string(again).generate(facts):
            size += len(piece.encode("utf-8", "surrogateescape"))
            if size > MAX_OUTPUT:
                problems.append(Problem(template.where, f"it makes more than {MAX_OUTPUT} bytes", 1, 1))
                return None
            pieces.append(piece)
    except (
        TemplateError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        SyntaxError,
        RecursionError,
    ) as problem:
        line = _line(problem)
        message = str(problem) or type(problem).__name__
        problems.append(Problem(template.where, message, line, column_of(template.source, line, "")))
        return None
    return "".join(pieces)


class _Nodes(dict[str, dict[str, str]]):
    """What was read of each node, by the word that a template uses for it."""

    def __init__(self, context: Context, found: Reads) -> None:
        super().__init__()
        for node, field in found.nodes:
            value = getattr(context.nodes[node], field)
            for word in (node, node.partition(".")[2]):
                self.setdefault(word, {})[field] = value


def _line(problem: BaseException) -> int:
    lines = [line for frame, line in traceback.walk_tb(problem.__traceback__) if frame.f_code.co_filename == _FILE]
    return lines[-1] if lines else 1


def _first(source: str, word: str) -> tuple[int, int]:
    for number, line in enumerate(source.splitlines(), 1):
        if word in line:
            return number, column_of(source, number, word)
    return 1, 1


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
