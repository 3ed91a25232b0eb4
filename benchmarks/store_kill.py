"""kill -9 at random moments of a push, two kinds of pull and a collection of garbage.

    python benchmarks/store_kill.py [--kills N] [--seed N] [--smoke]

After every kill it is checked that nothing half-written can be seen: a tag of the registry leads to everything or is not there, all
content of a layout has its digest, every manifest has what it names, files are whole, what was kept is kept. Every third run begins
anew, others go on with what the killed process left; the last run is not killed and must finish. Prints as JSON how many runs it took
to kill so many processes at work. Needs Debian's `docker-registry` for the first three.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import killing
from docker_registry import DockerRegistry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="two of each")
    options = parser.parse_args()
    kills = 2 if options.smoke else options.kills
    runs: dict[str, int | str] = {}
    folder = Path(tempfile.mkdtemp(prefix="relgraph-kill-"))
    try:
        runs["gc"] = killing.garbage(folder / "gc").run(kills, options.seed)
        if shutil.which("docker-registry"):
            with DockerRegistry(folder / "registry") as registry:
                runs["push"] = killing.push(folder / "push", registry.address).run(kills, options.seed)
                runs["pull into a layout"] = killing.pull_layout(folder / "layout", registry.address).run(kills, options.seed)
                runs["pull of files"] = killing.pull_files(folder / "files", registry.address).run(kills, options.seed)
        else:
            runs["push, pull"] = "docker-registry is not installed"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"kills of each": kills, "seed": options.seed, "half-written": 0, "runs": runs}, indent=2))


if __name__ == "__main__":
    main()
