"""Steps that are no longer declared."""

from pathlib import Path

import pytest

from engine_world import World, shell
from relgraph.engine.events import Event, Warned
from relgraph.engine.outcome import Outcome
from relgraph.engine.preview import Forecast, preview
from relgraph.engine.run import run_plan
from relgraph.model.plan import Step

_A = shell("make a", "cat in > out/a", ("in",), ("out/a",))
_B = shell("make b", "cat in > out/b", ("in",), ("out/b",))
_ALL = shell("make all", "cat out/* > all", ("out/**",), ("all",))
_OTHER = shell("build x", "echo x > x", (), ("x",))


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, _A, _B, _ALL)
    world.write("in", "abc\n")
    return world


def _run(world: World, *steps: Step, owns: str = "make ", only: tuple[str, ...] = ()) -> tuple[Outcome, list[str]]:
    world.steps = steps
    said: list[str] = []

    def watch(event: Event) -> None:
        if isinstance(event, Warned):
            said.append(event.line)

    outcome = run_plan(
        world.plan(),
        world.executors,
        state=world.state,
        workers=1,
        environment=world.environment,
        only=only,
        watch=watch,
        owns=owns,
    )
    assert outcome.ok
    return outcome, said


def test_what_only_it_had_made_goes_before_others_read_it(world: World) -> None:
    _run(world, _A, _B, _ALL)
    seen = preview(
        world.plan()._replace(steps=(_A, _ALL)), world.executors, state=world.state, environment=world.environment, owns="make "
    )
    assert [one.forecast for one in seen] == [Forecast.CACHED, Forecast.RUN]
    assert (world.root / "out/b").exists()
    _, said = _run(world, _A, _ALL)
    assert said == ["make b is no longer declared; removed what it had made: out/b"]
    assert world.read("all") == "abc\n"
    assert _run(world, _A, _ALL)[1] == []


def test_it_comes_back_from_what_is_remembered(world: World) -> None:
    _run(world, _A, _B, _ALL)
    _run(world, _A, _ALL)
    outcome, _ = _run(world, _A, _B, _ALL)
    assert {result.state.value for result in outcome.results.values()} == {"cached"}
    assert world.read("all") == "abc\nabc\n"


def test_other_plans_in_the_same_state_are_left_alone(world: World) -> None:
    _run(world, _A, _B)
    _run(world, _OTHER, owns="build ")
    _run(world, _OTHER, owns="")
    assert (world.root / "out/a").exists()
    _run(world, _A)
    assert (world.root / "x").exists()
    assert not (world.root / "out/b").exists()


def test_a_choice_retires_nothing(world: World) -> None:
    _run(world, _A, _B)
    _run(world, _A, only=("make a",))
    assert (world.root / "out/b").exists()


def test_what_is_not_its_own_stays(world: World) -> None:
    world.write("out/a", "there before\n")
    _run(world, _A, _B)
    world.write("out/b", "edited\n")
    _run(world, _ALL)
    assert world.read("out/a") == "abc\n"
    assert world.read("out/b") == "edited\n"


def test_what_another_step_makes_now_stays(world: World) -> None:
    _run(world, _A, _B)
    _, said = _run(world, _A, shell("make c", "cat in > out/b", ("in",), ("out/b",)))
    assert said == []
    assert world.read("out/b") == "abc\n"
