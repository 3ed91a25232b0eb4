"""``.dockerignore``: which files of a folder are no part of a build's context.

Follows https://docs.docker.com/build/concepts/context/#dockerignore-files: the last pattern that matches a path, or a folder above
it, decides; ``!`` takes paths back in; ``*`` and ``?`` stay within a folder, ``**`` crosses folders.
"""

import re
from posixpath import normpath
from typing import NamedTuple

__all__ = ["Ignored", "read_ignored"]

_PIECES = re.compile(r"(\*\*/?|\*|\?|\\.|\[\^?[^\]]+\])", re.DOTALL)


class Ignored(NamedTuple):
    """The patterns of a file, in order, each with whether it takes back in."""

    patterns: tuple[tuple[re.Pattern[str], bool], ...]

    def ignores(self, path: str) -> bool:
        """Whether a file (POSIX, relative to the context) is left out."""
        parts = path.split("/")
        above = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
        ignored = False
        for pattern, back in self.patterns:
            if back is ignored and any(pattern.fullmatch(one) for one in above):
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


def _pattern(word: str) -> re.Pattern[str] | None:
    text = ""
    for piece in _PIECES.split(word):
        if piece == "**":
            text += ".*"
        elif piece == "**/":
            text += "(?:.*/)?"
        elif piece == "*":
            text += "[^/]*"
        elif piece == "?":
            text += "[^/]"
        elif piece.startswith("\\") and len(piece) == 2:
            text += re.escape(piece[1])
        elif piece.startswith("[") and piece.endswith("]") and len(piece) > 2:
            inner = piece[2:-1] if piece[1] == "^" else piece[1:-1]
            text += "[" + ("^" if piece[1] == "^" else "") + inner.replace("\\", "\\\\").replace("[", "\\[") + "]"
        else:
            text += re.escape(piece)
    try:
        return re.compile(text, re.DOTALL)
    except re.error:  # such as a range that runs backwards: Docker refuses the file, here it matches nothing
        return None
