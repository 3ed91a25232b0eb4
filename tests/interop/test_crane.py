"""Images, against the real crane and skopeo."""

import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from peers import GetPeer, Peer, Relgraph


@pytest.fixture
def crane(peer: GetPeer) -> Peer:
    return peer("crane")


@pytest.fixture
def skopeo(tmp_path: Path) -> Peer:
    program = shutil.which("skopeo")
    if program is None:
        pytest.skip("skopeo is not installed")
    home = tmp_path / "home-skopeo"
    home.mkdir()
    return Peer(Path(program), home)


def _rootfs(here: Path) -> Path:
    root = here / "root"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "server").write_text("#!/bin/sh\n")
    (root / "bin" / "server").chmod(0o755)
    (root / "sh").symlink_to("bin/server")
    (root / ("long-" * 30 + "name")).write_text("x")
    (here / "config.json").write_text('{"Entrypoint": ["/bin/server"], "Env": ["A=b"], "Labels": {"x": "y"}}')
    return root


def _push(relgraph: Relgraph, here: Path, reference: str) -> str:
    pushed = relgraph(
        "store.push", reference, _rootfs(here), "--type", "rootfs", "--platform", "linux/arm64/v8", "--config", "config.json"
    )
    digest: str = pushed["digest"]
    return digest


def test_crane_finds_nothing_wrong_with_an_image_of_relgraph(relgraph: Relgraph, here: Path, registry: str, crane: Peer) -> None:
    digest = _push(relgraph, here, f"{registry}/acme/web:v1")
    assert crane.run("digest", "--insecure", f"{registry}/acme/web:v1").strip() == digest
    crane.run("validate", "--insecure", "--remote", f"{registry}/acme/web:v1")
    config = json.loads(crane.run("config", "--insecure", f"{registry}/acme/web:v1"))
    assert config["config"] == {"Env": ["A=b"], "Entrypoint": ["/bin/server"], "Labels": {"x": "y"}}
    assert (config["os"], config["architecture"], config["variant"]) == ("linux", "arm64", "v8")
    crane.run("export", "--insecure", f"{registry}/acme/web:v1", here / "flat.tar")
    with tarfile.open(here / "flat.tar") as archive:
        assert {"bin/server", "sh", "long-" * 30 + "name"} <= set(archive.getnames())


def test_an_image_goes_through_crane_and_back_unchanged(relgraph: Relgraph, here: Path, docker: str, crane: Peer) -> None:
    digest = _push(relgraph, here, f"{docker}/acme/web:v1")
    crane.run("pull", "--insecure", "--format", "oci", f"{docker}/acme/web:v1", here / "theirs")
    again = relgraph("store.push", f"{docker}/acme/again:v1", here / "theirs", "--type", "image")
    assert again["digest"] == digest
    crane.run("pull", "--insecure", "--format", "tarball", f"{docker}/acme/web:v1", here / "saved.tar")
    from_tarball = relgraph("store.push", f"{docker}/acme/tarball:v1", here / "saved.tar", "--type", "image")
    crane.run("validate", "--insecure", "--remote", f"{docker}/acme/tarball@{from_tarball['digest']}")
    theirs, ours = (json.loads(crane.run("config", "--insecure", f"{docker}/acme/{name}:v1")) for name in ("web", "tarball"))
    assert ours == theirs


def test_relgraph_copies_what_crane_pushed(relgraph: Relgraph, here: Path, registry: str, crane: Peer) -> None:
    (here / "layer.tar").write_bytes(_tar({"etc/x": b"x"}))
    crane.run("append", "--insecure", "-f", here / "layer.tar", "-t", f"{registry}/acme/theirs:v1", "--oci-empty-base")
    digest = crane.run("digest", "--insecure", f"{registry}/acme/theirs:v1").strip()
    copied = relgraph("store.copy", f"{registry}/acme/theirs:v1", "layout:out//acme/theirs")
    assert copied["copied"][0]["digest"] == digest
    relgraph("store.copy", "layout:out//acme/theirs:v1", f"{registry}/acme/back")
    crane.run("validate", "--insecure", "--remote", f"{registry}/acme/back:v1")


def test_crane_reads_a_layout_of_relgraph(relgraph: Relgraph, here: Path, docker: str, crane: Peer) -> None:
    digest = _push(relgraph, here, "layout:out:v1")
    crane.run("push", "--insecure", here / "out", f"{docker}/acme/pushed:v1")
    assert crane.run("digest", "--insecure", f"{docker}/acme/pushed:v1").strip() == digest


def test_a_flux_artifact_is_an_image_to_crane(relgraph: Relgraph, here: Path, registry: str, crane: Peer) -> None:
    (here / "manifests").mkdir()
    (here / "manifests" / "ns.yaml").write_text("kind: Namespace\n")
    relgraph(
        "store.push", f"{registry}/acme/flux:v1", "manifests", "--type", "flux", "--annotation", "org.opencontainers.image.revision=main@sha1:0",
    )  # fmt: skip
    manifest = json.loads(crane.run("manifest", "--insecure", f"{registry}/acme/flux:v1"))
    blob = f"{registry}/acme/flux@{manifest['layers'][0]['digest']}"
    data = subprocess.run(
        [crane.program, "blob", "--insecure", blob], capture_output=True, check=True, env=crane.variables, timeout=60
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert archive.getnames() == ["ns.yaml"]


def test_skopeo_reads_images_and_layouts_of_relgraph(relgraph: Relgraph, here: Path, docker: str, skopeo: Peer) -> None:
    digest = _push(relgraph, here, f"{docker}/acme/web:v1")
    shown = json.loads(skopeo.run("inspect", "--tls-verify=false", f"docker://{docker}/acme/web:v1"))
    assert (shown["Digest"], shown["Architecture"], shown["Os"]) == (digest, "arm64", "linux")
    _ = relgraph("store.copy", f"{docker}/acme/web:v1", "layout:out")
    skopeo.run("--insecure-policy", "copy", f"oci:{here / 'out'}:v1", f"dir:{here / 'dir'}")
    assert (here / "dir" / "manifest.json").is_file()


def test_relgraph_reads_what_skopeo_wrote(relgraph: Relgraph, here: Path, docker: str, skopeo: Peer) -> None:
    digest = _push(relgraph, here, f"{docker}/acme/web:v1")
    source = f"docker://{docker}/acme/web:v1"
    skopeo.run("--insecure-policy", "copy", "--src-tls-verify=false", source, f"docker-archive:{here / 'saved.tar'}:acme/web:v1")
    skopeo.run("--insecure-policy", "copy", "--src-tls-verify=false", source, f"oci-archive:{here / 'oci.tar'}:v1")
    assert relgraph("store.push", f"{docker}/acme/oci:v1", here / "oci.tar", "--type", "image")["digest"] == digest
    saved = relgraph("store.push", f"{docker}/acme/saved:v1", here / "saved.tar", "--type", "image")
    assert saved["mediaType"] == "application/vnd.oci.image.manifest.v1+json"


def _tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()
