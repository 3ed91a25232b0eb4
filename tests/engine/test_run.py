import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine_world import World, shell
from relgraph.engine.events import State
from relgraph.errors import DeclarationError


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(
        tmp_path,
        shell("upper", "tr a-z A-Z < word > upper", ("word",), ("upper",)),
        shell("twice", "cat upper upper > out/twice", ("upper",), ("out/twice",)),
        shell("note", "echo note > note", (), ("note",)),
    )
    world.write("word", "abc")
    return world


def test_first_run_makes_everything_and_the_second_nothing(world: World) -> None:
    assert world.states() == "upper=done twice=done note=done"
    assert world.read("out/twice") == "ABCABC"
    assert {result.state for result in world.run().results.values()} == {State.CACHED}


def test_changed_input_runs_what_depends_on_it(world: World) -> None:
    world.run()
    world.write("word", "xyz")
    assert world.states() == "upper=done twice=done note=cached"
    assert world.read("out/twice") == "XYZXYZ"


def test_touched_input_runs_nothing(world: World) -> None:
    world.run()
    (world.root / "word").touch()
    assert world.states() == "upper=cached twice=cached note=cached"


def test_same_output_ends_the_change(world: World) -> None:
    world.run()
    world.write("word", "Abc")
    assert world.states() == "upper=done twice=cached note=cached"


@pytest.mark.parametrize(
    "damage", [lambda path: path.unlink(), lambda path: path.write_text("bad"), lambda path: path.chmod(0o755)]
)
@pytest.mark.parametrize("output", ["upper", "out/twice", "note"])
def test_damaged_output_is_put_back_without_a_run(world: World, output: str, damage: Callable[[Path], object]) -> None:
    world.run()
    before = world.read(output)
    damage(world.root / output)
    assert world.states() == "upper=cached twice=cached note=cached"
    assert world.read(output) == before
    assert (world.root / output).stat().st_mode & 0o111 == 0


def test_damaged_output_is_made_again_where_nothing_was_kept(world: World) -> None:
    world.run()
    with sqlite3.connect(world.state / "state.db") as base:
        base.execute("DELETE FROM contents")
    base.close()
    world.write("upper", "bad")
    assert world.states() == "upper=done twice=cached note=cached"
    assert world.read("upper") == "ABC"


def test_earlier_content_is_taken_from_before(world: World) -> None:
    world.run()
    world.write("word", "xyz")
    world.run()
    world.write("word", "abc")
    assert world.states() == "upper=cached twice=cached note=cached"
    assert world.read("out/twice") == "ABCABC"


def test_only_some_steps_and_what_they_wait_for(world: World) -> None:
    assert world.states(only=["twice"]) == "upper=done twice=done"
    assert not (world.root / "note").exists()
    with pytest.raises(DeclarationError, match="no step is called 'twise'"):
        world.run(only=["twise"])


def test_forced_steps_run(world: World) -> None:
    world.run()
    assert world.states(force=["upper"]) == "upper=done twice=cached note=cached"
