"""What was being written when a process died: enough to put it back.

Before a step runs, what its outputs held is written into the journal of its worker, and struck out when the step has ended either way.
A journal that a later run finds is that of a run which was killed.
"""

import marshal
import os
import zlib
from collections.abc import Mapping
from struct import Struct
from typing import NamedTuple

from relgraph.engine.keys import Mark

__all__ = ["Journal", "Unfinished", "take_unfinished"]

_FOLDER = "running"
_HEAD = Struct(">II")  # check sum and size of the entry
_NOTHING = bytes(_HEAD.size)


class Unfinished(NamedTuple):
    """A step that was under way: its id, its outputs as declared, and the marks of those that were there before."""

    step: str
    outputs: tuple[str, ...]
    before: Mapping[str, Mark]


class Journal:
    """The journal of one worker."""

    def __init__(self, state: str, worker: int) -> None:
        self._path = os.path.join(state, _FOLDER, str(worker))
        self._descriptor = -1

    def begin(self, entry: Unfinished) -> None:
        """A step begins to write."""
        if self._descriptor < 0:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        data = marshal.dumps((entry.step, entry.outputs, dict(entry.before)))
        # Behind it may be the rest of a longer entry.
        os.pwrite(self._descriptor, _HEAD.pack(zlib.crc32(data), len(data)) + data, 0)

    def end(self) -> None:
        """It has ended."""
        if self._descriptor >= 0:
            os.pwrite(self._descriptor, _NOTHING, 0)  # making the file shorter would take longer

    def close(self) -> None:
        """The worker ends."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            os.unlink(self._path)
            self._descriptor = -1


def take_unfinished(state: str) -> list[Unfinished]:
    """What runs that were killed left in the journals, which are empty afterwards. The lock on the state is held."""
    found = []
    try:
        names = os.listdir(os.path.join(state, _FOLDER))
    except FileNotFoundError:
        return []
    for name in sorted(names):
        path = os.path.join(state, _FOLDER, name)
        with open(path, "rb") as file:
            data = file.read()
        # A torn entry is that of a step that had not begun: it is written before the step.
        if len(data) > _HEAD.size and data[: _HEAD.size] != _NOTHING:
            check, size = _HEAD.unpack_from(data)
            entry = data[_HEAD.size : _HEAD.size + size]
            if zlib.crc32(entry) == check:
                found.append(Unfinished(*marshal.loads(entry)))  # noqa: S302 - behind a check sum, in the user's own folder
        os.unlink(path)
    return found
