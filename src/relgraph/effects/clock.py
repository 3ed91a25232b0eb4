"""The clock: what durations and days are measured with, and waiting."""

import time

__all__ = ["monotonic", "now", "sleep"]


def monotonic() -> float:
    """Seconds since some fixed moment, for durations."""
    return time.monotonic()


def now() -> float:
    """Seconds since the epoch (1970-01-01 UTC)."""
    return time.time()


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)
