import json
from pathlib import Path

import pytest

from engine_world import World, shell
from relgraph.engine.executor import Job
from relgraph.engine.preview import Foreseen, deep_keys, preview
from relgraph.engine.reasons import Change, changes, told
from relgraph.errors import DeclarationError
from relgraph.model.plan import Facts, Step


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(
        tmp_path,
        shell("upper", "tr a-z A-Z < word > upper", ("word",), ("upper",), environment=("MODE",)),
        shell("twice", "cat upper upper > twice", ("upper",), ("twice",)),
        shell("all", "cat in/* twice > all", ("in/*", "twice"), ("all",)),
    )
    world.write("word", "abc")
    world.write("in/one", "1")
    return world


def foresee(world: World, *, force: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> dict[str, Foreseen]:
    found = preview(world.plan(), world.executors, state=world.state, environment=world.environment, force=force, only=only)
    return {one.step.id: one for one in found}


def forecast(world: World, *, force: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> dict[str, str]:
    return {name: f"{one.forecast.value}: {'; '.join(one.why)}" for name, one in foresee(world, force=force, only=only).items()}


def test_at_first_everything_runs_and_nothing_is_made_by_looking(world: World) -> None:
    assert forecast(world) == dict.fromkeys(("upper", "twice", "all"), "run: it never ran here")
    assert not world.state.exists()


def test_afterwards_nothing_runs(world: World) -> None:
    world.run()
    assert forecast(world) == dict.fromkeys(("upper", "twice", "all"), "cached: ")
    assert all(one.seconds > 0 for one in foresee(world).values())


def test_a_change_is_told_from_what_to_what_and_what_may_follow(world: World) -> None:
    world.run()
    world.write("word", "xyz")
    seen = foresee(world)
    assert seen["upper"].changes == (Change("input", "word", "ba7816bf", "3608bca1"),)
    assert forecast(world) == {
        "upper": "run: input word was ba7816bf, is 3608bca1",
        "twice": "may run: if 'upper' comes to something else",
        "all": "may run: if 'twice' comes to something else",
    }


def test_what_has_changes_of_its_own_runs_for_sure(world: World) -> None:
    world.run()
    world.write("word", "xyz")
    world.write("in/two", "2")
    (world.root / "in/one").unlink()
    assert (
        forecast(world)["all"] == "run: input in/two is new; input in/one is gone"
        or forecast(world)["all"] == "run: input in/one is gone; input in/two is new"
    )


def test_what_came_before_is_found_again(world: World) -> None:
    world.run()
    world.write("word", "xyz")
    world.run()
    world.write("word", "abc")
    assert forecast(world) == {
        "upper": "cached: put back: upper",
        "twice": "cached: put back: twice",
        "all": "cached: put back: all",
    }


def test_damaged_outputs_are_put_back_or_made_again(world: World) -> None:
    world.run()
    (world.root / "twice").unlink()
    assert forecast(world) == {"upper": "cached: ", "twice": "cached: put back: twice", "all": "cached: "}
    import sqlite3

    base = sqlite3.connect(world.state / "state.db")
    base.execute("DELETE FROM contents")
    base.commit()
    base.close()
    world.write("upper", "bad")
    assert forecast(world) == {
        "upper": "run: output upper was overwritten, and what it held is not kept",
        "twice": "may run: unless 'upper' makes what it made before, as it should",
        "all": "may run: unless 'twice' makes what it made before, as it should",
    }
    assert world.states() == "upper=done twice=done all=cached"


def test_environment_and_recipe_are_told(world: World) -> None:
    world.run()
    world.environment["MODE"] = "secret"
    world.steps = (world.steps[0], shell("twice", "cat upper > twice", ("upper",), ("twice",)), world.steps[2])
    assert forecast(world) == {
        "upper": "run: variable MODE is set",
        "twice": "run: recipe: run was cat upper upper > twice, is cat upper > twice",
        "all": "may run: if 'twice' comes to something else",
    }


def test_forced_chosen_and_unkept_steps(world: World) -> None:
    world.steps = (*world.steps, shell("look", "true", kept=False))
    world.run()
    assert forecast(world, force=("twice",), only=("twice", "look")) == {
        "upper": "cached: ",
        "twice": "run: it was asked for",
        "look": "run: it is carried out in every run",
    }
    with pytest.raises(DeclarationError):
        forecast(world, only=("none",))


def test_a_missing_input_is_told(world: World) -> None:
    (world.root / "word").unlink()
    assert forecast(world)["upper"] == "run: input 'word' of step 'upper' does not exist, and no step makes it"


def test_facts_of_needs_are_told(tmp_path: Path) -> None:
    class Named:
        def __init__(self) -> None:
            self.made: set[str] = set()

        def run(self, job: Job) -> Facts:
            name = json.loads(job.step.recipe)["name"]
            self.made.add(name)
            return {"digest": name}

        def intact(self, step: Step, facts: Facts) -> bool:
            return facts["digest"] in self.made

    world = World(tmp_path, Step("image", "name", '{"name":"one"}'), Step("chart", "name", '{"name":"chart"}', needs=("image",)))
    named = Named()
    world.executors["name"] = named
    world.run()
    assert forecast(world) == {"image": "cached: ", "chart": "cached: "}
    world.steps = (Step("image", "name", '{"name":"two"}'), world.steps[1])
    world.run(only=["image"])
    assert forecast(world)["chart"] == "run: image: digest was one, is two"
    named.made.discard("two")
    assert forecast(world)["image"] == "run: what it made is gone"


def test_deep_keys_need_nothing_built(world: World) -> None:
    before = deep_keys(world.plan(), environment=world.environment)
    assert all(len(key) == 64 for key in before.values())
    world.write("in/two", "")
    after = deep_keys(world.plan(), environment=world.environment)
    assert {name for name in before if before[name] != after[name]} == {"all"}


def test_long_changes_are_shortened() -> None:
    base = {
        "action": "a",
        "inputs": ("x",),
        "outputs": (),
        "recipe": "no json",
        "files": {},
        "environment": {"A": None},
        "needs": {},
    }
    now = base | {"action": "b", "inputs": ("y" * 100,), "recipe": "other", "environment": {"A": b"1"}}
    assert [told(change) for change in changes(base, now)] == [
        "declared action was a, is b",
        f'declared inputs was ["x"], is ["{"y" * 38} ... {"y" * 13}"]',
        "recipe:  was no json, is other",
        "variable A is set",
    ]
    assert [told(change) for change in changes(now, base)][-1] == "variable A is no longer set"
    assert told(Change("environment", "A", "1", "2")) == "variable A changed"


def test_files_that_go_with_a_result_of_before_are_foreseen_gone(tmp_path: Path) -> None:
    world = World(
        tmp_path,
        shell("many", "for i in $(cat count); do echo $i > gen/$i; done", ("count",), ("gen/*",)),
        shell("list", "ls gen > list", ("gen/*",), ("list",)),
    )
    for count in ("1", "1 2"):
        world.write("count", count)
        world.run()
    world.write("count", "1")
    world.write("gen/2", "damaged")
    assert forecast(world) == {"many": "cached: ", "list": "cached: put back: list"}
    assert world.states() == "many=cached list=cached"
    assert sorted(path.name for path in (tmp_path / "gen").iterdir()) == ["1"]


def test_of_digests_the_first_digits_are_told() -> None:
    before, after = f"sha256:{'ab' * 32}", f"sha256:{'cd' * 32}"
    assert told(Change("recipe", "base", before, after)) == "recipe: base was sha256:abababababab, is sha256:cdcdcdcdcdcd"
