"""Where a command writes: data to standard output, everything else to standard error, colour only where it is seen."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from relgraph.errors import EnvironmentFailure

__all__ = ["Terminal"]

_WIDEST = 120


class Terminal:
    """The two output streams of a process and what can be shown on them.

    Colour is on where standard output is a terminal that is not ``dumb``; a ``NO_COLOR`` that is not empty turns it off
    (https://no-color.org), ``FORCE_COLOR`` on.
    """

    def __init__(self, out: TextIO | None, err: TextIO | None, variables: Mapping[str, str]) -> None:
        self._out = out
        self._err = err
        self._broken = False
        self._drawn = 0
        self.interactive = err is not None and err.isatty()
        self.color = _wants_color(out, variables)
        self.width = _width(out)
        self.screen = _columns(err)

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
        self.progress("")
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

    def progress(self, text: str) -> None:
        """A line for the person at the terminal that replaces the one before; an empty text takes it away."""
        self.draw([text] if text else [])

    def draw(self, lines: Sequence[str]) -> None:
        """Lines for the person at the terminal that replace those before; none takes them away. Each fits the width."""
        if self.interactive and self._err is not None and (lines or self._drawn):
            clear = f"\x1b[{self._drawn - 1}A\r\x1b[J" if self._drawn > 1 else "\r\x1b[K"
            self._drawn = len(lines)
            try:
                self._err.write(clear + "\n".join(lines))
                self._err.flush()
            except OSError:
                _discard(self._err)

    def say(self, text: str) -> None:
        """A line for the person at the terminal; nothing where there is none."""
        if self.interactive:
            self.complain(text)

    def complain(self, text: str) -> None:
        """A line to standard error, always."""
        self.progress("")
        if self._err is not None:
            try:
                self._err.write(text + "\n")
                self._err.flush()
            except OSError:
                _discard(self._err)


def _wants_color(out: TextIO | None, variables: Mapping[str, str]) -> bool:
    if variables.get("NO_COLOR"):
        return False
    if variables.get("FORCE_COLOR"):
        return True
    return out is not None and out.isatty() and variables.get("TERM") != "dumb"


def _width(out: TextIO | None) -> int:
    # Prose beyond this width is hard to read, whatever the terminal offers; without a terminal lines are for programs.
    if out is None or not out.isatty():
        return 100
    try:
        return max(40, min(_WIDEST, os.get_terminal_size(out.fileno()).columns or 100))
    except OSError:
        return 100


def _columns(err: TextIO | None) -> int:
    """How many columns standard error shows."""
    try:
        return os.get_terminal_size(err.fileno()).columns or 80 if err is not None and err.isatty() else 80
    except (OSError, ValueError):
        return 80


def _discard(stream: TextIO) -> None:
    # Python flushes the streams once more at exit and would complain about the same failure again.
    try:
        descriptor = stream.fileno()
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, descriptor)
        os.close(sink)
    except OSError:
        pass
