"""Releases that fail at any of their steps, before or after it did its work: the next one ends with the same digests and record."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from releases import platform, relgraph
from relgraph.engine.executor import Job
from relgraph.errors import EnvironmentFailure
from relgraph.model.plan import Facts
from relgraph.oci.layout import Layout
from relgraph.release.executors import Build, Check, Move, Name, Push
from relgraph.release.recording import Keep
from relgraph.release.signing import Sign

TO = "layout:../published"
KEY = ("--key", "../release.key")
_ORDER: tuple[Any, ...] = (Build, Check, Push, Sign, Name, Move, Keep)


def published(root: Path) -> dict[str, str]:
    """Digests by name; what is named with a digest is a signature, which holds a time."""
    return {
        f"{entry.repository}:{entry.tag}": str(entry.descriptor.digest)
        for entry in Layout(root.parent / "published", create=True).entries()
        if entry.tag and not entry.tag.startswith("sha256-")
    }


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root = platform(tmp_path_factory.mktemp("whole"))
    assert relgraph(root, "release", "--to", TO).status == 0
    return published(root)


@pytest.mark.parametrize("fresh", [False, True], ids=["here", "elsewhere"])
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("executor", _ORDER, ids=lambda executor: executor.__name__)
def test_a_release_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, str], executor: Any, late: bool, fresh: bool
) -> None:
    root = platform(tmp_path)
    key = KEY if executor is Sign else ()
    if key:
        assert relgraph(root, "store.keygen", "--plain", "--output", "../release").status == 0
    whole = executor.run
    failed: list[str] = []

    def broken(self: Any, job: Job) -> Facts:
        if not failed:
            failed.append(job.step.id)
            if late:
                whole(self, job)
            raise EnvironmentFailure("it broke")
        return whole(self, job)  # type: ignore[no-any-return]  # as the executor has it

    with monkeypatch.context() as patch:
        patch.setattr(executor, "run", broken)
        ran = relgraph(root, "release", "--to", TO, *key)
    assert (ran.status, bool(failed)) == (3, True), ran.err
    names = published(root)
    if _ORDER.index(executor) < _ORDER.index(Name):
        assert names == {}
    if executor is not Keep:
        assert not [name for name in names if "relgraph." in name]
    if not (executor is Keep and late):
        assert not (root / "releases").exists()
    if fresh:
        shutil.rmtree(root / ".relgraph")
        shutil.rmtree(root / "releases", ignore_errors=True)
    for _ in range(2):
        ran = relgraph(root, "release", "--to", TO, *key)
        assert ran.status == 0, ran.err
        if not key:  # a record says who signed it
            assert published(root) == expected
    assert "released" in ran.out
    assert (root / "releases/platform/0.30.0.yaml").exists()
