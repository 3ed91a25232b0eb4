"""``.dockerignore``: which files of a folder are no part of a build's context.

Follows https://docs.docker.com/build/concepts/context/#dockerignore-files: the last pattern that matches a path, or a folder above
it, decides; ``!`` takes paths back in; ``*`` and ``?`` stay within a folder, ``**`` crosses folders.
"""

import re
from posixpath import normpath
from typing import NamedTuple, Protocol

__all__ = ["Ignored", "read_ignored"]

_PIECES = re.compile(r"((?:\*\*/)+|\*\*+|\*|\?|\\.|\[\^?[^\]]+\])", re.DOTALL)
_FREE = {"*": "[^/]*", "**": ".*", "**/": "(?:.*/)?"}
# So many parts of free length and no more are left to a search that backtracks.
_FEW = 3


class _Matches(Protocol):
    def __call__(self, path: str, /) -> object:
        """Whether the pattern matches the whole path."""


class Ignored(NamedTuple):
    """The patterns of a file, in order, each with whether it takes back in."""

    patterns: tuple[tuple[_Matches, bool], ...]

    def ignores(self, path: str) -> bool:
        """Whether a file (POSIX, relative to the context) is left out."""
        parts = path.split("/")
        above = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
        ignored = False
        for matches, back in self.patterns:
            if back is ignored and any(map(matches, above)):
                ignored = not back
        return ignored


def read_ignored(data: bytes) -> Ignored:
    """Read such a file; what is no pattern is passed over, and nothing raises."""
    patterns = []
    for line in data.decode("utf-8-sig", "surrogateescape").splitlines():
        if line.startswith("#") or not (word := line.strip()):
            continue
        back = word.startswith("!")
        word = word[1:].strip() if back else word
        if word and (word := normpath(word).lstrip("/")) and (pattern := _pattern(word)) is not None:
            patterns.append((pattern, back))
    return Ignored(tuple(patterns))


def _pattern(word: str) -> _Matches | None:
    pieces = [_free(piece) or _single(piece) for piece in _PIECES.split(word) if piece]
    try:
        if sum(piece in _FREE for piece in pieces) <= _FEW:
            return re.compile("".join(_FREE.get(piece, piece) for piece in pieces), re.DOTALL).fullmatch
        return _Automaton(pieces).matches
    except re.error:  # such as a range that runs backwards: Docker refuses the file, here it matches nothing
        return None


def _free(piece: str) -> str:
    if piece.endswith("**/"):
        return "**/"
    return piece[:2] if piece.startswith("*") else ""


def _single(piece: str) -> str:
    """An expression for what has its length."""
    if piece == "?":
        return "[^/]"
    if piece.startswith("\\") and len(piece) == 2:
        return re.escape(piece[1])
    if piece.startswith("[") and piece.endswith("]") and len(piece) > 2:
        inner = piece[2:-1] if piece[1] == "^" else piece[1:-1]
        return "[" + ("^" if piece[1] == "^" else "") + inner.replace("\\", "\\\\").replace("[", "\\[") + "]"
    return re.escape(piece)


class _Automaton:
    """A pattern with many parts of free length, in time that grows with the path and the pattern only.

    A state is how many pieces are behind, and whether a ``**/`` has begun, which then ends at a slash only.
    """

    def __init__(self, pieces: list[str]) -> None:
        self._steps: list[str | re.Pattern[str]] = []
        for piece in pieces:
            if piece in _FREE:
                self._steps.append(piece)
            else:
                characters = (piece,) if piece.startswith("[") else re.findall(r"\\?.", piece, re.DOTALL)
                self._steps += [re.compile(character, re.DOTALL) for character in characters]

    def matches(self, path: str) -> bool:
        """Whether it matches the whole path."""
        states = self._closed({(0, False)})
        for character in path:
            following: set[tuple[int, bool]] = set()
            for at, _ in states:
                step = self._steps[at] if at < len(self._steps) else ""
                if isinstance(step, re.Pattern):
                    if step.match(character):
                        following.add((at + 1, False))
                elif step == "**/":
                    following |= {(at, True), *({(at + 1, False)} if character == "/" else ())}
                elif step == "**" or (step and character != "/"):
                    following.add((at, False))
            states = self._closed(following)
        return (len(self._steps), False) in states

    def _closed(self, states: set[tuple[int, bool]]) -> set[tuple[int, bool]]:
        found = set(states)
        for at, begun in states:
            while not begun and at < len(self._steps) and self._steps[at] in _FREE:
                at += 1
                found.add((at, False))
        return found
