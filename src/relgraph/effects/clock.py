"""The clock: what durations and days are measured with."""

import time

__all__ = ["monotonic", "now"]


def monotonic() -> float:
    """Seconds since some fixed moment, for durations."""
    return time.monotonic()


def now() -> float:
    """Seconds since the epoch (1970-01-01 UTC)."""
    return time.time()
