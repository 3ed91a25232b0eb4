"""kill -9 at random moments of a push, a pull and a collection of garbage, and what must hold then.

Each scenario has a process that does the work, a check that must hold whenever it was ended, and an end that the next run
reaches. The test runs a few rounds of each, ``benchmarks/store_kill.py`` many.
"""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from artifacts import LAYER, attach, blob, store
from relgraph.demo.write import make_world
from relgraph.oci.content import drain
from relgraph.oci.copy import companion_tags
from relgraph.oci.descriptor import EMPTY, EMPTY_BODY, Descriptor
from relgraph.oci.errors import NotFound
from relgraph.oci.garbage import collect, damaged
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Manifest, is_manifest_type
from relgraph.oci.reference import RegistryReference
from relgraph.oci.registries import Registries
from relgraph.oci.storage import ReadOnlyRepository, push_bytes, read_document

__all__ = ["Scenario", "garbage", "pull_files", "pull_layout", "push", "release"]

# The work says when it begins, so that no kill is wasted on the start of the interpreter.
_WORK = """
import sys
from relgraph.cli.main import main
from relgraph.cli.commands import release, store_copy, store_keep, store_push
from relgraph.oci import copy, garbage, registries, unpack
print("ready", flush=True)
raise SystemExit(main(sys.argv[1:]))
"""


class Scenario:
    """One kind of work. ``prepare`` makes a new start, ``words`` is the command, ``check`` fails where something is half
    there, ``finished`` where the last run did not reach the end."""

    def __init__(
        self,
        words: list[str],
        *,
        prepare: Callable[[], None],
        check: Callable[[], None],
        finished: Callable[[], None],
        cwd: Path | None = None,
    ) -> None:
        self._words = words
        self._prepare = prepare
        self._check = check
        self._finished = finished
        self._cwd = cwd

    def run(self, kills: int, seed: int) -> int:
        """Kill so often, each time at another moment of its work; how many runs that took."""
        chance = random.Random(seed)
        self._prepare()
        length = max(self._work(None)[0], 0.02)
        self._finished()
        hits = runs = 0
        while hits < kills:
            runs += 1
            assert runs <= 20 * kills, "the work is over too fast to be killed"
            # Some runs begin anew, others go on with what the killed one left.
            if runs % 3 == 1:
                self._prepare()
            _, killed = self._work(chance.uniform(0, length))
            hits += killed
            self._check()
            if not killed:
                self._prepare()
        self._work(None)
        self._check()
        self._finished()
        return runs

    def _work(self, kill_after: float | None) -> tuple[float, bool]:
        words = [sys.executable, "-c", _WORK, *self._words]
        child = subprocess.Popen(words, cwd=self._cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        began = time.perf_counter()
        killed = False
        if kill_after is not None:
            try:
                child.wait(kill_after)
            except subprocess.TimeoutExpired:
                child.kill()
                killed = True
        _, complaints = child.communicate(timeout=120)
        if not killed:
            assert child.returncode == 0, complaints.decode()
        return time.perf_counter() - began, killed


def push(folder: Path, address: str) -> Scenario:
    """A layout's artifact, pushed to a registry."""
    source = _filled(folder / "source")
    turn = [0]

    def read() -> Manifest | None:
        with Registries() as registries:
            repository = registries.open(RegistryReference(address, f"acme/web{turn[0]}"))
            try:
                repository.load("v1")
            except NotFound:
                return None
            return _read_all(repository, "v1")

    def prepare() -> None:
        # A registry forgets nothing: a new start is another repository. The command gets its name by a file.
        turn[0] += 1
        words[-2] = f"{address}/acme/web{turn[0]}:v1"

    def check() -> None:
        read()

    def finished() -> None:
        assert read() == source.load("v1")

    words = ["store.copy", f"layout:{folder / 'source'}//acme/web:v1", "", "--alone"]
    return Scenario(words, prepare=prepare, check=check, finished=finished)


def release(folder: Path) -> Scenario:
    """The demo's platform, released into a layout."""
    root = make_world(folder)
    published = folder / "published"
    expected: list[tuple[dict[str, str], bytes]] = []

    def prepare() -> None:
        for leftover in (published, root / ".relgraph", root / "releases"):
            shutil.rmtree(leftover, ignore_errors=True)

    def named() -> dict[str, str]:
        return {
            f"{entry.repository}:{entry.tag}": str(entry.descriptor.digest) for entry in Layout(published).entries() if entry.tag
        }

    def check() -> None:
        for layout in (published, root / ".relgraph" / "store"):
            if (layout / "oci-layout").exists():
                _check_layout(Layout(layout))
        if expected and (published / "oci-layout").exists():
            digests, record = expected[0]
            assert named().items() <= digests.items()
            assert all(path.read_bytes() == record for path in (root / "releases").rglob("*.yaml"))

    def finished() -> None:
        state = named(), (root / "releases/platform/0.30.0.yaml").read_bytes()
        expected[:] = expected or [state]
        assert state == expected[0]

    return Scenario(["release", "--to", "layout:../published"], prepare=prepare, check=check, finished=finished, cwd=root)


def pull_layout(folder: Path, address: str) -> Scenario:
    """An artifact of a registry, copied into a layout."""
    target = folder / "pulled"
    _published(folder, address)

    def check() -> None:
        if (target / "oci-layout").exists():
            _check_layout(Layout(target))

    def finished() -> None:
        _read_all(LocalRepository(Layout(target), "acme/web"), "v1")

    words = ["store.copy", f"{address}/acme/web:v1", f"layout:{target}//acme/web", "--alone"]
    return Scenario(words, prepare=lambda: shutil.rmtree(target, ignore_errors=True), check=check, finished=finished)


def pull_files(folder: Path, address: str) -> Scenario:
    """An artifact of a registry, laid out as files."""
    target = folder / "files"
    manifest = _published(folder, address)
    sizes = {layer.title: layer for layer in manifest.layers}

    def check() -> None:
        for path in target.rglob("*"):
            if path.is_file() and not path.name.startswith(".relgraph"):
                assert path.stat().st_size == sizes[path.name].size, path
                assert Descriptor.of("", path.read_bytes()).digest == sizes[path.name].digest, path

    def finished() -> None:
        check()
        assert {path.name for path in target.iterdir() if not path.name.startswith(".")} == set(sizes)

    words = ["store.pull", f"{address}/acme/web:v1", "--output", str(target)]
    return Scenario(words, prepare=lambda: shutil.rmtree(target, ignore_errors=True), check=check, finished=finished)


def garbage(folder: Path) -> Scenario:
    """A layout with much garbage, collected."""
    target = folder / "collected"

    def prepare() -> None:
        shutil.rmtree(target, ignore_errors=True)
        repository = LocalRepository(Layout(target, create=True), "acme/web")
        kept = store(repository, layers=10)
        repository.publish(kept, "v1")
        attach(repository, kept.descriptor, seed=3)
        repository.publish(store(repository, seed=4), companion_tags(kept.digest)[0])
        dropped = store(repository, layers=120, size=500, seed=9)
        repository.publish(dropped, "v2")
        for seed in range(20, 26):
            attach(repository, dropped.descriptor, seed=seed)
        repository.untag("v2")

    def check() -> None:
        layout = Layout(target)
        _check_layout(layout)
        repository = LocalRepository(layout, "acme/web")
        manifest = _read_all(repository, "v1")
        assert len(list(repository.referrers(manifest.descriptor))) == 1
        _read_all(repository, companion_tags(manifest.digest)[0])

    def finished() -> None:
        check()
        assert collect(Layout(target), grace=0, dry_run=True) == (0, 0, 0, 0)

    words = ["store.gc", f"layout:{target}", "--grace", "0"]
    return Scenario(words, prepare=prepare, check=check, finished=finished)


def _filled(path: Path) -> LocalRepository:
    repository = LocalRepository(Layout(path, create=True), "acme/web")
    repository.publish(_made(repository), "v1")
    return repository


def _published(folder: Path, address: str) -> Manifest:
    with Registries() as registries:
        repository = registries.open(RegistryReference(address, "acme/web"))
        manifest = _made(repository)
        repository.publish(manifest, "v1")
    return manifest


def _made(repository: "LocalRepository | object") -> Manifest:
    layers = []
    for number, size in enumerate([6 << 20, 5 << 20, *[20_000] * 24]):
        data = blob(size, number)
        annotations = {"org.opencontainers.image.title": f"file{number}"}
        layers.append(push_bytes(repository, Descriptor.of(LAYER, data, annotations=annotations), data))  # type: ignore[arg-type]
    push_bytes(repository, EMPTY, EMPTY_BODY)  # type: ignore[arg-type]
    return Manifest.make(EMPTY, layers, artifact_type="application/vnd.example.files")


def _read_all(repository: ReadOnlyRepository, reference: str) -> Manifest:
    """Everything that a name leads to, verified."""
    manifest = repository.load(reference)
    assert isinstance(manifest, Manifest)
    for child in manifest.children:
        with repository.fetch(child) as reader:
            drain(reader)
    return manifest


def _check_layout(layout: Layout) -> None:
    """All content is what it says, and every manifest that is there has what it names."""
    assert damaged(layout) == []
    for entry in layout.entries():
        if is_manifest_type(entry.descriptor.media_type):
            document = read_document(LocalRepository(layout), entry.descriptor)
            assert all(layout.has(child.digest) for child in document.children)
