import io
import threading

import pytest

from relgraph.cli import progress
from relgraph.cli.progress import TerminalReporter
from relgraph.cli.terminal import Terminal
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.progress import SILENT, Reporter, Transfer

ONE = Transfer("push", Descriptor.of("a/b", b"x" * 2048), "registry")
TWO = Transfer("push", Descriptor.of("a/b", b"y" * 1024), "registry")


class Screen(io.StringIO):
    """A stream that is a terminal, or not."""

    def __init__(self, *, seen: bool) -> None:
        super().__init__()
        self._seen = seen

    def isatty(self) -> bool:
        return self._seen

    def last(self) -> str:
        """The line that is seen now."""
        return self.getvalue().rpartition("\x1b[K")[2]


def terminal(screen: Screen) -> Terminal:
    return Terminal(Screen(seen=False), screen, {})


def test_one_line_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY", 0)
    screen = Screen(seen=True)
    reporter = TerminalReporter(terminal(screen))
    reporter.begin(ONE)
    assert screen.last() == "0 B of 2.0 KiB, 0 of 1 piece"
    reporter.advance(ONE, 1024)
    reporter.begin(TWO)
    assert screen.last() == "1.0 KiB of 3.0 KiB, 0 of 2 pieces"
    reporter.end(TWO, "exists")
    reporter.advance(ONE, 1024)
    reporter.end(ONE, "done")
    assert screen.last() == "2.0 KiB of 2.0 KiB, 2 of 2 pieces"
    assert "\n" not in screen.getvalue()
    reporter.clear()
    assert screen.last() == ""


def test_other_lines_take_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY", 0)
    screen = Screen(seen=True)
    reporter = TerminalReporter(terminal(screen), trace=True)
    reporter.begin(ONE)
    reporter.retry("busy\x1b[2J", 0.5)
    assert screen.last() == "relgraph: busy\\x1b[2J; again in 0.5 s\n"
    reporter.exchange("GET", "http://x/", 200, 0.0123)
    assert screen.last().endswith("relgraph: GET http://x/ 200 12 ms\n")


def test_without_a_terminal_only_warnings_are_written() -> None:
    screen = Screen(seen=False)
    reporter = TerminalReporter(terminal(screen))
    reporter.begin(ONE)
    reporter.advance(ONE, 1)
    reporter.end(ONE, "done")
    reporter.retry("busy", 0.5)
    reporter.exchange("GET", "http://x/", 200, 0.1)
    reporter.clear()
    assert screen.getvalue() == ""
    reporter.warn("end of life")
    assert screen.getvalue() == "relgraph: warning: end of life\n"


def test_the_line_is_not_written_for_every_byte() -> None:
    screen = Screen(seen=True)
    reporter = TerminalReporter(terminal(screen))

    def work() -> None:
        for _ in range(500):
            reporter.advance(ONE, 1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert screen.getvalue().count("\r") < 50


def test_silence_is_a_reporter() -> None:
    reporter: Reporter = SILENT
    reporter.begin(ONE)
    reporter.advance(ONE, 1)
    reporter.end(ONE, "done")
    reporter.retry("x", 1)
    reporter.warn("x")
    reporter.exchange("GET", "x", 200, 1)
