"""Images of a small Go module, built by real ko and the real Go toolchain, without a network."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import tools
from buildworld import Built, node_of, part, run_builder, target_of
from imageworld import configs, manifests, run_image
from relgraph.build.builder import Part, Target
from relgraph.build.bundle import BUILDER as BUNDLE
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


@pytest.mark.parametrize(
    ("options", "files", "words"),
    [
        ({"ko": "../x"}, {}, "has no Go files"),
        ({"ko": "./other"}, {"other/main.go": "package main", "go.mod": None}, "lies in no Go module"),
        ({"base": "alpine:3"}, {}, "no node that it uses, and no reference with a digest"),
        ({"base": "bsae"}, {}, "no node that it uses"),
        ({"args": {"a-b": "1"}}, {}, "'a-b' is neither a Go variable"),
        ({"args": {"main.v": "'\""}}, {}, "both kinds of quotation marks"),
        ({"args": {"CGO_ENABLED": "1"}, "environment": ("CGO_ENABLED",)}, {}, "in 'args' and in 'environment'"),
        ({"flags": ("--push", "-t=x", "--ldflags=-s")}, {}, "3 problems"),
        ({"args": STAMP}, {".ko.yaml": "defaultLdflags: ['-s']\n"}, "has ldflags, which ko would drop"),
        ({}, {".ko.yaml": "baseImageOverrides: {example.com/acme/web/cmd/web: x:1}\n"}, "'base' is scratch, and .ko.yaml says x:1"),
        ({}, {".ko.yaml": "a: [\n"}, r"\.ko\.yaml: while parsing"),
        ({}, {".ko.yaml": "- a\n"}, "is no mapping"),
        ({"target": "x"}, {}, "'ko' has no use for 'target'"),
    ],
)
def test_a_declaration_that_cannot_be_built_says_why(options: dict[str, object], files: dict[str, str | None], words: str) -> None:
    given = {path: text for path, text in {**MODULE, **files}.items() if text is not None}
    target = target_of(node_of("images.web"), given, OWN, **{"ko": "./cmd/web", "base": "scratch", **options})  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match=words):
        BUILDER.plan(target)


def test_inputs_come_with_what_always_decides() -> None:
    target = image(more={".ko.yaml": "builds: []\n", "go.sum": ""}, inputs=("cmd/**", "version/**"))
    recipe = BUILDER.plan(target)
    assert recipe.paths == ("cmd/**", "version/**", "go.mod", "go.sum", ".ko.yaml")
    assert recipe.tools == ("ko", "go")


def test_a_base_of_ko_s_own_configuration_that_is_a_node_is_needed() -> None:
    said = "defaultBaseImage: registry.example/acme/base:1.2.0\n"
    assert BUILDER.plan(image(BASE, more={".ko.yaml": said}, base=None)).needs == ("images.base",)
    assert BUILDER.plan(image(BASE._replace(repo="repos.other"), more={".ko.yaml": said}, base=None)).needs == ()
    assert BUILDER.plan(image(base=None)).facts["base"] == "cgr.dev/chainguard/static:latest"


def test_a_base_without_the_platform_is_an_error(tmp_path: Path) -> None:
    def built(*platforms: str) -> Built:
        folder = tmp_path / str(len(platforms))
        node = target_of(node_of("images.base"), {"a": "1"}, BASE, bundle={"a": "a"}, platforms=platforms)
        return run_builder(BUNDLE, node, folder)

    target = image(BASE, base="base", platforms=("linux/arm64", "linux/s390x"))
    with pytest.raises(DeclarationError, match="is an image of one platform, and 2 are wanted"):
        run_builder(BUILDER, target, tmp_path / "a", {"images.base": built("linux/arm64")})
    with pytest.raises(DeclarationError, match="has no image for linux/s390x"):
        run_builder(BUILDER, target, tmp_path / "b", {"images.base": built("linux/arm64", "linux/amd64")})
