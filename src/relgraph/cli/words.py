"""Words of a command line that several commands read alike."""

from datetime import date

from relgraph.errors import UsageError

__all__ = ["day"]


def day(word: str | None) -> date | None:
    """A day as it is written on a command line; None where none is given. Raises UsageError."""
    if word is None:
        return None
    try:
        return date.fromisoformat(word)
    except ValueError as problem:
        raise UsageError(f"--as-of cannot be {word!r}", hint="a day as YYYY-MM-DD, for example 2026-01-31") from problem
