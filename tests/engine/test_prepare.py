import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relgraph.engine.patterns import overlap
from relgraph.engine.prepare import prepare, with_file_needs
from relgraph.errors import DeclarationError
from relgraph.model.plan import Plan, Step


def step(
    name: str,
    inputs: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
) -> Step:
    return Step(name, "command", inputs=inputs, outputs=outputs, needs=needs, after=after)


def order(*steps: Step) -> list[str]:
    return [one.id for one in with_file_needs(Plan("p", "/", steps)).steps]


def problems(*steps: Step) -> list[str]:
    with pytest.raises(DeclarationError) as caught:
        prepare(Plan("p", "/", steps))
    return [str(caught.value), *caught.value.details]


def test_a_step_comes_after_the_makers_of_its_inputs() -> None:
    plan = with_file_needs(
        Plan("p", "/", (step("use", ("out/a", "gen/x.go")), step("a", (), ("out/a",)), step("g", (), ("gen/**",))))
    )
    assert [(one.id, one.after) for one in plan.steps] == [("a", ()), ("g", ()), ("use", ("a", "g"))]


def test_a_pattern_comes_after_all_that_may_match() -> None:
    assert order(step("all", ("out/*",)), step("a", (), ("out/a",)), step("b", (), ("out/b/c",)), step("c", (), ("out/c*",))) == [
        "a",
        "b",
        "c",
        "all",
    ]
    prepared = prepare(Plan("p", "/", (step("all", ("out/*",)), step("a", (), ("out/a",)), step("b", (), ("out/b/c",)))))
    assert prepared.waits[[one.id for one in prepared.plan.steps].index("all")] == (0,)


def test_what_a_step_makes_itself_is_no_input_to_wait_for() -> None:
    assert order(step("gen", ("api/**",), ("api/**/zz.go",))) == ["gen"]


def test_order_is_kept_where_nothing_is_said() -> None:
    assert order(step("c"), step("a"), step("b", after=("d",)), step("d")) == ["c", "a", "d", "b"]


def test_a_step_named_twice_as_need_is_waited_for_once() -> None:
    prepared = prepare(Plan("p", "/", (step("a", (), ("x",)), step("b", ("x",), needs=("a",), after=("a",)))))
    assert prepared.waits == ((), (0,))
    assert prepared.feeds == ((), (0,))


def test_all_problems_are_said_at_once() -> None:
    assert problems(step("a", needs=("x",)), step("a", after=("y",)), step("b", ("/etc/x",), ("../y", "a//b", "", "c/"))) == [
        "two steps are called 'a'",
        "step 'a' needs 'x', which is no step",
        "step 'a' needs 'y', which is no step",
        "step 'b': '/etc/x' is no path below the root",
        "step 'b': '../y' is no path below the root",
        "step 'b': 'a//b' is no path below the root",
        "step 'b': '' is no path below the root",
        "step 'b': 'c/' is no path below the root",
    ]


def test_two_steps_with_one_output_are_refused() -> None:
    assert problems(step("a", (), ("x",)), step("b", (), ("x",))) == ["steps 'a' and 'b' both write 'x'"]
    assert problems(step("a", (), ("out/x",)), step("b", (), ("out/*",))) == ["steps 'a' and 'b' may both write 'out/x'"]
    assert problems(step("a", (), ("out/*.o",)), step("b", (), ("out/x*",))) == ["steps 'a' and 'b' may both write 'out/*.o'"]
    assert order(step("a", (), ("out/*.o",)), step("b", (), ("out/*.d",))) == ["a", "b"]


def test_one_step_may_say_an_output_twice() -> None:
    assert order(step("a", (), ("out/x", "out/*"))) == ["a"]


def test_reading_what_one_writes_is_refused() -> None:
    assert problems(step("a", ("x",), ("x",))) == ["step 'a' both reads and writes 'x'"]


def test_cycles_are_told_with_their_path() -> None:
    assert problems(step("a", ("z",), ("x",)), step("b", ("x",), ("y",)), step("c", ("y",), ("z",)), step("d", ("z",))) == [
        "steps wait for each other: a -> c -> b -> a"
    ]
    assert problems(step("a", needs=("a",))) == ["steps wait for each other: a -> a"]


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=25))
    )
)
@settings(max_examples=100, deadline=None)
def test_every_step_comes_after_what_it_waits_for_or_the_cycle_is_real(case: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = case
    needs = {index: tuple(f"s{b}" for a, b in edges if a == index) for index in range(count)}
    steps = tuple(step(f"s{index}", needs=needs[index]) for index in range(count))
    try:
        prepared = prepare(Plan("p", "/", steps))
    except DeclarationError as problem:
        path = re.findall(r"s\d+", str(problem))
        assert path[0] == path[-1]
        assert all(after in needs[int(before[1:])] for before, after in itertools.pairwise(path))
    else:
        assert all(before < index for index, waits in enumerate(prepared.waits) for before in waits)
        assert sorted(one.id for one in prepared.plan.steps) == sorted(one.id for one in steps)


PATHS = st.lists(st.sampled_from(["a", "b", "*", "a*", "?", "**"]), min_size=1, max_size=3).map("/".join)


@given(st.lists(st.tuples(st.lists(PATHS, max_size=2), PATHS), min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_makers_are_found_as_by_comparing_all_with_all(rows: list[tuple[list[str], str]]) -> None:
    # Outputs lie in folders of their own, so that no two overlap; inputs may reach into any of them.
    steps = tuple(
        step(f"s{index}", tuple(f"o{number}/{path}" for number, path in enumerate(inputs)), (f"o{index}/{output}",))
        for index, (inputs, output) in enumerate(rows)
    )
    expected = {
        one.id: {
            other.id for other in steps if other != one for path in one.inputs for output in other.outputs if overlap(path, output)
        }
        for one in steps
    }
    try:
        prepared = prepare(Plan("p", "/", steps))
    except DeclarationError as problem:
        assert "wait for each other" in str(problem) or "both reads and writes" in str(problem)
    else:
        order = [one.id for one in prepared.plan.steps]
        assert {order[index]: {order[before] for before in feeds} for index, feeds in enumerate(prepared.feeds)} == expected
