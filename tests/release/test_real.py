"""The demo's platform, with images of real programs, released to a real registry by a real engine and used by the programs of others.

Nothing of this is relgraph's own but what is tested: Debian's registry and engine, helm, ko, crane, skopeo and cosign.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

import tools
from docker_registry import DockerRegistry
from peers import GetPeer
from releases import git, platform, relgraph

_PROGRAM = """\
package main

import "fmt"

var version = "none"

func main() { fmt.Println("it is", version) }
"""
_DOCKERFILE = 'FROM scratch\nARG VERSION\nLABEL told=$VERSION\nCOPY web /bin/web\nENTRYPOINT ["/bin/web"]\n'
_IMAGES = """\
  web:
    from: platform
    ref: registry.example/acme/web
    build: {docker: images/web, args: {VERSION: "{{ version }}"}}
  tool:
    from: platform
    ref: registry.example/acme/tool
    build: {ko: ./cmd/tool, base: scratch, platforms: [linux/amd64, linux/arm64], args: {main.version: "{{ version }}"}}
"""
_JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: tool}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: tool, image: "{{ .Values.tool.image }}"}]}}}
"""


class World(NamedTuple):
    """A workspace whose references name a running registry, released there; ``record`` are its artifacts by node id."""

    root: Path
    registry: DockerRegistry
    words: tuple[str, ...]
    record: dict[str, dict[str, Any]]

    def by_digest(self, node: str) -> str:
        return f"{self.record[node]['reference']}@{self.record[node]['digest']}"


@pytest.fixture(scope="module")
def world(engine: str, registry: DockerRegistry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The platform at v0.31.0, released and signed."""
    ko, go = tools.find("ko"), shutil.which("go")
    if ko is None or go is None:
        pytest.skip("ko was not built: `invoke tools` builds it, with Go")
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{ko.parent}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("GOCACHE", tools.GO_CACHE)
        patch.setenv("GOTOOLCHAIN", "local")
        patch.setenv("DOCKER_CONFIG", str(folder / "no-docker"))
        yield _released(folder, registry, go)


def _released(folder: Path, registry: DockerRegistry, go: str) -> World:
    root = platform(folder)
    _extend(root, go)
    for repository in (root, folder / "agent"):
        _rename(repository, "registry.example", registry.address)
    git(folder / "agent", "commit", "-qam", "Publish on this machine")
    git(folder / "agent", "tag", "v0.2.1")
    _rename(root, "v0.2.0", "v0.2.1")
    _rename(root, "0.30.0", "0.31.0")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Publish on this machine, and what the engine builds")
    git(root, "tag", "v0.31.0")
    assert relgraph(root, "store.keygen", "--plain", "--output", "../release").status == 0
    words = ("release", "--key", "../release.key", "--scheme", "both")
    agent = relgraph(root, *words, "--repo", "agent", "--tag", "v0.2.1")
    assert agent.status == 0, agent.err
    ran = relgraph(root, *words, "--notes", "../notes.md")
    assert ran.status == 0, ran.err
    found = yaml.safe_load((root / "releases/platform/0.31.0.yaml").read_text())
    return World(root, registry, words, {item["node"]: item for item in found["artifacts"]})


def _extend(root: Path, go: str) -> None:
    """Add two images of a program to the platform, and a job of its chart that runs one of them."""
    files = {
        "go.mod": "module example.com/acme/platform\n\ngo 1.22\n",
        "cmd/tool/main.go": _PROGRAM,
        "images/web/Dockerfile": _DOCKERFILE,
        "chart/templates/tool.yaml": _JOB,
    }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    words = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -X main.version=made-before"]
    subprocess.run(
        [*words, "-o", "images/web/web", "./cmd/tool"],
        cwd=root,
        check=True,
        capture_output=True,
        env={**os.environ, "CGO_ENABLED": "0"},
    )
    graph = (root / "graph/platform.yaml").read_text()
    graph = graph.replace("charts:\n", f"{_IMAGES}charts:\n", 1).replace("uses: [controller]", "uses: [controller, web, tool]")
    pinned = "          controller.image: \"{{ nodes['images.controller'].pinned }}\"\n"
    assert pinned in graph
    more = [pinned.replace("controller", name) for name in ("web", "tool")]
    (root / "graph/platform.yaml").write_text(graph.replace(pinned, "".join((pinned, *more))))
    values = root / "chart/values.yaml"
    images = [f"{name}: {{image: registry.example/acme/{name}:unstamped}}\n" for name in ("web", "tool")]
    values.write_text("".join((values.read_text(), *images)))
    (root / "chart/templates/web.yaml").write_text(_JOB.replace("tool", "web"))


def _rename(root: Path, before: str, after: str) -> None:
    for path in git(root, "ls-files", "--cached", "--others", "--exclude-standard").splitlines():
        data = (root / path).read_bytes()
        if before.encode() in data:
            (root / path).write_bytes(data.replace(before.encode(), after.encode()))


def rendered(world: World, peer: GetPeer) -> dict[str, str]:
    """What helm makes of the chart that it pulls: the image of every container, by its name."""
    helm = peer("helm")
    helm.run("pull", f"oci://{world.registry.address}/acme/charts/platform", "--version", "0.31.0", "--plain-http", "--untar")
    documents = yaml.safe_load_all(helm.run("template", "platform", helm.home / "platform"))
    specs = [document["spec"]["template"]["spec"] for document in documents if document]
    return {container["name"]: container["image"] for spec in specs for container in spec["containers"]}


def test_helm_pulls_the_chart_and_the_engine_runs_what_it_names(world: World, peer: GetPeer, client: Any) -> None:
    images = rendered(world, peer)
    for name in ("controller", "web", "tool"):
        assert images[name] == world.by_digest(f"images.{name}")
    for name, said in (("web", b"it is made-before\n"), ("tool", b"it is 0.31.0\n")):
        client.images.pull(images[name])
        try:
            assert client.containers.run(images[name], network_mode="none", remove=True) == said
            assert client.images.get(images[name]).labels["org.opencontainers.image.version"] == "0.31.0"
        finally:
            client.images.remove(images[name], force=True)


def test_others_find_every_platform_of_an_index_and_all_of_its_content(world: World, peer: GetPeer) -> None:
    reference = world.by_digest("images.tool")
    crane, skopeo = peer("crane"), peer("skopeo")
    entries = json.loads(crane.run("manifest", "--insecure", reference))["manifests"]
    assert sorted(entry["platform"]["architecture"] for entry in entries) == ["amd64", "arm64"]
    for platform_ in ("linux/amd64", "linux/arm64"):
        crane.run("validate", "--insecure", "--remote", reference, "--platform", platform_)
        words = ("--override-os=linux", f"--override-arch={platform_.partition('/')[2]}", "inspect", "--tls-verify=false")
        shown = json.loads(skopeo.run(*words, f"docker://{world.registry.address}/acme/tool:0.31.0"))
        assert (shown["Architecture"], shown["Labels"]["org.opencontainers.image.version"]) == (
            platform_.partition("/")[2],
            "0.31.0",
        )
    # The layer of the program differs, and all else that the engine's image has comes from the registry as well.
    crane.run("validate", "--insecure", "--remote", world.by_digest("images.web"))


def test_cosign_accepts_the_signature_of_everything(world: World, peer: GetPeer) -> None:
    cosign = peer("cosign")
    words = ("verify", "--key", world.root.parent / "release.pub", "--insecure-ignore-tlog=true", "--allow-http-registry")
    for node in world.record:
        reference = world.by_digest(node).removeprefix("oci://")
        assert json.loads(cosign.run(*words, reference))
        assert json.loads(cosign.run(*words, "--new-bundle-format=false", reference))


def test_what_is_there_is_what_was_recorded_and_the_same_again_does_nothing(world: World) -> None:
    seen = relgraph(world.root, "verify", "--published", "--key", "../release.pub")
    assert seen.status == 0, seen.out + seen.err
    # A checkout that knows nothing but git and the registry finds the record there, and that all of it is done.
    git(world.root, "clean", "-fdxq")
    before = len(world.registry.requests())
    again = relgraph(world.root, *world.words)
    asked = world.registry.requests()[before:]
    assert again.status == 0, again.err
    assert {line.split()[0] for line in again.out.splitlines()} == {"released"}
    assert {request.method for request in asked} <= {"GET", "HEAD"}
    assert (world.root.parent / "notes.md").read_text().count("sha256:") >= len(again.out.splitlines())
