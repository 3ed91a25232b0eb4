"""Command lines, read by the table of commands.

The grammar is the usual one (POSIX utility conventions, guideline 10, and GNU's long options): ``--name VALUE``,
``--name=VALUE``, ``--flag``, options and positionals in any order, ``--`` ends the options. Names are never abbreviated, so
that a script keeps its meaning when an option is added.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from relgraph.cli.command import Argument, Command, Form, Values
from relgraph.errors import UsageError

__all__ = ["Request", "find_command", "parse"]


class Request(NamedTuple):
    """A command line that can be carried out."""

    command: Command
    values: Values


def parse(words: Sequence[str], commands: Sequence[Command], help_command: Command) -> Request:
    """What the words ask for; ``--help`` anywhere before ``--`` asks for help instead.

    Raises :class:`~relgraph.errors.UsageError` for what the table does not allow, with a hint that names what was probably
    meant.
    """
    if not words or words[0] in ("-h", "--help"):
        return Request(help_command, Values({}))
    command = find_command(words[0], commands)
    arguments = words[1:]
    if _asks_for_help(arguments):
        return Request(help_command, Values({"command": (command.name,)}))
    return Request(command, _values(command, arguments))


def find_command(name: str, commands: Sequence[Command]) -> Command:
    """The command of that name; :class:`~relgraph.errors.UsageError` with a suggestion where there is none."""
    for command in commands:
        if command.name == name:
            return command
    what = f"no such option: {name}" if name.startswith("-") else f"no such command: {name}"
    known = [command.name for command in commands if not command.hidden]
    family = [one for one in known if one.startswith(f"{name.rstrip('.')}.")]
    meant = ", ".join(family[:-1]) + f" or {family[-1]}" if len(family) > 1 else _closest(name, known)
    hint = f"did you mean {meant}?" if meant else "`relgraph help` lists the commands"
    raise UsageError(what, hint=hint)


def _asks_for_help(words: Sequence[str]) -> bool:
    for word in words:
        if word == "--":
            return False
        if word in ("-h", "--help"):
            return True
    return False


def _values(command: Command, words: Sequence[str]) -> Values:
    given: dict[str, tuple[str, ...]] = {}
    positionals: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            positionals += rest
        elif word.startswith("-") and word != "-":
            _take_option(command, word, rest, given)
        else:
            positionals.append(word)
    _take_positionals(command, positionals, given)
    for argument in command.arguments:
        if argument.name not in given:
            if argument.required:
                raise UsageError(f"{argument.spelling} is missing", hint=_about(command, argument))
            if argument.default is not None:
                given[argument.name] = (argument.default,)
    return Values(given)


def _take_option(command: Command, word: str, rest: Iterator[str], given: dict[str, tuple[str, ...]]) -> None:
    name, equals, value = word.partition("=")
    argument = next((option for option in command.options if name == f"--{option.name}"), None)
    if argument is None:
        meant = _closest(name, [f"--{option.name}" for option in command.options])
        hint = f"did you mean {meant}?" if meant else f"`relgraph {command.name} --help` lists its options"
        raise UsageError(f"{command.name} has no option {name}", hint=hint)
    if argument.form is Form.FLAG:
        if equals:
            raise UsageError(f"{name} takes no value", hint=f"write {name} alone")
        given[argument.name] = ()
        return
    if not equals:
        following = next(rest, None)
        if following is None or (following.startswith("--") and len(following) > 2):
            # A forgotten value would otherwise swallow the next option and misreport what follows it.
            raise UsageError(f"{name} needs a value", hint=f"{name}={argument.placeholder}: {argument.help}")
        value = following
    _add(command, argument, value, given)


def _take_positionals(command: Command, words: Sequence[str], given: dict[str, tuple[str, ...]]) -> None:
    slots = command.positionals
    for number, word in enumerate(words):
        if number >= len(slots) and not (slots and slots[-1].repeated):
            raise UsageError(
                f"{command.name} takes no further argument: {word}", hint=f"`relgraph {command.name} --help` shows what it takes"
            )
        _add(command, slots[min(number, len(slots) - 1)], word, given)


def _add(command: Command, argument: Argument, value: str, given: dict[str, tuple[str, ...]]) -> None:
    if argument.choices and value not in argument.choices:
        meant = _closest(value, argument.choices)
        hint = f"did you mean {meant}?" if meant else f"one of {', '.join(argument.choices)}"
        raise UsageError(f"{argument.spelling} cannot be {value!r}", hint=hint)
    if argument.name in given and not argument.repeated:
        raise UsageError(f"{argument.spelling} is given twice", hint=_about(command, argument))
    given[argument.name] = (*given.get(argument.name, ()), value)


def _about(command: Command, argument: Argument) -> str:
    choices = f" ({', '.join(argument.choices)})" if argument.choices else ""
    return f"`relgraph {command.name}` takes one {argument.spelling}: {argument.help}{choices}"


def _closest(word: str, candidates: Sequence[str]) -> str:
    from relgraph.cli.suggest import closest

    return closest(word, candidates)
