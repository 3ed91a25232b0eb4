from importlib import import_module

import pytest

from relgraph.cli.command import Command, Form
from relgraph.cli.commands.help import overview, page, usage
from relgraph.cli.table import COMMANDS


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_its_function_and_sound_arguments(command: Command) -> None:
    module, _, function = command.function.partition(":")
    assert callable(getattr(import_module(module), function))
    names = [argument.name for argument in command.arguments]
    assert len(set(names)) == len(names)
    assert all(argument.help for argument in command.arguments)
    for argument in command.arguments:
        assert argument.default is None or not argument.choices or argument.default in argument.choices
        assert not argument.required or (argument.default is None and argument.form is Form.POSITIONAL)
    # Only the last positional may take the rest, and none may follow one that can be left out.
    assert not any(argument.repeated for argument in command.positionals[:-1])
    required = [argument.required for argument in command.positionals]
    assert required == sorted(required, reverse=True)


def test_command_names_are_unique() -> None:
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)


def test_the_overview_lists_what_is_not_hidden() -> None:
    shown = overview()
    assert all((f"\n  {command.name} " in shown) != command.hidden for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_page_names_every_argument_and_keeps_its_width(command: Command, width: int) -> None:
    shown = page(command, width)
    words = shown.split()
    assert all(argument.placeholder in shown if argument.form is Form.POSITIONAL else f"--{argument.name}" in words
               for argument in command.arguments)  # fmt: skip
    assert all(line.startswith("  ") or len(line) <= width for line in shown.splitlines()[2:])


def test_the_usage_shows_what_may_be_left_out_and_repeated() -> None:
    scan = next(command for command in COMMANDS if command.name == "scan")
    assert usage(scan).startswith(
        "relgraph scan [TARGET[@REV]...] [--with SIBLING[@REV]]... [--as-of YYYY-MM-DD] [--format text|json|"
    )
