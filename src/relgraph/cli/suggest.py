"""The word that was probably meant."""

from collections.abc import Iterable

__all__ = ["closest"]


def closest(word: str, candidates: Iterable[str]) -> str:
    """The candidate most like ``word`` (case aside), or an empty string where none is like it."""
    from difflib import get_close_matches

    folded = {candidate.casefold(): candidate for candidate in candidates}
    matches = get_close_matches(word.casefold()[:100], folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else ""
