import json
from pathlib import Path

from engine_world import World, shell
from relgraph.engine.events import Begun, Ended, Event, Finished, Said, Started, State, both
from relgraph.engine.executor import Job
from relgraph.engine.run import run_plan
from relgraph.engine.timeline import Timeline
from relgraph.model.plan import Facts, Step


def events() -> list[Event]:
    a, b, c = Step("a", "x"), Step("b", "x", needs=("a",)), Step("c", "x", after=("a",))
    return [
        Begun("p", 10.0, (a, b, c), 7, 2, 0.0, 0),
        Started(a, 10.0, 0, 1, 0.0, "", ""),
        Ended(a, State.DONE, 12.0, 2.0, 0, "", "", (), 0.0),
        Ended(c, State.FAILED, 13.0, 1.0, 1, "wrong", "", (), 0.0),
        Ended(b, State.DONE, 15.0, 3.0, 0, "", "", (), 0.0),
        Finished(15.0, 5.5, 0),
    ]


def test_a_trace_shows_each_step_on_its_workers_track() -> None:
    timeline = Timeline()
    for event in events():
        timeline(event)
    trace = json.loads(timeline.chrome_trace())
    assert [row["args"]["name"] for row in trace["traceEvents"] if row["ph"] == "M"] == ["worker 1", "worker 2"]
    assert [(row["name"], row["tid"], row["ts"], row["dur"]) for row in trace["traceEvents"] if row["ph"] == "X"] == [
        ("a", 0, 0, 2_000_000),
        ("c", 1, 2_000_000, 1_000_000),
        ("b", 0, 2_000_000, 3_000_000),
    ]


def test_a_summary_names_the_longest_chain_and_the_slowest_steps() -> None:
    timeline = Timeline()
    for event in events():
        timeline(event)
    summary = timeline.summary(slowest=2)
    assert (summary.seconds, summary.work, summary.chain, summary.chain_steps) == (5.5, 6.0, 5.0, ("a", "b"))
    assert summary.slowest == (("b", 3.0), ("a", 2.0))
    assert summary.counts == {State.DONE: 2, State.CACHED: 7, State.FAILED: 1, State.SKIPPED: 0, State.CANCELLED: 0}


def test_nothing_to_do_has_an_empty_summary() -> None:
    summary = Timeline().summary()
    assert (summary.work, summary.chain, summary.chain_steps, summary.slowest) == (0.0, 0.0, (), ())


class Talker:
    def run(self, job: Job) -> Facts:
        job.say("hello")
        (job.scratch / "folder").mkdir()
        (job.scratch / "folder/file").write_text("x")
        (job.scratch / "file").write_text("x")
        text = job.run(["cat"], data=b"given").decode() + job.run(["printenv", "MORE"], env={"MORE": "1"}, cwd=job.scratch).decode()
        return {"text": text}

    def intact(self, step: Step, facts: Facts) -> bool:
        return True


def test_events_of_a_real_run_come_in_order(tmp_path: Path) -> None:
    world = World(tmp_path, Step("talk", "talk"), shell("b", "sleep 0.01", after=("talk",)))
    world.executors["talk"] = Talker()
    timeline = Timeline()
    seen: list[Event] = []
    outcome = run_plan(
        world.plan(),
        world.executors,
        state=world.state,
        workers=1,
        environment=world.environment,
        watch=both(timeline, seen.append),
    )
    assert [type(event).__name__ for event in seen] == ["Begun", "Started", "Said", "Ended", "Started", "Ended", "Finished"]
    assert isinstance(seen[2], Said)
    assert seen[2].line == "hello"
    assert outcome.results["talk"].facts == {"text": "given1\n"}
    assert Path(outcome.results["talk"].log).read_text() == "hello\ngiven1\n"
    assert timeline.summary().counts[State.DONE] == 2
    assert not any((world.state / "scratch").iterdir())
    assert not list((world.state / "running").glob("*"))


def test_history_tells_how_long_it_will_take(tmp_path: Path) -> None:
    world = World(tmp_path, *(shell(f"s{n}", f"sleep 0.05; cat word {n} || true", ("word",)) for n in range(3)))
    world.write("word", "1")
    world.run(workers=1)
    world.write("word", "2")
    world.run(workers=1)
    begun = world.events[0]
    assert isinstance(begun, Begun)
    assert begun.known == 3
    assert begun.left >= 0.15
    assert [event.expected >= 0.05 for event in world.events if isinstance(event, Started)] == [True] * 3
    left = [event.left for event in world.events if isinstance(event, Ended)]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0.0
    assert next(event.why for event in world.events if isinstance(event, Started)).startswith("input word was ")
