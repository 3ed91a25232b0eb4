"""Tags and branches from what ``git for-each-ref`` and tag objects say. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from relgraph.model.repository import Tag
from relgraph.model.version import Version, parse_version

__all__ = [
    "TAG_FORMAT",
    "Unpeeled",
    "branch_names",
    "committer_time",
    "is_hex",
    "tag_of",
    "tagger_time",
    "tags_from",
    "version_of_tag",
]

# One line a tag; names of refs hold no blanks (git-check-ref-format(1)), so empty fields keep their places.
TAG_FORMAT = "%(objecttype) %(objectname) %(creatordate:unix) %(*objecttype) %(*objectname) %(*committerdate:unix) %(refname)"

_TAGS = "refs/tags/"
_TAGGER = re.compile(rb"^tagger .*?(-?\d+) [+-]\d+$", re.MULTILINE)
_COMMITTER = re.compile(rb"^committer .*?(-?\d+) [+-]\d+$", re.MULTILINE)
_HEX = re.compile(r"[0-9a-f]{7,64}")


class Unpeeled(NamedTuple):
    """A tag that names another tag: older versions of git peel one layer only. ``time`` is the outer tagger's."""

    name: str
    time: int | None


def version_of_tag(name: str) -> Version | None:
    """A tag's name as a version; of ``component/v1.2.3`` the last part."""
    return parse_version(name.rpartition("/")[2])


def tag_of(name: str, commit: str, time: int) -> Tag:
    """The tag as a value."""
    return Tag(name, commit, time, version_of_tag(name))


def tags_from(lines: Iterable[str]) -> tuple[list[Tag], list[Unpeeled]]:
    """The tags that lines in :data:`TAG_FORMAT` tell of, and those that need a look at the object.

    A tag that names a tree or a blob is left out. A tag object without a tagger has its commit's time.
    """
    tags: list[Tag] = []
    unpeeled: list[Unpeeled] = []
    start = len(_TAGS)
    for line in lines:
        fields = line.split(" ")
        if len(fields) != 7 or not fields[6].startswith(_TAGS):
            continue
        kind, oid, time, peeled_kind, peeled, peeled_time, name = fields
        name = name[start:]
        if kind == "commit":
            tags.append(tag_of(name, oid, _seconds(time)))
        elif peeled_kind == "commit":
            tags.append(tag_of(name, peeled, _seconds(time or peeled_time)))
        elif peeled_kind == "tag":
            unpeeled.append(Unpeeled(name, _seconds(time) if time else None))
    return tags, unpeeled


def branch_names(refs: Iterable[str], remotes: Sequence[str]) -> frozenset[str]:
    """Names of branches from full names of refs under ``refs/heads`` and ``refs/remotes``, without the remote's name."""
    names: set[str] = set()
    for ref in refs:
        if ref.startswith("refs/heads/"):
            names.add(ref[11:])
        elif ref.startswith("refs/remotes/"):
            rest = ref[13:]
            # A remote's name may hold slashes; without configuration it is the first part.
            owner = max((remote for remote in remotes if rest.startswith(remote + "/")), key=len, default=rest.partition("/")[0])
            name = rest[len(owner) + 1 :]
            if name and name != "HEAD":
                names.add(name)
    return frozenset(names)


def tagger_time(data: bytes) -> int | None:
    """The tagger's time of a tag object in seconds since the epoch; None where it names no tagger."""
    return _time(_TAGGER, data)


def committer_time(data: bytes) -> int:
    """The committer's time of a commit object in seconds since the epoch; 0 where it cannot be read."""
    return _time(_COMMITTER, data) or 0


def is_hex(name: str) -> bool:
    """Whether the name may be a commit id, in full or shortened to no less than seven digits."""
    return _HEX.fullmatch(name) is not None


def _time(pattern: re.Pattern[bytes], data: bytes) -> int | None:
    match = pattern.search(data.partition(b"\n\n")[0])
    return int(match[1]) if match else None


def _seconds(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0
