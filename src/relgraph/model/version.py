"""Versions as people write them, and the two orders in which they can stand.

A version *as written* keeps its prefix (``v``) and the number of its components, because both carry meaning: ``1.24``
agrees with ``1.24.5``, and ``v0.9.2`` is another tag than ``0.9.2``. Ordering follows Semantic Versioning 2.0.0,
section 11 (https://semver.org); :func:`natural_key` differs in one thing only, that digits within an alphanumeric
pre-release identifier count as a number, so that ``rc9`` comes before ``rc10``.
"""

import re
from functools import lru_cache
from typing import NamedTuple, TypeAlias

__all__ = [
    "Version",
    "agree",
    "compare",
    "is_bookmark",
    "is_semver",
    "natural_key",
    "parse_version",
    "semver_key",
]

_VERSION = re.compile(
    r"(?P<prefix>[vV]?)(?P<release>\d+(?:\.\d+){0,3})"
    r"(?:-?(?P<pre>(?<=-)[0-9A-Za-z][0-9A-Za-z.-]*|(?<!-)(?:alpha|beta|rc|pre|dev|a|b)[.-]?\d*))?"
    r"(?:\+(?P<build>[0-9A-Za-z.-]+))?",
    re.ASCII,
)
_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
)
_SENTENCE = re.compile(r"[A-Za-z]{2,}-[A-Za-z]{2,}")
_DIGITS = re.compile(r"(\d+)")

_Key: TypeAlias = tuple[tuple[int, ...], int, tuple[tuple[int, int, str], ...]]


class Version(NamedTuple):
    """A version as it was written.

    ``release`` holds one to four numbers; ``pre`` and ``build`` are empty where absent; ``prefix`` is ``""``, ``"v"`` or
    ``"V"``.
    """

    prefix: str
    release: tuple[int, ...]
    pre: str = ""
    build: str = ""

    def __str__(self) -> str:
        return self.prefix + self.bare

    @property
    def bare(self) -> str:
        """The version without its prefix."""
        text = ".".join(map(str, self.release))
        if self.pre:
            text += "-" + self.pre
        return f"{text}+{self.build}" if self.build else text

    @property
    def padded(self) -> tuple[int, int, int]:
        """Major, minor and patch, absent ones as 0."""
        return (*self.release, 0, 0, 0)[:3]  # type: ignore[return-value]  # a slice of an unpacked tuple has no length

    @property
    def complete(self) -> bool:
        """Whether at least major, minor and patch are written."""
        return len(self.release) >= 3


@lru_cache(maxsize=65536)
def parse_version(raw: str) -> Version | None:
    """The version that the whole of ``raw`` spells, or None.

    One to four numbers, an optional ``v``, a pre-release after ``-`` (or glued on, as in ``3.12rc1``) and build metadata.
    """
    if len(raw) > 128:
        return None
    match = _VERSION.fullmatch(raw)
    if match is None:
        return None
    release = tuple(int(number) for number in match["release"].split(".") if len(number) < 19)
    if len(release) != match["release"].count(".") + 1:
        return None
    return Version(match["prefix"], release, match["pre"] or "", match["build"] or "")


def is_bookmark(version: Version) -> bool:
    """Whether a tag with this version marks a moment rather than a release: its pre-release holds hyphenated words.

    ``1.0.0-alpha.1.last-before-move`` is such a one, ``1.0.0-rc.1`` and ``1.0.0-experiment.5`` are not.
    """
    return _SENTENCE.search(version.pre) is not None


def is_semver(raw: str) -> bool:
    """Whether ``raw`` is valid under Semantic Versioning 2.0.0, without any prefix."""
    return _SEMVER.fullmatch(raw) is not None


def semver_key(version: Version) -> _Key:
    """A sort key for SemVer precedence (section 11); build metadata is ignored."""
    identifiers = tuple(
        (0, int(part), "") if part.isdigit() and part.isascii() else (1, 0, part) for part in version.pre.split(".") if version.pre
    )
    return _release_key(version), 0 if version.pre else 1, identifiers


def natural_key(version: Version) -> _Key:
    """A sort key like :func:`semver_key`, with digits inside an identifier compared as numbers (rc9 before rc10)."""
    identifiers: list[tuple[int, int, str]] = []
    for part in version.pre.split(".") if version.pre else ():
        for piece in _DIGITS.split(part):
            if piece:
                identifiers.append((0, int(piece), "") if piece.isdigit() and piece.isascii() else (1, 0, piece))
    return _release_key(version), 0 if version.pre else 1, tuple(identifiers)


def compare(left: Version, right: Version) -> int:
    """-1, 0 or 1 in natural order."""
    a, b = natural_key(left), natural_key(right)
    return (a > b) - (a < b)


def agree(left: Version, right: Version) -> bool:
    """Whether the two say the same, as far as the shorter one says anything.

    The prefix and build metadata do not count: ``1.24`` agrees with ``v1.24.5``, ``1.24.1`` does not; a version with a
    pre-release agrees only with the same pre-release.
    """
    shared = min(len(left.release), len(right.release))
    if left.release[:shared] != right.release[:shared]:
        return False
    if left.pre == right.pre:
        return True
    # A short version names a whole line, pre-releases of it included: 1.24 agrees with 1.24.0-rc1.
    short, long = (left, right) if len(left.release) < len(right.release) else (right, left)
    return len(short.release) < len(long.release) and not short.pre


def _release_key(version: Version) -> tuple[int, ...]:
    numbers = version.release
    return (*numbers, *(0,) * (4 - len(numbers)))
