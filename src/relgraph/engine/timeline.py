"""Where the time went: a trace that browsers show (``chrome://tracing``, Perfetto) and a summary in lines."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from relgraph.engine.events import Begun, Ended, Event, Finished, State
from relgraph.model.plan import Step

__all__ = ["Summary", "Timeline"]


class Summary(NamedTuple):
    """The times of a run, in seconds.

    ``work`` is the sum of all steps, ``chain`` the longest chain of steps that waited for each other: no number of workers
    can be quicker. ``slowest`` are steps with their times, the slowest first.
    """

    seconds: float
    work: float
    chain: float
    chain_steps: tuple[str, ...]
    slowest: tuple[tuple[str, float], ...]
    counts: Mapping[State, int]


class _Row(NamedTuple):
    step: Step
    state: State
    start: float
    seconds: float
    worker: int
    why: str


class Timeline:
    """A watch that notes what ran when."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._began = 0.0
        self._seconds = 0.0
        self._cached = 0

    def __call__(self, event: Event) -> None:
        """Take an event in."""
        if isinstance(event, Begun):
            self._began = event.at
            self._cached = event.cached
        elif isinstance(event, Ended):
            self._rows.append(_Row(event.step, event.state, event.at - event.seconds, event.seconds, event.worker, event.why))
        elif isinstance(event, Finished):
            self._seconds = event.seconds

    def chrome_trace(self) -> str:
        """The run as JSON in the Trace Event Format: one complete event a step, a track a worker, times in microseconds."""
        tracks = sorted({row.worker for row in self._rows if row.worker >= 0})
        events: list[dict[str, object]] = [
            {"ph": "M", "name": "thread_name", "pid": 1, "tid": track, "args": {"name": f"worker {track + 1}"}} for track in tracks
        ]
        events += [
            {
                "ph": "X",
                "name": row.step.id,
                "cat": row.step.action,
                "pid": 1,
                "tid": row.worker,
                "ts": round((row.start - self._began) * 1e6),
                "dur": round(row.seconds * 1e6),
                "args": {"state": row.state.value, "why": row.why},
            }
            for row in self._rows
            if row.worker >= 0
        ]
        return json.dumps({"traceEvents": events, "displayTimeUnit": "ms"}, separators=(",", ":")) + "\n"

    def summary(self, slowest: int = 5) -> Summary:
        """The times in numbers."""
        counts = dict.fromkeys(State, 0)
        counts[State.CACHED] = self._cached
        for row in self._rows:
            counts[row.state] += 1
        ran = [row for row in self._rows if row.seconds > 0]
        chain, steps = _longest_chain(ran)
        longest = sorted(ran, key=lambda row: -row.seconds)[:slowest]
        return Summary(
            self._seconds,
            sum(row.seconds for row in ran),
            chain,
            steps,
            tuple((row.step.id, row.seconds) for row in longest),
            counts,
        )


def _longest_chain(rows: Sequence[_Row]) -> tuple[float, tuple[str, ...]]:
    # Rows are in the order in which steps ended, so that what a step waited for comes before it.
    best: dict[str, tuple[float, str]] = {}
    for row in rows:
        before = max(((best[name][0], name) for name in (*row.step.needs, *row.step.after) if name in best), default=(0.0, ""))
        best[row.step.id] = (before[0] + row.seconds, before[1])
    name = max(best, key=lambda step: best[step][0], default="")
    seconds = best[name][0] if name else 0.0
    chain: list[str] = []
    while name:
        chain.append(name)
        name = best[name][1]
    return seconds, tuple(reversed(chain))
