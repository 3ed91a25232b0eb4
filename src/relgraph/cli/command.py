"""What a command is, as a value: its name, its arguments and where its function lies.

Both front ends, the help, the shell completion and the reference pages are derived from these values; nothing is said twice.
"""

from enum import StrEnum
from typing import NamedTuple

__all__ = ["Argument", "Command", "Form", "Offer", "Values"]


class Form(StrEnum):
    """How an argument is written on the command line of the program."""

    POSITIONAL = "positional"  #: VALUE
    OPTION = "option"  #: --name VALUE or --name=VALUE
    FLAG = "flag"  #: --name


class Offer(StrEnum):
    """What shell completion offers for an argument without choices."""

    NOTHING = "nothing"
    FILES = "files"
    DIRECTORIES = "directories"
    COMMANDS = "commands"
    RULES = "rules"


class Argument(NamedTuple):
    """One argument. ``name`` has no dashes in front; options and flags are ``--name`` on the command line.

    ``choices`` are the only values allowed; ``default`` is the value of an argument that is not given (for a repeated one,
    its only value).
    """

    name: str
    help: str
    form: Form = Form.OPTION
    metavar: str = ""
    repeated: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    default: str | None = None
    offer: Offer = Offer.NOTHING

    @property
    def spelling(self) -> str:
        """The argument as it is named in messages: ``TARGET`` or ``--as-of``."""
        return self.placeholder if self.form is Form.POSITIONAL else f"--{self.name}"

    @property
    def placeholder(self) -> str:
        """The word that stands for the value in help."""
        return self.metavar or self.name.upper()


class Values(NamedTuple):
    """The values given on a command line, by the names of their arguments; absent ones have their default."""

    given: dict[str, tuple[str, ...]]

    def many(self, name: str) -> tuple[str, ...]:
        """All values, in the order given."""
        return self.given.get(name, ())

    def get(self, name: str) -> str | None:
        """The last value, or None where there is none."""
        values = self.given.get(name)
        return values[-1] if values else None

    def flag(self, name: str) -> bool:
        """Whether the flag was given."""
        return name in self.given


class Command(NamedTuple):
    """One command. ``function`` is ``module:function``, imported when the command runs.

    The function takes :class:`Values` and a :class:`~relgraph.cli.terminal.Terminal` and returns the exit status. ``details``
    are paragraphs for the command's page, ``examples`` pairs of a command line and what it does. ``task`` says whether
    the invoke collection has it too; ``hidden`` commands are for programs and stand in no list.
    """

    name: str
    help: str
    function: str
    arguments: tuple[Argument, ...] = ()
    details: tuple[str, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    task: bool = True
    hidden: bool = False

    @property
    def positionals(self) -> tuple[Argument, ...]:
        """The arguments without a name on the command line, in order."""
        return tuple(argument for argument in self.arguments if argument.form is Form.POSITIONAL)

    @property
    def options(self) -> tuple[Argument, ...]:
        """Options and flags."""
        return tuple(argument for argument in self.arguments if argument.form is not Form.POSITIONAL)
