"""What a run would do, told beforehand: nothing is built, written or put back."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from relgraph.engine.contents import Contents
from relgraph.engine.events import QUIET, Warned, Watch
from relgraph.engine.executor import Executor
from relgraph.engine.files import Files
from relgraph.engine.keys import ABSENT, Key, Mark
from relgraph.engine.outcome import Remote, line_of
from relgraph.engine.outputs import own_of
from relgraph.engine.prepare import Prepared, prepare
from relgraph.engine.reasons import Change, changes, told
from relgraph.engine.retire import FilesWithout, retired
from relgraph.engine.saved import load_rows
from relgraph.engine.state import Look, Situation, wanted
from relgraph.engine.traces import Trace, Traces
from relgraph.errors import RelgraphError
from relgraph.model.plan import Plan, Step

__all__ = ["Forecast", "Foreseen", "deep_keys", "preview"]


class Forecast(Enum):
    """What will become of a step: it is taken from before, it runs, or that depends on what steps before it make."""

    CACHED = "cached"
    RUN = "run"
    MAY_RUN = "may run"


class Foreseen(NamedTuple):
    """One step of a preview.

    ``why`` are lines that say why it runs or may, ``changes`` what of its key has changed since it last ran (all of
    it for a step that runs; what is known yet of one that may). ``put_back`` are outputs that are put back without a run;
    ``seconds`` is how long it took last time, 0 where that is not known.
    """

    step: Step
    forecast: Forecast
    why: tuple[str, ...]
    changes: tuple[Change, ...] = ()
    put_back: tuple[str, ...] = ()
    seconds: float = 0.0


def preview(
    plan: Plan | Prepared,
    executors: Mapping[str, Executor],
    *,
    state: str | os.PathLike[str],
    environment: Mapping[str, str],
    only: Collection[str] = (),
    force: Collection[str] = (),
    watch: Watch = QUIET,
    remote: Remote | None = None,
    owns: str = "",
) -> tuple[Foreseen, ...]:
    """What :func:`~relgraph.engine.run.run_plan` with the same arguments would do, step by step in its order.

    A step that is said to run does, and one that is said to be cached is not begun, unless something changes before. A step may run
    where a step before it runs: if that makes what it made before, nothing changes. Raises DeclarationError as the run does.
    """
    prepared = plan if isinstance(plan, Prepared) else prepare(plan)
    chosen = wanted(prepared, only)
    folder = os.path.abspath(state)
    traces = Traces(os.path.join(folder, "state.db"), warn=lambda line: watch(Warned(0.0, line)), readonly=True)
    try:
        files = FilesWithout(os.path.abspath(prepared.plan.root), load_rows(folder))
        situation = Situation(prepared, files, traces.latest(), environment)
        if owns and not only:
            gone = retired(situation, owns)
            files.leave_out(path for paths in gone.values() for path in paths)
            for name, paths in gone.items():
                if paths:
                    watch(Warned(0.0, f"{name} is no longer declared; what it had made would be removed: {', '.join(paths)}"))
        foresight = _Foresight(
            situation, files, traces, Contents(os.path.join(folder, "outputs"), traces), executors, remote, frozenset(force)
        )
        return tuple(foresight.look(index) for index, one in enumerate(chosen) if one)
    finally:
        traces.close()


def deep_keys(plan: Plan | Prepared, *, environment: Mapping[str, str]) -> Mapping[str, str]:
    """By step, 64 hexadecimal digits over all that decides it: recipes, environment and the files that no step makes.

    Nothing has to be built to know them. Two states of the files that give a step the same deep key give it the same result, as far as
    steps are functions of what they declare; so what a change reaches are the steps whose deep keys it changes.
    """
    prepared = plan if isinstance(plan, Prepared) else prepare(plan)
    situation = Situation(prepared, Files(os.path.abspath(prepared.plan.root)), {}, environment)
    deeps: list[Key] = []
    for index in range(len(prepared.plan.steps)):
        deeps.append(situation.deep(index, None, deeps))
    return {step.id: deep.hex() for step, deep in zip(prepared.plan.steps, deeps, strict=True)}


class _Foresight:
    def __init__(
        self,
        situation: Situation,
        files: FilesWithout,
        traces: Traces,
        contents: Contents,
        executors: Mapping[str, Executor],
        remote: Remote | None,
        force: frozenset[str],
    ) -> None:
        self._situation = situation
        self._files = files
        self._traces = traces
        self._contents = contents
        self._executors = executors
        self._remote = remote
        self._force = force
        self._deeps: list[Key] = [b""] * len(situation.prepared.plan.steps)
        self._coming: dict[str, Mark] = {}  # what outputs will hold that do not hold it yet
        self._going: set[int] = set()  # steps that run, or may

    def look(self, index: int) -> Foreseen:
        """Steps are looked at in their order."""
        situation = self._situation
        step = situation.prepared.plan.steps[index]
        last = situation.last(step)
        try:
            seen = self._judge(index, step, last)
        except (RelgraphError, OSError) as problem:
            seen = Foreseen(step, Forecast.RUN, (line_of(problem),))
        if seen.forecast is not Forecast.CACHED:
            self._going.add(index)
        return seen._replace(seconds=0.0 if last is None else last.seconds)

    def _judge(self, index: int, step: Step, last: Trace | None) -> Foreseen:
        situation = self._situation
        before = [situation.prepared.plan.steps[one].id for one in situation.prepared.feeds[index] if one in self._going]
        self._deeps[index] = situation.deep(index, None, self._deeps)
        if not step.kept:
            return Foreseen(step, Forecast.RUN, ("it is carried out in every run",))
        if step.id in self._force:
            return Foreseen(step, Forecast.RUN, ("it was asked for",))
        if before:
            return self._dependent(index, step, before)
        look = situation.look(index, self._mark, self._coming)
        trace = last if last is not None and last.key == look.key else self._traces.find(look.key)
        problems: tuple[str, ...] = ()
        if trace is not None:
            problems = self._lacks(step, trace)
            if not problems:
                return self._cached(index, step, trace)
        shared = self._shared(look.key)
        if shared is not None:
            return self._cached(index, step, shared)
        if problems:
            return Foreseen(step, Forecast.RUN, problems)
        found = self._changes(index, step, look)
        return Foreseen(step, Forecast.RUN, tuple(map(told, found)) or ("it never ran here",), found)

    def _dependent(self, index: int, step: Step, before: Sequence[str]) -> Foreseen:
        """A step after others that run or may: surely to run if something of its own has changed."""
        reasons = tuple(f"if '{name}' comes to something else" for name in before)
        components = self._traces.components(step.id)
        if components is None:
            return Foreseen(step, Forecast.RUN, ("it never ran here",))
        situation = self._situation
        made = {path for one in situation.prepared.feeds[index] for path in self._outputs(one)}
        marks = [self._mark(path) for path in situation.prepared.named[index]]
        matched = situation.matching(index, self._mark, self._coming) if situation.prepared.patterns[index] else []
        now = situation.components(index, Look(b"", marks, matched))
        needs = {situation.prepared.plan.steps[one].id for one in situation.prepared.feeds[index] if one in self._going}
        found = tuple(
            change
            for change in changes(components, now)
            if not (change.kind == "input" and (change.name in made or situation.makers(change.name, but=step)))
            and not (change.kind == "need" and change.name.rpartition(": ")[0] in needs)
        )
        if found:
            return Foreseen(step, Forecast.RUN, tuple(map(told, found)), found)
        known = self._traces.find_deep(self._deeps[index])
        if known is not None:
            reasons = tuple(f"unless '{name}' makes what it made before, as it should" for name in before)
        return Foreseen(step, Forecast.MAY_RUN, reasons)

    def _cached(self, index: int, step: Step, trace: Trace) -> Foreseen:
        self._situation.results[index] = trace
        # What only the result before had goes as this one is put in its place.
        gone = own_of(self._situation.superseded(step, trace.outputs), (), self._files, declared=step.outputs)
        if gone:
            self._files.leave_out((*self._files.without, *gone))
        bad = tuple(path for path, mark, _ in trace.outputs if self._situation.files.mark(path) != mark)
        for path, mark, _ in trace.outputs:
            if path in bad:
                self._coming[path] = mark
        return Foreseen(step, Forecast.CACHED, (f"put back: {', '.join(bad)}",) if bad else (), put_back=bad)

    def _lacks(self, step: Step, trace: Trace) -> tuple[str, ...]:
        """Why a result of before is not there any more."""
        if not self._executors[step.action].intact(step, trace.facts):
            return ("what it made is gone",)
        return tuple(
            f"output {path} {'is missing' if self._situation.files.mark(path) == ABSENT else 'was overwritten'}, and what it held is not kept"
            for path, mark, _ in trace.outputs
            if self._situation.files.mark(path) != mark and not self._contents.has(mark)
        )

    def _shared(self, key: Key) -> Trace | None:
        if self._remote is None:
            return None
        try:
            found = self._remote.get(key)
        except RelgraphError:
            return None
        return (
            None if found is None else Trace(key, b"", found.facts, tuple((*row, True) for row in found.outputs.items()), 0.0, 0.0)
        )

    def _changes(self, index: int, step: Step, look: Look) -> tuple[Change, ...]:
        components = self._traces.components(step.id)
        return () if components is None else changes(components, self._situation.components(index, look))

    def _outputs(self, index: int) -> Iterable[str]:
        step = self._situation.prepared.plan.steps[index]
        last = self._situation.last(step)
        return (*step.outputs, *(path for path, _, _ in (() if last is None else last.outputs)))

    def _mark(self, path: str) -> Mark:
        return self._coming.get(path) or self._situation.files.input_mark(path)
