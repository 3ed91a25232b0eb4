import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine_world import World, shell
from relgraph.engine.events import Ended, Started, State, Warned
from relgraph.engine.executor import Job
from relgraph.engine.preview import preview
from relgraph.errors import DeclarationError, EnvironmentFailure, Refused
from relgraph.model.plan import Facts, Plan, Step


def wide(tmp_path: Path) -> World:
    """Twelve jobs, of which the second fails and takes one with it."""
    jobs = [
        shell(
            f"j{number}",
            f"echo {number} begins; echo {number} ends; echo {number} > out/{number}; test {number} != 1",
            outputs=(f"out/{number}",),
        )
        for number in range(11)
    ]
    return World(tmp_path, *jobs, shell("last", "cat out/1 > last", ("out/1",), ("last",)))


def test_keep_going_does_all_that_can_be_done(tmp_path: Path) -> None:
    outcome = wide(tmp_path).run(keep_going=True, workers=3)
    assert outcome.count(State.DONE) == 10
    assert (outcome.results["j1"].state, outcome.results["last"].state) == (State.FAILED, State.SKIPPED)
    assert outcome.results["last"].why == "it waits for 'j1', which failed"
    assert outcome.first_failed == "j1"
    assert not outcome.ok


def test_without_it_the_first_failure_ends_the_run(tmp_path: Path) -> None:
    outcome = wide(tmp_path).run(workers=1)
    assert outcome.count(State.DONE) == 0, "the longest chain comes first"
    assert outcome.count(State.SKIPPED) == 11
    assert outcome.results["j5"].why == "not begun, since 'j1' failed"


def test_what_failed_after_writing_its_output_runs_again(tmp_path: Path) -> None:
    world = wide(tmp_path)
    world.run(keep_going=True)
    assert not (tmp_path / "out/1").exists()
    outcome = world.run(keep_going=True)
    assert outcome.results["j1"].state is State.FAILED
    assert outcome.count(State.CACHED) == 10


def test_a_failure_puts_back_what_was_there(tmp_path: Path) -> None:
    world = World(tmp_path, shell("a", "echo half > a; echo junk > d/junk; rm -f d/own; exit $(cat how)", ("how",), ("a", "d/**")))
    world.write("how", "1")
    world.write("a", "mine")
    world.write("d/own", "mine too")
    (tmp_path / "d/own").chmod(0o755)
    assert world.states() == "a=failed"
    assert (world.read("a"), world.read("d/own"), (tmp_path / "d/junk").exists()) == ("mine", "mine too", False)
    assert os.access(tmp_path / "d/own", os.X_OK)
    world.write("how", "0")
    assert world.states() == "a=done"
    world.write("how", "2")
    assert world.states() == "a=failed"
    assert (world.read("a"), world.read("d/junk")) == ("half\n", "junk\n")


def test_an_output_that_is_not_written_is_a_failure(tmp_path: Path) -> None:
    world = World(tmp_path, shell("a", "cat flag > x; test -s flag && touch y || true", ("flag",), ("x", "y")))
    world.write("flag", "1")
    assert world.states() == "a=done"
    world.write("flag", "")
    outcome = world.run()
    assert (outcome.results["a"].state, outcome.results["a"].why) == (State.FAILED, "it did not write 'y'")
    assert world.read("x") == "1", "neither is what it did write"


def test_a_folder_as_output_or_input_is_told_how_to_be_written(tmp_path: Path) -> None:
    outcome = World(tmp_path, shell("a", "mkdir -p d", (), ("d",))).run()
    assert outcome.results["a"].why == "its output 'd' is a folder; write 'd/**' for all files in it"
    (tmp_path / "in").mkdir()
    outcome = World(tmp_path, shell("a", "true", ("in",))).run()
    assert outcome.results["a"].why == "input 'in' of step 'a' is a folder"


def test_an_input_that_nothing_makes_is_a_failure(tmp_path: Path) -> None:
    outcome = World(tmp_path, shell("a", "true", ("none",))).run()
    assert outcome.results["a"].why == "input 'none' of step 'a' does not exist, and no step makes it"


def test_the_end_of_the_log_of_a_failure_is_told(tmp_path: Path) -> None:
    world = World(tmp_path, shell("say it: loud/ly", "seq 100; echo wrong >&2; exit 3"))
    result = world.run().results["say it: loud/ly"]
    assert result.tail[-3:] == ("100", "wrong", "relgraph: sh: ended with status 3")
    assert len(result.tail) == 20
    assert Path(result.log).parent == world.state / "logs"
    assert Path(result.log).read_text().startswith("1\n2\n")


def test_why_it_failed_is_a_line_of_its_own(tmp_path: Path) -> None:
    world = World(tmp_path, shell("a", "printf unfinished; exit 3"))
    assert world.run().results["a"].tail == ("unfinished", "relgraph: sh: ended with status 3")


def test_each_log_is_kept_together(tmp_path: Path) -> None:
    world = World(tmp_path, *(shell(f"j{n}", f"for i in 1 2 3 4 5; do echo {n}; sleep 0.01; done") for n in range(4)))
    outcome = world.run(workers=4)
    assert [Path(result.log).read_text() for result in outcome.results.values()] == [f"{n}\n" * 5 for n in range(4)]


def test_a_log_of_before_does_not_stay(tmp_path: Path) -> None:
    world = World(tmp_path, shell("a", "cat word", ("word",)))
    world.write("word", "something")
    log = Path(world.run().results["a"].log)
    assert log.read_text() == "something"
    world.write("word", "")
    assert world.run().results["a"].log == ""
    assert not log.exists()


def test_a_failure_is_tried_again_as_often_as_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Event, "wait", lambda event, timeout=None: event.is_set())
    world = World(
        tmp_path, shell("a", "echo x >> ../count-$$; echo half > out; test $(ls .. | grep -c count) = 3", (), ("out",), retries=2)
    )
    (tmp_path / "root").mkdir()
    world.root = tmp_path / "root"
    assert world.states() == "a=done"
    assert [event.attempt for event in world.events if isinstance(event, Started)] == [1, 2, 3]
    for count in tmp_path.glob("count-*"):
        count.unlink()
    world = World(tmp_path / "other", shell("a", "exit 1", retries=1))
    world.root.mkdir()
    assert world.states() == "a=failed"
    assert [event.attempt for event in world.events if isinstance(event, Started)] == [1, 2]


def test_a_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    world = World(tmp_path, shell("a", "sleep 50 & echo $! > pid; echo half > out; sleep 50", (), ("out",), limit=0.3))
    result = world.run().results["a"]
    assert (result.state, result.why) == (State.FAILED, "sh: took longer than its limit of 0.3 seconds")
    assert not alive(int(world.read("pid")))
    assert not (tmp_path / "out").exists()


def test_what_a_step_leaves_running_ends_with_it(tmp_path: Path) -> None:
    world = World(tmp_path, shell("a", "sleep 50 & echo $! > pid"))
    assert world.states() == "a=done"
    assert not alive(int(world.read("pid")))


def test_an_input_that_changes_while_its_step_runs_is_not_taken_for_clean(tmp_path: Path) -> None:
    world = World(tmp_path, shell("a", "cat word > out; echo new > word", ("word",), ("out",)))
    world.write("word", "old")
    assert world.states() == "a=done"
    assert [event.line for event in world.events if isinstance(event, Warned)] == [
        "a: an input changed while it ran; it will run again"
    ]
    assert world.states() == "a=done"
    assert world.read("out") == "new\n"
    assert world.states() == "a=cached"


def test_a_file_that_appears_below_a_pattern_while_its_step_runs_counts_too(tmp_path: Path) -> None:
    world = World(tmp_path, shell("a", "cat in/* > out; touch in/late", ("in/*",), ("out",)))
    world.write("in/x", "1")
    assert [world.states() for _ in range(3)] == ["a=done", "a=done", "a=cached"]


def test_a_step_that_is_not_kept_runs_every_time(tmp_path: Path) -> None:
    world = World(tmp_path, shell("a", "echo 1 > a", (), ("a",), kept=False), shell("b", "cat a > b", ("a",), ("b",)))
    assert [world.states() for _ in range(2)] == ["a=done b=done", "a=done b=cached"]


def test_the_environment_is_empty_but_for_what_is_named(tmp_path: Path) -> None:
    world = World(
        tmp_path,
        shell("a", "env | cut -d= -f1 | sort > names; echo $WORD > word", (), ("names", "word"), environment=("WORD", "NONE")),
    )
    world.environment |= {"WORD": "one", "SECRET": "x"}
    assert world.states() == "a=done"
    assert set(world.read("names").split()) - {"_", "SHLVL", "PWD"} == {"HOME", "LANG", "PATH", "TZ", "WORD"}
    world.environment |= {"SECRET": "y"}
    assert world.states() == "a=cached"
    world.environment |= {"WORD": "two"}
    assert world.states() == "a=done"
    assert world.read("word") == "two\n"
    world.environment |= {"NONE": ""}
    assert world.states() == "a=done", "set and empty is not the same as not set"


def test_one_pool_is_used_by_one_step_at_a_time(tmp_path: Path) -> None:
    steps = [shell(f"p{n}", "mkdir busy && sleep 0.02 && rmdir busy", pool="engine") for n in range(5)]
    assert World(tmp_path, *steps, shell("free", "true")).run(workers=4).ok


def test_what_an_executor_raises_fails_its_step_only(tmp_path: Path) -> None:
    class Broken:
        def run(self, job: Job) -> Facts:
            raise ZeroDivisionError("by zero")

        def intact(self, step: Step, facts: Facts) -> bool:
            return True

    world = World(tmp_path, Step("a", "broken"), shell("b", "true"))
    world.executors["broken"] = Broken()
    outcome = world.run(keep_going=True)
    assert outcome.results["a"].why == "ZeroDivisionError: by zero"
    assert outcome.results["b"].state is State.DONE


def test_the_exit_status_is_that_of_what_failed_first(tmp_path: Path) -> None:
    class Strict:
        def run(self, job: Job) -> Facts:
            raise Refused("other content under this tag", hint="choose another version", details=("here",))

        def intact(self, step: Step, facts: Facts) -> bool:
            return True

    world = World(tmp_path, Step("a", "push"), shell("b", "exit 1", after=("c",)), shell("c", "true"))
    world.executors["push"] = Strict()
    outcome = world.run(keep_going=True, workers=1, only=["a"])
    assert (outcome.status, outcome.results["a"].status) == (1, 1)
    assert (outcome.results["a"].why, outcome.results["a"].hint) == ("other content under this tag; here", "choose another version")
    assert world.run(only=["b"]).status == 3
    assert world.run(only=["c"]).status == 0


def test_a_watch_that_fails_ends_the_run(tmp_path: Path) -> None:
    from relgraph.engine.events import Event
    from relgraph.engine.run import run_plan

    world = World(tmp_path, *(shell(f"s{n}", "sleep 0.01") for n in range(10)))

    def watch(event: Event) -> None:
        if isinstance(event, Ended):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run_plan(world.plan(), world.executors, state=world.state, workers=2, environment=world.environment, watch=watch)
    assert world.run().ok, "the lock is free again"


def test_an_action_that_nobody_carries_out_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="no executor carries out 'dance'"):
        World(tmp_path, Step("a", "dance")).run()


def test_a_second_run_is_refused(tmp_path: Path) -> None:
    world = World(tmp_path, shell("a", "touch begun; sleep 0.5"))
    thread = threading.Thread(target=world.run)
    thread.start()
    wait_for(tmp_path / "begun")
    with pytest.raises(Refused, match="another run is under way"):
        World(tmp_path, *world.steps).run()
    thread.join()


@pytest.mark.parametrize("recipe", ["{}", '{"run": "x", "argv": ["x"]}', '{"argv": []}', '{"argv": [1]}', "[]", '{"run": 1}'])
def test_a_recipe_that_is_no_command_is_a_failure(tmp_path: Path, recipe: str) -> None:
    result = World(tmp_path, Step("a", "command", recipe)).run().results["a"]
    assert (result.state, result.why.partition(":")[0]) == (State.FAILED, "step 'a'")


def test_programs_run_as_they_are_and_below_the_root(tmp_path: Path) -> None:
    world = World(tmp_path, Step("a", "command", '{"argv": ["tee", "x y"], "cwd": "d"}', outputs=("d/x y",)))
    (tmp_path / "d").mkdir()
    assert world.run().ok
    assert world.read("d/x y") == ""
    assert (
        World(tmp_path, Step("a", "command", '{"argv": ["no-such-program"]}'))
        .run()
        .results["a"]
        .why.startswith("no-such-program: not found")
    )


# -- runs in a process of their own, which is ended

RUNNER = """
import json, os, sys
from relgraph.engine.events import Ended
from relgraph.engine.executor import Command
from relgraph.engine.run import run_plan
from relgraph.model.plan import Plan, Step
root, steps = sys.argv[1], [Step(*step) for step in json.loads(sys.argv[2])]
def watch(event):
    if isinstance(event, Ended):
        print(event.step.id, event.state.value, flush=True)
outcome = run_plan(Plan("p", root, tuple(steps)), {"command": Command()}, state=root + "/.relgraph", workers=3,
                   environment=dict(os.environ), watch=watch)
print("interrupted", outcome.interrupted, flush=True)
"""


def begin(world: World) -> "subprocess.Popen[str]":
    import json

    return subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(world.root), json.dumps(world.steps)], stdout=subprocess.PIPE, text=True
    )


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return False
        if state in "ZX":
            return False
        time.sleep(0.02)
    return True


def wait_for(*paths: Path) -> None:
    deadline = time.monotonic() + 20
    while not all(path.exists() for path in paths):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def long_world(tmp_path: Path) -> World:
    """Three steps that end, and three that write half of their output and then stay, with a child each."""
    return World(
        tmp_path,
        *(shell(f"quick{n}", f"echo {n} > quick{n}", (), (f"quick{n}",)) for n in range(3)),
        *(
            shell(
                f"slow{n}",
                f"echo half > slow{n}; test -e go || {{ sleep 60 & echo $! > pid{n}.tmp; mv pid{n}.tmp pid{n}; wait; }}; echo whole >> slow{n}",
                after=("quick0", "quick1", "quick2"),
                outputs=(f"slow{n}",),
            )
            for n in range(3)
        ),
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_groups_and_leaves_nothing_half_written(tmp_path: Path, number: signal.Signals) -> None:
    world = long_world(tmp_path)
    world.write("slow1", "of before")
    pids = [tmp_path / f"pid{n}" for n in range(3)]
    with begin(world) as process:
        wait_for(*pids)
        process.send_signal(number)
        output = process.communicate(timeout=20)[0].split("\n")
    assert process.returncode == 0
    assert output[-2] == f"interrupted {number.value}"
    assert sorted(output[3:6]) == ["slow0 cancelled", "slow1 cancelled", "slow2 cancelled"]
    assert not any(alive(int(pid.read_text())) for pid in pids)
    assert [path.name for path in tmp_path.glob("slow*")] == ["slow1"]
    assert world.read("slow1") == "of before"
    world.write("go", "")
    outcome = world.run()
    assert [result.state.value for result in outcome.results.values()] == ["cached"] * 3 + ["done"] * 3
    assert world.read("slow1") == "half\nwhole\n"


def test_a_killed_run_ends_its_groups_and_the_next_run_does_nothing_twice(tmp_path: Path) -> None:
    world = long_world(tmp_path)
    world.write("slow1", "of before")
    pids = [tmp_path / f"pid{n}" for n in range(3)]
    with begin(world) as process:
        wait_for(*pids)
        process.kill()
        process.wait()
        # Its programs are gone before another run can begin.
        world.write("go", "")
        outcome = world.run(only=["quick0"])
        assert not any(alive(int(pid.read_text())) for pid in pids)
        assert sorted(path.name for path in tmp_path.glob("slow*")) == ["slow1"], "half-written outputs are put back"
        assert world.read("slow1") == "of before"
        assert outcome.results["quick0"].state is State.CACHED
        assert "slow0: an earlier run was killed while it wrote; its outputs are as they were before" in [
            event.line for event in world.events if isinstance(event, Warned)
        ]
    outcome = world.run()
    assert [result.state.value for result in outcome.results.values()] == ["cached"] * 3 + ["done"] * 3


def test_kill_at_any_moment_loses_no_step_that_had_ended(tmp_path: Path) -> None:
    steps = [shell(f"s{n:02}", f"sleep 0.01; echo {n} > o{n}", (f"o{n - 3}",) if n > 2 else (), (f"o{n}",)) for n in range(24)]
    for pause in (0.05, 0.12, 0.2):
        folder = tmp_path / str(pause)
        folder.mkdir()
        world = World(folder, *steps)
        with begin(world) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(pause)
            process.kill()
            ended = {line.split()[0] for line in process.stdout.read().splitlines() if line.endswith("done")}
        outcome = world.run()
        assert outcome.ok
        assert {name for name in ended if outcome.results[name].state is not State.CACHED} == set()
        assert [world.read(f"o{n}") for n in range(24)] == [f"{n}\n" for n in range(24)]


def test_plans_may_be_run_from_a_thread(tmp_path: Path) -> None:
    results: list[bool] = []
    world = World(tmp_path, shell("a", "true"))
    thread = threading.Thread(target=lambda: results.append(world.run().ok))
    thread.start()
    thread.join()
    assert results == [True]
    assert isinstance(world.plan(), Plan)


def test_facts_that_are_no_text_are_a_failure(tmp_path: Path) -> None:
    class Counting:
        def run(self, job: Job) -> Facts:
            return {"count": 3}  # type: ignore[dict-item]

        def intact(self, step: Step, facts: Facts) -> bool:
            return True

    world = World(tmp_path, Step("a", "count"))
    world.executors["count"] = Counting()
    assert world.run().results["a"].why == "TypeError: facts are text by name"


def test_what_an_earlier_run_made_may_not_be_there_to_be_asked_for(tmp_path: Path) -> None:
    class Away:
        asked = False

        def run(self, job: Job) -> Facts:
            return {}

        def intact(self, step: Step, facts: Facts) -> bool:
            self.asked = True
            raise EnvironmentFailure("no connection")

    world = World(tmp_path, Step("a", "away"))
    world.executors["away"] = Away()
    assert world.states() == "a=done"
    assert world.run().results["a"].why == "no connection"


def test_an_unreadable_input_fails_its_step_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path, shell("a", "true", ("word",)), shell("b", "true b"))
    world.write("word", "1")
    world.run()
    real = os.open

    def guarded(path: str, *args: int, **kwargs: int) -> int:
        if str(path).endswith("word"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *args, **kwargs)

    world.write("word", "2")
    monkeypatch.setattr(os, "open", guarded)
    outcome = world.run()
    assert outcome.results["a"].why.endswith("word: Permission denied")
    assert outcome.results["b"].state is State.CACHED
    foreseen = preview(world.plan(), world.executors, state=world.state, environment={})
    assert foreseen[0].why[0].endswith("word: Permission denied")
