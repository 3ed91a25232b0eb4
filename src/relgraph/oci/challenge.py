"""Challenges: what a server that answers 401 wants (RFC 9110, section 11; the token protocol of the distribution project)."""

import re
from typing import NamedTuple

__all__ = ["Challenge", "parse_challenges"]

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_SCHEME = re.compile(rf"[ \t,]*({_TOKEN})(?:[ \t]+|\Z|(?=,))", re.ASCII)
_PARAMETER = re.compile(rf"[ \t,]*({_TOKEN})[ \t]*=[ \t]*(?:{_QUOTED}|({_TOKEN}))(?=[ \t,]|\Z)", re.ASCII)
_PAIR = re.compile(r"\\(.)")
_LONGEST = 8192


class Challenge(NamedTuple):
    """A scheme in lower case (``bearer``, ``basic``) and its parameters by lower-case name."""

    scheme: str
    parameters: dict[str, str]


def parse_challenges(header: str) -> list[Challenge]:
    """The challenges of a ``WWW-Authenticate`` header; what cannot be read ends the list."""
    challenges: list[Challenge] = []
    position = 0
    if len(header) > _LONGEST:
        return challenges
    while match := _SCHEME.match(header, position):
        position = match.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, position):
            position = parameter.end()
            value = _PAIR.sub(r"\1", parameter[2]) if parameter[2] is not None else parameter[3]
            parameters.setdefault(parameter[1].lower(), value)
        challenges.append(Challenge(match[1].lower(), parameters))
    return challenges
