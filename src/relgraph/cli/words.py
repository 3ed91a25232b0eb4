"""Words of a command line that several commands read alike."""

import os
from typing import TYPE_CHECKING

from relgraph.cli.command import Values
from relgraph.errors import UsageError

if TYPE_CHECKING:
    from datetime import date  # a millisecond that runs without a day need not pay
    from pathlib import Path

__all__ = ["day", "number_of", "repos_folder", "workers_of"]


def day(word: str | None) -> "date | None":
    """A day as it is written on a command line; None where none is given. Raises UsageError."""
    if word is None:
        return None

    from datetime import date

    try:
        return date.fromisoformat(word)
    except ValueError as problem:
        raise UsageError(f"--as-of cannot be {word!r}", hint="a day as YYYY-MM-DD, for example 2026-01-31") from problem


def number_of(values: Values, name: str, lowest: int, highest: int) -> int:
    """An option that is a number."""
    text = values.get(name) or ""
    if not (text.isascii() and text.isdigit() and len(text) < 9 and lowest <= int(text) <= highest):
        raise UsageError(f"--{name} cannot be {text!r}", hint=f"a number from {lowest} to {highest}")
    return int(text)


def workers_of(values: Values, name: str) -> int:
    """How many steps at once an option allows; by default as many as there are processors. Raises UsageError."""
    return os.cpu_count() or 1 if values.get(name) is None else number_of(values, name, 1, 256)


def repos_folder(values: Values) -> "Path | None":
    """The folder of clones, where one is given. Raises UsageError where it is none: a misspelt one would be cloned around."""
    word = values.get("repos")
    if word is not None and not os.path.isdir(word):
        raise UsageError(
            f"--repos {word}: no such folder", hint="give the folder in which clones lie beside each other, as --repos .."
        )
    if word is None:
        return None

    from pathlib import Path

    return Path(word)
