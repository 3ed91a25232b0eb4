"""A few threads that work on one thing."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Self, TypeVar

from relgraph.errors import EnvironmentFailure

__all__ = ["Crew"]

S = TypeVar("S")
T = TypeVar("T")


class Crew:
    """A few threads, and the word that ends their work: the first failure, or the user's interrupt, ends all."""

    def __init__(self, workers: int) -> None:
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max(1, workers), thread_name_prefix="relgraph")

    def each(self, function: Callable[[S], T], items: Sequence[S]) -> list[T]:
        """The results for all items, in their order. Raises the first failure after all threads have ended."""
        if len(items) == 1:
            return [function(items[0])]
        futures: list[Future[T]] = [self._pool.submit(self._unless_stopped, function, item) for item in items]
        done, rest = wait(futures, return_when=FIRST_EXCEPTION)
        failures = [failure for future in done if (failure := future.exception()) is not None]
        if failures:
            self.stop.set()
            for future in rest:
                future.cancel()
            wait(rest)
            raise failures[0]
        return [future.result() for future in futures]

    def _unless_stopped(self, function: Callable[[S], T], item: S) -> T:
        if self.stop.is_set():
            raise EnvironmentFailure("stopped")
        return function(item)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.stop.set()
        self._pool.shutdown(cancel_futures=True)
