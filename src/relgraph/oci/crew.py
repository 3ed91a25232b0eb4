"""A few threads that work on one thing."""

import threading
from collections.abc import Callable, Sequence
from typing import Self, TypeVar, cast

from relgraph.errors import EnvironmentFailure

__all__ = ["Crew"]

S = TypeVar("S")
T = TypeVar("T")


class Crew:
    """A few threads, and the word that ends their work: the first failure, or the user's interrupt, ends all.

    Nothing of ``concurrent.futures``: to load it and its bookkeeping for every item cost more than the threads.
    """

    def __init__(self, workers: int) -> None:
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self._workers = max(1, workers)

    def each(self, function: Callable[[S], T], items: Sequence[S]) -> list[T]:
        """The results for all items, in their order. Raises the first failure after all threads have ended."""
        results: list[T | None] = [None] * len(items)
        failures: list[BaseException] = []
        left = iter(range(len(items)))

        def work() -> None:
            while not self.stop.is_set():
                with self.lock:
                    number = next(left, None)
                if number is None:
                    return
                try:
                    results[number] = function(items[number])
                except BaseException as failure:  # noqa: BLE001 - raised again where the threads were started
                    failures.append(failure)
                    self.stop.set()

        if min(self._workers, len(items)) < 2:
            work()
        else:
            self._run(work, min(self._workers, len(items)))
        if failures:
            raise failures[0]
        if items and self.stop.is_set():
            raise EnvironmentFailure("stopped")
        return cast("list[T]", results)

    def _run(self, work: Callable[[], None], number: int) -> None:
        # Daemons: whoever interrupts a second time does not want to wait for a server that is slow.
        threads = [threading.Thread(target=work, name=f"relgraph-{index}", daemon=True) for index in range(number)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except BaseException:
            self.stop.set()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.stop.set()
