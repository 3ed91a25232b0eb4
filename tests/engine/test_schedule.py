from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from relgraph.engine.schedule import durations, priorities, time_left

DAGS = st.integers(1, 8).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 9).map(float), min_size=n, max_size=n),
        st.tuples(*(st.sets(st.integers(0, i - 1)).map(tuple) if i else st.just(()) for i in range(n))),
    )
)


@given(DAGS)
def test_priority_is_the_longest_chain_from_the_step_on(dag: tuple[list[float], tuple[tuple[int, ...], ...]]) -> None:
    took, waits = dag

    def longest(index: int, follow: Callable[[int], float]) -> float:
        return took[index] + max((follow(after) for after, before in enumerate(waits) if index in before), default=0.0)

    def chain(index: int) -> float:
        return longest(index, chain)

    assert priorities(took, waits) == [chain(index) for index in range(len(took))]


def test_unknown_steps_take_as_long_as_most_do() -> None:
    assert durations(["a", "b", "c", "d"], {"a": 1.0, "b": 9.0, "c": 2.0, "x": 50.0}) == [1.0, 9.0, 2.0, 2.0]
    assert durations(["a"], {}) == [1.0]


def test_time_left_is_bounded_by_work_and_by_the_chain() -> None:
    assert time_left(10.0, 3.0, 2) == 5.0
    assert time_left(10.0, 8.0, 2) == 8.0
    assert time_left(1.0, 0.0, 0) == 1.0
