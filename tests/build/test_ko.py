"""Images of a small Go module, built by real ko and the real Go toolchain, without a network."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import tools
from buildworld import node_of, part, run_builder, target_of
from imageworld import configs, manifests, run_image
from relgraph.build.builder import Part, Target
from relgraph.build.docker import BUILDER as DOCKER
from relgraph.build.ko import BUILDER
from relgraph.errors import DeclarationError
from relgraph.oci.manifest import Index

OWN = part("images.web", "1.2.0")
BASE = part("images.base", "1.2.0")._replace(repo="repos.acme")
MODULE: dict[str, str | bytes] = {
    "go.mod": "module example.com/acme/web\n\ngo 1.22\n",
    "cmd/web/main.go": 'package main\n\nimport (\n\t"os"\n\n\t"example.com/acme/web/version"\n)\n\n'
    'func main() {\n\tprintln := os.Stdout.WriteString\n\tprintln("web " + version.Version + "\\n")\n'
    '\tif data, problem := os.ReadFile("/words"); problem == nil {\n\t\tprintln(string(data))\n\t}\n'
    '\tif data, problem := os.ReadFile(os.Getenv("KO_DATA_PATH") + "/note"); problem == nil {\n\t\tprintln(string(data))\n\t}\n}\n',
    "cmd/web/kodata/note": "a note\n",
    "version/version.go": 'package version\n\nvar Version = "none"\n',
}
STAMP = {"example.com/acme/web/version.Version": "{{ version }}"}


@pytest.fixture
def ko(go: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real ko on PATH, with Go's cache where it always is."""
    program = tools.find("ko")
    if program is None:
        pytest.skip("ko was not built: `invoke tools` builds it")
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GOCACHE", tools.GO_CACHE)
    monkeypatch.setenv("GOTOOLCHAIN", "local")


def image(*uses: Part, more: Mapping[str, str | bytes] = {}, **options: object) -> Target:
    return target_of(node_of("images.web"), {**MODULE, **more}, OWN, *uses, **{"ko": "./cmd/web", "base": "scratch", **options})  # type: ignore[arg-type]


@pytest.mark.usefixtures("ko")
def test_the_version_is_linked_in_and_two_builds_give_one_digest(client: Any, tmp_path: Path) -> None:
    first = run_builder(BUILDER, image(args=STAMP), tmp_path / "one")
    second = run_builder(BUILDER, image(args=STAMP), tmp_path / "two")
    assert first.digest == second.digest
    (config,) = configs(first)
    assert config["created"] == "2023-11-14T22:13:20Z"
    assert config["config"]["Labels"]["org.opencontainers.image.version"] == "1.2.0"
    annotations = first.artifact.root.annotations
    assert annotations["org.opencontainers.image.revision"].startswith("c0ffee")
    assert not [key for key in annotations if ".base." in key]
    assert run_image(client, first) == "web 1.2.0\na note\n"


@pytest.mark.usefixtures("ko")
def test_several_platforms_on_a_node_make_an_index_that_names_it(client: Any, program: bytes, tmp_path: Path) -> None:
    platforms = ("linux/amd64", "linux/arm64")
    files: dict[str, str | bytes] = {"Dockerfile": "FROM scratch\nCOPY words /\n", "words": "from below\n"}
    below = run_builder(DOCKER, target_of(node_of("images.base"), files, BASE, docker=".", platforms=platforms), tmp_path / "below")
    target = image(BASE, base="base", platforms=platforms, args=STAMP)
    assert BUILDER.plan(target).needs == ("images.base",)
    built = run_builder(BUILDER, target, tmp_path / "above", {"images.base": below})
    root = built.artifact.root
    assert isinstance(root, Index)
    assert [(entry.platform or {}).get("architecture") for entry in root.manifests] == ["amd64", "arm64"]
    assert root.annotations["org.opencontainers.image.base.name"] == f"registry.example/acme/base@{below.digest}"
    assert [one.layers[:1] for one in manifests(built)] == [one.layers for one in manifests(below)]
    assert run_image(client, built) == "web 1.2.0\nfrom below\na note\n"


@pytest.mark.usefixtures("ko")
def test_the_repositorys_own_configuration_is_used_with_arguments_as_variables(client: Any, tmp_path: Path) -> None:
    below = run_builder(BUILDER, image(), tmp_path / "below")
    config = (
        f"defaultBaseImage: registry.example/acme/base@{below.digest}\nbuilds:\n- id: web\n  main: ./cmd/web\n"
        "  ldflags: ['-X example.com/acme/web/version.Version={{.Env.SAID}}']\n"
    )
    target = image(more={".ko.yaml": config}, base=None, args={"SAID": "it{{ version }}"})
    recipe = BUILDER.plan(target)
    reference = f"registry.example/acme/base@{below.digest}"
    assert recipe.bases == (reference,)
    built = run_builder(BUILDER, target, tmp_path / "above", {reference: below})
    assert run_image(client, built) == "web it1.2.0\na note\n"


@pytest.mark.usefixtures("ko")
@pytest.mark.parametrize(
    ("written", "said"), [("two words, and a comma", "two words, and a comma"), ("it's {{ '{{' }}.Env}}", "it's {{.Env}}")]
)
def test_what_is_linked_in_can_be_any_text(client: Any, tmp_path: Path, written: str, said: str) -> None:
    built = run_builder(BUILDER, image(args={"example.com/acme/web/version.Version": written}), tmp_path)
    assert run_image(client, built) == f"web {said}\na note\n"


def test_a_package_that_is_none_is_the_declarations_error() -> None:
    with pytest.raises(DeclarationError, match="cmd/wed has no Go files"):
        BUILDER.plan(image(ko="./cmd/wed"))
