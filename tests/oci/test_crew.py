import threading
import time

import pytest

from relgraph.errors import EnvironmentFailure
from relgraph.oci.crew import Crew


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("size", [0, 1, 2, 50])
def test_results_stand_in_the_order_of_the_items(workers: int, size: int) -> None:
    with Crew(workers) as crew:
        assert crew.each(lambda item: item * 2, range(size)) == [item * 2 for item in range(size)]
        assert crew.each(str, range(size)) == list(map(str, range(size)))


def test_several_work_at_once() -> None:
    meeting = threading.Barrier(4, timeout=10)
    with Crew(4) as crew:
        crew.each(lambda _: meeting.wait(), range(4))


def test_the_first_failure_ends_the_work_and_is_raised_when_all_have_ended() -> None:
    done: list[int] = []
    working = threading.Event()

    def work(item: int) -> None:
        if item == 0:
            assert working.wait(10)
            raise ValueError("the first")
        working.set()
        while not crew.stop.is_set():
            time.sleep(0.001)
        done.append(item)
        raise KeyError("a later one")

    with Crew(2) as crew, pytest.raises(ValueError, match="the first"):
        crew.each(work, range(1000))
    assert done == [1]


def test_nothing_is_begun_after_a_failure() -> None:
    with Crew(2) as crew:
        with pytest.raises(ZeroDivisionError):
            crew.each(lambda item: 1 // item, range(10))
        with pytest.raises(EnvironmentFailure, match="stopped"):
            crew.each(str, range(10))


def test_an_interrupt_stops_the_threads_and_is_raised() -> None:
    begun = threading.Event()

    def work(item: int) -> int:
        begun.set()
        assert crew.stop.wait(10)
        return item

    crew = Crew(2)
    original = threading.Thread.join

    def join(self: threading.Thread, timeout: float | None = None) -> None:
        if not crew.stop.is_set():
            assert begun.wait(10)
            raise KeyboardInterrupt
        original(self, timeout)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "join", join)
        with pytest.raises(KeyboardInterrupt):
            crew.each(work, range(100))
    assert crew.stop.is_set()
