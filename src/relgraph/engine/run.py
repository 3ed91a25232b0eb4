"""Runs: every step of a plan is up to date afterwards, or why it is not is known."""

import os
from collections.abc import Collection, Mapping

from relgraph.effects import clock
from relgraph.engine.events import QUIET, Begun, Finished, State, Warned, Watch
from relgraph.engine.executor import Executor
from relgraph.engine.files import Files
from relgraph.engine.journal import take_unfinished
from relgraph.engine.lock import run_lock
from relgraph.engine.outcome import Outcome, Remote, Result
from relgraph.engine.prepare import Prepared, prepare
from relgraph.engine.saved import load_rows, save_rows
from relgraph.engine.state import Situation, wanted
from relgraph.engine.sweep import sweep
from relgraph.engine.traces import Trace, Traces
from relgraph.errors import DeclarationError, Refused
from relgraph.model.plan import Plan

__all__ = ["run_plan"]


def run_plan(
    plan: Plan | Prepared,
    executors: Mapping[str, Executor],
    *,
    state: str | os.PathLike[str],
    workers: int,
    environment: Mapping[str, str],
    keep_going: bool = False,
    only: Collection[str] = (),
    force: Collection[str] = (),
    watch: Watch = QUIET,
    remote: Remote | None = None,
    owns: str = "",
) -> Outcome:
    """Carry out what is not up to date.

    ``executors`` are by action. ``state`` is the folder of traces, logs and kept outputs (``.relgraph`` in the root); it is made
    where it is missing. ``environment`` is that from which steps are given what they name, and PATH. ``only`` are the steps that are wanted
    (with all that they wait for), ``force`` those that run in any case. With ``keep_going`` a failure stops those only that
    wait for what failed. Steps whose ids begin with ``owns``, that earlier runs had and that the plan has no longer, are forgotten where
    everything is wanted, and what only they had made is removed.

    SIGINT, SIGTERM and SIGHUP, where the call is made in the main thread, end all programs and then the run, with
    :attr:`Outcome.interrupted` set; a second one does so at once.

    Raises DeclarationError for a plan that cannot be carried out and Refused when another run is under way; that a step failed is in
    the outcome.
    """
    began = clock.monotonic()
    prepared = plan if isinstance(plan, Prepared) else prepare(plan)
    chosen = wanted(prepared, only)
    unknown = {step.action for step in prepared.plan.steps}.difference(executors)
    if unknown:
        raise DeclarationError(f"no executor carries out '{min(unknown)}'")
    folder = _state_folder(os.path.abspath(state))
    with run_lock(folder) as lock:
        files = Files(os.path.abspath(prepared.plan.root), load_rows(folder))
        traces = Traces(os.path.join(folder, "state.db"), warn=lambda line: watch(Warned(clock.monotonic(), line)))
        try:
            for name, outputs, before in take_unfinished(folder):
                from relgraph.engine.contents import Contents
                from relgraph.engine.outputs import put_back

                put_back(outputs, before, files, Contents(os.path.join(folder, "outputs"), traces))
                watch(
                    Warned(
                        clock.monotonic(), f"{name}: an earlier run was killed while it wrote; its outputs are as they were before"
                    )
                )
            situation = Situation(prepared, files, traces.latest(), environment)
            if owns and not only:
                _retire(situation, traces, owns, watch)
            sweep(situation, chosen, frozenset(force), executors)
            steps = prepared.plan.steps
            results = {
                step.id: _cached(trace)
                for step, trace, one in zip(steps, situation.results, chosen, strict=True)
                if one and trace is not None
            }
            if len(results) == sum(chosen):
                now = clock.monotonic()
                watch(Begun(prepared.plan.name, began, (), len(results), workers, 0.0, 0))
                outcome = Outcome(results, "", 0, now - began)
            else:
                from relgraph.engine.conduct import Conductor

                conductor = Conductor(
                    situation,
                    traces,
                    folder,
                    executors,
                    watch=watch,
                    remote=remote,
                    keep_going=keep_going,
                    force=frozenset(force),
                    lock=lock,
                )
                ended, first, interrupted = conductor.run(chosen, results, workers, began)
                outcome = Outcome(
                    {step.id: ended[step.id] for step, one in zip(steps, chosen, strict=True) if one},
                    first,
                    interrupted,
                    clock.monotonic() - began,
                )
            watch(Finished(clock.monotonic(), outcome.seconds, outcome.interrupted))
            return outcome
        finally:
            traces.close()
            if files.changed:
                save_rows(folder, files.settle())


def _retire(situation: Situation, traces: Traces, owns: str, watch: Watch) -> None:
    if situation.latest.keys() <= situation.ids:
        return
    from relgraph.engine.retire import retire

    for name, paths in retire(situation, traces, owns).items():
        if paths:
            watch(Warned(clock.monotonic(), f"{name} is no longer declared; removed what it had made: {', '.join(paths)}"))


def _state_folder(path: str) -> str:
    """The folder for what runs leave behind, made where it is missing, and kept out of version control by itself."""
    if os.path.islink(path):
        raise Refused(f"{path} is a link to elsewhere", hint="remove it: that folder is for what relgraph keeps on this machine")
    ignore = os.path.join(path, ".gitignore")
    if not os.path.exists(ignore):
        os.makedirs(path, exist_ok=True)
        with open(ignore, "w", encoding="ascii") as file:
            file.write("*\n")
    return path


def _cached(trace: Trace) -> Result:
    return Result(State.CACHED, trace.facts, trace.outputs, trace.key)
