"""The conductor: workers take steps in the order of the longest chain, and record what came of each as it ends."""

import os
import shutil
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from heapq import heappop, heappush
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryFile
from types import FrameType
from typing import Any

from relgraph.effects import clock
from relgraph.effects.groups import Groups
from relgraph.engine.contents import Contents
from relgraph.engine.events import Begun, Ended, Event, Said, Started, State, Warned, Watch
from relgraph.engine.executor import Executor, Job, ended
from relgraph.engine.keys import Key
from relgraph.engine.log import Log
from relgraph.engine.outcome import Remote, Result
from relgraph.engine.outputs import Outputs, repaired
from relgraph.engine.schedule import durations, priorities, time_left
from relgraph.engine.state import Look, Situation
from relgraph.engine.traces import Trace, Traces
from relgraph.errors import EnvironmentFailure, RelgraphError
from relgraph.model.plan import Facts, Step

__all__ = ["Conductor"]

_SMALL_LIMIT = 256 << 20  # bytes of small contents
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Conductor:
    """One run of what :func:`~relgraph.engine.sweep.sweep` left."""

    def __init__(
        self,
        situation: Situation,
        traces: Traces,
        folder: str,
        executors: Mapping[str, Executor],
        *,
        watch: Watch,
        remote: Remote | None,
        keep_going: bool,
        force: frozenset[str],
    ) -> None:
        self._situation = situation
        self._traces = traces
        self._folder = folder
        self._executors = executors
        self._watch = watch
        self._remote = remote
        self._keep_going = keep_going
        self._force = force
        self._contents = Contents(os.path.join(folder, "outputs"), traces)
        self._groups = Groups()
        self._stop = threading.Event()
        self._messages: SimpleQueue[int] = SimpleQueue()  # 0: a worker has ended; else a signal
        self._change = threading.Condition()
        self._telling = threading.Lock()
        self._problem: BaseException | None = None
        self._ready: list[tuple[float, int]] = []
        self._left: dict[int, int] = {}  # of steps that have not ended, how many they wait for
        self._running: set[int] = set()
        self._pools: set[str] = set()
        self._first_failed = ""
        self._results: dict[str, Result] = {}
        self._deeps: list[Key] = []
        self._ran: list[str] = []

    def run(
        self, chosen: Sequence[bool], results: dict[str, Result], workers: int, began: float
    ) -> tuple[Mapping[str, Result], str, int]:
        """The results by step, the step that failed first, and the signal that ended the run (0 for none)."""
        situation = self._situation
        steps = situation.prepared.plan.steps
        self._results = results
        self._deeps = [b"" if trace is None else trace.deep for trace in situation.results]
        open_steps = [index for index, one in enumerate(chosen) if one and situation.results[index] is None]
        seconds = {name: trace.seconds for name in situation.latest if (trace := situation.last_named(name)) is not None}
        self._known = seconds
        self._took = durations([step.id for step in steps], seconds)
        is_open = set(open_steps)
        waits = [[one for one in situation.prepared.waits[index] if one in is_open] for index in range(len(steps))]
        self._priority = priorities([took if index in is_open else 0.0 for index, took in enumerate(self._took)], waits)
        self._followers: dict[int, list[int]] = {index: [] for index in open_steps}
        for index in open_steps:
            self._left[index] = len(waits[index])
            for before in waits[index]:
                self._followers[before].append(index)
            if not waits[index]:
                heappush(self._ready, (-self._priority[index], index))
        self._workers = max(1, min(workers, len(open_steps)))
        self._work_left = sum(self._took[index] for index in open_steps)
        self._tell(
            Begun(
                situation.prepared.plan.name,
                began,
                tuple(steps[index] for index in open_steps),
                len(results),
                self._workers,
                self._time_left(),
                sum(steps[index].id in seconds for index in open_steps),
            )
        )
        interrupted = self._conduct()
        if self._problem is not None:
            raise self._problem
        state, why = (
            (State.CANCELLED, "the run was ended")
            if interrupted
            else (State.SKIPPED, f"not begun, since '{self._first_failed}' failed")
        )
        for index in open_steps:
            if steps[index].id not in results:
                self._end(steps[index], Result(state, {}, (), why=why), -1)
        if self._ran:
            self._traces.forget(self._ran, _SMALL_LIMIT)
        if self._contents.added:
            self._contents.trim()
        return results, self._first_failed, interrupted

    # -- workers

    def _conduct(self) -> int:
        before = self._catch_signals()
        threads = [threading.Thread(target=self._labour, args=(number,), name=f"step-{number}") for number in range(self._workers)]
        interrupted = 0
        try:
            for thread in threads:
                thread.start()
            alive = len(threads)
            while alive:
                message = self._messages.get()
                if not message:
                    alive -= 1
                    continue
                self._groups_cancel(at_once=bool(interrupted))
                interrupted = interrupted or message
        finally:
            if any(thread.is_alive() for thread in threads):
                self._groups_cancel(at_once=True)
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
            self._groups.close()
            for number, handler in before.items():
                signal.signal(number, handler)
        return interrupted

    def _groups_cancel(self, *, at_once: bool) -> None:
        self._stop.set()
        self._groups.cancel(at_once=at_once)
        with self._change:
            self._change.notify_all()

    def _catch_signals(self) -> dict[int, Any]:
        if threading.current_thread() is not threading.main_thread():
            return {}

        def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            self._messages.put(number)

        return {number: signal.signal(number, note) for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN}

    def _labour(self, worker: int) -> None:
        log = Log(os.path.join(self._folder, "logs"), worker)
        scratch = os.path.join(self._folder, "scratch", str(worker))
        try:
            while (index := self._next()) is not None:
                result = self._carry_out(index, worker, log, scratch)
                self._finish(index, result, worker)
        except BaseException as problem:  # noqa: BLE001 - it is raised again where the run was asked for
            self._problem = self._problem or problem
            self._groups_cancel(at_once=True)
        finally:
            log.discard()
            shutil.rmtree(scratch, ignore_errors=True)
            self._messages.put(0)

    def _next(self) -> int | None:
        """The number of the step to carry out next, once there is one; None when there will be none."""
        with self._change:
            while True:
                if self._stop.is_set() or (self._first_failed and not self._keep_going):
                    return None
                passed = []
                chosen = None
                while self._ready:
                    row = heappop(self._ready)
                    pool = self._situation.prepared.plan.steps[row[1]].pool
                    if pool and pool in self._pools:
                        passed.append(row)
                        continue
                    chosen = row[1]
                    if pool:
                        self._pools.add(pool)
                    break
                for row in passed:
                    heappush(self._ready, row)
                if chosen is not None:
                    self._running.add(chosen)
                    return chosen
                if not self._running:
                    self._change.notify_all()
                    return None
                self._change.wait()

    def _finish(self, index: int, result: Result, worker: int) -> None:
        step = self._situation.prepared.plan.steps[index]
        with self._change:
            self._running.discard(index)
            self._pools.discard(step.pool)
            self._work_left -= self._took[index]
            woken = 0
            if result.state in (State.DONE, State.CACHED):
                for follower in self._followers[index]:
                    self._left[follower] -= 1
                    if not self._left[follower]:
                        heappush(self._ready, (-self._priority[follower], follower))
                        woken += 1
            elif result.state is State.FAILED and not self._first_failed:
                self._first_failed = step.id
            self._end(step, result, worker)
            if result.state is State.FAILED:
                self._skip(index)
            if woken > 1 or step.pool or result.state is State.FAILED or not self._ready:
                self._change.notify_all()

    def _skip(self, index: int) -> None:
        """End what waits, however far away, for a step that failed."""
        steps = self._situation.prepared.plan.steps
        reached = [index]
        while reached:
            for follower in self._followers[reached.pop()]:
                if steps[follower].id not in self._results:
                    self._work_left -= self._took[follower]
                    self._end(
                        steps[follower], Result(State.SKIPPED, {}, (), why=f"it waits for '{steps[index].id}', which failed"), -1
                    )
                    reached.append(follower)

    def _end(self, step: Step, result: Result, worker: int) -> None:
        self._results[step.id] = result
        self._tell(
            Ended(
                step,
                result.state,
                clock.monotonic(),
                result.seconds,
                worker,
                result.why,
                result.log,
                result.tail,
                self._time_left(),
            )
        )

    def _time_left(self) -> float:
        longest = -self._ready[0][0] if self._ready else 0.0
        for index in self._running:
            longest = max(longest, self._priority[index])
        return time_left(max(0.0, self._work_left), longest, self._workers)

    def _tell(self, event: Event) -> None:
        with self._telling:
            self._watch(event)

    # -- one step

    def _carry_out(self, index: int, worker: int, log: Log, scratch: str) -> Result:
        situation = self._situation
        step = situation.prepared.plan.steps[index]
        started = clock.monotonic()
        try:
            look = situation.look(index)
            self._deeps[index] = situation.deep(index, look, self._deeps)
            trace, origin = self._earlier(step, look.key)
        except (RelgraphError, OSError) as problem:
            return Result(State.FAILED, {}, (), started=started, why=_line(problem))
        if trace is not None:
            situation.results[index] = trace
            return Result(State.CACHED, trace.facts, trace.outputs, look.key, why=origin)
        result = self._attempts(index, look, worker, log, scratch)
        return result._replace(log=log.end(step.id), seconds=clock.monotonic() - started, started=started)

    def _earlier(self, step: Step, key: Key) -> tuple[Trace | None, str]:
        """What came of this key before, with its outputs in place, and where it came from."""
        if not step.kept or step.id in self._force:
            return None, ""
        last = self._situation.last(step)
        if last is None or last.key != key:
            last = self._traces.find(key)
        if last is not None and self._executors[step.action].intact(step, last.facts):
            put_back = repaired(last.outputs, self._situation.files, self._contents)
            if put_back is not None:
                self._situation.files.forget_listings()
                return last, f"put back: {', '.join(put_back)}" if put_back else ""
        return None, ""

    def _attempts(self, index: int, look: Look, worker: int, log: Log, scratch: str) -> Result:
        step = self._situation.prepared.plan.steps[index]
        expected = self._known.get(step.id, 0.0)
        attempt = 0
        while True:
            attempt += 1
            self._tell(Started(step, clock.monotonic(), worker, attempt, expected, log.path, ""))
            result = self._attempt(index, look, log, scratch)
            if result.state is State.DONE:
                return result
            if self._stop.is_set():
                return result._replace(state=State.CANCELLED)
            log.write(f"relgraph: {result.why}\n".encode("utf-8", "surrogateescape"))
            if attempt > step.retries or self._stop.wait(min(30.0, 0.5 * 2.0**attempt)):
                return result._replace(tail=log.tail())

    def _attempt(self, index: int, look: Look, log: Log, scratch: str) -> Result:
        situation = self._situation
        step = situation.prepared.plan.steps[index]
        began = clock.monotonic()
        last = situation.last(step)
        previous = () if last is None else last.outputs
        outputs = Outputs(step, situation.files, self._contents)
        done = False
        try:
            os.makedirs(scratch, exist_ok=True)
            outputs.prepare(previous)
            facts = dict(self._executors[step.action].run(self._job(step, log, scratch)))
            made = outputs.take(previous)
            done = True
        except Exception as problem:  # noqa: BLE001 - whatever an executor raises is a failure of its step, not of the run
            return Result(State.FAILED, {}, (), look.key, why=_line(problem))
        finally:
            if not done:
                outputs.put_back()
            _clear(scratch)
        trace = Trace(look.key, self._deeps[index], facts, made, clock.monotonic() - began, clock.now())
        situation.results[index] = trace
        why = ""
        if self._unchanged(index, look.key):
            self._traces.record(step.id, trace, situation.components(index, look))
            self._ran.append(step.id)
        else:
            why = "an input changed while it ran; it will run again"
            self._tell(Warned(clock.monotonic(), f"{step.id}: {why}"))
        return Result(State.DONE, facts, made, look.key, why=why)

    def _unchanged(self, index: int, key: Key) -> bool:
        if self._situation.prepared.patterns[index]:
            self._situation.files.forget_listings()
        try:
            return self._situation.look(index).key == key
        except (RelgraphError, OSError):
            return False

    def _job(self, step: Step, log: Log, scratch: str) -> Job:
        situation = self._situation
        environment = {"PATH": situation.environment.get("PATH", os.defpath), "HOME": scratch, "LANG": "C.UTF-8", "TZ": "UTC"}
        environment.update((name, value) for name in step.environment if (value := situation.environment.get(name)) is not None)
        products: dict[str, Facts] = {}
        for name, number in zip(step.needs, situation.needed(step), strict=True):
            trace = situation.results[number]
            assert trace is not None
            products[name] = trace.facts
        root = Path(situation.files.base)

        def execute(argv: Sequence[str], cwd: str, env: Mapping[str, str], stdin: int | None, stdout: int) -> None:
            ending = self._groups.run(argv, cwd=cwd, env=env, stdin=stdin, stdout=stdout, stderr=log.descriptor, limit=step.limit)
            if ending.cancelled:
                raise EnvironmentFailure("cancelled")
            if ending.status:
                raise ended(argv[0], ending.status, expired=ending.expired, limit=step.limit)

        def command(argv: Sequence[str], cwd: str) -> None:
            execute(argv, cwd, environment, None, log.descriptor)

        def run(argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, data: bytes = b"") -> bytes:
            with TemporaryFile(dir=scratch) as output, TemporaryFile(dir=scratch) as given:
                if data:
                    given.write(data)
                    given.seek(0)
                try:
                    execute(
                        argv,
                        str(cwd or root),
                        {**environment, **(env or {})},
                        given.fileno() if data else None,
                        output.fileno(),
                    )
                finally:
                    output.seek(0)
                    written = output.read()
                    log.write(written)
                return written

        return Job(step, root, Path(scratch), products, environment, run, command, self._sayer(step, log), self._stop)

    def _sayer(self, step: Step, log: Log) -> Callable[[str], None]:
        def say(line: str) -> None:
            log.write(line.encode("utf-8", "surrogateescape") + b"\n")
            self._tell(Said(step.id, clock.monotonic(), line))

        return say


def _line(problem: BaseException) -> str:
    if isinstance(problem, RelgraphError):
        return "; ".join((str(problem), *problem.details))
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.filename}: {problem.strerror}" if problem.filename else problem.strerror
    return f"{type(problem).__name__}: {problem}"


def _clear(scratch: str) -> None:
    """Empty the folder; making it anew for every step costs more."""
    with os.scandir(scratch) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)
