"""A release of images by every builder, with the real engine and real ko, into a real registry, and what the engine makes of it."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

import tools
from docker_registry import DockerRegistry
from releases import git, relgraph

GRAPH = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: acme}
repos:
  web: {url: "https://git.example/acme/web", path: .}
images:
  base:
    from: web
    ref: registry.example/acme/base
    build: {docker: images/base, versioned: false}
  web:
    from: web
    ref: registry.example/acme/web
    uses: [base]
    build: {ko: ./cmd/web, base: base, args: {main.version: "{{ tag }}"}}
  job:
    from: web
    ref: registry.example/acme/job
    uses: [base]
    build: {docker: images/job/Dockerfile, args: {BASE: "{{ nodes.base.image }}", NOTE: "job {{ version }}"}}
  tools:
    from: web
    ref: registry.example/acme/tools
    build: {command: "mkdir -p root/bin; cp images/base/words root/bin/{arch}", outputs: [root], inputs: ["images/**"], platforms: [linux/amd64], versioned: false}
"""
MAIN = """\
package main

import "os"

var version = "none"

func main() {
	words, _ := os.ReadFile("/words")
	os.Stdout.WriteString("web " + version + " " + os.Getenv("NOTE") + " " + string(words))
}
"""
JOB = "ARG BASE\nFROM $BASE\nARG NOTE\nENV NOTE=$NOTE\nCOPY note /\n"


@pytest.fixture
def root(tmp_path: Path, program: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace at its first release, with ko on PATH."""
    ko = tools.find("ko")
    if ko is None:
        pytest.skip("ko was not built: `invoke tools` builds it")
    if shutil.which("docker-registry") is None:
        pytest.skip("docker-registry is not installed")
    monkeypatch.setenv("PATH", f"{ko.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GOCACHE", tools.GO_CACHE)
    monkeypatch.setenv("GOTOOLCHAIN", "local")
    folder = tmp_path / "web"
    files = {
        "graph/acme.yaml": GRAPH,
        "go.mod": "module example.com/acme/web\n\ngo 1.22\n",
        "cmd/web/main.go": MAIN,
        "images/base/Dockerfile": 'FROM scratch\nCOPY words web /\nENTRYPOINT ["/web"]\n',
        "images/base/words": "from below\n",
        "images/job/Dockerfile": JOB,
        "images/job/note": "a note\n",
        ".gitignore": ".relgraph/\n",
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "images/base/web").write_bytes(program)
    (folder / "images/base/web").chmod(0o755)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "first")
    git(folder, "tag", "v1.0.0")
    return folder


def test_images_are_released_once_and_run(root: Path, client: Any) -> None:
    with DockerRegistry(root.parent / "registry") as registry:
        to = ("--to", f"{registry.address}/mirror")
        ran = relgraph(root, "release", *to, "--format", "json")
        assert ran.status == 0, ran.err
        record = yaml.safe_load(next((root / "releases").rglob("1.0.0.yaml")).read_text())
        digests = {item["node"]: item["digest"] for item in record["artifacts"]}
        assert sorted(digests) == ["images.base", "images.job", "images.tools", "images.web"]
        said = {}
        for name in ("web", "job"):
            reference = f"{registry.address}/mirror/registry.example/acme/{name}"
            image = client.images.pull(f"{reference}@{digests[f'images.{name}']}")
            assert client.images.pull(reference, tag="1.0.0").id == image.id
            words = ["say", "NOTE", "read", "/note"] if name == "job" else []
            said[name] = client.containers.run(image.id, words, network_mode="none", remove=True).decode()
            client.images.remove(image.id, force=True)
        assert said == {"web": "web 1.0.0  from below\n", "job": "web none\njob 1.0.0\na note\n <nil>\n"}
        git(root, "add", "--all")
        git(root, "commit", "-q", "-m", "record")
        again = relgraph(root, "release", "--tag", "v1.0.0", *to, "--format", "json")
        assert again.status == 0, again.err
        assert {item["state"] for item in json.loads(again.out)["artifacts"]} == {"released"}


def test_a_change_builds_what_it_reaches_and_nothing_else(root: Path, engine: str) -> None:
    def states(*words: str) -> dict[str, str]:
        ran = relgraph(root, "build", "--format", "json", *words)
        assert ran.status == 0, ran.err
        return {step["step"].removeprefix("build images."): step["state"] for step in json.loads(ran.out)["steps"]}

    assert set(states().values()) == {"done"}
    assert set(states().values()) == {"cached"}
    (root / "images/job/note").write_text("another\n")
    # The version of a changed work tree is built into the one that is asked for, and base has none.
    assert states("job") == {"base": "cached", "job": "done"}
