"""Shell scripts as trees with positions: the values that :mod:`relgraph.pipeline.shell_reader` makes of a text."""

from typing import TypeAlias

__all__ = [
    "AndOr", "Arithmetic", "Assignment", "Case", "Expression", "For", "Function", "Group", "If", "Literal", "Node", "Parameter",
    "Part", "Pipeline", "Redirect", "Redirected", "Script", "Sequence", "Simple", "Substitution", "Test", "While", "Word",
]  # fmt: skip


class Literal:
    """Plain text; ``quoted`` texts are neither split nor matched against file names."""

    __slots__ = ("quoted", "text")

    def __init__(self, text: str, quoted: bool) -> None:
        self.text = text
        self.quoted = quoted


class Parameter:
    """``$name`` or ``${name op argument}``; ``op`` is empty for the plain value, ``length`` for ``${#name}``."""

    __slots__ = ("argument", "name", "op", "quoted", "second")

    def __init__(self, name: str, op: str, argument: "Word | None", second: "Word | None", quoted: bool) -> None:
        self.name = name
        self.op = op
        self.argument = argument
        self.second = second
        self.quoted = quoted


class Substitution:
    """``$(...)`` or back quotes; ``process`` is set for ``<(...)`` and ``>(...)``, whose text is a file's name."""

    __slots__ = ("body", "process", "quoted")

    def __init__(self, body: "Sequence", quoted: bool, process: bool = False) -> None:
        self.body = body
        self.quoted = quoted
        self.process = process


class Expression:
    """A workflow expression, without its braces."""

    __slots__ = ("quoted", "text")

    def __init__(self, text: str, quoted: bool) -> None:
        self.text = text
        self.quoted = quoted


class Arithmetic:
    """``$((...))``."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


Part: TypeAlias = Literal | Parameter | Substitution | Expression | Arithmetic


class Word:
    """One word and where it stands: offsets into the script, quotes included."""

    __slots__ = ("end", "parts", "start")

    def __init__(self, parts: tuple[Part, ...], start: int, end: int) -> None:
        self.parts = parts
        self.start = start
        self.end = end

    @property
    def plain(self) -> str | None:
        """The text of a word without expansions, else None."""
        return "".join(part.text for part in self.parts if isinstance(part, Literal)) if all(
            isinstance(part, Literal) for part in self.parts
        ) else None  # fmt: skip


class Assignment:
    """``name=value`` before a command or alone; of an array ``value`` is None, and ``items`` are its elements (None: one of them is set)."""

    __slots__ = ("append", "end", "items", "name", "start", "value")

    def __init__(
        self, name: str, value: Word | None, append: bool, start: int, end: int, items: tuple[Word, ...] | None = None
    ) -> None:
        self.items = items
        self.name = name
        self.value = value
        self.append = append
        self.start = start
        self.end = end


class Redirect:
    """``>``, ``>>``, ``<``, ``<<`` (``target`` is then the here-document's text) or ``<<<``; ``fd`` is -1 where it is not written."""

    __slots__ = ("fd", "op", "target")

    def __init__(self, fd: int, op: str, target: Word) -> None:
        self.fd = fd
        self.op = op
        self.target = target


class Simple:
    """Assignments and words of one command."""

    __slots__ = ("assignments", "end", "redirects", "start", "words")

    def __init__(
        self, assignments: tuple[Assignment, ...], words: tuple[Word, ...], redirects: tuple[Redirect, ...], start: int, end: int
    ) -> None:
        self.assignments = assignments
        self.words = words
        self.redirects = redirects
        self.start = start
        self.end = end


class Test:
    """``[[ ... ]]``; operators are words."""

    __slots__ = ("end", "start", "words")

    def __init__(self, words: tuple[Word, ...], start: int, end: int) -> None:
        self.words = words
        self.start = start
        self.end = end


class Pipeline:
    """Commands joined by ``|``."""

    __slots__ = ("commands", "negated")

    def __init__(self, commands: tuple["Node", ...], negated: bool) -> None:
        self.commands = commands
        self.negated = negated


class AndOr:
    """Commands joined by ``&&`` and ``||``, left to right."""

    __slots__ = ("first", "rest")

    def __init__(self, first: "Node", rest: tuple[tuple[str, "Node"], ...]) -> None:
        self.first = first
        self.rest = rest


class If:
    """``if``: conditions with what they guard, and the ``else`` part."""

    __slots__ = ("arms", "otherwise")

    def __init__(self, arms: tuple[tuple["Sequence", "Sequence"], ...], otherwise: "Sequence | None") -> None:
        self.arms = arms
        self.otherwise = otherwise


class For:
    """``for name in words``; ``words`` is None where it runs over the arguments or counts."""

    __slots__ = ("body", "name", "words")

    def __init__(self, name: str, words: tuple[Word, ...] | None, body: "Sequence") -> None:
        self.name = name
        self.words = words
        self.body = body


class While:
    """``while`` or ``until``."""

    __slots__ = ("body", "condition")

    def __init__(self, condition: "Sequence", body: "Sequence") -> None:
        self.condition = condition
        self.body = body


class Case:
    """``case``: patterns with what they guard."""

    __slots__ = ("arms", "subject")

    def __init__(self, subject: Word, arms: tuple[tuple[tuple[Word, ...], "Sequence"], ...]) -> None:
        self.subject = subject
        self.arms = arms


class Group:
    """``{ ...; }`` or, with ``subshell``, ``( ... )``."""

    __slots__ = ("body", "subshell")

    def __init__(self, body: "Sequence", subshell: bool) -> None:
        self.body = body
        self.subshell = subshell


class Function:
    """A function's definition."""

    __slots__ = ("body", "name")

    def __init__(self, name: str, body: "Node") -> None:
        self.name = name
        self.body = body


class Redirected:
    """A compound command with redirections."""

    __slots__ = ("node", "redirects")

    def __init__(self, node: "Node", redirects: tuple[Redirect, ...]) -> None:
        self.node = node
        self.redirects = redirects


Node: TypeAlias = Simple | Test | Pipeline | AndOr | If | For | While | Case | Group | Function | Redirected
Sequence: TypeAlias = tuple[Node, ...]


class Script:
    """A script as far as it could be read; ``error`` is the message and offset where reading ended early."""

    __slots__ = ("body", "error")

    def __init__(self, body: Sequence, error: tuple[str, int] | None = None) -> None:
        self.body = body
        self.error = error
