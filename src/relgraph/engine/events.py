"""What happens in a run, as values: a board, plain lines, a timeline and a summary are made from the same events.

Moments are seconds of the monotonic clock, durations seconds. Events come one at a time, in their order, from whichever thread.
"""

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple, TypeAlias

from relgraph.model.plan import Step

__all__ = ["QUIET", "Begun", "Ended", "Event", "Finished", "Said", "Started", "State", "Warned", "Watch", "both"]


class State(Enum):
    """How a step ended: carried out; taken from before; failed; not begun since another failed; cancelled with the run."""

    DONE = "done"
    CACHED = "cached"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Begun(NamedTuple):
    """The run begins: ``steps`` may have to run; ``cached`` is how many others were found up to date before anything began.

    ``left`` is the time they will take by what they took before, and ``known`` of how many of them that is known.
    """

    name: str
    at: float
    steps: tuple[Step, ...]
    cached: int
    workers: int
    left: float
    known: int


class Started(NamedTuple):
    """A step is being carried out, for the ``attempt``-th time, by worker number ``worker``.

    ``expected`` is how long it took last time (0 where that is not known), ``log`` the file that its output goes to, ``why`` the
    reason that it runs.
    """

    step: Step
    at: float
    worker: int
    attempt: int
    expected: float
    log: str
    why: str


class Said(NamedTuple):
    """A line of a step's log that its executor wrote (what programs write is in the log only)."""

    step: str
    at: float
    line: str


class Ended(NamedTuple):
    """A step came to its end.

    ``at`` is when, ``seconds`` how long it took (0 for what did not run), ``why`` one line on what went wrong or where a
    cached result came from, ``log`` the file with its output (empty where it wrote nothing), ``tail`` the last lines of that
    where it failed. ``left`` is the time that the rest of the run will take, by what steps took before.
    """

    step: Step
    state: State
    at: float
    seconds: float
    worker: int
    why: str
    log: str
    tail: tuple[str, ...]
    left: float


class Finished(NamedTuple):
    """The run is over; ``interrupted`` is the signal that ended it, or 0."""

    at: float
    seconds: float
    interrupted: int


class Warned(NamedTuple):
    """Something that the user should know and that ends nothing."""

    at: float
    line: str


Event: TypeAlias = Begun | Warned | Started | Said | Ended | Finished
Watch: TypeAlias = Callable[[Event], None]


def QUIET(event: Event) -> None:  # noqa: N802 - a watch that is used like a constant
    """Watches nothing."""


def both(*watches: Watch) -> Watch:
    """One watch that tells several."""

    def tell(event: Event) -> None:
        for watch in watches:
            watch(event)

    return tell
