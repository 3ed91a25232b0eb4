"""Expansion of a script's words: parameters, arrays, substitutions, splitting, file names.

A base class of :class:`relgraph.pipeline.shell.Shell`, which runs the commands that substitutions hold.
"""

import re
from collections.abc import Callable

from relgraph.pipeline.command import ASSUMED, OK, Argument
from relgraph.pipeline.context import Context
from relgraph.pipeline.expansion import expand_value
from relgraph.pipeline.patterns import has_glob
from relgraph.pipeline.shell_tree import Arithmetic, Assignment, Expression, Literal, Parameter, Substitution, Word
from relgraph.pipeline.state import State
from relgraph.pipeline.value import is_known, number_of

__all__ = ["Expander"]

_SPLIT = re.compile(r"[ \t\n]+")
_SET_BY_RUNNER = re.compile(
    r"GITHUB_\w+|RUNNER_\w+|HOME|PATH|USER|LANG|SHELL|HOSTNAME|TMPDIR|TERM|UID|EUID|PPID|RANDOM|SECONDS|LINENO|OSTYPE|CI"
)


class Expander:
    """The state in which words are expanded; ``expressions`` evaluates those of a workflow, where the text is one of a workflow."""

    def __init__(self, context: Context, state: State, expressions: Callable[[str], str] | None, depth: int) -> None:
        self.context = context
        self.state = state
        self.expressions = expressions
        self.depth = depth

    def unknown(self, reason: str, shape: str = "") -> str:
        """A hole."""
        return self.context.holes.mark(reason, shape)

    def output_of(self, part: Substitution) -> str:
        """What the commands of a substitution print."""
        raise NotImplementedError

    def text(self, word: Word) -> str:
        """The text of a word that is not split."""
        return "".join(text for text, _ in self._pieces(word))

    def pattern(self, word: Word) -> str:
        """The text of a word as a pattern: what was quoted stands for itself."""
        return "".join(re.sub(r"([*?\[\\])", r"\\\1", text) if quoted else text for text, quoted in self._pieces(word))

    def fields(self, word: Word) -> list[Argument]:
        """The arguments that a word becomes: expanded, split, matched against file names."""
        elements = self._elements(word)
        if elements is not None:
            return [Argument(text, word.start, word.end) for text in elements]
        pieces = self._pieces(word)
        splits = any(isinstance(part, Parameter | Substitution | Expression) and not part.quoted for part in word.parts)
        if not splits:
            text = "".join(text for text, _ in pieces)
            if any(not quoted and has_glob(text) for text, quoted in pieces):
                return [Argument(found, word.start, word.end) for found in self.state.expand(text)]
            return [Argument(text, word.start, word.end)]
        fields: list[str] = []
        current: str | None = None
        for part, (text, _) in zip(word.parts, pieces, strict=True):
            if isinstance(part, Literal | Arithmetic) or part.quoted:
                current = (current or "") + text
                continue
            split = _SPLIT.split(text)
            for index, piece in enumerate(split):
                if index:
                    if current is not None:
                        fields.append(current)
                    current = None
                if piece:
                    current = (current or "") + piece
        if current is not None:
            fields.append(current)
        return [Argument(text, word.start, word.end) for field in fields for text in self.state.expand(field)]

    def _elements(self, word: Word) -> list[str] | None:
        """The elements of a word that is one whole array, or all arguments."""
        only = word.parts[0] if len(word.parts) == 1 else None
        if not isinstance(only, Parameter) or only.op:
            return None
        if only.name == "@" and only.quoted:
            return list(self.state.arguments)
        name, bracket, index = only.name.partition("[")
        items = self.state.arrays.get(name) if bracket and index in ("@]", "*]") else None
        return None if items is None else list(items)

    def _pieces(self, word: Word) -> list[tuple[str, bool]]:
        pieces: list[tuple[str, bool]] = []
        for part in word.parts:
            if isinstance(part, Literal):
                text = part.text
                if not pieces and not part.quoted and (text == "~" or text.startswith("~/")):
                    text = "/home" + text[1:]
                pieces.append((text, part.quoted))
            elif isinstance(part, Parameter):
                pieces.append((self._parameter(part), part.quoted))
            elif isinstance(part, Substitution):
                pieces.append((self.output_of(part), part.quoted))
            elif isinstance(part, Expression):
                pieces.append(
                    (self.expressions(part.text) if self.expressions is not None else self.unknown(part.text), part.quoted)
                )
            else:
                pieces.append((_arithmetic(part.text) or self.unknown("a computed number"), True))
        return pieces

    def lookup(self, name: str) -> str | None:
        """The value of a variable or special parameter; None where it is not set."""
        if position := number_of(name):
            return self.state.arguments[position - 1] if position <= len(self.state.arguments) else None
        if name == "0" or name.startswith("BASH_SOURCE"):
            return self.state.script
        if name in ("@", "*"):
            return " ".join(self.state.arguments)
        if name == "#":
            return str(len(self.state.arguments))
        if name in ("?", "$", "!", "-", "RANDOM"):
            return self.unknown(f"${name}")
        if name == "PWD":
            return self.state.here()
        if name in self.state.variables:
            return self.state.variables[name]
        if self.state.open_world or _SET_BY_RUNNER.fullmatch(name):
            return self.unknown(f"${name}")
        return None

    def _parameter(self, part: Parameter) -> str:
        name = part.name
        if "[" in name and not name.startswith("BASH_SOURCE"):
            base, _, index = name.partition("[")
            return self._element(base, index, part.op)
        value = self.lookup(name)
        if part.op == "indirect":
            inner = self.lookup(value) if value is not None and is_known(value) else None
            return inner if inner is not None else self.unknown(f"${{!{name}}}")
        if part.op == "":
            if value is None:
                self.context.problem(f"${name} is not set here")
            return value or ""
        glob = part.op in ("#", "##", "%", "%%") or part.op.startswith("/")
        argument = "" if part.argument is None else self.pattern(part.argument) if glob else self.text(part.argument)
        second = None if part.second is None else self.text(part.second)
        if part.op in (":=", "="):
            result = expand_value(value, part.op, argument, second, self.context.holes)
            self.state.variables[name] = result
            return result
        if value is not None and not is_known(value) and part.op in (":-", ":+") and len(value) == 1:
            return value if part.op == ":-" and not argument else self.unknown(f"${{{name}{part.op}...}}")
        return expand_value(value, part.op, argument, second, self.context.holes)

    def _element(self, name: str, index: str, op: str) -> str:
        items = self.state.arrays.get(name)
        if items is None or op:
            return self.unknown(f"the array {name}")
        index = index.rstrip("]")
        if index in ("@", "*"):
            return " ".join(items)
        number = number_of(index)
        return items[number] if number is not None and number < len(items) else self.unknown(f"an element of {name}")

    def assign(self, assignment: Assignment, variables: dict[str, str]) -> int:
        """Set a variable; the status of the last substitution in its value, as far as that shows."""
        if assignment.value is None:
            self._assign_array(assignment, variables)
            return OK
        text = self.text(assignment.value)
        variables[assignment.name] = variables.get(assignment.name, "") + text if assignment.append else text
        return OK if is_known(text) else ASSUMED

    def _assign_array(self, assignment: Assignment, variables: dict[str, str]) -> None:
        name = assignment.name
        if assignment.items is None:
            self.state.arrays.pop(name, None)
            variables[name] = self.unknown(f"the array {name}")
            return
        items = tuple(argument.text for word in assignment.items for argument in self.fields(word))
        if assignment.append and name in variables and name not in self.state.arrays:
            return
        self.state.arrays[name] = (self.state.arrays.get(name, ()) if assignment.append else ()) + items
        variables[name] = (self.state.arrays[name] or ("",))[0]


def _arithmetic(text: str) -> str | None:
    match = re.fullmatch(r"\s*(\d{1,9})\s*(?:([-+*])\s*(\d{1,9})\s*)?", text)
    if match is None:
        return None
    if match[2] is None:
        return str(int(match[1]))
    left, right = int(match[1]), int(match[3])
    return str({"+": left + right, "-": left - right, "*": left * right}[match[2]])
