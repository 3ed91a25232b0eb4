"""How long a person waits for what should answer at once: the version, the help, shell completion.

    python benchmarks/startup.py [--runs N] [--smoke]

Starts the installed program as a process of its own and prints JSON: milliseconds of each run's wall time, as minimum and
median. The aim is 60 ms for the version and for completion.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

CASES = {
    "version": ["--version"],
    "help": ["--help"],
    "complete a command": ["complete", "--", "sc"],
    "complete an option": ["complete", "--", "scan", "--f"],
    "complete a rule": ["complete", "--", "explain", "RG1"],
}


def measure(words: list[str], runs: int) -> dict[str, float]:
    program = Path(sys.executable).with_name("relgraph")
    # An installed program has its bytecode; an environment that forbids writing it would measure the compiler.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL, env=environment)
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL, env=environment)
        times.append((time.perf_counter() - started) * 1000)
    return {"min_ms": round(min(times), 1), "median_ms": round(statistics.median(times), 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--smoke", action="store_true", help="one run of each, to see that it works")
    options = parser.parse_args()
    runs = 1 if options.smoke else options.runs
    print(json.dumps({"runs": runs, **{name: measure(words, runs) for name, words in CASES.items()}}, indent=1))


if __name__ == "__main__":
    main()
