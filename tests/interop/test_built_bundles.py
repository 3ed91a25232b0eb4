"""Images and artifacts that relgraph's ``bundle`` made, against the real crane, skopeo and oras."""

import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from buildworld import Built, node_of, part, run_builder, target_of
from peers import GetPeer, Peer
from relgraph.build.bundle import BUILDER
from relgraph.cli.command import Values
from relgraph.cli.registries import Stores
from relgraph.cli.terminal import Terminal
from relgraph.oci.reference import parse_reference
from relgraph.oci.stores import put

FILES: dict[str, str | bytes] = {
    "bin/run": "#!/bin/sh\necho VERSION\n",
    "etc/base.conf": "below\n",
    "docs/a.md": "a\n",
    "docs/deep/b.md": "b\n",
}
PLATFORMS = ["linux/amd64", "linux/arm64/v8"]


def publish(built: Built, reference: str, tag: str) -> None:
    with Stores(Values({"jobs": ("2",)}), Terminal(None, None, {})) as stores:
        made = put(stores.open(parse_reference(reference), create=True), built.artifact, tag)
    assert str(made.digest) == built.digest


@pytest.fixture
def image(tmp_path: Path) -> Built:
    builds = tmp_path / "builds"
    below = target_of(
        node_of("images.base"),
        FILES,
        part("images.base", "1.0.0"),
        bundle={"etc/base.conf": "etc/base.conf"},
        platforms=PLATFORMS,
        config={"Env": ["A=1"]},
    )
    base = run_builder(BUILDER, below, builds)
    above = target_of(
        node_of("images.web"),
        FILES,
        part("images.web", "2.0.0"),
        part("images.base", "1.0.0"),
        stamp={"replace": {"VERSION": "{{ version }}"}},
        bundle={"usr/bin/": "bin/run"},
        base="base",
        platforms=PLATFORMS,
        config={"Entrypoint": ["/usr/bin/run"], "Labels": {"pinned": "{{ nodes.base.pinned }}"}},
    )
    return run_builder(BUILDER, above, builds, {"images.base": base})


def test_crane_finds_nothing_wrong_and_gets_the_files(image: Built, here: Path, registry: str, peer: GetPeer) -> None:
    crane = peer("crane")
    publish(image, f"{registry}/acme/web", "2.0.0")
    reference = f"{registry}/acme/web:2.0.0"
    for platform in PLATFORMS:
        crane.run("validate", "--insecure", "--platform", platform, "--remote", reference)
        config = json.loads(crane.run("config", "--insecure", "--platform", platform, reference))
        assert "/".join(filter(None, (config["os"], config["architecture"], config.get("variant")))) == platform
        assert config["config"]["Entrypoint"] == ["/usr/bin/run"]
        assert config["config"]["Env"] == ["A=1"]
        assert config["config"]["Labels"]["pinned"].startswith("registry.example/acme/base@sha256:")
    crane.run("export", "--insecure", "--platform", "linux/amd64", reference, here / "files.tar")
    with tarfile.open(here / "files.tar") as archive:
        found = {member.name: (archive.extractfile(member) or io.BytesIO()).read() for member in archive if member.isfile()}
    assert found == {"etc/base.conf": b"below\n", "usr/bin/run": b"#!/bin/sh\necho 2.0.0\n"}


def test_skopeo_copies_all_platforms(image: Built, here: Path, docker: str, tmp_path: Path) -> None:
    program = shutil.which("skopeo")
    if program is None:
        pytest.skip("skopeo is not installed")
    publish(image, f"{docker}/acme/web", "2.0.0")
    policy = here / "policy.json"
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    skopeo = Peer(Path(program), tmp_path)
    source, target = f"docker://{docker}/acme/web:2.0.0", f"docker://{docker}/acme/copy:2.0.0"
    skopeo.run(
        "--policy",
        policy,
        "copy",
        "--all",
        "--preserve-digests",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        source,
        target,
    )
    told = json.loads(skopeo.run("--policy", policy, "inspect", "--raw", "--tls-verify=false", target))
    assert [one["platform"]["architecture"] for one in told["manifests"]] == ["amd64", "arm64"]


@pytest.mark.parametrize("artifact_type", ["", "application/vnd.example.docs"])
def test_oras_unpacks_a_set_of_files(artifact_type: str, here: Path, docker: str, peer: GetPeer, tmp_path: Path) -> None:
    oras = peer("oras")
    options: dict[str, Any] = {"artifact_type": artifact_type} if artifact_type else {}
    target = target_of(node_of("files.docs", paths=("docs/**",)), FILES, part("files.docs", "2.0.0"), **options)
    publish(run_builder(BUILDER, target, tmp_path / "builds"), f"{docker}/acme/docs", "2.0.0")
    oras.run("pull", "--plain-http", f"{docker}/acme/docs:2.0.0", "-o", here / "got")
    below = here / "got" if artifact_type else here / "got" / "docs"
    assert (below / "docs/deep/b.md").read_text() == "b\n"
    assert (below / "docs/a.md").read_text() == "a\n"
