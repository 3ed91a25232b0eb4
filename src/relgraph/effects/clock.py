"""The clock: what durations and days are measured with, and waiting."""

import time
from datetime import UTC, date, datetime

__all__ = ["monotonic", "now", "sleep", "today"]


def monotonic() -> float:
    """Seconds since some fixed moment, for durations."""
    return time.monotonic()


def now() -> float:
    """Seconds since the epoch (1970-01-01 UTC)."""
    return time.time()


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def today() -> date:
    """The day it is, in UTC."""
    return datetime.now(UTC).date()
