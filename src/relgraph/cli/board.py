"""What a run looks like while it goes on: a live board on a terminal, plain lines elsewhere."""

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from relgraph.cli.terminal import Screen, Terminal
from relgraph.effects import clock
from relgraph.engine.events import Begun, Ended, Event, Finished, Said, Started, State, Warned, Watch
from relgraph.report.clean import visible

if TYPE_CHECKING:
    from relgraph.engine.timeline import Summary

__all__ = ["Board", "cells", "duration", "line_of", "summary_lines", "watching"]

_TICK = 0.1
_MOST = 12
_LISTED = 5
_WORDS = {
    State.DONE: "done",
    State.CACHED: "cached",
    State.FAILED: "FAILED",
    State.SKIPPED: "skipped",
    State.CANCELLED: "cancelled",
}
_COLORS = {State.DONE: "32", State.FAILED: "1;31", State.SKIPPED: "33", State.CANCELLED: "33"}
_SHOWN = 0.05


class _Glyphs(NamedTuple):
    wheel: str
    full: str
    empty: str
    between: str
    more: str


_UNICODE = _Glyphs("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "━", "─", " · ", "…")
_ASCII = _Glyphs("|/-\\", "=", "-", ", ", "~")


class Board:
    """What is known of a run so far, from its events; :meth:`lines` is what is shown of it. Not safe for several threads."""

    def __init__(self, *, unicode: bool = True, color: bool = False) -> None:
        self._glyphs = _UNICODE if unicode else _ASCII
        self._color = color
        self._clear(Begun("", 0.0, (), 0, 1, 0.0, 0))

    def _clear(self, event: Begun) -> None:
        self._open, self._before = len(event.steps), event.cached
        self.counts = dict.fromkeys(State, 0)
        self.counts[State.CACHED] = event.cached
        self._running: dict[str, tuple[Started, str]] = {}
        self._left, self._at, self._began = event.left, event.at, event.at
        # Where hardly a step ever ran, nobody knows how long the others will take.
        self._foreseen = 2 * event.known >= max(1, self._open)

    def take(self, event: Event) -> None:
        """Note an event."""
        if isinstance(event, Begun):
            self._clear(event)
        elif isinstance(event, Started):
            self._running[event.step.id] = (event, "")
        elif isinstance(event, Said) and event.step in self._running:
            self._running[event.step] = (self._running[event.step][0], event.line)
        elif isinstance(event, Ended):
            self.counts[event.state] += 1
            self._running.pop(event.step.id, None)
            self._left, self._at = event.left, event.at

    @property
    def through(self) -> str:
        """How far the run is: ``3/10`` of what was not up to date to begin with."""
        return f"{self._ended - self._before}/{self._open}"

    @property
    def _ended(self) -> int:
        return sum(self.counts.values())

    def lines(self, now: float, screen: Screen, aside: str = "") -> list[str]:
        """The board: a line for each running step, and one for the whole; ``aside`` is said above that. All of them fit the screen."""
        # The terminal echoes an interrupt (^C) at the end of the last line.
        width = screen.columns - 3
        shown = sorted(self._running.values(), key=lambda one: one[0].at)
        most = max(1, min(_MOST, screen.rows - 4))
        wide = max((len(started.step.id) for started, _ in shown[:most]), default=0)
        rows = [self._row(*one, now, width, wide) for one in shown[:most]]
        if len(shown) > most:
            rows.append(self._fit(width, ("2", f"  and {len(shown) - most} more")))
        if aside:
            rows.append(self._fit(width, ("2", f"  {visible(aside)}")))
        rows.append(self._whole(len(shown), now, width))
        return rows

    def _row(self, started: Started, said: str, now: float, width: int, wide: int) -> str:
        turn = self._glyphs.wheel[int(now / _TICK) % len(self._glyphs.wheel)]
        usual = f" of about {duration(started.expected)}" if started.expected >= 1 else ""
        again = f", attempt {started.attempt}" if started.attempt > 1 else ""
        time = f"  {duration(now - started.at)}{usual}{again}"
        return self._fit(
            width, ("36", turn), ("", f" {visible(started.step.id):{wide}}{time}"), ("2", f"  {visible(said)}" if said else "")
        )

    def _whole(self, running: int, now: float, width: int) -> str:
        full, empty = self._bar()
        parts = [("", f" {running} running")]
        for state, code in ((State.DONE, "32"), (State.CACHED, ""), (State.FAILED, "1;31"), (State.SKIPPED, "33")):
            if (count := self.counts[state]) or state in (State.DONE, State.CACHED):
                parts += [("2", self._glyphs.between), (code if count else "", f"{count} {_WORDS[state]}")]
        left = self._left - (now - self._at)
        foreseen = f", about {duration(left)}" if self._foreseen and left >= 1 else ""
        parts += [("2", self._glyphs.between), ("", f"{max(0, self._open + self._before - self._ended)} left{foreseen}")]
        return self._fit(width, ("32", full), ("2", empty), *parts)

    def _bar(self) -> tuple[str, str]:
        width = 20
        total = self._open + self._before
        full = min(width, self._ended * width // total) if total else width
        return self._glyphs.full * full, self._glyphs.empty * (width - full)

    def _fit(self, width: int, *parts: tuple[str, str]) -> str:
        """Parts of a line, each with its colour, as far as there is room."""
        room, text = width, ""
        for code, part in parts:
            piece = part if cells(part) <= room else cut(part, room - 1) + self._glyphs.more
            text += f"\x1b[{code}m{piece}\x1b[0m" if self._color and code and piece else piece
            room -= cells(piece)
            if piece is not part or room <= 0:
                break
        return text


def cells(text: str) -> int:
    """How many columns a text takes on a terminal: two for each wide character (Unicode's East Asian Width), none for a combining one."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def cut(text: str, width: int) -> str:
    """As much of the beginning of a text as fits."""
    if text.isascii():
        return text[: max(0, width)]
    end = used = 0
    for end, one in enumerate(text):
        used += cells(one)
        if used > width:
            return text[:end]
    return text


def line_of(event: Ended, *, color: bool = False) -> str:
    """What stays on the screen of a step that ended."""
    word = f"{_WORDS[event.state]:9}"
    if color and event.state in _COLORS:
        word = f"\x1b[{_COLORS[event.state]}m{word}\x1b[0m"
    seconds = f"  {duration(event.seconds)}" if event.seconds >= _SHOWN else ""
    why = f": {visible(event.why)}" if event.why not in ("", _WORDS[event.state]) and event.state is not State.DONE else ""
    return f"{word} {visible(event.step.id)}{seconds}{why}"


def duration(seconds: float) -> str:
    """A time as people say it: ``0.4 s``, ``12 s``, ``3 min 05 s``."""
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def summary_lines(summary: "Summary") -> list[str]:
    """The times of a run, for people."""
    lines = [
        f"{duration(summary.seconds)} in all, {duration(summary.work)} of work; "
        f"the longest chain took {duration(summary.chain)}: {' > '.join(summary.chain_steps) or 'nothing ran'}"
    ]
    wide = max((len(step) for step, _ in summary.slowest), default=0)
    return lines + [f"  {step:{wide}}  {duration(seconds)}" for step, seconds in summary.slowest]


@contextmanager
def watching(terminal: Terminal, *, outputs: bool = False) -> Generator[Watch, None, None]:
    """A watch that shows runs, one after the other, on standard error while the context lasts.

    ``outputs``: what a step wrote stands below its line also where it did not fail.
    """
    board = Board(unicode=terminal.unicode, color=terminal.vivid)
    lock = threading.Lock()
    over = threading.Event()
    drawing, idle = False, 0

    def watch(event: Event) -> None:
        nonlocal drawing, idle
        with lock:
            board.take(event)
            if isinstance(event, Warned):
                terminal.complain(f"relgraph: warning: {visible(event.line)}")
            elif isinstance(event, Ended):
                # Of a large plan, most may never begin.
                idle += event.worker < 0 and event.state is not State.CACHED
                if event.why if event.state is State.CACHED else event.worker >= 0 or idle <= _LISTED:
                    _tell(terminal, board, event, outputs=outputs)
            if isinstance(event, Started) and terminal.live:
                drawing = True
                if ticker.ident is None:
                    ticker.start()
            elif isinstance(event, Finished):
                drawing = False
                terminal.draw([])
                if idle > _LISTED:
                    terminal.complain(f"          and {idle - _LISTED} more that did not begin")
                if event.interrupted:
                    terminal.complain("relgraph: ended early; the same again goes on from here")
                idle = 0
            if drawing:
                draw()

    def draw() -> None:
        terminal.draw(board.lines(clock.monotonic(), terminal.screen, terminal.aside))

    def tick() -> None:
        while not over.wait(_TICK):
            with lock:
                if drawing:
                    draw()

    ticker = threading.Thread(target=tick, name="board", daemon=True)
    with terminal.holding():
        try:
            yield watch
        finally:
            over.set()
            if ticker.ident is not None:
                ticker.join()


def _tell(terminal: Terminal, board: Board, event: Ended, *, outputs: bool) -> None:
    line = line_of(event, color=terminal.vivid)
    if not terminal.live:
        # Without a board this is what shows how far it is.
        line = f"[{board.through}] {line}"
    said = event.tail or (_log(event.log) if outputs and event.state is State.DONE else ())
    lines = [line, *(f"    {visible(one)}" for one in said if one != f"relgraph: {event.why}")]
    if event.state is State.FAILED and event.log:
        lines.append(f"    (all of it: {visible(_short(event.log))})")
    terminal.complain("\n".join(lines))


def _log(path: str) -> list[str]:
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def _short(path: str) -> str:
    """A path as it is shorter: from here, or from the root."""
    return min(path, os.path.relpath(path), key=len)
