"""One run at a time on one state: a lock that ends with the process that holds it."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager

from relgraph.effects import clock
from relgraph.errors import Refused

__all__ = ["run_lock"]

_NAME = "run.lock"


@contextmanager
def run_lock(state: str) -> Generator[None, None, None]:
    """Hold the lock of a state folder, which exists.

    Raises Refused with who holds it and since when. The file stays when the lock is given up; without a living holder it means nothing.
    """
    descriptor = os.open(os.path.join(state, _NAME), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _refusal(os.pread(descriptor, 200, 0).decode("ascii", "replace")) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d %d\n" % (os.getpid(), clock.now()), 0)
        yield
    finally:
        os.close(descriptor)


def _refusal(text: str) -> Refused:
    words = text.split()
    if len(words) == 2 and words[0].isdigit() and words[1].isdigit():
        import time

        since = time.strftime("%H:%M:%S", time.localtime(int(words[1])))
        return Refused(
            f"another run is under way here: process {words[0]}, since {since}",
            hint=f"wait until it has finished, or end it with: kill {words[0]}",
        )
    return Refused("another run is under way here", hint="wait until it has finished")
