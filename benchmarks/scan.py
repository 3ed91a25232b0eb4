"""How long a scan takes, beside what git alone needs to read the same tree.

    python benchmarks/scan.py [REPOSITORY[@REV] ...] [--runs N] [--smoke]

Every case is run as a process of its own, the contenders in turn, and printed as JSON: medians of wall and processor seconds, the
peak memory, and what was read. `git grep` looks for one word in the same revision; `git cat-file` hands over all its objects.
Without a repository, a world of 600 files is made.

The aim for a tree of 620 files and 22 MB is 0.4 s and 80 MB, for 4,000 files and 35 MB 1.2 s. `cold` starts without relgraph's
cache, `warm` finds what the run before it kept.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple


class Run(NamedTuple):
    """One process: wall seconds, processor seconds, peak memory in MiB."""

    wall: float
    cpu: float
    memory: float


def run(words: list[str], environment: dict[str, str], stdin: bytes | None = None) -> Run:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(words, env=environment, stdin=subprocess.PIPE if stdin else None, stdout=subprocess.DEVNULL)
    if stdin and process.stdin:
        process.stdin.write(stdin)
        process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode not in (0, 1):
        sys.exit(f"{words[0]} failed with status {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(wall, cpu, usage.ru_maxrss / 1024)


def measure(target: str, runs: int) -> dict[str, object]:
    path, _, rev = target.partition("@")
    rev = rev or "HEAD"
    program = str(Path(sys.executable).with_name("relgraph"))
    listing = subprocess.run(["git", "-C", path, "ls-tree", "-r", "-l", rev], check=True, capture_output=True, text=True).stdout
    rows = [line.split(None, 4) for line in listing.splitlines()]
    blobs = "".join(f"{row[2]}\n" for row in rows if row[1] == "blob").encode()
    scan = [program, "scan", f"{path}@{rev}", "--format", "json"]
    cache = tempfile.mkdtemp(prefix="relgraph-bench-")
    try:
        # An installed program has its bytecode; an environment that forbids writing it would measure the compiler.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
            "XDG_CACHE_HOME": cache
        }
        run(scan, environment)
        cases: dict[str, list[Run]] = {"cold": [], "warm": [], "git grep": [], "git cat-file": []}
        for _ in range(runs):
            shutil.rmtree(cache, ignore_errors=True)
            cases["cold"].append(run(scan, environment))
            cases["warm"].append(run(scan, environment))
            cases["git grep"].append(run(["git", "-C", path, "grep", "-c", "version", rev], environment))
            cases["git cat-file"].append(run(["git", "-C", path, "cat-file", "--batch"], environment, blobs))
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    return {
        "files": len(rows),
        "MB": round(sum(int(row[3]) for row in rows if row[3].isdigit()) / 1e6, 1),
        **{
            name: {
                "wall_s": round(statistics.median(one.wall for one in found), 3),
                "cpu_s": round(statistics.median(one.cpu for one in found), 3),
                "peak_MiB": round(max(one.memory for one in found)),
            }
            for name, found in cases.items()
        },
    }


def make(folder: Path, files: int) -> str:
    """A repository of many small files, with an image, a variable and a link in each third one."""
    for number in range(files):
        path = folder / f"part{number % 20}" / f"file{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        filler = "some words that say nothing of versions\n" * 60
        match number % 3:
            case 0:
                path.with_suffix(".yaml").write_text(f"image: ghcr.io/example/app{number}:1.2.{number}\n# {filler}")
            case 1:
                path.with_suffix(".sh").write_text(f"APP_VERSION=1.2.{number}\necho {filler}")
            case _:
                path.with_suffix(".md").write_text(f"See https://github.com/example/app/blob/v1.2.{number}/README.md.\n{filler}")
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=bench", "-c", "user.email=bench@example.org", "commit", "-qm", "bench"],
    ):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    return str(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="*", metavar="REPOSITORY[@REV]")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--smoke", action="store_true", help="one run on a small world, to see that it works")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relgraph-bench-") as folder:
        targets = options.repositories or [make(Path(folder), 30 if options.smoke else 600)]
        print(json.dumps({target: measure(target, 1 if options.smoke else options.runs) for target in targets}, indent=1))


if __name__ == "__main__":
    main()
