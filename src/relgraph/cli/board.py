"""What a run looks like while it goes on: a live board on a terminal, plain lines elsewhere."""

import threading
from collections.abc import Generator
from contextlib import contextmanager

from relgraph.cli.terminal import Terminal
from relgraph.effects import clock
from relgraph.engine.events import Begun, Ended, Event, Finished, Said, Started, State, Warned, Watch
from relgraph.engine.timeline import Summary
from relgraph.report.clean import visible

__all__ = ["Board", "duration", "line_of", "summary_lines", "watching"]

_TICK = 0.1
_WHEEL = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_MOST = 12
_WORDS = {
    State.DONE: "done",
    State.CACHED: "cached",
    State.FAILED: "FAILED",
    State.SKIPPED: "skipped",
    State.CANCELLED: "cancelled",
}
_COLORS = {State.DONE: "32", State.FAILED: "31", State.SKIPPED: "33", State.CANCELLED: "33"}


class Board:
    """What is known of a run so far, from its events; :meth:`lines` is what is shown of it. Not safe for several threads."""

    def __init__(self) -> None:
        self.total = 0
        self.counts = dict.fromkeys(State, 0)
        self._running: dict[str, tuple[Started, str]] = {}
        self._left = 0.0
        self._at = 0.0

    def take(self, event: Event) -> None:
        """Note an event."""
        if isinstance(event, Begun):
            self.total = len(event.steps)
            self.counts[State.CACHED] = event.cached
            self._left, self._at = event.left, event.at
        elif isinstance(event, Started):
            self._running[event.step.id] = (event, "")
        elif isinstance(event, Said) and event.step in self._running:
            self._running[event.step] = (self._running[event.step][0], event.line)
        elif isinstance(event, Ended):
            if event.step.id in self._running or event.state is not State.CACHED:
                self.counts[event.state] += 1
            self._running.pop(event.step.id, None)
            self._left, self._at = event.left, event.at

    def lines(self, now: float, width: int) -> list[str]:
        """The board: a line for each running step, and one for the whole."""
        shown = sorted(self._running.values(), key=lambda one: one[0].at)
        wheel = _WHEEL[int(now / _TICK) % len(_WHEEL)]
        rows = []
        for started, said in shown[:_MOST]:
            usual = f" of about {duration(started.expected)}" if started.expected >= 1 else ""
            again = f", attempt {started.attempt}" if started.attempt > 1 else ""
            text = f"{wheel} {started.step.id}  {duration(now - started.at)}{usual}{again}"
            rows.append(_fit(f"{text}  {visible(said)}" if said else text, width))
        if len(shown) > _MOST:
            rows.append(f"  and {len(shown) - _MOST} more")
        ended = sum(self.counts.values())
        parts = [f"{len(shown)} running", f"{self.counts[State.DONE]} done", f"{self.counts[State.CACHED]} cached"]
        parts += [f"{self.counts[state]} {_WORDS[state]}" for state in (State.FAILED, State.SKIPPED) if self.counts[state]]
        left = self._left - (now - self._at)
        parts.append(f"{max(0, self.total - ended)} left" + (f", about {duration(left)}" if left >= 1 else ""))
        rows.append(_fit(f"{_bar(ended, self.total)} {' · '.join(parts)}", width))
        return rows


def line_of(event: Ended, *, color: bool = False) -> str:
    """What stays on the screen of a step that ended."""
    word = f"{_WORDS[event.state]:9}"
    if color and event.state in _COLORS:
        word = f"\x1b[{_COLORS[event.state]}m{word}\x1b[0m"
    seconds = f"  {duration(event.seconds)}" if event.seconds else ""
    why = f": {visible(event.why)}" if event.why and event.state is not State.DONE else ""
    return f"{word} {event.step.id}{seconds}{why}"


def duration(seconds: float) -> str:
    """A time as people say it: ``0.4 s``, ``12 s``, ``3 min 05 s``."""
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def summary_lines(summary: Summary) -> list[str]:
    """The times of a run, for people."""
    lines = [
        f"{duration(summary.seconds)} in all, {duration(summary.work)} of work; "
        f"the longest chain took {duration(summary.chain)}: {' > '.join(summary.chain_steps) or 'nothing ran'}"
    ]
    wide = max((len(step) for step, _ in summary.slowest), default=0)
    return lines + [f"  {step:{wide}}  {duration(seconds)}" for step, seconds in summary.slowest]


@contextmanager
def watching(terminal: Terminal) -> Generator[Watch, None, None]:
    """A watch that shows the run on standard error while the context lasts."""
    board = Board()
    lock = threading.Lock()
    over = threading.Event()

    def watch(event: Event) -> None:
        with lock:
            board.take(event)
            if isinstance(event, Warned):
                terminal.complain(f"relgraph: warning: {visible(event.line)}")
            elif isinstance(event, Ended) and (event.state is not State.CACHED or event.why):
                _tell(terminal, event)
            elif isinstance(event, Finished):
                over.set()
                terminal.draw([])
                return
            draw()

    def draw() -> None:
        if not over.is_set():
            terminal.draw(board.lines(clock.monotonic(), terminal.screen - 1))

    def tick() -> None:
        while not over.wait(_TICK):
            with lock:
                draw()

    ticker = threading.Thread(target=tick, name="board", daemon=True)
    if terminal.interactive:
        ticker.start()
    try:
        yield watch
    finally:
        over.set()
        if terminal.interactive:
            ticker.join()
        terminal.draw([])


def _tell(terminal: Terminal, event: Ended) -> None:
    terminal.complain(line_of(event, color=terminal.interactive and terminal.color))
    for line in event.tail:
        terminal.complain(f"    {visible(line)}")
    if event.state is State.FAILED and event.log:
        terminal.complain(f"    (all of it: {event.log})")


def _bar(ended: int, total: int) -> str:
    width = 20
    full = width if not total else min(width, ended * width // total)
    return "━" * full + "─" * (width - full)


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(1, width - 1)] + "…"
