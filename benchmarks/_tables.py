"""What is measured of a contender: times, what one change makes it do, and what a failure leaves behind."""

import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._contenders import Contender, rows_of, rows_of_jobs
from benchmarks._failing import WHOLE, noted, switches, twelve
from benchmarks._layered import Layered, content, layered

_LIMIT = 600.0  # seconds for one run
_JOBS = 2


class Run(NamedTuple):
    """One process: exit status, wall and processor seconds (its children's too), and all that it wrote."""

    status: int
    wall: float
    cpu: float
    output: str


def run(contender: Contender, folder: Path, *, jobs: int = _JOBS, keep_going: bool = False) -> Run:
    """Let the contender make everything."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            contender.argv(jobs, keep_going=keep_going),
            cwd=folder, env=contender.environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        watchdog = threading.Timer(_LIMIT, process.kill)
        watchdog.start()
        _, status, usage = os.wait4(process.pid, 0)
        watchdog.cancel()
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    return Run(process.returncode, wall, usage.ru_utime + usage.ru_stime, text)


@contextmanager
def world(contender: Contender, graph: Layered) -> Iterator[Path]:
    """The graph's files, and what the contender reads."""
    with tempfile.TemporaryDirectory(prefix="relgraph-bench-") as name:
        folder = Path(name, "world")
        folder.mkdir()
        graph.write(folder)
        contender.write(folder, rows_of(graph))
        yield folder


def times(contenders: Sequence[Contender], count: int, runs: int, *, full: bool) -> dict[str, Any]:
    """Seconds of runs that find nothing to do, and, if asked for, of full builds, of everybody in turn."""
    graph = layered(count)
    rows: dict[str, Any] = {}
    builds: dict[str, list[Run]] = {}
    idle: dict[str, list[Run]] = {}
    with ExitStack() as stack:
        worlds: dict[str, tuple[Contender, Path]] = {}
        for contender in contenders:
            folder = stack.enter_context(world(contender, graph))
            first = run(contender, folder)
            if first.status or graph.wrong(folder):
                rows[contender.name] = {"failed": first.output.strip()[-300:]}
            else:
                worlds[contender.name] = (contender, folder)
                builds[contender.name] = [first]
        for _ in range(runs - 1 if full else 0):
            for name, (contender, folder) in worlds.items():
                for path in graph.targets:
                    (folder / path).resolve().unlink(missing_ok=True)
                contender.forget(folder)
                builds[name].append(run(contender, folder))
        for contender, folder in worlds.values():
            run(contender, folder)  # some note something only now
        for _ in range(runs):
            for name, (contender, folder) in worlds.items():
                idle.setdefault(name, []).append(run(contender, folder))
    for name in worlds:
        rows[name] = {"nothing_to_do": _seconds(idle[name])} | ({"full_build": _seconds(builds[name])} if full else {})
    return rows


def _seconds(runs: list[Run]) -> dict[str, float]:
    return {
        "wall_s": round(statistics.median(one.wall for one in runs), 3),
        "cpu_s": round(statistics.median(one.cpu for one in runs), 3),
    }


def precision(contender: Contender, count: int) -> dict[str, Any]:
    """Actions run after one change each; of the last whether the damage is still there."""
    graph = layered(count)
    edited, raised = _telling_source(graph)
    removed, damaged = _targets_below(graph, max(2, count // 36)), _targets_below(graph, max(2, count // 64))
    with world(contender, graph) as folder:
        first = run(contender, folder)
        if first.status or graph.wrong(folder):
            return {"failed": first.output.strip()[-300:]}
        run(contender, folder)
        rows: dict[str, Any] = {"nothing": _ran(contender, folder)}
        for path in graph.sources:
            os.utime(folder / path)
        rows["touch all sources"] = _ran(contender, folder)
        with (folder / edited).open("a") as file:
            file.write("# another comment\n")
        rows["comment in one source, same output"] = _ran(contender, folder)
        (folder / edited).write_text(f"{raised}\n# first\n# another comment\n")
        rows["real edit of one source"] = _ran(contender, folder)
        (folder / edited).write_text(f"{graph.sources[edited]}\n# first\n")
        run(contender, folder)
        (folder / removed).resolve().unlink()  # some hold what they make elsewhere, behind a link
        rows["delete one output"] = _ran(contender, folder)
        _overwrite(folder / damaged)
        rows["overwrite one output"] = _ran(contender, folder)
        rows["overwritten output kept"] = content(folder / damaged).startswith("7 bad")
        rows["outputs that are wrong then"] = graph.wrong(folder)
    return rows


def precision_needed(count: int) -> dict[str, Any]:
    """The least numbers that a builder can do with."""
    graph = layered(count)
    edited, raised = _telling_source(graph)
    return {
        "nothing": 0,
        "touch all sources": 0,
        "comment in one source, same output": 1,
        "real edit of one source": graph.needed({**graph.sources, edited: raised}),
        "delete one output": "0 or 1",
        "overwrite one output": "0 or 1",
        "overwritten output kept": False,
        "outputs that are wrong then": 0,
        "targets that depend on the edited source": len(graph.above([edited])),
    }


def _telling_source(graph: Layered) -> tuple[str, int]:
    """A source, and a number for it that changes little although much depends on it."""
    best: tuple[int, int, str, int] | None = None
    for path, number in graph.sources.items():
        raised = number + 100_000
        row = (graph.needed({**graph.sources, path: raised}), -len(graph.above([path])), path, raised)
        if row[0] >= 3 and (best is None or row < best):
            best = row
    if best is None:
        raise ValueError("no source of this graph tells anything")
    return best[2], best[3]


def _targets_below(graph: Layered, count: int) -> str:
    """A target that about so many others depend on."""
    return min(graph.targets, key=lambda path: (abs(len(graph.above([path])) - count), path))


def _overwrite(path: Path) -> None:
    """Other content, by whatever means: a link's target stays."""
    with path.open("r+") as file:
        file.truncate()
        file.write("7 bad\n")


def _ran(contender: Contender, folder: Path) -> int:
    log = folder / "ran.log"
    log.unlink(missing_ok=True)
    time.sleep(0.02)  # some look at times of files in ticks of the kernel's clock
    run(contender, folder)
    return len(log.read_text().splitlines()) if log.exists() else 0


@contextmanager
def _jobs(contender: Contender, modes: dict[str, str]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="relgraph-bench-") as name:
        folder = Path(name, "world")
        folder.mkdir()
        twelve().write(folder, modes)
        contender.write(folder, rows_of_jobs(twelve()))
        yield folder


def failures(contender: Contender) -> dict[str, Any]:
    """What is left of builds of twelve jobs, three at once, that went wrong."""
    rows: dict[str, Any] = {}
    with _jobs(contender, {"c1": "fail"}) as folder:
        status = run(contender, folder, jobs=3, keep_going=True).status
        rows["keep going: done of 10 possible"] = len(set(noted(folder, "end")))
        rows["and its exit status"] = status
    with _jobs(contender, {"d1": "fail"}) as folder:
        run(contender, folder, jobs=3, keep_going=True)
        before = len(noted(folder, "begin"))
        status = run(contender, folder, jobs=3, keep_going=True).status
        again = len(noted(folder, "begin")) > before
        rows["failed after writing its output: run again"] = again
        rows["and what the second run says"] = "success" if status == 0 else "failure"
    with _jobs(contender, {}) as folder:
        rows["log line switches (11: together)"] = switches(run(contender, folder, jobs=3).output, twelve())
    with _jobs(contender, {}) as folder:
        rows["SIGKILL at 6 of 12: finished jobs done again"] = _killed(contender, folder)
    with _jobs(contender, dict.fromkeys(("b0", "b1", "b2"), "slow")) as folder:
        rows["Ctrl-C: half-written outputs left"] = _interrupted(contender, folder)
    return rows


def _killed(contender: Contender, folder: Path) -> int | str:
    process = _start(contender, folder)
    if not _wait(lambda: len(set(noted(folder, "end"))) >= 6, process):
        process.wait()
        return "ended before"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.3)  # a step in a group of its own may need a moment to hear of it
    finished = noted(folder, "end")[:6]
    (folder / "ran.log").unlink()
    again = run(contender, folder, jobs=3)
    redone = len(set(noted(folder, "begin")) & set(finished))
    return redone if again.status == 0 else f"next run fails: {again.output.strip()[-120:]}"


def _interrupted(contender: Contender, folder: Path) -> int | str:
    process = _start(contender, folder)
    if not _wait(lambda: len(noted(folder, "begin")) >= 6, process):
        process.wait()
        return "ended before"
    time.sleep(0.4)  # all of them have written a half
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return "did not end"
    left = [path for path in sorted((folder / "out").iterdir()) if path.exists() and path.read_text() != WHOLE]
    for name in ("b0", "b1", "b2"):
        (folder / f"mode.{name}").unlink()
    again = run(contender, folder, jobs=3)
    return len(left) if again.status == 0 else f"{len(left)}, next run fails"


def _start(contender: Contender, folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        contender.argv(3), cwd=folder, env=contender.environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=_default_signals,  # noqa: PLW1509 - no threads here
    )  # fmt: skip


def _default_signals() -> None:
    # Who measures in the background of a shell has SIGINT ignored, and so would everything started from here.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _wait(reached: Any, process: "subprocess.Popen[bytes]") -> bool:
    until = time.monotonic() + _LIMIT
    while time.monotonic() < until:
        if reached():
            return True
        if process.poll() is not None:
            return bool(reached())
        time.sleep(0.01)
    return False
