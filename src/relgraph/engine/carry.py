"""Carrying out one step: take what came of its key before, or run it, and record what came of it."""

import os
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from relgraph.effects import clock
from relgraph.effects.groups import Groups
from relgraph.engine.contents import Contents
from relgraph.engine.events import Event, Said, Started, State, Warned
from relgraph.engine.executor import Executor, Job
from relgraph.engine.journal import Journal, Unfinished
from relgraph.engine.keys import Key
from relgraph.engine.log import Log
from relgraph.engine.outcome import Remote, Result, failed
from relgraph.engine.outputs import Outputs, remove_own, repaired
from relgraph.engine.programs import Programs
from relgraph.engine.reasons import changes, told
from relgraph.engine.sharing import Sharing
from relgraph.engine.state import Look, Situation
from relgraph.engine.traces import Output, Trace, Traces
from relgraph.errors import RelgraphError
from relgraph.model.plan import Facts, Step

__all__ = ["Carrier", "Place"]


class Place:
    """What one worker has to itself: a log, an empty folder, a journal."""

    def __init__(self, state: str, worker: int) -> None:
        self.worker = worker
        self.log = Log(os.path.join(state, "logs"), worker)
        self.scratch = os.path.join(state, "scratch", str(worker))
        self.folder = Path(self.scratch)
        self.journal = Journal(state, worker)

    def close(self) -> None:
        """Remove all of it."""
        self.log.discard()
        self.journal.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


class Carrier(NamedTuple):
    """What steps are carried out with. ``seconds`` is how long steps took last time, ``deeps`` their deep keys, by number."""

    situation: Situation
    executors: Mapping[str, Executor]
    traces: Traces
    contents: Contents
    groups: Groups
    stop: threading.Event
    tell: Callable[[Event], None]
    remote: Remote | None
    force: frozenset[str]
    seconds: Mapping[str, float]
    deeps: list[Key]
    root: Path

    def carry_out(self, index: int, place: Place) -> Result:
        """Everything about one step whose needs have ended. Raises nothing that is the step's fault."""
        situation = self.situation
        step = situation.prepared.plan.steps[index]
        started = clock.monotonic()
        try:
            look = situation.look(index)
            self.deeps[index] = situation.deep(index, look, self.deeps)
            trace, origin = self._earlier(index, step, look)
        except (RelgraphError, OSError) as problem:
            return failed(problem, started=started)
        if trace is not None:
            situation.results[index] = trace
            return Result(State.CACHED, trace.facts, trace.outputs, look.key, why=origin)
        result = self._attempts(index, look, place)
        return result._replace(log=place.log.end(step.id), seconds=clock.monotonic() - started, started=started)

    def _earlier(self, index: int, step: Step, look: Look) -> tuple[Trace | None, str]:
        """What came of this key before, with its outputs in place, and what was done for that."""
        if not step.kept or step.id in self.force:
            return None, ""
        last = self.situation.last(step)
        trace = last if last is not None and last.key == look.key else self.traces.find(look.key)
        if trace is not None and self.executors[step.action].intact(step, trace.facts):
            bad = repaired(trace.outputs, self.situation.files, self.contents)
            if bad is not None:
                if trace is not last:
                    self._settle(index, step, trace, look)
                return trace, f"put back: {', '.join(bad)}" if bad else ""
        if self.remote is not None:
            own = {path for path, _, made in last.outputs if made} if last is not None else set()
            found = Sharing(self.remote, self._warn).get(step, look.key, self.situation.files, self.contents, own)
            if found is not None and self.executors[step.action].intact(step, found.facts):
                trace = found._replace(deep=self.deeps[index])
                self._settle(index, step, trace, look)
                return trace, "from the shared cache"
        return None, ""

    def _settle(self, index: int, step: Step, trace: Trace, look: Look) -> None:
        """Make a result the step's last one: what only the one before it had made goes."""
        self._tidy(step, trace.outputs)
        self.traces.record(step.id, trace, self.situation.components(index, look))

    def _tidy(self, step: Step, made: tuple[Output, ...]) -> None:
        remove_own(self.situation.superseded(step, made), (), self.situation.files, declared=step.outputs)

    def _attempts(self, index: int, look: Look, place: Place) -> Result:
        step = self.situation.prepared.plan.steps[index]
        expected = self.seconds.get(step.id, 0.0)
        why = self._why(index, step, look)
        attempt = 0
        while True:
            attempt += 1
            self.tell(Started(step, clock.monotonic(), place.worker, attempt, expected, place.log.path, why))
            result = self._attempt(index, look, place)
            if result.state is State.DONE:
                return result
            if self.stop.is_set():
                return result._replace(state=State.CANCELLED)
            place.log.note(f"relgraph: {result.why}")
            if attempt > step.retries or self.stop.wait(min(30.0, 0.5 * 2.0**attempt)):
                return result._replace(tail=place.log.tail())

    def _attempt(self, index: int, look: Look, place: Place) -> Result:
        situation = self.situation
        step = situation.prepared.plan.steps[index]
        began = clock.monotonic()
        last = situation.last(step)
        outputs = Outputs(step, () if last is None else last.outputs, situation.files, self.contents)
        done = begun = False
        try:
            os.makedirs(place.scratch, exist_ok=True)
            if step.outputs:
                outputs.look()
                place.journal.begin(Unfinished(step.id, step.outputs, outputs.before))
                begun = True
                outputs.clear()
            facts = _plain(self.executors[step.action].run(self._job(step, place)))
            made = outputs.take() if step.outputs else ()
            done = True
        except Exception as problem:  # noqa: BLE001 - whatever an executor raises is a failure of its step, not of the run
            return failed(problem, look.key)
        finally:
            if begun and not done:
                outputs.put_back()
                place.journal.end()
            _clear(place.scratch)
        trace = Trace(look.key, self.deeps[index], facts, made, clock.monotonic() - began, clock.now())
        situation.results[index] = trace
        why = ""
        if self._unchanged(index, look.key):
            self._tidy(step, made)
            self.traces.record(step.id, trace, situation.components(index, look))
            if self.remote is not None and step.kept:
                Sharing(self.remote, self._warn).put(trace, situation.files)
        else:
            why = "an input changed while it ran; it will run again"
            self._warn(f"{step.id}: {why}")
        if begun:
            place.journal.end()
        return Result(State.DONE, facts, made, look.key, why=why)

    def _unchanged(self, index: int, key: Key) -> bool:
        if self.situation.prepared.patterns[index]:
            self.situation.files.forget_listings()
        try:
            return self.situation.look(index).key == key
        except (RelgraphError, OSError):
            return False

    def _why(self, index: int, step: Step, look: Look) -> str:
        if not step.kept:
            return ""
        if step.id in self.force:
            return "it was asked for"
        before = self.traces.components(step.id) if step.id in self.situation.latest else None
        if before is None:
            return "it never ran here"
        found = changes(before, self.situation.components(index, look))
        if not found:
            return "what it made is gone"
        return told(found[0]) + (f", and {len(found) - 1} more" if len(found) > 1 else "")

    def _job(self, step: Step, place: Place) -> Job:
        situation = self.situation
        environment = {"PATH": situation.environment.get("PATH", os.defpath), "HOME": place.scratch, "LANG": "C.UTF-8", "TZ": "UTC"}
        for name in step.environment:
            value = situation.environment.get(name)
            if value is not None:
                environment[name] = value
        products: dict[str, Facts] = {}
        for name, number in zip(step.needs, situation.needed(step), strict=True):
            trace = situation.results[number]
            assert trace is not None
            products[name] = trace.facts
        root = self.root
        programs = Programs(self.groups, place.log, situation.files.base, place.scratch, environment, step.limit)

        def say(line: str) -> None:
            place.log.write(line.encode("utf-8", "backslashreplace") + b"\n")
            self.tell(Said(step.id, clock.monotonic(), line))

        return Job(step, root, place.folder, products, environment, programs.run, programs.command, say, self.stop)

    def _warn(self, line: str) -> None:
        self.tell(Warned(clock.monotonic(), line))


def _plain(facts: Facts) -> dict[str, str]:
    """Facts as they enter keys; anything but text would do so under a name that may change."""
    plain = dict(facts)
    if not all(type(word) is str for row in plain.items() for word in row):
        raise TypeError("facts are text by name")
    return plain


def _clear(scratch: str) -> None:
    """Empty the folder; making it anew for every step costs more."""
    try:
        with os.scandir(scratch) as entries:
            found = list(entries)
    except FileNotFoundError:
        return
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)
