"""Shell scripts as trees with positions: the values that :mod:`relgraph.pipeline.shell_reader` makes of a text."""

from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "AndOr", "Arithmetic", "Assignment", "Case", "Expression", "For", "Function", "Group", "If", "Literal", "Node", "Parameter",
    "Part", "Pipeline", "Redirect", "Redirected", "Script", "Sequence", "Simple", "Substitution", "Test", "While", "Word",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Literal:
    """Plain text; ``quoted`` texts are neither split nor matched against file names."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """``$name`` or ``${name op argument}``; ``op`` is empty for the plain value, ``length`` for ``${#name}``."""

    name: str
    op: str
    argument: "Word | None"
    second: "Word | None"
    quoted: bool


@dataclass(frozen=True, slots=True)
class Substitution:
    """``$(...)`` or back quotes; ``process`` is set for ``<(...)`` and ``>(...)``, whose text is a file's name."""

    body: "Sequence"
    quoted: bool
    process: bool = False


@dataclass(frozen=True, slots=True)
class Expression:
    """A workflow expression, without its braces."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``$((...))``."""

    text: str


Part: TypeAlias = Literal | Parameter | Substitution | Expression | Arithmetic


@dataclass(frozen=True, slots=True)
class Word:
    """One word and where it stands: offsets into the script, quotes included."""

    parts: tuple[Part, ...]
    start: int
    end: int

    @property
    def plain(self) -> str | None:
        """The text of a word without expansions, else None."""
        return "".join(part.text for part in self.parts if isinstance(part, Literal)) if all(
            isinstance(part, Literal) for part in self.parts
        ) else None  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assignment:
    """``name=value`` before a command or alone; an array's value is None."""

    name: str
    value: Word | None
    append: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Redirect:
    """``>``, ``>>``, ``<``, ``<<`` (``target`` is then the here-document's text) or ``<<<``; ``fd`` is -1 where it is not written."""

    fd: int
    op: str
    target: Word


@dataclass(frozen=True, slots=True)
class Simple:
    """Assignments and words of one command."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Test:
    """``[[ ... ]]``; operators are words."""

    words: tuple[Word, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by ``|``."""

    commands: tuple["Node", ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class AndOr:
    """Commands joined by ``&&`` and ``||``, left to right."""

    first: "Node"
    rest: tuple[tuple[str, "Node"], ...]


@dataclass(frozen=True, slots=True)
class If:
    """``if``: conditions with what they guard, and the ``else`` part."""

    arms: tuple[tuple["Sequence", "Sequence"], ...]
    otherwise: "Sequence | None"


@dataclass(frozen=True, slots=True)
class For:
    """``for name in words``; ``words`` is None where it runs over the arguments or counts."""

    name: str
    words: tuple[Word, ...] | None
    body: "Sequence"


@dataclass(frozen=True, slots=True)
class While:
    """``while`` or ``until``."""

    condition: "Sequence"
    body: "Sequence"


@dataclass(frozen=True, slots=True)
class Case:
    """``case``: patterns with what they guard."""

    subject: Word
    arms: tuple[tuple[tuple[Word, ...], "Sequence"], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """``{ ...; }`` or, with ``subshell``, ``( ... )``."""

    body: "Sequence"
    subshell: bool


@dataclass(frozen=True, slots=True)
class Function:
    """A function's definition."""

    name: str
    body: "Node"


@dataclass(frozen=True, slots=True)
class Redirected:
    """A compound command with redirections."""

    node: "Node"
    redirects: tuple[Redirect, ...]


Node: TypeAlias = Simple | Test | Pipeline | AndOr | If | For | While | Case | Group | Function | Redirected
Sequence: TypeAlias = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A script as far as it could be read; ``error`` is the message and offset where reading ended early."""

    body: Sequence
    error: tuple[str, int] | None = None
