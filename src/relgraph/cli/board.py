"""What a run looks like while it goes on: plain lines."""

from collections.abc import Generator
from contextlib import contextmanager

from relgraph.cli.terminal import Terminal
from relgraph.engine.events import Begun, Ended, Event, Said, State, Watch

__all__ = ["watching"]


@contextmanager
def watching(terminal: Terminal) -> Generator[Watch, None, None]:
    """A watch that writes to standard error while the context lasts."""
    total = done = 0

    def watch(event: Event) -> None:
        nonlocal total, done
        if isinstance(event, Begun):
            total = len(event.steps)
        elif isinstance(event, Said):
            terminal.say(f"  {event.step}: {event.line}")
        elif isinstance(event, Ended):
            done += 1
            if event.state is State.CACHED:
                return
            why = f": {event.why}" if event.why else ""
            terminal.complain(f"[{done}/{total}] {event.state.value:9} {event.step.id} ({event.seconds:.2f} s){why}")
            for line in event.tail:
                terminal.complain(f"    {line}")

    yield watch
