"""How `verify`, `why` and `impact` grow with the size of the declared graph.

    python benchmarks/verify.py [--nodes N ...] [--runs N] [--smoke]

Makes a workspace of one repository with a tag and a graph of N nodes (images in layers, each using three of the layer below), and runs each
command as a process of its own. Printed as JSON: medians of wall and processor seconds and the peak memory. `cold` parses the graph's YAML,
`warm` finds it parsed in the cache, by content.

The aim for verify is 0.3, 1.0 and 8 s for 1,000, 10,000 and 100,000 nodes, warm, growing linearly; `why` and `impact` no slower.
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

HEAD = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: scale}
repos:
  platform: {url: https://github.com/example/platform, path: ., self: last-release}
images:
"""


def make(folder: Path, nodes: int) -> None:
    """A workspace whose graph has about that many nodes."""
    lines = [HEAD]
    width = max(10, nodes // 20)
    for number in range(nodes):
        lines.append(
            f"  image{number}:\n    from: platform\n    ref: ghcr.io/example/platform/image{number}\n    build: {{ko: ./cmd/{number}}}\n"
        )
        if number >= width:
            below = [(number - width + step * 7) % number for step in range(3)]
            lines.append(f"    uses: [{', '.join(f'image{one}' for one in sorted(set(below)))}]\n")
    (folder / "graph").mkdir()
    (folder / "graph/scale.yaml").write_text("".join(lines))
    (folder / "deploy").mkdir()
    (folder / "deploy/pod.yaml").write_text("kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/platform/image1:1.2.0\n")
    person = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for words in (["init", "-q"], ["add", "."], [*person, "commit", "-qm", "bench"], ["tag", "v1.2.0"]):
        subprocess.run(["git", "-C", str(folder), *words], check=True)


def run(folder: Path, cache: Path, words: list[str]) -> tuple[float, float, float]:
    program = str(Path(sys.executable).with_name("relgraph"))
    # An installed program has its bytecode; an environment that forbids writing it would measure the compiler.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
        "XDG_CACHE_HOME": str(cache)
    }
    started = time.perf_counter()
    process = subprocess.Popen([program, *words], cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"relgraph {' '.join(words)} failed with status {process.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(nodes: int, runs: int) -> dict[str, object]:
    commands = {"verify": ["verify"], "why": ["why", f"images.image{nodes - 1}"], "impact": ["impact", "repos.platform"]}
    with tempfile.TemporaryDirectory(prefix="relgraph-bench-") as name:
        folder, cache = Path(name, "workspace"), Path(name, "cache")
        folder.mkdir()
        make(folder, nodes)
        found: dict[str, list[tuple[float, float, float]]] = {}
        for _ in range(runs):
            shutil.rmtree(cache, ignore_errors=True)
            found.setdefault("verify cold", []).append(run(folder, cache, commands["verify"]))
            for title, words in commands.items():
                found.setdefault(f"{title} warm", []).append(run(folder, cache, words))
        megabytes = (folder / "graph/scale.yaml").stat().st_size / 1e6
    rows = {
        title: {
            "wall_s": round(statistics.median(one[0] for one in times), 3),
            "cpu_s": round(statistics.median(one[1] for one in times), 3),
            "peak_MiB": round(max(one[2] for one in times)),
        }
        for title, times in found.items()
    }
    return {"graph_MB": round(megabytes, 1), **rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--smoke", action="store_true", help="one run of a small graph, to see that it works")
    options = parser.parse_args()
    sizes, runs = ([100], 1) if options.smoke else (options.nodes, options.runs)
    print(json.dumps({str(nodes): measure(nodes, runs) for nodes in sizes}, indent=1))


if __name__ == "__main__":
    main()
