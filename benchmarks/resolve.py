"""How long resolution takes in process: the newest of 300 tags, a lock of 300 entries, minimal version selection over 50 modules.

    python benchmarks/resolve.py [--runs N] [--smoke]

Facts are in memory, as they are when a lock is checked with a warm cache; what is measured is relgraph's own arithmetic. Printed
as JSON: medians of seconds, cold (nothing parsed before) and warm. The aim is 0.15 s for each, warm.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from relgraph.resolve.lock import Lock, Pin
from relgraph.resolve.mvs import Module, build_list, upgrade
from relgraph.resolve.order import precedence, read_version
from relgraph.resolve.range import parse_range
from relgraph.resolve.resolver import Requirement, resolve
from relgraph.resolve.select import require_newest


class Facts:
    """A world of modules in memory."""

    def __init__(self, modules: int, versions: int) -> None:
        choose = random.Random(7)
        paths = [f"example.com/m{number}@v1" for number in range(modules)]
        self.known = {path: [f"v1.{minor}.0" for minor in range(versions)] for path in paths}
        self.world: dict[Module, tuple[Module, ...]] = {}
        for number, path in enumerate(paths):
            for version in self.known[path]:
                later = paths[number + 1 :]
                required = choose.sample(later, min(6, len(later)))
                self.world[Module(path, version)] = tuple(Module(name, choose.choice(self.known[name])) for name in required)
        self.root = Module("example.com/root@v1", "v1.0.0")
        self.world[self.root] = tuple(Module(path, choose.choice(self.known[path])) for path in paths[:10])

    def requirements(self, modules: Sequence[Module]) -> Mapping[Module, Sequence[Module]]:
        return {module: self.world[module] for module in modules}

    def versions(self, path: str) -> Sequence[str]:
        return self.known[path]


class Sources:
    """Registries in memory that all have the same tags."""

    def __init__(self, tags: Sequence[str]) -> None:
        self._tags = tags

    def tags(self, sources: Sequence[str]) -> Mapping[str, Sequence[str]]:
        return dict.fromkeys(sources, self._tags[-40:])

    def pins(self, tags: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Pin]:
        return dict.fromkeys(tags, Pin("sha256:" + "0" * 64))

    def holds(self, _: str) -> bool:
        return True


def seconds(work: Callable[[], object], runs: int) -> dict[str, float]:
    cold: list[float] = []
    warm: list[float] = []
    for _ in range(runs):
        read_version.cache_clear()
        precedence.cache_clear()
        for times in (cold, warm):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
    return {"cold": round(statistics.median(cold), 5), "warm": round(statistics.median(warm), 5)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    runs = 1 if options.smoke else options.runs
    tags = [f"v{major}.{minor}.{patch}" for major in range(5) for minor in range(10) for patch in range(6)]
    tags += ["latest", "main"]
    wanted = parse_range(">=1.2 <4 || ^4.3")
    sources = Sources(tags)
    requirements = [Requirement(f"r{number}", f"oci://registry.example/r{number}", wanted) for number in range(300)]
    lock = resolve(requirements, Lock(), sources).lock
    facts = Facts(*((10, 3) if options.smoke else (50, 20)))
    results = {
        "newest of 300 tags": seconds(lambda: require_newest("bench", tags, wanted), runs),
        "300 requirements against a lock": seconds(lambda: resolve(requirements, lock, sources), runs),
        "selection over 50 modules": seconds(lambda: build_list(facts.root, facts), runs),
        "upgrade of 50 modules": seconds(lambda: upgrade(facts.root, facts), runs),
    }
    print(json.dumps({"benchmark": "resolve", "runs": runs, "seconds": results}, indent=2))


if __name__ == "__main__":
    main()
