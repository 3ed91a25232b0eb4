"""Push and pull, side by side with skopeo and oras (Python), on one registry.

    python benchmarks/store_transfer.py [--runs N] [--case NAME ...] [--smoke]

The contenders take turns on one Debian `docker-registry` on tmpfs; what is printed as JSON are medians of wall and processor seconds,
the peak memory in MiB, and the requests by the registry's own log. All push from, and pull into, an OCI layout, verified; oras, which
knows no layouts for this and verifies nothing, pushes and pulls files. Differences under 20 % are noise.

The aims, as parts of skopeo's time: push of 512 MiB 1.25, of 200 x 64 KiB 0.25 (and 0.6 of oras's); pull of 512 MiB 1.1, of
200 x 64 KiB 0.6. Memory for 512 MiB: 64 MiB. Pushing again what is there: one request. A copy between repositories of the
registry: no blob on the wire.
"""

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

_SUPPORT = Path(__file__).resolve().parents[1] / "tests" / "support"
sys.path.insert(0, str(_SUPPORT))

from docker_registry import DockerRegistry
from hostile_registry import HostileRegistry
from relgraph.oci.content import FileSource
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import Digest
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import push_bytes

_RELGRAPH = str(Path(sys.executable).with_name("relgraph"))
_ORAS_PUSH = """
import sys, oras.provider
target, *files = sys.argv[1:]
oras.provider.Registry(insecure=True).push(target, files=files, disable_path_validation=True, quiet=True)
"""
_ORAS_PULL = """
import sys, oras.provider
oras.provider.Registry(insecure=True).pull(sys.argv[1], outdir=sys.argv[2])
"""


class Run(NamedTuple):
    """One process: wall seconds, processor seconds, peak memory in MiB, and the requests that it made."""

    wall: float
    cpu: float
    memory: float
    requests: Counter[str]
    blob_bytes: int


class Peak(threading.Thread):
    """The highest resident memory of a process. The system's own account of a child begins with what its parent had."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{process}/status")
        self._over = threading.Event()
        self._peak = 0.0
        self.start()

    def run(self) -> None:
        while not self._over.wait(0.01):
            with contextlib.suppress(OSError, ValueError, IndexError):
                text = self._status.read_text()
                self._peak = max(self._peak, int(text.partition("VmHWM:")[2].split()[0]) / 1024)

    def end(self) -> float:
        """The highest seen, in MiB."""
        self._over.set()
        self.join()
        return self._peak


class Source:
    """Random content of its own, as files and as an image in a layout."""

    def __init__(self, path: Path, count: int, size: int) -> None:
        self.layout = path / "layout"
        self.files: list[Path] = []
        self._path = path
        repository = LocalRepository(Layout(self.layout, create=True))
        config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"config":{}}'
        layers = []
        for number in range(count):
            file_path = path / f"f{number}"
            with file_path.open("wb") as file:
                for _ in range(max(1, size >> 20)):
                    file.write(os.urandom(min(size, 1 << 20)))
            with file_path.open("rb") as file:
                digest = Digest(f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}")
            layer = Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", digest, file_path.stat().st_size)
            repository.push(layer, FileSource(file_path))
            layers.append(layer)
            self.files.append(file_path)
        described = push_bytes(repository, Descriptor.of("application/vnd.oci.image.config.v1+json", config), config)
        repository.publish(Manifest.make(described, layers), "v1")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


class Bench:
    """A registry, and the shape of what is moved."""

    def __init__(self, folder: Path, registry: "DockerRegistry | HostileRegistry", count: int, size: int) -> None:
        self.folder = folder
        self.registry = registry
        self._shape = (count, size)
        self._made = 0

    def source(self) -> Source:
        """Content that nobody has seen."""
        self._made += 1
        return Source(self.folder / f"source{self._made}", *self._shape)

    def fresh(self) -> str:
        """A repository that nobody used."""
        self._made += 1
        return f"{self.registry.address}/bench/c{self._shape[0]}/r{self._made}"

    def push_new(self, who: str) -> Run:
        """Push content that is new to the registry and to the one who pushes.

        skopeo remembers what it pushed to which repository, and would mount it from there the next time.
        """
        target = self.fresh()
        with self.source() as source:
            run = self.push(who, source, target)
        if isinstance(self.registry, DockerRegistry):
            self.registry.forget(target.partition("/")[2])
        return run

    def push(self, who: str, source: Source, target: str) -> Run:
        """Push all of it."""
        if who == "skopeo":
            words = ["skopeo", "--insecure-policy", "copy", "--preserve-digests", "--dest-tls-verify=false", "--quiet"]
            return self._run([*words, f"oci:{source.layout}:v1", f"docker://{target}:v1"])
        if who == "oras":
            return self._run([sys.executable, "-c", _ORAS_PUSH, f"{target}:v1", *map(str, source.files)])
        return self._run([_RELGRAPH, "store.copy", "--alone", f"layout:{source.layout}:v1", f"{target}:v1"])

    def pull(self, who: str, source: str) -> Run:
        """Pull all of it."""
        with self._scratch() as folder:
            if who == "skopeo":
                words = ["skopeo", "--insecure-policy", "copy", "--preserve-digests", "--src-tls-verify=false", "--quiet"]
                return self._run([*words, f"docker://{source}:v1", f"oci:{folder}:v1"])
            if who == "oras":
                return self._run([sys.executable, "-c", _ORAS_PULL, f"{source}:v1", str(folder)])
            return self._run([_RELGRAPH, "store.copy", "--alone", f"{source}:v1", f"layout:{folder}:v1"])

    def copy(self, source: str, target: str) -> Run:
        """Copy within the registry."""
        return self._run([_RELGRAPH, "store.copy", "--alone", f"{source}:v1", f"{target}:v1"])

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        folder.rmdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, words: list[str]) -> Run:
        before = self._log()
        home = tempfile.mkdtemp(dir=self.folder)
        environment = {**os.environ, "HOME": home, "DOCKER_CONFIG": home}
        started = time.perf_counter()
        process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL)
        peak = Peak(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{words[0]} failed with status {process.returncode}")
        time.sleep(0.05)  # the log is written after the answer
        found = self._log()[len(before) :]
        requests = Counter(method for method, _, _ in found)
        moved = sum(size for method, path, size in found if method == "GET" and "/blobs/" in path)
        return Run(wall, usage.ru_utime + usage.ru_stime, peak.end(), requests, moved)

    def _log(self) -> list[tuple[str, str, int]]:
        if isinstance(self.registry, DockerRegistry):
            return [(request.method, request.path, request.size) for request in self.registry.requests()]
        return [(seen.method, seen.target, 0) for seen in self.registry.seen]


def summary(runs: list[Run]) -> dict[str, object]:
    return {
        "wall_s": round(statistics.median(run.wall for run in runs), 3),
        "cpu_s": round(statistics.median(run.cpu for run in runs), 3),
        "peak_MiB": round(max(run.memory for run in runs), 1),
        "requests": dict(sorted(runs[-1].requests.items())),
    }


def measure(bench: Bench, runs: int, contenders: list[str], cases: list[str]) -> dict[str, object]:
    found: dict[str, dict[str, list[Run]]] = {case: {} for case in ("push", "pull")}
    single: dict[str, list[Run]] = {"push again": [], "copy between repositories": []}
    pushed, pulled_by_oras = bench.fresh(), bench.fresh()
    with bench.source() as kept:
        bench.push("relgraph", kept, pushed)
        if "oras" in contenders:
            bench.push("oras", kept, pulled_by_oras)
        for number in range(runs):
            # Nobody goes first every time.
            order = contenders[number % len(contenders) :] + contenders[: number % len(contenders)]
            for who in order:
                if "push" in cases:
                    found["push"].setdefault(who, []).append(bench.push_new(who))
                if "pull" in cases:
                    found["pull"].setdefault(who, []).append(bench.pull(who, pulled_by_oras if who == "oras" else pushed))
            if "again" in cases:
                single["push again"].append(bench.push("relgraph", kept, pushed))
            if "copy" in cases:
                single["copy between repositories"].append(bench.copy(pushed, bench.fresh()))
    report: dict[str, object] = {}
    for case, by_contender in found.items():
        if by_contender:
            rows: dict[str, object] = {who: summary(by_contender[who]) for who in sorted(by_contender)}
            ours = statistics.median(run.wall for run in by_contender["relgraph"])
            for who in by_contender.keys() - {"relgraph"}:
                rows[f"of {who}'s time"] = round(ours / statistics.median(run.wall for run in by_contender[who]), 2)
            report[case] = rows
    for case, listed in single.items():
        if listed:
            report[case] = summary(listed) | {"blob bytes received": listed[-1].blob_bytes}
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--case", action="append", choices=("push", "pull", "again", "copy"), help="only these")
    parser.add_argument("--smoke", action="store_true", help="one run of little")
    options = parser.parse_args()
    contenders = ["relgraph", "oras"] + (["skopeo"] if shutil.which("skopeo") else [])
    cases = options.case or ["push", "pull", "again", "copy"]
    shapes = [(1, 2 << 20), (10, 4 << 10)] if options.smoke else [(1, 512 << 20), (200, 64 << 10)]
    parent = "/dev/shm" if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="relgraph-bench-", dir=parent))
    try:
        with contextlib.ExitStack() as stack:
            registry: DockerRegistry | HostileRegistry
            if shutil.which("docker-registry"):
                registry = stack.enter_context(DockerRegistry(folder / "registry"))
            elif options.smoke:
                registry = stack.enter_context(HostileRegistry())
            else:
                sys.exit("docker-registry is not installed")
            report = {
                f"{count} x {size >> 10} KiB": measure(
                    Bench(folder, registry, count, size), 1 if options.smoke else options.runs, contenders, cases
                )
                for count, size in shapes
            }
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
