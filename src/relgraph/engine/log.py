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
    return f"{plain.lstrip('.')}-{sha256(step.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}.log"


class Log:
    """The log of a step that is under way; the file holds the last run only and is removed where nothing was written."""

    def __init__(self, path: str) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self.descriptor = os.open(path, flags, 0o644)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            self.descriptor = os.open(path, flags, 0o644)

    def write(self, data: bytes) -> None:
        """Add to it."""
        left = memoryview(data)
        while left:
            left = left[os.write(self.descriptor, left) :]

    def tail(self) -> tuple[str, ...]:
        """Its last lines."""
        size = os.fstat(self.descriptor).st_size
        data = os.pread(self.descriptor, 1 << 14, max(0, size - (1 << 14)))
        return tuple(data.decode("utf-8", "replace").splitlines()[-_TAIL:])

    def close(self) -> bool:
        """Whether something was written."""
        written = os.fstat(self.descriptor).st_size > 0
        os.close(self.descriptor)
        if not written:
            os.unlink(self.path)
        return written
