"""Work on several cores: a forked child does a share of it and hands its answers over a pipe."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

__all__ = ["shared_work"]

_Item = TypeVar("_Item")

# A piece is named by one byte; so many items make one, if there are enough: the fewer, the more evenly the work ends.
_PIECES = 256
_PIECE = 12


def shared_work(
    items: Sequence[_Item],
    work: Callable[[Sequence[_Item]], bytes],
    *,
    least: int,
    meanwhile: Callable[[], None] | None = None,
) -> list[bytes]:
    """``work`` on all items, piece by piece; the answers in the order of the pieces.

    With fewer than ``2 * least`` items, on one core, or where the system cannot fork, one piece is all. Otherwise this process and a child
    take the next piece whenever they are done with one, and this one does something else before (``meanwhile``), which the child need not
    wait for. What ``work`` changes in the child is lost; only the bytes that it returns come back. A child that fails in any way costs
    time, never an answer: its pieces are then done here.
    """
    if len(items) < 2 * least or (os.cpu_count() or 1) < 2 or not hasattr(os, "fork") or sys.platform == "darwin":
        return [work(items)]
    size = max(-(-len(items) // _PIECES), min(_PIECE, least))
    pieces = [items[start : start + size] for start in range(0, len(items), size)]
    numbers, ahead = os.pipe()
    # All at once into the pipe, one byte each: whoever reads one has taken that piece, and nobody else can.
    os.write(ahead, bytes(range(len(pieces))))
    os.close(ahead)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _answer(writing, numbers, pieces, work)
    os.close(writing)
    answers: dict[int, bytes] = {}
    with os.fdopen(reading, "rb") as pipe:
        try:
            if meanwhile is not None:
                meanwhile()
            for number in _taken(numbers):
                answers[number] = work(pieces[number])
            told = pipe.read()
        finally:
            # Reading to the end first: a child blocks until its answers are taken, or dies of the closed pipe.
            pipe.close()
            os.close(numbers)
            _, status = os.waitpid(child, 0)
    if status == 0:
        answers.update(_told(told))
    return [answers[number] if number in answers else work(piece) for number, piece in enumerate(pieces)]


def _taken(numbers: int) -> Iterator[int]:
    """The pieces that nobody has taken yet, one after the other."""
    while number := os.read(numbers, 1):
        yield number[0]


def _told(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The child's pieces and its answers: each behind its number, and its length in eight bytes."""
    start = 0
    while start < len(data):
        end = start + 9 + int.from_bytes(data[start + 1 : start + 9], "big")
        yield data[start], data[start + 9 : end]
        start = end


def _answer(writing: int, numbers: int, pieces: Sequence[Sequence[_Item]], work: Callable[[Sequence[_Item]], bytes]) -> None:
    """Do the child's part and end the process; nothing of the parent's (buffers, exit handlers, tracebacks) may run in it."""
    status = 1
    try:
        told: list[bytes] = []
        for number in _taken(numbers):
            answer = work(pieces[number])
            told += (bytes((number,)), len(answer).to_bytes(8, "big"), answer)
        # At the end only: the parent reads nothing before, and a full pipe would stop the work.
        left = memoryview(b"".join(told))
        while left:
            left = left[os.write(writing, left) :]
        status = 0
    except BaseException:  # noqa: BLE001 - the parent sees the status and does the work itself
        status = 1
    finally:
        os._exit(status)
