"""Executors: how the steps of one action are carried out. ``command``, which runs programs, is built in."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from relgraph.errors import DeclarationError, EnvironmentFailure
from relgraph.model.plan import Facts, Step

if TYPE_CHECKING:  # executors are there in every run; a run with nothing to do starts none of this
    import threading
    from pathlib import Path

__all__ = ["Command", "Executor", "Job", "Program", "ended"]


class Program(Protocol):
    """Runs a program in a process group of its own; it ends when the run is cancelled or the step's limit is over."""

    def __call__(
        self, argv: Sequence[str], *, cwd: "Path | None" = None, env: Mapping[str, str] | None = None, data: bytes = b""
    ) -> bytes:
        """Run to the end and return standard output; what it writes is in the step's log as well.

        ``cwd`` is the root by default; ``env`` is added to the step's environment. Raises EnvironmentFailure where the program is missing,
        ends with another status than 0, or is ended.
        """


class Job(NamedTuple):
    """What an executor has at hand.

    ``root`` is the folder of the plan's files, ``scratch`` an empty folder that goes when the step has ended. ``products``
    are the facts of the steps that it needs, by id. ``environment`` is all that programs are given: PATH, HOME (the scratch folder), LANG, TZ
    and what the step names. ``run`` runs a program and returns its output; ``command`` one whose output only goes to the
    log, and raises the same. ``say`` adds a line to the log. ``stop`` is set when the run is cancelled.
    """

    step: Step
    root: "Path"
    scratch: "Path"
    products: Mapping[str, Facts]
    environment: Mapping[str, str]
    run: Program
    command: Callable[[Sequence[str], str], None]
    say: Callable[[str], None]
    stop: "threading.Event"


class Executor(Protocol):
    """Carries out the steps of one action. Called from several threads at once.

    The limit of a step holds for each program that it runs; what an executor does by itself it has to bound itself, and to end soon when
    ``stop`` is set.
    """

    def run(self, job: Job) -> Facts:
        """Do it, and say what was made. Raises RelgraphError (or anything) where it fails."""

    def intact(self, step: Step, facts: Facts) -> bool:
        """Whether what an earlier run made, other than the step's output files, is still there."""


class Command:
    """Runs ``{"run": "shell text"}`` by ``sh -c``, or ``{"argv": [...]}`` as it is, in ``"cwd"`` (a folder below the root)."""

    def run(self, job: Job) -> Facts:
        """Run it. Its files are what it makes; it has no facts."""
        import json

        recipe = json.loads(job.step.recipe)
        if not isinstance(recipe, dict) or ("run" in recipe) == ("argv" in recipe):
            raise DeclarationError(f"step '{job.step.id}': a command's recipe holds either 'run' or 'argv'")
        argv = ["/bin/sh", "-c", recipe["run"]] if "run" in recipe else recipe["argv"]
        if not argv or not all(isinstance(word, str) for word in argv):
            raise DeclarationError(f"step '{job.step.id}': a command is text, or a list of texts")
        job.command(argv, os.path.join(job.root, recipe.get("cwd", "")))
        return {}

    def intact(self, step: Step, facts: Facts) -> bool:  # noqa: ARG002 - the engine sees to output files
        """Always: its output files are all that it makes."""
        return True


def ended(program: str, status: int, *, expired: bool, limit: float) -> EnvironmentFailure:
    """What to raise for a program that did not end with status 0."""
    name = os.path.basename(program)
    if expired:
        return EnvironmentFailure(
            f"{name}: took longer than its limit of {limit:g} seconds",
            hint="raise the step's limit, or see its log for what it waited for",
        )
    if status < 0:
        return EnvironmentFailure(f"{name}: ended by signal {-status}")
    return EnvironmentFailure(f"{name}: ended with status {status}")
