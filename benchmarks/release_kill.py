"""kill -9 at random moments of a release.

    python benchmarks/release_kill.py [--kills N] [--seed N] [--smoke]

The demo's platform is released into a layout. After every kill nothing half-written can be seen: whatever has a name has the digest that it has
in the end, and everything below it; a record is whole or not there. Every third run begins anew, others go on with what the killed process left;
the last run is not killed and must end with the same digests and the same record, byte for byte. Prints as JSON how many runs it took.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import killing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="two")
    options = parser.parse_args()
    kills = 2 if options.smoke else options.kills
    folder = Path(tempfile.mkdtemp(prefix="relgraph-kill-"))
    try:
        runs = killing.release(folder).run(kills, options.seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"kills": kills, "seed": options.seed, "half-written": 0, "runs": runs}, indent=2))


if __name__ == "__main__":
    main()
