"""The word that was probably meant."""

from collections.abc import Iterable

__all__ = ["closest"]

_LIKE_ENOUGH = 0.6


def closest(word: str, candidates: Iterable[str]) -> str:
    """The candidate most like ``word`` (case aside; the first of equals), or an empty string where none is like it."""
    from difflib import SequenceMatcher

    # Beyond a hundred characters nobody misspelt a word.
    matcher = SequenceMatcher(None, "", word.casefold()[:100])
    best, likeness = "", _LIKE_ENOUGH
    for candidate in candidates:
        matcher.set_seq1(candidate.casefold())
        if matcher.real_quick_ratio() > likeness and (ratio := matcher.ratio()) > likeness:
            best, likeness = candidate, ratio
    return best
