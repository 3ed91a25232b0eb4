"""What is wrong with a stamp: every problem at once, each with its place and what to do."""

from collections.abc import Sequence
from typing import NamedTuple

from relgraph.errors import DeclarationError

__all__ = ["Problem", "raise_all"]


class Problem(NamedTuple):
    """One problem. ``where`` is a file, or a field of the declaration; line and column count from 1, 0 where there are none."""

    where: str
    message: str
    line: int = 0
    column: int = 0
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.where}:{self.line}:{self.column}" if self.line else self.where
        return f"{place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


def raise_all(problems: Sequence[Problem], what: str) -> None:
    """Raise a :class:`~relgraph.errors.DeclarationError` with all problems of ``what``, if there are any."""
    if not problems:
        return
    once = tuple(dict.fromkeys(problems))
    if len(once) == 1:
        (one,) = once
        raise DeclarationError(f"{what}: {one._replace(hint='')}", hint=one.hint)
    raise DeclarationError(f"{what}: {len(once)} problems", details=tuple(map(str, once)))
