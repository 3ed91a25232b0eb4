"""One run at a time on one state: a lock that ends with the process that holds it."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager

from relgraph.effects import clock
from relgraph.errors import Refused

__all__ = ["run_lock"]

_NAME = "run.lock"
_PATIENCE = 10.0  # seconds


@contextmanager
def run_lock(state: str) -> Generator[int, None, None]:
    """Hold the lock of a state folder, which exists; the descriptor that holds it.

    Raises Refused with who holds it and since when. The file stays when the lock is given up; without a living holder it means nothing.
    """
    descriptor = os.open(os.path.join(state, _NAME), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        _take(descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d %d\n" % (os.getpid(), clock.now()), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> None:
    until = clock.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode("ascii", "replace")
            # Of a process that was killed, the guardian holds the lock until the programs are gone that it had started.
            if _lives(holder) or clock.monotonic() > until:
                raise _refusal(holder) from None
            clock.sleep(0.02)
        else:
            return


def _lives(holder: str) -> bool:
    number = holder.partition(" ")[0]
    if not number.isdigit() or number == "0":
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is somebody else's, and there
    return True


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
