"""The build engine beside make, ninja, doit, SCons, task, snakemake and turbo, on the same graph and with the same commands.

    python benchmarks/engine.py [--only NAME ...] [--table times|precision|failure ...] [--sizes N ...] [--runs N] [--smoke]

Prints JSON: seconds (median; wall, and processor with all children) of runs that find nothing to do and of full builds, the contenders taking
turns in one run; the number of actions that one change costs; and what is left after failures. Every target has three dependencies and costs
one `sh` that starts nothing else. Peers are installed into a folder of the cache on the first run (`--smoke` takes what is there); what is missing
is named with the reason.

The aims: nothing to do in 0.10 s at 1,000 and 0.35 s at 10,000 targets; a full build of 1,000 no slower than doit; 0 / 1 / 3 / 0 or 1 actions,
and an overwritten output repaired; 10 of 10, run again, 11 switches, 0 done again, 0 left.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._contenders import contenders
from benchmarks._tables import failures, precision, precision_needed, times

_TABLES = ("times", "precision", "failure")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="these contenders")
    parser.add_argument("--table", nargs="*", choices=_TABLES, default=list(_TABLES))
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--smoke", action="store_true", help="small graphs, relgraph beside what is installed, to see that it works"
    )
    options = parser.parse_args()
    only = options.only or (["relgraph", "make", "ninja"] if options.smoke else [])
    sizes, runs, count = ([40], 1, 40) if options.smoke else (options.sizes, options.runs, 1_000)
    found = contenders(install=not options.smoke, only=only)
    result: dict[str, Any] = {
        "processors": os.cpu_count(),
        "versions": {one.name: one.version() for one in found.present},
        "left out": dict(found.missing),
    }
    if "times" in options.table:
        result["times"] = {}
        for size in sizes:
            taking_part = [one for one in found.present if size <= one.limit]
            result["times"][str(size)] = rows = times(taking_part, size, runs, full=size <= 1_000)
            for name, row in rows.items():
                _told(f"times {size} {name}", row)
    if "precision" in options.table:
        result["precision"] = {"needed": precision_needed(count)} | {
            one.name: _told(f"precision {one.name}", precision(one, min(count, one.limit)) | {"targets": min(count, one.limit)})
            for one in found.present
        }
    if "failure" in options.table:
        result["failure"] = {one.name: _told(f"failure {one.name}", failures(one)) for one in found.present}
    print(json.dumps(result, indent=1))


def _told(what: str, row: dict[str, Any]) -> dict[str, Any]:
    print(f"{what}: {json.dumps(row)}", file=sys.stderr, flush=True)
    return row


if __name__ == "__main__":
    main()
