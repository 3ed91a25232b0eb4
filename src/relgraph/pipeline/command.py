"""Commands of a shell about to run, and what they give: the vocabulary between the shell and its tools."""

from typing import NamedTuple

from relgraph.pipeline.artifacts import Spot
from relgraph.pipeline.context import Origin

__all__ = ["ASSUMED", "FAILED", "OK", "UNCERTAIN", "Argument", "Call", "Result", "Stop"]

OK, FAILED = 0, 1
#: A command that is not modelled: it is taken to succeed.
ASSUMED = 2
#: A condition that cannot be told.
UNCERTAIN = 3


class Result(NamedTuple):
    """What a command printed, and its status."""

    out: str = ""
    status: int = OK


class Argument(NamedTuple):
    """One word of a command after expansion, and its offsets in the script."""

    text: str
    start: int
    end: int


class Call(NamedTuple):
    """A command about to run: its words (its own name first), its input (None: none), where it stands."""

    words: tuple[Argument, ...]
    stdin: str | None
    origin: Origin
    start: int
    end: int

    @property
    def texts(self) -> list[str]:
        """The words behind the command's name."""
        return [word.text for word in self.words[1:]]

    @property
    def spot(self) -> Spot | None:
        """Where the command stands."""
        return self.origin.spot(self.start, self.end)

    def spot_of(self, argument: Argument) -> Spot | None:
        """Where a word stands."""
        return self.origin.spot(argument.start, argument.end)


class Stop(Exception):
    """``exit``, ``return``, ``break`` or ``continue`` of the script."""

    def __init__(self, kind: str, status: int = OK) -> None:
        super().__init__(kind)
        self.kind = kind
        self.status = status
