"""Whatever was edited, deleted or overwritten: a build afterwards comes to what a clean build comes to."""

import json
import os
import shutil
import tempfile
import threading
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine_world import World
from relgraph.engine.events import State
from relgraph.engine.executor import Job
from relgraph.engine.preview import Forecast, deep_keys, preview
from relgraph.errors import EnvironmentFailure
from relgraph.model.plan import Facts, Step


class Mixer:
    """Writes into each output what follows from all inputs; into a pattern as many files as the inputs say."""

    def __init__(self) -> None:
        self.ran: Counter[str] = Counter()
        self._lock = threading.Lock()

    def run(self, job: Job) -> Facts:
        with self._lock:
            self.ran[job.step.id] += 1
        recipe = json.loads(job.step.recipe)
        digest = sha256(str(recipe["salt"]).encode())
        for pattern in job.step.inputs:
            for path in sorted(job.root.glob(pattern)):
                digest.update(f"{path.relative_to(job.root)} {os.access(path, os.X_OK)} ".encode() + path.read_bytes())
        for need in job.step.needs:
            digest.update(job.products[need]["value"].encode())
        # Few values, so that different inputs often come to the same.
        value = digest.digest()[0] % 4
        if recipe["fails"] and value == 3:
            job.root.joinpath(job.step.outputs[0].replace("*", "junk")).write_text("half")
            raise EnvironmentFailure("three")
        for output in job.step.outputs:
            if "*" in output:
                for number in range(value):
                    (job.root / output.replace("*", str(number))).write_text(f"{value} {number}")
            else:
                (job.root / output).write_text(str(value))
                (job.root / output).chmod(0o755 if value == 2 else 0o644)
        return {"value": str(value)}

    def intact(self, step: Step, facts: Facts) -> bool:
        return True


class Shape(NamedTuple):
    """A step: whether it writes a pattern or a file, which sources and steps before it it reads, which it needs, and whether it may fail."""

    pattern: bool
    reads: frozenset[int]
    sources: frozenset[int]
    needs: frozenset[int]
    fails: bool


def shapes(count: int, *, fails: bool) -> st.SearchStrategy[list[Shape]]:
    def some(limit: int) -> st.SearchStrategy[frozenset[int]]:
        return st.frozensets(st.integers(0, limit - 1), max_size=2) if limit else st.just(frozenset())

    return st.tuples(
        *(
            st.builds(Shape, st.booleans(), some(index), some(3), some(index), st.booleans() if fails else st.just(value=False))
            for index in range(count)
        )
    ).map(list)


def steps_of(world: list[Shape], salts: list[int]) -> tuple[Step, ...]:
    outputs = [f"out{index}/*" if shape.pattern else f"out{index}.txt" for index, shape in enumerate(world)]
    return tuple(
        Step(
            f"t{index}",
            "mix",
            json.dumps({"salt": salts[index], "fails": shape.fails}),
            needs=tuple(f"t{need}" for need in sorted(shape.needs)),
            inputs=(*(f"source{one}" for one in sorted(shape.sources)), *(outputs[one] for one in sorted(shape.reads))),
            outputs=(outputs[index],),
        )
        for index, shape in enumerate(world)
    )


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.integers(0, 2), st.integers(0, 3)),
        st.tuples(st.just("salt"), st.integers(0, 4), st.integers(0, 2)),
        st.tuples(st.just("delete"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("overwrite"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("mode"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("touch"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("forget"), st.just(0), st.integers(0, 3)),
    ),
    max_size=4,
)


class Case:
    """A world in a folder, and clean builds beside it."""

    def __init__(self, shape: list[Shape], folder: Path) -> None:
        self.shape = shape
        self.folder = folder
        self.salts = [0] * len(shape)
        self.sources = [0] * 3
        self.world = World(folder / "world")
        self.mixer = Mixer()
        self.world.executors = {"mix": self.mixer}
        self.prepare(self.world)

    def prepare(self, world: World) -> None:
        world.root.mkdir(exist_ok=True)
        for index, value in enumerate(self.sources):
            world.write(f"source{index}", str(value))
        world.steps = steps_of(self.shape, self.salts)

    def outputs(self) -> list[Path]:
        return sorted(path for path in self.world.root.glob("out*/*")) + sorted(self.world.root.glob("out*.txt"))

    def apply(self, what: str, where: int, value: int) -> None:
        outputs = self.outputs()
        if what == "edit":
            self.sources[where] = value
            self.world.write(f"source{where}", str(value))
        elif what == "salt":
            self.salts[where % len(self.salts)] = value
            self.world.steps = steps_of(self.shape, self.salts)
        elif what == "forget" and value == 0:
            for name in ("files", "state.db", "state.db-wal", "state.db-shm")[: where + 1]:
                (self.world.state / name).unlink(missing_ok=True)
        elif outputs and what != "forget":
            path = outputs[where % len(outputs)]
            if what == "delete":
                path.unlink()
            elif what == "overwrite":
                path.write_text("x" * path.stat().st_size)
            elif what == "mode":
                path.chmod(path.stat().st_mode ^ 0o111)
            else:
                path.touch()

    def tree(self, root: Path) -> dict[str, tuple[bytes, bool]]:
        return {
            str(path.relative_to(root)): (path.read_bytes(), os.access(path, os.X_OK))
            for path in root.rglob("*")
            if path.is_file() and ".relgraph" not in path.parts
        }

    def clean(self) -> tuple[dict[str, tuple[bytes, bool]], dict[str, State]]:
        shutil.rmtree(self.folder / "clean", ignore_errors=True)
        world = World(self.folder / "clean")
        world.executors = {"mix": Mixer()}
        self.prepare(world)
        outcome = world.run(workers=1, keep_going=True)
        return self.tree(world.root), {name: result.state for name, result in outcome.results.items()}


# Worlds are small enough to be read as they are found; making them smaller takes minutes.
QUICK = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(shapes(5, fails=False), st.lists(EDITS, min_size=1, max_size=4), st.integers(1, 3))
@QUICK
def test_any_edits_come_to_what_a_clean_build_comes_to(
    shape: list[Shape], rounds: list[list[tuple[str, int, int]]], workers: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        case = Case(shape, Path(folder))
        for edits in [[], *rounds]:
            for edit in edits:
                case.apply(*edit)
            case.mixer.ran.clear()
            plan, executors = case.world.plan(), case.world.executors
            foreseen = {one.step.id: one for one in preview(plan, executors, state=case.world.state, environment={})}
            outcome = case.world.run(workers=workers)
            assert outcome.ok
            assert set(case.mixer.ran.values()) <= {1}
            ran = {name for name, result in outcome.results.items() if result.state is State.DONE}
            assert ran == set(case.mixer.ran)
            assert case.tree(case.world.root) == case.clean()[0]
            # What was foreseen is what happened.
            assert {name for name, one in foreseen.items() if one.forecast is Forecast.CACHED} <= set(outcome.results) - ran
            assert {name for name, one in foreseen.items() if one.forecast is Forecast.RUN and "came of" not in one.why[0]} <= ran
            case.mixer.ran.clear()
            assert case.world.run(workers=workers).count(State.CACHED) == len(shape)
            assert not case.mixer.ran


@given(shapes(5, fails=True), st.lists(EDITS, min_size=1, max_size=3))
@QUICK
def test_failures_leave_nothing_behind_and_stop_nothing_else(shape: list[Shape], rounds: list[list[tuple[str, int, int]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        case = Case(shape, Path(folder))
        for edits in [[], *rounds]:
            for edit in edits:
                case.apply(*edit)
            outcome = case.world.run(keep_going=True, workers=2)
            files, states = case.clean()
            good = {State.DONE, State.CACHED}
            assert {name for name, result in outcome.results.items() if result.state in good} == {
                name for name, state in states.items() if state in good
            }
            assert {name for name, result in outcome.results.items() if result.state is State.FAILED} == {
                name for name, state in states.items() if state is State.FAILED
            }
            tree = case.tree(case.world.root)
            assert not any(path.endswith("junk") for path in tree)
            for index, one in enumerate(shape):
                if outcome.results[f"t{index}"].state in good:
                    mine = f"out{index}/" if one.pattern else f"out{index}.txt"
                    assert {path: what for path, what in tree.items() if path.startswith(mine)} == {
                        path: what for path, what in files.items() if path.startswith(mine)
                    }


@given(shapes(5, fails=False), st.integers(0, 2))
@QUICK
def test_deep_keys_change_for_what_an_edit_reaches_only(shape: list[Shape], source: int) -> None:
    reached: set[int] = set()
    for index, one in enumerate(shape):
        if source in one.sources or reached & (one.reads | one.needs):
            reached.add(index)
    with tempfile.TemporaryDirectory() as folder:
        case = Case(shape, Path(folder))
        before = deep_keys(case.world.plan(), environment={})
        case.world.run()
        assert deep_keys(case.world.plan(), environment={}) == before, "nothing has to be built to know them"
        case.apply("edit", source, 1)
        after = deep_keys(case.world.plan(), environment={})
        assert {index for index in range(len(shape)) if before[f"t{index}"] != after[f"t{index}"]} == reached
