"""Words of a command line that several commands read alike."""

from typing import TYPE_CHECKING

from relgraph.errors import UsageError

if TYPE_CHECKING:
    from datetime import date  # a millisecond that runs without a day need not pay

__all__ = ["day"]


def day(word: str | None) -> "date | None":
    """A day as it is written on a command line; None where none is given. Raises UsageError."""
    if word is None:
        return None

    from datetime import date

    try:
        return date.fromisoformat(word)
    except ValueError as problem:
        raise UsageError(f"--as-of cannot be {word!r}", hint="a day as YYYY-MM-DD, for example 2026-01-31") from problem
