"""Where a command writes: data to standard output, everything else to standard error, colour only where it is seen."""

import os
import re
import sys
from _thread import RLock
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TextIO

from relgraph.errors import EnvironmentFailure

__all__ = ["Screen", "Terminal"]

_WIDEST = 120
_STYLE = r"\x1b\[[0-9;]*m"


class Screen(NamedTuple):
    """How much a terminal shows: columns and rows."""

    columns: int = 80
    rows: int = 24


class Terminal:
    """The two output streams of a process and what can be shown on them.

    Colour is on where standard output is a terminal that is not ``dumb``; a ``NO_COLOR`` that is not empty turns it off
    (https://no-color.org), ``FORCE_COLOR`` on. ``vivid`` says the same of standard error.

    Standard error is ``interactive`` where it is a terminal: somebody is there. It is ``live`` where that can also take back what it
    shows, which a ``dumb`` one cannot; ``unicode`` where it shows more than ASCII. Safe for several threads.
    """

    def __init__(self, out: TextIO | None, err: TextIO | None, variables: Mapping[str, str]) -> None:
        self._out = out
        self._err = err
        self._broken = False
        self._drawn: list[int] = []
        self._held = False
        self._lock = RLock()
        self.interactive = err is not None and err.isatty()
        self.live = self.interactive and variables.get("TERM") != "dumb"
        self.unicode = err is not None and (getattr(err, "encoding", None) or "utf-8").lower().startswith("utf")
        self.color = _wants_color(out, variables)
        self.vivid = _wants_color(err, variables)
        #: Whether standard output is a terminal.
        self.seen = out is not None and out.isatty()
        self.width = _width(out)
        #: What a command that draws for itself (:meth:`holding`) was asked to show beside it.
        self.aside = ""

    @classmethod
    def of_process(cls, variables: Mapping[str, str]) -> "Terminal":
        """The streams of this process; standard output writes what it cannot encode as escapes."""
        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="backslashreplace")
        return cls(sys.stdout, sys.stderr, variables)

    def write(self, text: str, *, exact: bool = False) -> None:
        """Data, to standard output; ``exact``: as the bytes that it was decoded from (``surrogateescape``), for other programs to apply.

        When the reader has gone (``| head``) the rest is dropped: what the command found out is not changed by who reads it.
        Raises :class:`~relgraph.errors.EnvironmentFailure` where the output cannot be written otherwise.
        """
        with self._lock:
            self.draw([])
            if self._broken:
                return
            if self._out is None:
                raise EnvironmentFailure("standard output is closed")
            try:
                if exact and (buffer := getattr(self._out, "buffer", None)) is not None:
                    self._out.flush()
                    buffer.write(text.encode("utf-8", "surrogateescape"))
                    buffer.flush()
                else:
                    self._out.write(text)
                    self._out.flush()
            except BrokenPipeError:
                self._broken = True
                _discard(self._out)
            except OSError as problem:
                _discard(self._out)
                raise EnvironmentFailure(f"cannot write to standard output: {problem.strerror or problem}") from problem

    @property
    def screen(self) -> Screen:
        """What standard error shows now: windows change while a command runs."""
        return _screen(self._err)

    @contextmanager
    def holding(self) -> Generator[None, None, None]:
        """While it lasts, only :meth:`draw` draws; a line of progress waits in :attr:`aside` for whoever draws."""
        self._held = True
        try:
            yield
        finally:
            self._held, self.aside = False, ""
            self.draw([])

    def progress(self, text: str) -> None:
        """A line for the person at the terminal that replaces the one before; an empty text takes it away."""
        if self._held:
            self.aside = text
        else:
            self.draw([text] if text else [])

    def draw(self, lines: Sequence[str]) -> None:
        """Lines for the person at the terminal that replace those before; none takes them away. Each fits the width."""
        with self._lock:
            if not self.live or self._err is None or not (lines or self._drawn):
                return
            # Where the window became narrower since, terminals have broken lines that were too wide for it.
            columns = self.screen.columns
            rows = sum(max(1, -(-width // columns)) for width in self._drawn) or 1
            spare = max(0, rows - (len(lines) or 1))
            # Line by line: some terminals keep what is cleared below the cursor as if it had scrolled by.
            text = _up(rows - 1) + "\r\x1b[K" + "\n\x1b[K".join(lines) + "\n\x1b[K" * spare + _up(spare)
            self._drawn = [len(re.sub(_STYLE, "", line)) for line in lines]
            try:
                self._err.write(text)
                self._err.flush()
            except OSError:
                _discard(self._err)

    def say(self, text: str) -> None:
        """A line for the person at the terminal; nothing where there is none."""
        if self.interactive:
            self.complain(text)

    def complain(self, text: str) -> None:
        """A line to standard error, always."""
        with self._lock:
            self.draw([])
            if self._err is not None:
                try:
                    self._err.write(text + "\n")
                    self._err.flush()
                except OSError:
                    _discard(self._err)


def _wants_color(stream: TextIO | None, variables: Mapping[str, str]) -> bool:
    if variables.get("NO_COLOR"):
        return False
    if variables.get("FORCE_COLOR"):
        return True
    return stream is not None and stream.isatty() and variables.get("TERM") != "dumb"


def _width(out: TextIO | None) -> int:
    # Prose beyond this width is hard to read, whatever the terminal offers; without a terminal lines are for programs.
    if out is None or not out.isatty():
        return 100
    try:
        return max(40, min(_WIDEST, os.get_terminal_size(out.fileno()).columns or 100))
    except OSError:
        return 100


def _screen(err: TextIO | None) -> Screen:
    try:
        if err is not None and err.isatty():
            columns, rows = os.get_terminal_size(err.fileno())
            return Screen(columns or 80, rows or 24)
    except (OSError, ValueError):
        pass
    return Screen()


def _up(rows: int) -> str:
    return f"\x1b[{rows}A" if rows else ""


def _discard(stream: TextIO) -> None:
    # Python flushes the streams once more at exit and would complain about the same failure again.
    try:
        descriptor = stream.fileno()
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, descriptor)
        os.close(sink)
    except OSError:
        pass
