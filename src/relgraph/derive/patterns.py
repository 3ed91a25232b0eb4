"""``{name}`` in patterns and commands: what it stands for in the paths that ``each`` matches."""

import re
from functools import lru_cache

__all__ = ["base_of", "expression", "named", "with_name"]

# What a shell and a pattern of paths both take for nothing but itself: a name is put into a command as it is.
PLAIN = re.compile(r"(?!-)[\w.+@%=:,-]+")

_NAME = re.compile(r"(?<!\$)\{name\}")  # ${name} is a variable of the shell
_PIECES = re.compile(r"(\*\*/?|\*|\?|\{name\})")
_WORDS = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def named(text: str) -> bool:
    """Whether ``{name}`` stands in a text."""
    return _NAME.search(text) is not None


def with_name(text: str, name: str) -> str:
    """The text with what ``{name}`` stands for."""
    return _NAME.sub(lambda _: name, text)


def base_of(pattern: str) -> str:
    """The folder below which all that matches lies; empty for the root."""
    found = _PIECES.search(pattern)
    return (pattern if found is None else pattern[: found.start()]).rpartition("/")[0]


@lru_cache(maxsize=4096)
def expression(pattern: str) -> re.Pattern[str]:
    """What matches the paths of a pattern as a whole.

    ``{name}`` is a part of one folder's or file's name, the same wherever it stands; ``**`` crosses folders, ``*`` and ``?`` do not.
    """
    text, seen = "", False
    for piece in _PIECES.split(pattern):
        if piece == "{name}":
            text += "(?P=name)" if seen else "(?P<name>[^/]+)"
            seen = True
        else:
            text += _WORDS.get(piece) or re.escape(piece)
    return re.compile(text, re.DOTALL)
