"""Command lines taken apart: options with their values, and what remains."""

from collections.abc import Iterable
from typing import NamedTuple

from relgraph.pipeline.command import Argument

__all__ = ["Options", "read_options"]


class Options(NamedTuple):
    """Values by option name (without dashes; a switch has the text ``true``), and the operands."""

    values: dict[str, list[Argument]]
    operands: list[Argument]

    def last(self, *names: str) -> Argument | None:
        """The last value given under any of the names."""
        for name in names:
            if self.values.get(name):
                return self.values[name][-1]
        return None

    def text(self, *names: str) -> str | None:
        """Its text."""
        argument = self.last(*names)
        return None if argument is None else argument.text

    def all(self, *names: str) -> list[Argument]:
        """All values given under the names, in order."""
        return [argument for name in names for argument in self.values.get(name, ())]

    def has(self, *names: str) -> bool:
        """Whether a switch is on."""
        return any(argument.text != "false" for argument in self.all(*names))


def read_options(arguments: Iterable[Argument], valued: Iterable[str], *, stop: bool = False) -> Options:
    """Take a command line apart.

    ``valued`` are the options that take the next word as their value, whatever that is, as command line libraries do;
    ``-abc`` is several switches unless its first letter is valued. With ``stop``, everything behind the first operand is one.
    """
    takes = frozenset(valued)
    values: dict[str, list[Argument]] = {}
    operands: list[Argument] = []
    waiting = iter(arguments)
    for argument in waiting:
        text = argument.text
        if text == "--":
            operands += waiting
            break
        if len(text) < 2 or text[0] != "-":
            operands.append(argument)
            if stop:
                operands += waiting
                break
            continue
        name, equals, value = text.partition("=")
        long = name.startswith("--")
        name = name.lstrip("-")
        if equals and (long or name in takes or len(name) > 1):
            offset = argument.end - len(value) if argument.end - argument.start == len(text) else argument.start
            values.setdefault(name, []).append(Argument(value, offset, argument.end))
        elif name in takes:
            following = next(waiting, None)
            values.setdefault(name, []).append(following if following is not None else Argument("", argument.end, argument.end))
        elif not long and name[:1] in takes:
            values.setdefault(name[:1], []).append(Argument(text[2:], argument.start, argument.end))
        elif not long and len(name) > 1:
            for letter in name:
                values.setdefault(letter, []).append(Argument("true", argument.start, argument.end))
        else:
            values.setdefault(name, []).append(Argument("true", argument.start, argument.end))
    return Options(values, operands)
