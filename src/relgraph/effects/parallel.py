"""Work on several cores: a forked child does a share of it and hands its answer over a pipe."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

__all__ = ["shared_work"]

_Item = TypeVar("_Item")


def shared_work(items: Sequence[_Item], work: Callable[[Sequence[_Item]], bytes], *, least: int) -> list[bytes]:
    """``work`` on all items, in one or two parts; the answers in the order of the parts.

    With fewer than ``2 * least`` items, on one core, or where the system cannot fork, one part is all. ``work`` runs in a child that shares
    nothing afterwards: what it changes is lost, and only the bytes that it returns come back. A child that fails in any way costs time,
    never an answer: its part is then done here.
    """
    if len(items) < 2 * least or (os.cpu_count() or 1) < 2 or not hasattr(os, "fork") or sys.platform == "darwin":
        return [work(items)]
    middle = len(items) // 2
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(reading, writing, work, items[middle:])
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        try:
            first = work(items[:middle])
            second = pipe.read()
        finally:
            # Reading to the end first: a child blocks until its answer is taken, or dies of the closed pipe.
            pipe.close()
            _, status = os.waitpid(child, 0)
    if status != 0 or not second:
        second = work(items[middle:])
    return [first, second]


def _answer(reading: int, writing: int, work: Callable[[Sequence[_Item]], bytes], items: Sequence[_Item]) -> None:
    """Do the child's part and end the process; nothing of the parent's (buffers, exit handlers, tracebacks) may run in it."""
    status = 1
    try:
        os.close(reading)
        answer = memoryview(work(items))
        while answer:
            answer = answer[os.write(writing, answer) :]
        status = 0
    except BaseException:  # noqa: BLE001 - the parent sees the status and does the work itself
        status = 1
    finally:
        os._exit(status)
