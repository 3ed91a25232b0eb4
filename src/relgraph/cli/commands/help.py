"""``help`` and ``--help``: pages made from the command table."""

from relgraph import __version__
from relgraph.cli.command import Argument, Command, Form, Values
from relgraph.cli.parse import find_command
from relgraph.cli.table import COMMANDS
from relgraph.cli.terminal import Terminal

__all__ = ["overview", "page", "run", "usage"]


def run(values: Values, terminal: Terminal) -> int:
    """Print the overview, or the page of one command."""
    name = values.get("command")
    if name is None:
        terminal.write(overview(terminal.width))
    else:
        terminal.write(page(find_command(name, COMMANDS), terminal.width))
    return 0


def overview(width: int = 100) -> str:
    """The program's page: what it is for and its commands."""
    rows = [(command.name, command.help) for command in COMMANDS if not command.hidden]
    return "\n".join(
        [
            f"relgraph {__version__}: are all references between your repositories right?",
            "",
            "usage: relgraph COMMAND [ARGUMENT]...",
            "",
            "commands:",
            *_columns(rows, width),
            "",
            "`relgraph COMMAND --help` explains a command, `relgraph --version` prints the version.",
            "",
        ]
    )


def usage(command: Command) -> str:
    """The command line in one line: positionals, then options in brackets."""
    words = ["relgraph", command.name]
    for argument in command.positionals:
        word = f"{argument.placeholder}{'...' if argument.repeated else ''}"
        words.append(word if argument.required else f"[{word}]")
    words += [f"[{_option(option)}]{'...' if option.repeated else ''}" for option in command.options]
    return " ".join(words)


def page(command: Command, width: int = 100) -> str:
    """The page of one command."""
    from textwrap import wrap

    lines = [f"relgraph {command.name}: {command.help}", ""]
    lines += wrap(f"usage: {usage(command)}", width, subsequent_indent=" " * 7, break_on_hyphens=False, break_long_words=False)
    rows = [(argument.placeholder, _explain(argument)) for argument in command.positionals]
    rows += [(_option(option), _explain(option)) for option in command.options]
    if rows:
        lines += ["", *_columns(rows, width)]
    for paragraph in command.details:
        lines += ["", *wrap(paragraph, width, break_on_hyphens=False)]
    if command.examples:
        lines += ["", "examples:", *_columns([(line, what) for line, what in command.examples], width)]
    return "\n".join([*lines, ""])


def _option(option: Argument) -> str:
    if option.form is Form.FLAG:
        return f"--{option.name}"
    return f"--{option.name} {'|'.join(option.choices) or option.placeholder}"


def _explain(argument: Argument) -> str:
    notes = []
    if argument.form is Form.POSITIONAL and argument.choices:
        notes.append("|".join(argument.choices))
    if argument.default is not None:
        notes.append(f"default: {argument.default}")
    if argument.repeated and argument.form is Form.OPTION:
        notes.append("may be given more than once")
    return f"{argument.help} ({'; '.join(notes)})" if notes else argument.help


def _columns(rows: list[tuple[str, str]], width: int) -> list[str]:
    """Two columns; a left cell too long for the column has its line to itself."""
    from textwrap import wrap

    left = min(max(len(cell) for cell, _ in rows), 34)
    lines = []
    for cell, text in rows:
        indent = " " * (left + 4)
        wrapped = wrap(text, max(width, left + 30), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
        if len(cell) > left:
            lines.append(f"  {cell}")
        else:
            wrapped[0] = f"  {cell:{left}}  {wrapped[0].lstrip()}"
        lines += wrapped
    return lines
