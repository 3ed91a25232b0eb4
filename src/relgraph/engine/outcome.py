"""What comes of a run, and what a shared cache is to it."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from relgraph.engine.events import State
from relgraph.engine.keys import Key, Mark
from relgraph.engine.traces import Output
from relgraph.errors import RelgraphError
from relgraph.model.plan import Facts

__all__ = ["Found", "Outcome", "Remote", "Result", "failed", "line_of"]


class Result(NamedTuple):
    """What came of a step.

    ``key`` is empty where it was never known; ``outputs`` are its files, each as path, mark and whether the step made it where none was.
    ``started`` (monotonic clock) and ``seconds`` are 0 for what did not run; ``why`` is one line on what went wrong or why it ran,
    ``log`` the file with its output, ``tail`` its last lines where it failed; then ``hint`` is what to do about it, and ``status`` the exit
    status of what it failed with.
    """

    state: State
    facts: Facts
    outputs: tuple[Output, ...]
    key: Key = b""
    started: float = 0.0
    seconds: float = 0.0
    why: str = ""
    log: str = ""
    tail: tuple[str, ...] = ()
    hint: str = ""
    status: int = 0


class Outcome(NamedTuple):
    """What came of a run: results by step id in the plan's order, the step that failed first, the signal that ended the run (or 0)."""

    results: Mapping[str, Result]
    first_failed: str
    interrupted: int
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether every step is done or cached."""
        return not self.first_failed and not self.interrupted

    @property
    def status(self) -> int:
        """The exit status: 0, that of what failed first, or 128 and the signal that ended the run."""
        if self.interrupted:
            return 128 + self.interrupted
        return self.results[self.first_failed].status if self.first_failed else 0

    def count(self, state: State) -> int:
        """How many steps ended so."""
        return sum(result.state is state for result in self.results.values())


class Found(NamedTuple):
    """What a shared cache knows of a key: facts, and the marks of output files (see :mod:`relgraph.engine.keys`)."""

    facts: Facts
    outputs: Mapping[str, Mark]


class Remote(Protocol):
    """A cache of results that several machines share. Called from several threads; what fails is raised as RelgraphError and is
    then no more than a result that is not found, or not shared."""

    def get(self, key: Key) -> Found | None:
        """What is known of a key."""

    def fetch(self, mark: Mark, path: str) -> bool:
        """Write the content of an output under a name that is free; False where it is not to be had."""

    def put(self, key: Key, facts: Facts, outputs: Mapping[str, tuple[Mark, str]]) -> None:
        """Share a result: its facts and its output files, by path below the root: the mark, and where the content lies."""


def failed(problem: BaseException, key: Key = b"", started: float = 0.0) -> Result:
    """The result of a step that failed. What is no error of ours is one of the environment."""
    hint, status = (problem.hint, problem.status) if isinstance(problem, RelgraphError) else ("", RelgraphError.status)
    return Result(State.FAILED, {}, (), key, started, why=line_of(problem), hint=hint, status=status)


def line_of(problem: BaseException) -> str:
    """What went wrong, in a line."""
    if isinstance(problem, RelgraphError):
        return "; ".join((str(problem), *problem.details))
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.filename}: {problem.strerror}" if problem.filename else problem.strerror
    return f"{type(problem).__name__}: {problem}"
