"""Progress of transfers on a terminal: one line that is replaced, and warnings that stay."""

import threading

from relgraph.cli.terminal import Terminal
from relgraph.effects.clock import monotonic
from relgraph.oci.progress import Silent, Transfer
from relgraph.report.clean import visible

__all__ = ["TerminalReporter", "counted", "human"]

_EVERY = 0.1


class TerminalReporter(Silent):
    """Shows events. The line appears on a terminal only; ``trace`` writes every exchange to standard error."""

    def __init__(self, terminal: Terminal, *, trace: bool = False) -> None:
        self._terminal = terminal
        self._trace = trace
        self._lock = threading.Lock()
        self._pieces = 0
        self._ended = 0
        self._known = 0
        self._through = 0
        self._shown = float("-inf")

    def begin(self, transfer: Transfer) -> None:
        """One more piece."""
        with self._lock:
            self._pieces += 1
            self._known += transfer.descriptor.size
            self._show()

    def advance(self, transfer: Transfer, size: int) -> None:  # noqa: ARG002 - a reporter's form
        """Some more bytes."""
        with self._lock:
            self._through += size
            self._show()

    def end(self, transfer: Transfer, outcome: str) -> None:
        """One piece less to come; what was not sent does not count."""
        with self._lock:
            self._ended += 1
            if outcome in ("exists", "mounted"):
                self._known -= transfer.descriptor.size
            self._show()

    def retry(self, reason: str, delay: float) -> None:
        """Somebody who waits wants to know for what."""
        self._terminal.say(f"relgraph: {visible(reason)}; again in {delay:.1f} s")

    def warn(self, text: str) -> None:
        """A warning, on a terminal or not."""
        self._terminal.complain(f"relgraph: warning: {visible(text)}")

    def exchange(self, method: str, url: str, status: int, seconds: float) -> None:
        """One exchange."""
        if self._trace:
            self._terminal.complain(f"relgraph: {method} {visible(url)} {status} {seconds * 1000:.0f} ms")

    def clear(self) -> None:
        """Take the line away."""
        self._terminal.progress("")

    def _show(self) -> None:
        if not self._terminal.interactive or monotonic() - self._shown < _EVERY:
            return
        self._shown = monotonic()
        self._terminal.progress(
            f"{human(self._through)} of {human(self._known)}, {self._ended} of {counted(self._pieces, 'piece')}"
        )


def counted(number: int, word: str) -> str:
    """So many of something: ``1 blob``, ``2 blobs``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def human(size: int) -> str:
    """A number of bytes for people: ``0 B``, ``1.5 KiB``."""
    if abs(size) < 1024:
        return f"{size} B"
    value = float(size)
    for unit in ("KiB", "MiB", "GiB"):
        value /= 1024
        if abs(value) < 1024:
            return f"{value:.1f} {unit}"
    return f"{value / 1024:.1f} TiB"
