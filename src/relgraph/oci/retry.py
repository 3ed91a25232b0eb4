"""Which failures pass, and how long to wait before another attempt."""

import threading
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import NamedTuple, TypeVar

from relgraph.effects import chance, clock
from relgraph.effects.connection import NetworkFailure
from relgraph.oci.errors import RegistryFailure
from relgraph.oci.progress import Reporter

__all__ = ["LONGEST_PAUSE", "PASSING", "Patience", "Retries", "pause_before", "retry_after"]

T = TypeVar("T")

#: The statuses that say "later": everything else is an answer.
PASSING = frozenset((408, 429, 500, 502, 503, 504))
#: The longest that a server may ask to wait, in seconds.
LONGEST_PAUSE = 60.0


class Patience(NamedTuple):
    """How often something is attempted, and the first pause in seconds, which doubles each time."""

    attempts: int = 6
    first: float = 0.25


def pause_before(attempt: int, patience: Patience, asked: float | None, spread: float) -> float:
    """Seconds to wait before attempt number ``attempt`` (the second is 1).

    ``asked`` is what ``Retry-After`` says, and is honoured up to a minute; ``spread`` (0 to 1) moves the pause between half
    and the whole of its length, so that clients that failed together do not come back together.
    """
    pause = patience.first * 2.0 ** (attempt - 1)
    pause = min(pause, LONGEST_PAUSE) * (0.5 + spread / 2)
    if asked is not None:
        pause = max(pause, min(asked, LONGEST_PAUSE))
    return pause


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds that a ``Retry-After`` header asks for: a number or a date (RFC 9110, section 10.2.3); None for nonsense."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None


class Retries:
    """Attempts against one registry. When it asks one thread to wait, all threads wait: more requests would only add to it."""

    def __init__(self, patience: Patience, reporter: Reporter) -> None:
        self.patience = patience
        self._reporter = reporter
        self._lock = threading.Lock()
        self._until = 0.0

    def run(self, operation: Callable[[], T]) -> T:
        """What ``operation`` returns, attempted again while its failure passes. Raises the last failure."""
        for attempt in range(1, self.patience.attempts + 1):
            self._wait()
            try:
                return operation()
            except (NetworkFailure, RegistryFailure) as failure:
                if not failure.passing or attempt == self.patience.attempts:
                    raise
                self.pause(attempt, failure)
        raise AssertionError("unreachable")

    def pause(self, attempt: int, failure: NetworkFailure | RegistryFailure) -> None:
        """Wait as a failure demands."""
        asked = failure.retry_after if isinstance(failure, RegistryFailure) else None
        delay = pause_before(attempt, self.patience, asked, chance.fraction())
        self._reporter.retry(str(failure), delay)
        if asked is not None:
            with self._lock:
                self._until = max(self._until, clock.monotonic() + delay)
        else:
            clock.sleep(delay)

    def _wait(self) -> None:
        # Everyone leaves at a moment of their own, or the registry would be asked by all at once again.
        left = self._until - clock.monotonic()
        if left > 0:
            clock.sleep(left + self.patience.first * chance.fraction())
