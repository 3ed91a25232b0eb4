"""The shared cache: a second machine builds only what is new, and takes nothing from strangers."""

import json
import shutil
from pathlib import Path

import pytest

from releases import platform, relgraph
from relgraph.engine.outcome import Found
from relgraph.errors import RelgraphError
from relgraph.oci.codecs.artifact import EMPTY_BLOB, Artifact, blob_of
from relgraph.oci.json import encode
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Manifest
from relgraph.oci.stores import put
from relgraph.release.sharing import ARTIFACT_TYPE, SharedCache
from relgraph.trust.keys import create_key

KEY = bytes(range(32))
CACHE = "layout:../cache//acme/cache"


def cache(folder: Path, name: str, **more: object) -> SharedCache:
    shared = LocalRepository(Layout(folder / "cache", create=True), "acme/cache")
    return SharedCache(shared, Layout(folder / name, create=True), **more)  # type: ignore[arg-type]  # its own options


def states(root: Path, *words: str) -> dict[str, str]:
    ran = relgraph(root, "build", "--cache", CACHE, "--format", "json", *words)
    assert ran.status == 0, ran.err
    return {step["step"]: step["state"] for step in json.loads(ran.out)["steps"]}


def test_a_second_machine_builds_nothing_that_the_first_has_built(tmp_path: Path) -> None:
    root = platform(tmp_path)
    assert set(states(root).values()) == {"done"}
    first = {path.name: path.read_bytes() for path in (root / ".relgraph/store/blobs/sha256").iterdir()}
    shutil.rmtree(root / ".relgraph")
    assert set(states(root).values()) == {"cached"}
    second = {path.name: path.read_bytes() for path in (root / ".relgraph/store/blobs/sha256").iterdir()}
    assert second == first


def test_what_came_from_the_cache_can_be_released(tmp_path: Path) -> None:
    root = platform(tmp_path)
    states(root, "--tag", "v0.30.0")
    shutil.rmtree(root / ".relgraph")
    ran = relgraph(root, "release", "--cache", CACHE, "--to", "layout:../published", "--format", "json")
    assert ran.status == 0, ran.err
    assert {row["state"] for row in json.loads(ran.out)["artifacts"]} == {"cached"}


def test_a_cache_that_is_only_read_gets_nothing(tmp_path: Path) -> None:
    root = platform(tmp_path)
    relgraph(root, "store.push", "layout:../cache//acme/cache:seed", "README.md")
    states(root, "--cache-read-only")
    assert [entry.tag for entry in Layout(tmp_path / "cache").entries() if entry.tag.startswith("ac-")] == []


@pytest.mark.parametrize(("name", "mode"), [("plain", 0o644), ("program", 0o755)])
def test_output_files_travel_with_their_modes(tmp_path: Path, name: str, mode: int) -> None:
    from relgraph.engine.files import Files

    made = tmp_path / name
    made.write_bytes(b"#!/bin/sh\n")
    made.chmod(mode)
    mark = Files(str(tmp_path)).mark(name)
    cache(tmp_path, "one").put(KEY, {"a": "b"}, {name: (mark, str(made))})
    other = cache(tmp_path, "two")
    assert other.get(KEY) == Found({"a": "b"}, {name: mark})
    assert other.fetch(mark, str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == b"#!/bin/sh\n"
    assert Files(str(tmp_path)).mark("copy") == mark


def test_what_nobody_knows_is_not_found(tmp_path: Path) -> None:
    assert cache(tmp_path, "one").get(KEY) is None


def test_the_first_writer_wins(tmp_path: Path) -> None:
    cache(tmp_path, "one").put(KEY, {"a": "first"}, {})
    cache(tmp_path, "two").put(KEY, {"a": "second"}, {})
    assert cache(tmp_path, "three").get(KEY) == Found({"a": "first"}, {})


def test_with_a_key_only_what_it_signed_counts(tmp_path: Path) -> None:
    ours, theirs = create_key(), create_key()
    cache(tmp_path, "one", key=theirs).put(KEY, {"a": "theirs"}, {})
    assert cache(tmp_path, "two", key=ours).get(KEY) is None
    assert cache(tmp_path, "two", key=theirs).get(KEY) == Found({"a": "theirs"}, {})
    cache(tmp_path, "one").put(bytes(32), {"a": "unsigned"}, {})
    assert cache(tmp_path, "two", key=ours).get(bytes(32)) is None


@pytest.mark.parametrize("wrong", [{"size": "abc"}, {"size": "1"}, {"mediaType": "text/plain"}])
def test_a_trace_speaks_of_the_artifact_that_is_there(tmp_path: Path, wrong: dict[str, str]) -> None:
    store = LocalRepository(Layout(tmp_path / "one", create=True), "shared")
    made = put(store, Artifact((EMPTY_BLOB,), (Manifest.make(EMPTY_BLOB.descriptor, [], artifact_type="text/x"),)))
    facts = {"digest": str(made.digest), "mediaType": made.media_type, "size": str(made.size)}
    cache(tmp_path, "one").put(KEY, facts, {})
    assert cache(tmp_path, "two").get(KEY) == Found(facts, {})
    cache(tmp_path, "one").put(bytes(32), facts | wrong, {})
    with pytest.raises(RelgraphError, match="speaks of another artifact"):
        cache(tmp_path, "three").get(bytes(32))


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        encode({"key": "00", "facts": {}, "outputs": {}}),
        encode({"key": KEY.hex(), "facts": {"digest": 1}, "outputs": {}}),
        encode({"key": KEY.hex(), "facts": {"digest": "../../etc", "mediaType": "m", "size": "1"}, "outputs": {}}),
        encode({"key": KEY.hex(), "facts": [], "outputs": {}}),
        encode({"key": KEY.hex(), "facts": {}, "outputs": {"a": "-zz"}}),
    ],
)
def test_what_strangers_left_there_is_refused(tmp_path: Path, body: bytes) -> None:
    config = blob_of(ARTIFACT_TYPE, body)
    manifest = Manifest.make(config.descriptor, [], artifact_type=ARTIFACT_TYPE)
    shared = LocalRepository(Layout(tmp_path / "cache", create=True), "acme/cache")
    put(shared, Artifact((config, EMPTY_BLOB), (manifest,)), f"ac-{KEY.hex()}")
    with pytest.raises(RelgraphError):
        cache(tmp_path, "one").get(KEY)


DERIVED = """
derived:
  upper: {from: platform, inputs: [README.md], outputs: [made/upper.txt], run: "mkdir -p made && tr a-z A-Z < README.md > made/upper.txt"}
  twice: {from: platform, inputs: [made/upper.txt], outputs: [made/twice.txt], run: cat made/upper.txt made/upper.txt > made/twice.txt}
"""


def test_derived_files_are_made_once_for_all_machines(tmp_path: Path) -> None:
    made: list[dict[str, int]] = []
    for machine in ("one", "two"):
        root = platform(tmp_path / machine)
        graph = root / "graph/platform.yaml"
        graph.write_text(graph.read_text() + DERIVED)
        ran = relgraph(root, "derive", "--cache", f"layout:{tmp_path}/shared//acme/cache", "--format", "json")
        assert ran.status == 0, ran.err
        made.append(json.loads(ran.out)["summary"])
        assert (root / "made/twice.txt").read_text() == (root / "README.md").read_text().upper() * 2
    assert [(one["done"], one["cached"]) for one in made] == [(2, 0), (0, 2)]
