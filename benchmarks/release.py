"""A release of the demo's platform: the first time, again, from a fresh checkout, and the next one.

    python benchmarks/release.py [--runs N] [--smoke]

Each run is a process of its own. Into a layout on disk and, where Debian's `docker-registry` is installed, into a registry on loopback, whose
access log counts the requests. Printed as JSON: medians of wall and processor seconds, and how many requests each release took.

The aim for the release that has nothing to do is half a second and one request an artifact.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from docker_registry import DockerRegistry
from relgraph.demo.world import next_release
from relgraph.demo.write import commit, make_world


def run(root: Path, to: str) -> tuple[float, float]:
    program = str(Path(sys.executable).with_name("relgraph"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(
        [program, "release", "--to", to], cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    complaints = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"relgraph release failed: {complaints}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime


def measure(folder: Path, to: str, registry: DockerRegistry | None) -> dict[str, tuple[float, float, int]]:
    """One world: the first release, the same again, again from a fresh checkout, the next one."""
    root = make_world(folder)
    found: dict[str, tuple[float, float, int]] = {}

    def timed(title: str) -> None:
        before = len(registry.requests()) if registry is not None else 0
        wall, cpu = run(root, to)
        found[title] = (wall, cpu, len(registry.requests()) - before if registry is not None else 0)

    timed("first")
    timed("again")
    shutil.rmtree(root / "releases")
    shutil.rmtree(root / ".relgraph")
    timed("again, fresh checkout")
    commit(root, next_release())
    timed("next")
    return found


def table(rows: list[dict[str, tuple[float, float, int]]], artifacts: int, *, counted: bool) -> dict[str, object]:
    return {
        title: {
            "wall_s": round(statistics.median(row[title][0] for row in rows), 3),
            "cpu_s": round(statistics.median(row[title][1] for row in rows), 3),
            **({"requests": rows[0][title][2], "artifacts": artifacts} if counted else {}),
        }
        for title in rows[0]
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--smoke", action="store_true", help="one run of each")
    options = parser.parse_args()
    runs = 1 if options.smoke else options.runs
    results: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="relgraph-bench-") as name:
        rows = [measure(Path(name, f"layout{number}"), "layout:../published", None) for number in range(runs)]
        results["into a layout"] = table(rows, 2, counted=False)
        if shutil.which("docker-registry"):
            with DockerRegistry(Path(name, "registry")) as registry:
                rows = [measure(Path(name, f"r{number}"), f"{registry.address}/{number}", registry) for number in range(runs)]
            results["into a registry"] = table(rows, 2, counted=True)
        else:
            results["into a registry"] = "docker-registry is not installed"
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
