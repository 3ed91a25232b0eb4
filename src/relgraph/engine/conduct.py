"""The conductor: workers take steps in the order of the longest chain, and record what came of each as it ends."""

import os
import shutil
import signal
import threading
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

from relgraph.effects import clock
from relgraph.effects.groups import Groups
from relgraph.engine.carry import Carrier, Place
from relgraph.engine.contents import Contents
from relgraph.engine.events import Begun, Ended, Event, State, Watch
from relgraph.engine.executor import Executor
from relgraph.engine.outcome import Remote, Result
from relgraph.engine.schedule import durations, priorities, time_left
from relgraph.engine.state import Situation
from relgraph.engine.traces import Traces
from relgraph.model.plan import Step

__all__ = ["Conductor"]

_ATTENTION = 0.25  # seconds until a signal is noted at the latest
_PATIENCE = 2  # signals until the process ends at once
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
        lock: int,
    ) -> None:
        self._situation = situation
        self._traces = traces
        self._folder = folder
        self._watch = watch
        self._keep_going = keep_going
        self._contents = Contents(os.path.join(folder, "outputs"), traces)
        self._groups = Groups(hold=lock)
        self._stop = threading.Event()
        self._messages: SimpleQueue[int] = SimpleQueue()  # 0: a worker has ended; else a signal
        self._change = threading.Condition()
        self._telling = threading.Lock()
        self._problem: BaseException | None = None
        self._ready: list[tuple[float, int]] = []
        self._left: dict[int, int] = {}  # of steps that have not ended, how many they wait for
        self._running: set[int] = set()
        self._pools: dict[str, list[tuple[float, int]]] = {}  # pools in use, and who waits for them
        self._first_failed = ""
        self._results: dict[str, Result] = {}
        seconds = {name: trace.seconds for name in situation.latest if (trace := situation.last_named(name)) is not None}
        steps = situation.prepared.plan.steps
        self._took = durations([step.id for step in steps], seconds)
        self._carrier = Carrier(
            situation,
            executors,
            traces,
            self._contents,
            self._groups,
            self._stop,
            self._tell,
            remote,
            force,
            seconds,
            [b"" if trace is None else trace.deep for trace in situation.results],
            Path(situation.files.base),
        )

    def run(
        self, chosen: Sequence[bool], results: dict[str, Result], workers: int, began: float
    ) -> tuple[Mapping[str, Result], str, int]:
        """The results by step, the step that failed first, and the signal that ended the run (0 for none)."""
        situation = self._situation
        steps = situation.prepared.plan.steps
        self._results = results
        open_steps = [index for index, one in enumerate(chosen) if one and situation.results[index] is None]
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
                sum(steps[index].id in self._carrier.seconds for index in open_steps),
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
        ran = [name for name, result in results.items() if result.state is State.DONE]
        if ran:
            self._traces.forget(ran, _SMALL_LIMIT)
        if self._contents.added:
            self._contents.trim()
        return results, self._first_failed, interrupted

    def _conduct(self) -> int:
        shutil.rmtree(os.path.join(self._folder, "scratch"), ignore_errors=True)  # of a run that was killed
        before = self._catch_signals()
        threads = [threading.Thread(target=self._labour, args=(number,), name=f"step-{number}") for number in range(self._workers)]
        interrupted = 0
        try:
            for thread in threads:
                thread.start()
            alive = len(threads)
            while alive:
                try:
                    # A signal that the system hands to another thread ends no wait of this one, and is noted only when that is over.
                    message = self._messages.get(timeout=_ATTENTION)
                except Empty:
                    continue
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

        count = 0

        def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            nonlocal count
            count += 1
            if count > _PATIENCE:  # an executor that does not look at its event; the guardian sees to the programs
                os._exit(128 + number)
            self._messages.put(number)

        return {number: signal.signal(number, note) for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN}

    def _labour(self, worker: int) -> None:
        place = Place(self._folder, worker)
        try:
            while (index := self._next()) is not None:
                result = self._carrier.carry_out(index, place)
                self._finish(index, result, worker)
        except BaseException as problem:  # noqa: BLE001 - it is raised again where the run was asked for
            self._problem = self._problem or problem
            self._groups_cancel(at_once=True)
        finally:
            place.close()
            self._messages.put(0)

    def _next(self) -> int | None:
        """The number of the step to carry out next, once there is one; None when there will be none."""
        with self._change:
            while True:
                if self._stop.is_set() or (self._first_failed and not self._keep_going):
                    return None
                while self._ready:
                    row = heappop(self._ready)
                    pool = self._situation.prepared.plan.steps[row[1]].pool
                    if pool in self._pools:
                        heappush(self._pools[pool], row)
                        continue
                    if pool:
                        self._pools[pool] = []
                    self._running.add(row[1])
                    return row[1]
                if not self._running:
                    self._change.notify_all()
                    return None
                self._change.wait()

    def _finish(self, index: int, result: Result, worker: int) -> None:
        step = self._situation.prepared.plan.steps[index]
        with self._change:
            self._running.discard(index)
            for row in self._pools.pop(step.pool, ()):
                heappush(self._ready, row)
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
