"""The lock file ``relgraph.lock``: for every requirement the one thing it was resolved to, by digest.

JSON, so that it is read strictly and quickly and has one spelling only: entries by name, keys in a fixed order, two spaces,
a newline at the end. The same resolution gives the same bytes on every machine; nothing in it tells when or where it was
made. ::

    {
        "schema": "relgraph.dev/lock/v1",
        "entries": [
            {
                "name": "charts.web",
                "source": "oci://registry.example/charts/web",
                "range": "^1.4",
                "version": "1.4.2",
                "tag": "v1.4.2",
                "digest": "sha256:...",
                "size": 1234,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "annotations": {"...": "..."},
            }
        ],
    }
"""

import json
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from relgraph.errors import DeclarationError
from relgraph.model.jsontext import JsonProblem, load_strict
from relgraph.resolve.order import read_version
from relgraph.resolve.range import RangeProblem, parse_range

__all__ = ["FILE_NAME", "SCHEMA", "Lock", "LockProblem", "Locked", "Pin", "read_lock", "write_lock"]

#: The name of the file.
FILE_NAME = "relgraph.lock"
#: What the first key of a lock file says.
SCHEMA = "relgraph.dev/lock/v1"

_LIMIT = 64 << 20
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|(?:sha1:)?[0-9a-f]{40}")
_ORDER = ("name", "source", "range", "version", "tag", "digest", "size", "mediaType", "annotations")


class Pin(NamedTuple):
    """What a tag names at the moment: a digest (or the id of a git commit), a size in bytes (0: unknown), a media type, and
    annotations worth keeping."""

    digest: str
    size: int = 0
    media_type: str = ""
    annotations: Mapping[str, str] = {}


class Locked(NamedTuple):
    """One entry: what was asked for (``name``, ``source``, ``range``) and what it is (``version``, ``tag``, ``pin``).

    ``range`` is empty where the version was selected by minimal version selection.
    """

    name: str
    source: str
    range: str
    version: str
    tag: str
    pin: Pin


class Lock(NamedTuple):
    """A lock file as a value; entries by name."""

    entries: tuple[Locked, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[Locked]) -> "Lock":
        """The lock of these entries. Raises ValueError where two have one name."""
        ordered = tuple(sorted(entries, key=lambda entry: entry.name))
        for left, right in pairwise(ordered):
            if left.name == right.name:
                raise ValueError(f"two entries named {left.name}")
        return cls(ordered)

    def get(self, name: str) -> Locked | None:
        """The entry of that name."""
        return next((entry for entry in self.entries if entry.name == name), None)


class LockProblem(DeclarationError):
    """A lock file that cannot be read: ``where`` is the address within it, such as ``entries[3].digest``."""

    def __init__(self, path: str, where: str, reason: str) -> None:
        place = f"{path}: {where}" if where else path
        super().__init__(f"{place}: {reason}", hint="the file is written by relgraph; restore it from git, or resolve anew")
        self.path = path
        self.where = where


def write_lock(lock: Lock) -> bytes:
    """The bytes of the file."""
    entries = [_plain(entry) for entry in Lock.of(lock.entries).entries]
    return (json.dumps({"schema": SCHEMA, "entries": entries}, ensure_ascii=False, indent=2) + "\n").encode()


def read_lock(data: bytes, *, path: str = FILE_NAME) -> Lock:
    """The lock that a file holds; ``path`` names it in messages.

    Raises :class:`LockProblem` for anything that this version would not have written, except for layout: unknown keys
    could change the meaning of the others.
    """
    try:
        document = load_strict(data, limit=_LIMIT)
    except JsonProblem as problem:
        raise LockProblem(path, "", str(problem)) from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else None
        raise LockProblem(path, "schema", f"{found!r} where {SCHEMA!r} is understood")
    _known(document, ("schema", "entries"), path, "")
    entries = document.get("entries")
    if not isinstance(entries, list):
        raise LockProblem(path, "entries", "not a list")
    read = [_entry(item, path, f"entries[{number}]") for number, item in enumerate(entries)]
    try:
        return Lock.of(read)
    except ValueError as problem:
        raise LockProblem(path, "entries", str(problem)) from None


def _plain(entry: Locked) -> dict[str, Any]:
    pin = entry.pin
    whole: dict[str, Any] = {
        "name": entry.name,
        "source": entry.source,
        "range": entry.range,
        "version": entry.version,
        "tag": entry.tag,
        "digest": pin.digest,
        "size": pin.size,
        "mediaType": pin.media_type,
        "annotations": dict(sorted(pin.annotations.items())),
    }
    optional = ("range", "size", "mediaType", "annotations")
    return {key: whole[key] for key in _ORDER if whole[key] or key not in optional}


def _entry(item: Any, path: str, where: str) -> Locked:
    if not isinstance(item, dict):
        raise LockProblem(path, where, "not an object")
    _known(item, _ORDER, path, f"{where}.")
    text: dict[str, str] = {}
    for key in ("name", "source", "range", "version", "tag", "digest", "mediaType"):
        value = item.get(key, "" if key in ("range", "mediaType") else None)
        if not isinstance(value, str) or not (value or key in ("range", "mediaType")):
            raise LockProblem(path, f"{where}.{key}", "a text is expected" if key in item else "is missing")
        text[key] = value
    if _DIGEST.fullmatch(text["digest"]) is None:
        raise LockProblem(path, f"{where}.digest", f"{text['digest'][:100]!r} is no digest")
    if read_version(text["version"]) is None:
        raise LockProblem(path, f"{where}.version", f"{text['version'][:100]!r} is no version")
    if text["range"]:
        try:
            parse_range(text["range"])
        except RangeProblem as problem:
            raise LockProblem(path, f"{where}.range", problem.reason) from None
    size = item.get("size", 0)
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise LockProblem(path, f"{where}.size", "a number of bytes is expected")
    annotations = item.get("annotations", {})
    if not isinstance(annotations, dict) or not all(isinstance(value, str) for value in annotations.values()):
        raise LockProblem(path, f"{where}.annotations", "texts by name are expected")
    pin = Pin(text["digest"], size, text["mediaType"], annotations)
    return Locked(text["name"], text["source"], text["range"], text["version"], text["tag"], pin)


def _known(item: Mapping[str, Any], names: tuple[str, ...], path: str, prefix: str) -> None:
    for key in item:
        if key not in names:
            raise LockProblem(path, f"{prefix}{key}", "is not understood by this version of relgraph")
