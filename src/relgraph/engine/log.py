"""The log of a step: one file for all that it says and its programs write, kept together."""

import os
import re
from hashlib import sha256

__all__ = ["Log", "log_name"]

_TAIL = 20
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


def log_name(step: str) -> str:
    """The file name of a step's log; different for different steps."""
    plain = _UNFIT.sub("-", step)[:120]
    if plain == step and not step.startswith("."):
        return f"{plain}.log"
    return f"{plain.lstrip('.')}-{sha256(step.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}.log"


class Log:
    """The log of whatever a worker does. :meth:`end` gives it to a step; until then it lies in a file of the worker's own.

    Most steps say nothing, and making and removing a file for each costs more than all else about it.
    """

    def __init__(self, folder: str, worker: int) -> None:
        self.path = os.path.join(folder, f".{worker}.log")
        self._folder = folder
        self._descriptor = -1

    @property
    def descriptor(self) -> int:
        """Open for writing at the end."""
        if self._descriptor < 0:
            os.makedirs(self._folder, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(self.path, flags, 0o644)
        return self._descriptor

    def write(self, data: bytes) -> None:
        """Add to it."""
        left = memoryview(data)
        while left:
            left = left[os.write(self.descriptor, left) :]

    def note(self, line: str) -> None:
        """Add a line of our own, which begins one, whatever a program wrote last."""
        size = os.fstat(self.descriptor).st_size
        broken = size and os.pread(self.descriptor, 1, size - 1) != b"\n"
        self.write(b"\n" * bool(broken) + line.encode("utf-8", "backslashreplace") + b"\n")

    def tail(self) -> tuple[str, ...]:
        """Its last lines."""
        size = os.fstat(self.descriptor).st_size
        data = os.pread(self.descriptor, 1 << 14, max(0, size - (1 << 14)))
        return tuple(data.decode("utf-8", "replace").splitlines()[-_TAIL:])

    def end(self, step: str) -> str:
        """Make it the step's, in place of an earlier one: the file's path, or nothing where nothing was written."""
        target = os.path.join(self._folder, log_name(step))
        if self._descriptor >= 0 and os.fstat(self._descriptor).st_size:
            self.close()
            os.replace(self.path, target)
            return target
        try:
            os.unlink(target)
        except FileNotFoundError:
            pass
        return ""

    def close(self) -> None:
        """Give the file back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def discard(self) -> None:
        """Remove the worker's file."""
        if self._descriptor >= 0:
            self.close()
            os.unlink(self.path)
