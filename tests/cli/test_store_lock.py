"""Locks on the command line: what is resolved, kept, refused and exported."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hostile_registry import HostileRegistry
from relgraph.resolve.lock import read_lock

Run = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def registry() -> Iterator[HostileRegistry]:
    """A registry that counts."""
    with HostileRegistry() as registry:
        yield registry


@pytest.fixture
def web(run: Run, registry: HostileRegistry, tmp_path: Path) -> str:
    """A repository with some versions."""
    web = f"{registry.address}/charts/web"
    for version in ("1.0.0", "1.2.0", "2.0.0", "1.3.0-rc.1"):
        _publish(run, tmp_path, f"{web}:{version}")
    registry.seen.clear()
    return web


def _publish(run: Run, folder: Path, reference: str, words: str = "") -> str:
    (folder / "a.txt").write_text(words or reference)
    status, out, err = run("store.push", reference, "a.txt", "--format", "json")
    assert (status, err) == (0, "")
    return str(json.loads(out)["digest"])


def _locked(folder: Path) -> dict[str, str]:
    return {entry.name: entry.version for entry in read_lock((folder / "relgraph.lock").read_bytes()).entries}


def _facts(run: Run, *words: object) -> dict[str, Any]:
    status, out, err = run("store.lock", *words, "--format", "json")
    assert (status, err) == (0, "")
    facts: dict[str, Any] = json.loads(out)
    return facts


def test_ranges_are_locked_to_digests(run: Run, web: str, tmp_path: Path) -> None:
    status, out, err = run("store.lock", f"{web}:^1", f"next={web}:>=2")
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "wrote relgraph.lock"
    assert out.splitlines()[2].startswith(f"  web 1.2.0 (new): {web}@sha256:")
    assert _locked(tmp_path) == {"web": "1.2.0", "next": "2.0.0"}
    first = (tmp_path / "relgraph.lock").read_bytes()
    assert run("store.lock")[1].splitlines()[0] == "unchanged relgraph.lock"
    assert (tmp_path / "relgraph.lock").read_bytes() == first


def test_what_is_locked_stays_until_an_upgrade_is_asked_for(run: Run, web: str, tmp_path: Path) -> None:
    run("store.lock", f"{web}:^1")
    _publish(run, tmp_path, f"{web}:1.5.0")
    assert _facts(run)["changes"] == []
    assert run("store.lock", "--locked")[0] == 0
    facts = _facts(run, "--upgrade", "web")
    assert [(change["before"]["version"], change["after"]["version"]) for change in facts["changes"]] == [("1.2.0", "1.5.0")]
    assert _locked(tmp_path) == {"web": "1.5.0"}
    assert "  web 2.0.0 (was 1.5.0)" in run("store.lock", f"{web}:*", "--upgrade", "all")[1]
    assert "  web: dropped" in run("store.lock", f"db={web}:^1", "--drop", "web")[1]


def test_a_file_says_all_that_is_wanted(run: Run, web: str, tmp_path: Path) -> None:
    run("store.lock", f"old={web}:^1")
    head = "apiVersion: relgraph.dev/v1\nkind: Requirements\nrequirements:\n"
    (tmp_path / "wanted.yaml").write_text(f"{head}  web: '{web}:^1'\n")
    status, _, err = run("store.lock", "--from", "wanted.yaml", "--locked")
    assert status == 1
    assert "web is not locked; old is locked and nothing asks for it" in err
    assert _locked(tmp_path) == {"old": "1.2.0"}
    assert run("store.lock", "--from", "wanted.yaml", f"two={web}:^2")[0] == 0
    assert _locked(tmp_path) == {"web": "1.2.0", "two": "2.0.0"}


def test_a_frozen_lock_asks_nobody(run: Run, web: str, registry: HostileRegistry, tmp_path: Path) -> None:
    run("store.lock", f"{web}:^1", f"next={web}:^2")
    before = (tmp_path / "relgraph.lock").read_bytes()
    registry.seen.clear()
    assert [entry["version"] for entry in _facts(run, "--frozen")["entries"]] == ["2.0.0", "1.2.0"]
    assert registry.seen == []
    status, _, err = run("store.lock", f"db={web}:^1", "--frozen")
    assert (status, registry.seen) == (1, [])
    assert "db is not locked" in err
    assert (tmp_path / "relgraph.lock").read_bytes() == before


def test_offline_everything_must_be_held(run: Run, web: str, registry: HostileRegistry) -> None:
    run("store.lock", f"{web}:^1")
    assert run("store.copy", f"{web}:^1", "layout:held//web", "--lock", "relgraph.lock")[0] == 0
    registry.seen.clear()
    assert run("store.lock", "--offline", "--store", "layout:held")[0] == 0
    status, _, err = run("store.lock", "--offline")
    assert status == 3
    assert "offline, and not held locally: web 1.2.0" in err
    status, _, err = run("store.lock", f"{web}:^2", "--offline", "--store", "layout:held")
    assert (status, registry.seen) == (1, [])
    assert "web asks for '^2' now" in err


def test_layouts_hold_their_own(run: Run, tmp_path: Path) -> None:
    _publish(run, tmp_path, "layout:out//web:1.0.0")
    assert run("store.lock", "layout:out//web:^1")[0] == 0
    assert run("store.lock", "--offline")[0] == 0
    assert run("store.pull", "layout:out//web:^1", "--lock", "relgraph.lock", "--output", "got")[0] == 0


def test_a_tag_that_moved_is_refused(run: Run, web: str, registry: HostileRegistry, tmp_path: Path) -> None:
    digest = _facts(run, f"{web}:^1")["entries"][0]["digest"]
    other = _publish(run, tmp_path, f"{web}:9.0.0-0")
    registry.tags["charts/web", "1.2.0"] = other
    status, _, err = run("store.lock")
    assert status == 1
    assert f"tag 1.2.0 has moved: it was {digest}, now it is {other}" in err
    # What is locked is pulled by its digest, whatever the tag says.
    assert run("store.pull", f"{web}:^1", "--lock", "relgraph.lock", "--output", "got")[0] == 0
    assert (tmp_path / "got" / "a.txt").read_text() == f"{web}:1.2.0"


def test_versions_do_not_go_back(run: Run, web: str, tmp_path: Path) -> None:
    run("store.lock", f"{web}:*")
    status, _, err = run("store.lock", f"{web}:^1")
    assert status == 1
    assert "web would go back from 2.0.0 to 1.2.0" in err
    assert run("store.lock", f"{web}:^1", "--allow-downgrade")[0] == 0
    assert _locked(tmp_path) == {"web": "1.2.0"}


def test_pull_and_copy_keep_to_the_lock(run: Run, web: str, tmp_path: Path) -> None:
    run("store.lock", f"{web}:^1")
    _publish(run, tmp_path, f"{web}:1.9.0")
    status, out, _ = run("store.pull", f"{web}:^1", "--lock", "relgraph.lock", "--output", "got", "--format", "json")
    locked = read_lock((tmp_path / "relgraph.lock").read_bytes()).entries[0].pin.digest
    assert (status, json.loads(out)["digest"]) == (0, locked)
    status, out, _ = run("store.copy", f"{web}:>=1", "layout:copy//web", "--lock", "relgraph.lock", "--format", "json")
    assert (status, json.loads(out)["copied"][0]["tag"], json.loads(out)["copied"][0]["digest"]) == (0, "1.2.0", locked)
    assert run("store.pull", "layout:copy//web:^1", "--as", web, "--lock", "relgraph.lock", "--output", "again")[0] == 0
    for words, reason in (
        (("store.pull", f"{web}:1.0.0"), "behind 1.2.0"),
        (("store.pull", f"{web}:^7"), "locked is 1.2.0"),
        (("store.copy", f"{web}:~2", "layout:copy//web"), "locked is 1.2.0"),
    ):
        status, _, err = run(*words, "--lock", "relgraph.lock")
        assert status == 1
        assert reason in err
    assert run("store.pull", f"{web}:1.0.0", "--lock", "relgraph.lock", "--allow-downgrade", "--output", "old")[0] == 0
    status, _, err = run("store.copy", web, "layout:copy//web", "--all", "--lock", "relgraph.lock")
    assert status == 2
    assert "--all copies every one" in err


def test_a_lock_is_exported(run: Run, web: str, registry: HostileRegistry, tmp_path: Path) -> None:
    (tmp_path / "chart").mkdir()
    repository = f"oci://{registry.address}/charts"
    (tmp_path / "chart" / "Chart.yaml").write_text(
        f"apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n- {{name: web, version: ^1, repository: '{repository}'}}\n"
    )
    status, out, err = run("store.lock", "--from", "chart/Chart.yaml", "--format", "helm")
    assert (status, err) == (0, "")
    document = yaml.safe_load(out)
    assert document["dependencies"] == [{"name": "web", "repository": repository, "version": "1.2.0"}]
    assert document["digest"].startswith("sha256:")
    images = yaml.safe_load(run("store.lock", "--frozen", "--format", "imgpkg")[1])
    assert [image["image"].partition("@")[0] for image in images["images"]] == [web]


def test_many_sources_are_asked_at_once(run: Run, registry: HostileRegistry, tmp_path: Path) -> None:
    for number in range(12):
        _publish(run, tmp_path, f"{registry.address}/p{number}:1.0.0")
    registry.seen.clear()
    assert run("store.lock", *(f"{registry.address}/p{number}:^1" for number in range(12)))[0] == 0
    # One request for the tags, one for the digest.
    assert len(registry.seen) == 24
    registry.seen.clear()
    assert run("store.lock")[0] == 0
    assert len(registry.seen) == 12


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        ((), 2, "what is to be locked"),
        (("--frozen",), 2, "what is to be locked"),
        (("--format", "helm", "layout:out//web:^1"), 2, "needs the chart"),
        (("layout:out//web:^1", "--upgrade", "db"), 2, "--upgrade db: nothing has this name"),
        (("layout:out//web:^1", "--drop", "db"), 2, "--drop db: nothing has this name"),
        (("layout:out//web:^1", "--locked", "--upgrade", "all"), 2, "--locked resolves nothing anew"),
        (("layout:out//web:^1", "--locked"), 1, "web is not locked"),
        (("layout:out//web:^1", "--frozen"), 1, "web is not locked"),
        (("layout:out//web:^1", "--offline", "--store", "r.example/a"), 2, "not a layout"),
        (("layout:out//web:^1", "layout:other//web:^1"), 2, "two requirements are called web"),
        (("layout:out//web:^7",), 3, "no version in range"),
        (("layout:nothing//web",), 3, "not an OCI image layout"),
        (("--from", "nothing.yaml"), 3, "nothing.yaml"),
    ],
)
def test_what_is_wrong_is_named(run: Run, tmp_path: Path, words: tuple[str, ...], status: int, reason: str) -> None:
    _publish(run, tmp_path, "layout:out//web:1.0.0")
    ended, out, err = run("store.lock", *words)
    assert (ended, out) == (status, "")
    assert reason in err
    assert not (tmp_path / "relgraph.lock").exists()
