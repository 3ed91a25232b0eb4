"""Work on several cores: a forked child does a share of it and hands its answers over a pipe."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

__all__ = ["aside", "shared_work"]

_Item = TypeVar("_Item")

# A piece is named by one byte; so many items make one, if there are enough: the fewer, the more evenly the work ends.
_PIECES = 256
_PIECE = 12


@contextmanager
def aside(work: Callable[[], bytes]) -> Iterator[Callable[[], bytes | None]]:
    """Do ``work`` in a child while the body does something else; what is yielded waits for its answer.

    That is None where the child failed in any way, and at once where the system cannot fork, has no room for another process, or one core
    only: whoever asks does the work then. What the child changes is lost; only the bytes come back. It must not use what the parent is reading from: pipes, above all.
    """
    if not _can_fork():
        yield lambda: None
        return
    reading, writing = os.pipe()
    try:
        child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        child = -1
    if child < 0:
        yield lambda: None
        return
    if child == 0:
        os.close(reading)
        _answer(writing, work)
    os.close(writing)
    ended: list[int] = []
    with os.fdopen(reading, "rb") as pipe:

        def answer() -> bytes | None:
            # To the end first: a child blocks until its answer is taken.
            data = pipe.read()
            ended.append(os.waitpid(child, 0)[1])
            return data if ended[0] == 0 else None

        try:
            yield answer
        finally:
            # A child whose answer nobody wants dies of the closed pipe.
            pipe.close()
            if not ended:
                os.waitpid(child, 0)


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
    wait for. As with :func:`aside`, what ``work`` changes in the child is lost, and a child that fails costs time, never an answer.
    """
    if len(items) < 2 * least or not _can_fork():
        return [work(items)]
    size = max(-(-len(items) // _PIECES), min(_PIECE, least))
    pieces = [items[start : start + size] for start in range(0, len(items), size)]
    numbers, ahead = os.pipe()
    # All at once into the pipe, one byte each: whoever reads one has taken that piece, and nobody else can.
    os.write(ahead, bytes(range(len(pieces))))
    os.close(ahead)
    answers: dict[int, bytes] = {}
    try:
        with aside(lambda: b"".join(_all(numbers, pieces, work))) as answer:
            if meanwhile is not None:
                meanwhile()
            for number in _taken(numbers):
                answers[number] = work(pieces[number])
            told = answer()
    finally:
        os.close(numbers)
    if told is not None:
        answers.update(_told(told))
    return [answers[number] if number in answers else work(piece) for number, piece in enumerate(pieces)]


def _can_fork() -> bool:
    return (os.cpu_count() or 1) > 1 and hasattr(os, "fork") and sys.platform != "darwin"


def _taken(numbers: int) -> Iterator[int]:
    """The pieces that nobody has taken yet, one after the other."""
    while number := os.read(numbers, 1):
        yield number[0]


def _all(numbers: int, pieces: Sequence[Sequence[_Item]], work: Callable[[Sequence[_Item]], bytes]) -> Iterator[bytes]:
    """The child's pieces: each number in a byte, the length of its answer in eight, the answer.

    They are sent when all are there: the parent reads nothing before, and a full pipe would stop the work.
    """
    for number in _taken(numbers):
        answer = work(pieces[number])
        yield bytes((number,)) + len(answer).to_bytes(8, "big")
        yield answer


def _told(data: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start < len(data):
        end = start + 9 + int.from_bytes(data[start + 1 : start + 9], "big")
        yield data[start], data[start + 9 : end]
        start = end


def _answer(writing: int, work: Callable[[], bytes]) -> None:
    """Do the child's part and end the process; nothing of the parent's (buffers, exit handlers, tracebacks) may run in it."""
    status = 1
    try:
        left = memoryview(work())
        while left:
            left = left[os.write(writing, left) :]
        status = 0
    except BaseException:  # noqa: BLE001 - the parent sees the status and does the work itself
        status = 1
    finally:
        os._exit(status)
