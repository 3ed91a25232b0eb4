"""Files and folders, against the real oras."""

import json
from pathlib import Path

import pytest

from peers import GetPeer, Peer, Relgraph


@pytest.fixture
def oras(peer: GetPeer) -> Peer:
    return peer("oras")


def _files(here: Path) -> None:
    (here / "config.json").write_text('{"a": 1}\n')
    (here / "conf" / "sub").mkdir(parents=True)
    (here / "conf" / "sub" / "b.txt").write_text("b\n")
    (here / "conf" / "run.sh").write_text("#!/bin/sh\n")
    (here / "conf" / "run.sh").chmod(0o755)


def _content(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", ["artifact", "bundle"])
def test_oras_pulls_what_relgraph_pushed(kind: str, relgraph: Relgraph, here: Path, registry: str, oras: Peer) -> None:
    _files(here)
    paths = ("conf",) if kind == "bundle" else ("config.json", "conf")
    relgraph("store.push", f"{registry}/acme/tools:v1", *paths, "--type", kind)
    oras.run("pull", "--plain-http", f"{registry}/acme/tools:v1", "-o", here / "got")
    wanted = {path: text for path, text in _content(here).items() if path.partition("/")[0] in paths}
    assert _content(here / "got") == wanted
    assert (here / "got" / "conf" / "run.sh").stat().st_mode & 0o111


def test_relgraph_pulls_what_oras_pushed(relgraph: Relgraph, here: Path, registry: str, oras: Peer) -> None:
    _files(here)
    oras.run(
        "push", "--plain-http", f"{registry}/acme/tools:v1", "--artifact-type", "application/vnd.example.x", "config.json:application/json",
        "conf", cwd=here,
    )  # fmt: skip
    pulled = relgraph("store.pull", f"{registry}/acme/tools:v1", "--output", "got")
    assert pulled["kind"] == "application/vnd.example.x"
    got = _content(here / "got")
    assert got == {path: text for path, text in _content(here).items() if not path.startswith("got/")}


def test_the_manifest_is_that_of_oras_byte_for_byte(
    relgraph: Relgraph, here: Path, registry: str, oras: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _files(here)
    oras.run(
        "push", "--plain-http", f"{registry}/acme/oras:v1", "--artifact-type", "application/vnd.example.x", "config.json:application/json",
        "--annotation", "org.opencontainers.image.created=2023-11-14T22:13:20Z", cwd=here,
    )  # fmt: skip
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    ours = relgraph(
        "store.push", f"{registry}/acme/ours:v1", "config.json", "--artifact-type", "application/vnd.example.x",
        "--media-type", "config.json=application/json",
    )  # fmt: skip
    theirs = relgraph("store.inspect", f"{registry}/acme/oras:v1")
    assert ours["digest"] == theirs["digest"]


def test_oras_finds_what_relgraph_lets_refer_to_an_artifact(relgraph: Relgraph, here: Path, registry: str, oras: Peer) -> None:
    _files(here)
    relgraph("store.push", f"{registry}/acme/tools:v1", "config.json")
    relgraph("store.keygen", "--output", "k", "--plain")
    signed = relgraph("store.sign", f"{registry}/acme/tools:v1", "--key", "k.key")
    found = json.loads(oras.run("discover", "--plain-http", "--format", "json", f"{registry}/acme/tools:v1"))
    entries = found.get("manifests") or found.get("referrers")
    assert [(entry["digest"], entry["artifactType"]) for entry in entries] == [
        (signed["signatures"][0]["digest"], "application/vnd.dev.sigstore.bundle.v0.3+json")
    ]


def test_relgraph_finds_what_oras_attached(relgraph: Relgraph, here: Path, registry: str, oras: Peer) -> None:
    _files(here)
    relgraph("store.push", f"{registry}/acme/tools:v1", "config.json")
    oras.run(
        "attach",
        "--plain-http",
        f"{registry}/acme/tools:v1",
        "--artifact-type",
        "application/vnd.example.note",
        "config.json",
        cwd=here,
    )
    shown = relgraph("store.inspect", f"{registry}/acme/tools:v1")
    assert [entry["artifactType"] for entry in shown["referrers"]] == ["application/vnd.example.note"]


def test_oras_reads_a_layout_that_relgraph_wrote(relgraph: Relgraph, here: Path, oras: Peer) -> None:
    _files(here)
    relgraph("store.push", "layout:out:v1", "config.json")
    oras.run("pull", "--oci-layout", f"{here / 'out'}:v1", "-o", here / "got")
    assert _content(here / "got") == {"config.json": '{"a": 1}\n'}


def test_relgraph_reads_a_layout_that_oras_wrote(relgraph: Relgraph, here: Path, oras: Peer) -> None:
    _files(here)
    oras.run("push", "--oci-layout", f"{here / 'theirs'}:v1", "config.json", cwd=here)
    relgraph("store.pull", "layout:theirs:v1", "--output", "got")
    assert _content(here / "got") == {"config.json": '{"a": 1}\n'}
