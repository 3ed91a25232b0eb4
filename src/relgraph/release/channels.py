"""Channels: tags that move with releases, forward only.

1.1.9 after 1.2.0 does not move ``v1``, and a pre-release moves none: whether a channel moves follows from what is published.
"""

import re
from collections.abc import Iterable

from relgraph.graph.propagate import read_tag, write_version
from relgraph.model.version import Version, parse_version, semver_key

__all__ = ["channel_names", "moves"]

_LINE = re.compile(r"[vV]?(\d+(?:\.\d+)*)")


def channel_names(declared: Iterable[str], version: Version) -> tuple[str, ...]:
    """The tags that declared channels stand for at a version: ``v{major}`` is ``v1`` at 1.2.0."""
    return tuple(dict.fromkeys(write_version(form, version) for form in declared))


def moves(channel: str, form: str, version: str, published: Iterable[str]) -> bool:
    """Whether ``channel`` moves to ``version`` (plain), when the tags in ``published`` exist, written in the tag format ``form``."""
    ours = parse_version(version)
    if ours is None or ours.pre or ours.build or not _in_line(channel, ours):
        return False
    others = (read_tag(form, tag) for tag in published)
    return all(semver_key(one) <= semver_key(ours) for one in others if one is not None and not one.pre and _in_line(channel, one))


def _in_line(channel: str, version: Version) -> bool:
    match = _LINE.fullmatch(channel)
    if match is None:
        return True  # latest, stable: all versions
    numbers = tuple(map(int, match[1].split(".")))
    return version.padded[: len(numbers)] == numbers[:3]
