import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine_world import World, shell
from relgraph.engine.events import Begun, State
from relgraph.engine.run import run_plan
from relgraph.errors import DeclarationError, Refused


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
    world.run()
    begun = world.events[0]
    assert isinstance(begun, Begun)
    assert (begun.cached, begun.steps) == (3, ()), "and is the last result from then on"


def test_only_some_steps_and_what_they_wait_for(world: World) -> None:
    assert world.states(only=["twice"]) == "upper=done twice=done"
    assert not (world.root / "note").exists()
    with pytest.raises(DeclarationError, match="no step is called 'twise'"):
        world.run(only=["twise"])


def test_forced_steps_run(world: World) -> None:
    world.run()
    assert world.states(force=["upper"]) == "upper=done twice=cached note=cached"


def test_two_steps_that_are_decided_by_the_same_run_once(world: World) -> None:
    world.steps = (shell("one", "cat word", ("word",)), shell("other", "cat word", ("word",)))
    assert world.states(workers=1) == "one=done other=cached"
    assert world.states() == "one=cached other=cached"


def test_an_output_that_is_no_longer_declared_goes(world: World) -> None:
    world.run()
    world.write("kept", "mine")
    world.steps = (
        shell("upper", "tr a-z A-Z < word > Upper", ("word",), ("Upper",)),
        shell("note", "echo a > note", (), ("note",)),
    )
    world.run()
    assert sorted(path.name for path in world.root.iterdir() if path.is_file()) == ["Upper", "kept", "note", "word"]


def test_a_step_that_takes_over_an_output_keeps_it(world: World) -> None:
    world.run()
    world.steps = (
        shell("upper", "tr a-z A-Z < word > other", ("word",), ("other",)),
        shell("new", "echo new > upper", (), ("upper",)),
    )
    world.run(workers=1)
    assert world.read("upper") == "new\n"


def test_sources_below_an_output_pattern_are_never_removed(world: World) -> None:
    world.steps = (shell("gen", "cat word > gen/made-$(cat word)", ("word",), ("gen/*",)),)
    world.write("gen/source", "by hand")
    world.run()
    world.write("gen/later", "by hand, later")
    world.write("word", "xyz")
    world.run()
    assert sorted(path.name for path in (world.root / "gen").iterdir()) == ["later", "made-xyz", "source"]


def test_a_step_that_reads_its_outputs_finds_them(world: World) -> None:
    world.steps = (shell("gen", "cat api/zz || true; cat api/types > api/zz", ("api/**",), ("api/zz",)),)
    world.write("api/types", "1")
    world.run()
    world.write("api/types", "2")
    result = world.run().results["gen"]
    assert (world.state / "logs/gen.log").read_text() == "1"
    assert (world.read("api/zz"), result.state) == ("2", State.DONE)
    assert world.states() == "gen=cached", "what it makes is no input that has changed"


def test_what_is_left_behind_stays_out_of_version_control(world: World) -> None:
    world.run()
    assert (world.state / ".gitignore").read_text() == "*\n"


def test_state_may_lie_elsewhere(world: World, tmp_path: Path) -> None:
    other = tmp_path / "other"
    outcome = run_plan(world.plan(), world.executors, state=str(other), workers=1, environment=world.environment)
    assert outcome.ok
    assert not world.state.exists()
    assert (other / "state.db").exists()


def test_what_a_killed_run_left_in_scratch_is_gone(world: World) -> None:
    world.write(".relgraph/scratch/0/left", "x")
    world.steps = (shell("look", "ls -A $HOME > seen", (), ("seen",)),)
    assert world.run(workers=1).ok
    assert world.read("seen") == ""


def test_state_may_be_given_relative_to_where_we_are(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world.root)
    world.steps = (shell("home", "cd $HOME && pwd > ../../../home", (), ("home",)),)
    outcome = run_plan(
        world.plan()._replace(root="."), world.executors, state=".relgraph", workers=1, environment=world.environment
    )
    assert outcome.ok
    assert world.read("home") == f"{world.state}/scratch/0\n"


def test_state_that_is_a_link_to_elsewhere_is_not_used(world: World, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "state").symlink_to("elsewhere")
    with pytest.raises(Refused, match="is a link to elsewhere"):
        run_plan(world.plan(), world.executors, state=tmp_path / "state", workers=1, environment=world.environment)
    assert not [*(tmp_path / "elsewhere").iterdir()]
