"""A folder with a plan of shell commands, run by the real engine."""

import json
import os
import threading
from collections.abc import Collection
from pathlib import Path

from relgraph.engine.events import Event
from relgraph.engine.executor import Command, Executor
from relgraph.engine.outcome import Outcome, Remote
from relgraph.engine.run import run_plan
from relgraph.model.plan import Plan, Step

__all__ = ["World", "shell"]


def shell(
    name: str,
    run: str,
    inputs: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    *,
    needs: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
    environment: tuple[str, ...] = (),
    kept: bool = True,
    limit: float = 0.0,
    retries: int = 0,
    pool: str = "",
) -> Step:
    """A step that runs shell text."""
    return Step(
        name,
        "command",
        json.dumps({"run": run}),
        needs,
        after,
        inputs,
        outputs,
        environment,
        kept=kept,
        limit=limit,
        retries=retries,
        pool=pool,
    )


class World:
    """Files, steps and runs. Every run notes its events in ``events`` and the ids of the steps that ran in ``ran``."""

    def __init__(self, root: Path, *steps: Step) -> None:
        self.root = root
        self.steps = steps
        self.events: list[Event] = []
        self.environment = {"PATH": os.environ["PATH"]}
        self.executors: dict[str, Executor] = {"command": Command()}
        self.remote: Remote | None = None

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.root / ".relgraph"

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def read(self, path: str) -> str:
        """What a file holds."""
        return (self.root / path).read_text()

    def plan(self) -> Plan:
        """The plan of all steps."""
        return Plan("world", str(self.root), self.steps)

    def run(
        self, *, workers: int = 2, keep_going: bool = False, only: Collection[str] = (), force: Collection[str] = ()
    ) -> Outcome:
        """Run the plan."""
        self.events = []
        lock = threading.Lock()

        def note(event: Event) -> None:
            assert lock.acquire(blocking=False), "events come one at a time"
            self.events.append(event)
            lock.release()

        return run_plan(
            self.plan(),
            self.executors,
            state=self.state,
            workers=workers,
            environment=self.environment,
            keep_going=keep_going,
            only=only,
            force=force,
            watch=note,
            remote=self.remote,
        )

    def states(self, *, workers: int = 2, keep_going: bool = False, only: Collection[str] = (), force: Collection[str] = ()) -> str:
        """Run the plan: ``name=state`` for each step, in order."""
        outcome = self.run(workers=workers, keep_going=keep_going, only=only, force=force)
        return " ".join(f"{name}={result.state.value}" for name, result in outcome.results.items())
