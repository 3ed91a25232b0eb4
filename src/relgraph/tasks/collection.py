"""Tasks made from commands.

A task takes options where the program has positionals, since invoke knows no positional of unknown number, and hands the
same words to the same parser: what relgraph decides, it says and exits with as the program does. Only what invoke itself
refuses (an option that no task has) exits 1.
"""

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import Task

from relgraph.cli.command import Argument, Command, Form
from relgraph.cli.main import main
from relgraph.cli.table import COMMANDS

__all__ = ["namespace", "words_of"]


def namespace() -> Collection:
    """A new collection with a task for every command that a workspace has."""
    collection = Collection()
    for command in COMMANDS:
        if command.task:
            family, _, _ = command.name.rpartition(".")
            if not family:
                collection.add_task(_task(command))
                continue
            # A dot in a name is invoke's own word for a collection within one.
            if family not in collection.collections:
                collection.add_collection(Collection(family))
            collection.collections[family].add_task(_task(command))
    return collection


def words_of(command: Command, given: dict[str, Any]) -> list[str]:
    """The program's command line for the values of a task, which are by the names of its parameters."""
    words, positionals = [command.name], []
    for argument in command.arguments:
        value = given.get(_parameter(argument.name))
        if argument.form is Form.FLAG:
            words += [f"--{argument.name}"] if value else []
            continue
        values = value if isinstance(value, list) else [] if value is None else [value]
        if argument.form is Form.POSITIONAL:
            positionals += values
        else:
            words += [f"--{argument.name}={one}" for one in values]
    return [*words, "--", *positionals] if positionals else words


def _task(command: Command) -> "Task[Callable[..., None]]":
    def body(context: Context, **given: Any) -> None:  # noqa: ARG001 - invoke passes it to every task
        status = main(words_of(command, given))
        if status:
            raise Exit(code=status)

    parameters = [Parameter("context", Parameter.POSITIONAL_OR_KEYWORD)]
    parameters += [
        Parameter(_parameter(argument.name), Parameter.POSITIONAL_OR_KEYWORD, default=False if argument.form is Form.FLAG else None)
        for argument in command.arguments
    ]
    # invoke reads a task's options from the signature of its function.
    body.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    body.__name__ = _parameter(command.name)
    body.__doc__ = "\n\n".join([f"{command.help[0].upper()}{command.help[1:]}.", *command.details])
    return Task(
        body,
        name=command.name.rpartition(".")[2],
        positional=(),
        iterable=[_parameter(argument.name) for argument in command.arguments if argument.repeated],
        auto_shortflags=False,
        help={_parameter(argument.name): _help(argument) for argument in command.arguments},
    )


def _parameter(name: str) -> str:
    """The name of an argument as a parameter; invoke takes the underscore at the end away again (``with_`` is ``--with``)."""
    from keyword import iskeyword

    word = name.replace("-", "_").replace(".", "_")
    return f"{word}_" if iskeyword(word) else word


def _help(argument: Argument) -> str:
    choices = f" ({', '.join(argument.choices)})" if argument.choices else ""
    default = f" (default: {argument.default})" if argument.default is not None else ""
    return f"{argument.help}{choices}{default}"
