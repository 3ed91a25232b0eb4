"""Images built by a real engine from small Dockerfiles."""

import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from buildworld import node_of, part, run_builder, target_of, work_of
from docker_registry import DockerRegistry
from imageworld import configs, run_image
from relgraph.build.builder import Part, Target
from relgraph.build.docker import BUILDER
from relgraph.build.engine import names
from relgraph.build.images import base_of, docker_archive, empty_image
from relgraph.errors import EnvironmentFailure
from relgraph.oci.codecs.rootfs import Platform
from relgraph.oci.manifest import Index, Manifest
from relgraph.oci.storage import read_document
from relgraph.oci.stores import open_repository, put

OWN = part("images.web", "1.2.0")
SIMPLE = 'FROM scratch\nARG VERSION\nCOPY web /usr/bin/web\nENV STAMP=$VERSION\nENTRYPOINT ["/usr/bin/web"]\n'


def image(files: dict[str, str | bytes], *uses: Part, **options: object) -> Target:
    return runnable(target_of(node_of("images.web"), files, OWN, *uses, **{"docker": ".", **options}))  # type: ignore[arg-type]


def runnable(target: Target) -> Target:
    """The target, with programs that git knows as such."""
    entries = {
        path: entry._replace(mode=0o100755) if path.endswith("web") else entry for path, entry in target.tree.entries.items()
    }
    target.tree.entries = entries  # type: ignore[misc]  # of a tree in memory
    return target


@pytest.mark.usefixtures("engine")
def test_an_image_has_the_versions_of_its_release_and_the_times_of_its_commit(program: bytes, tmp_path: Path) -> None:
    target = image({"Dockerfile": SIMPLE, "web": program}, args={"VERSION": "{{ version }}"})
    built = run_builder(BUILDER, target, tmp_path)
    (config,) = configs(built)
    assert "STAMP=1.2.0" in config["config"]["Env"]
    assert config["config"]["Labels"]["org.opencontainers.image.version"] == "1.2.0"
    assert {config["created"], *(item["created"] for item in config["history"])} == {"2023-11-14T22:13:20Z"}
    assert not {"container", "container_config", "docker_version"} & config.keys()
    assert built.artifact.root.annotations["org.opencontainers.image.created"] == "2023-11-14T22:13:20Z"
    assert any(line.startswith("Step 1/") for line in built.lines)


@pytest.mark.usefixtures("engine")
def test_files_and_the_dockerfile_itself_are_stamped(program: bytes, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"Dockerfile": SIMPLE.replace("$VERSION", "NEXT").replace("ARG VERSION\n", ""), "web": program}
    target = image(files)._replace(stamp={"replace": {"NEXT": "{{ tag }}"}})
    assert "STAMP=1.2.0" in configs(run_builder(BUILDER, target, tmp_path))[0]["config"]["Env"]


@pytest.mark.usefixtures("engine")
def test_two_builds_without_the_engines_cache_give_one_digest(program: bytes, tmp_path: Path) -> None:
    target = image(
        {"Dockerfile": SIMPLE + "COPY web /opt/deep/er/web\n", "web": program}, args={"VERSION": "1"}, flags=("--no-cache",)
    )
    first, second = (run_builder(BUILDER, target, tmp_path / name).digest for name in ("one", "two"))
    assert first == second


@pytest.mark.usefixtures("engine")
def test_an_image_without_versions_is_the_same_at_every_version(program: bytes, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"Dockerfile": "FROM scratch\nCOPY web /\n", "web": program}
    one = image(files, versioned=False)
    other = one._replace(own=part("images.web", "1.3.0"), release=one.release._replace(commit="f00d" + 36 * "0"))
    assert BUILDER.plan(one) == BUILDER.plan(other)
    assert "Labels" not in configs(run_builder(BUILDER, one, tmp_path))[0]["config"]


def test_it_runs_what_was_built(client: Any, program: bytes, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "images/Dockerfile": 'FROM scratch AS made\nCOPY web /web\nRUN ["/web", "write", "/made"]\n'
        'FROM scratch\nARG VERSION\nENV STAMP=$VERSION\nCOPY --from=made /made /web /\nENTRYPOINT ["/web"]\n',
        "images/web": program,
    }
    built = run_builder(BUILDER, image(files, docker="images", args={"VERSION": "{{ tag }}"}), tmp_path)
    assert run_image(client, built, "read", "/made", "say", "STAMP") == "web none\nnone <nil>\n1.2.0\n"


@pytest.mark.usefixtures("engine")
def test_a_node_below_is_loaded_and_its_layers_stay_as_they_are(client: Any, program: bytes, tmp_path: Path) -> None:
    base = part("images.base", "1.2.0")._replace(repo="repos.acme")
    base_image = target_of(node_of("images.base"), {"Dockerfile": SIMPLE, "web": program}, base, docker=".", args={"VERSION": "b"})
    below = run_builder(BUILDER, runnable(base_image), tmp_path / "below")
    text = "ARG BASE=registry.example/acme/base:1.2.0\nFROM $BASE\nCOPY words /words\nCOPY . /all/\n"
    files: dict[str, str | bytes] = {"Dockerfile": text, "words": "hello"}
    for options in ({}, {"args": {"BASE": "{{ nodes['images.base'].pinned }}"}}):
        target = image(files, base, **options)
        assert BUILDER.plan(target).needs == ("images.base",)
        built = run_builder(BUILDER, target, tmp_path / f"above{len(options)}", {"images.base": below})
        below_root, root = below.artifact.root, built.artifact.root
        assert isinstance(below_root, Manifest)
        assert isinstance(root, Manifest)
        assert root.layers[: len(below_root.layers)] == below_root.layers
        assert configs(built)[0]["history"][: len(configs(below)[0]["history"])] == configs(below)[0]["history"]
        assert run_image(client, built, "read", "/words", "read", "/all/Dockerfile", "read", "/all/.dockerignore") == (
            f"web none\nhello <nil>\n{text} <nil>\n open /all/.dockerignore: no such file or directory\n"
        )
    assert not [name for one in client.images.list() for name in one.tags if "relgraph.invalid" in name]


def test_an_image_that_only_its_tag_names_is_the_engines_and_a_warning(client: Any, program: bytes, tmp_path: Path) -> None:
    name = "tests.invalid/base:7"
    below = run_builder(BUILDER, image({"Dockerfile": SIMPLE, "web": program}, args={"VERSION": "b"}), tmp_path / "below")
    client.images.load(b"".join(docker_archive(base_of(below.repository, below.digest, Platform("linux", "amd64")), name)))
    try:
        built = run_builder(BUILDER, image({"Dockerfile": f"FROM {name}\nCOPY words /\n", "words": "hello"}), tmp_path / "above")
    finally:
        client.images.remove(name, force=True)
    assert (
        f"warning: Dockerfile:1: {name} is no node of the graph and has no digest: the engine takes what the tag names today"
        in built.lines
    )
    (config,), (base,) = configs(built), configs(below)
    assert config["rootfs"]["diff_ids"][:-1] == base["rootfs"]["diff_ids"]
    assert run_image(client, built, "read", "/words") == "web none\nhello <nil>\n"


def test_an_image_that_only_its_tag_names_is_asked_for_by_platform(client: Any, tmp_path: Path) -> None:
    name, platform = "tests.invalid/base:8", Platform("linux", "arm64")
    words: dict[str, str | bytes] = {"Dockerfile": "FROM scratch\nCOPY Dockerfile /\n"}
    below = run_builder(BUILDER, image(words, platforms=(str(platform),)), tmp_path / "below")
    client.images.load(b"".join(docker_archive(base_of(below.repository, below.digest, platform), name)))
    files: dict[str, str | bytes] = {"Dockerfile": f"FROM {name} AS one\nFROM one\nCOPY words /\n", "words": "hello"}
    try:
        built = run_builder(BUILDER, image(files, platforms=(str(platform),)), tmp_path / "above")
    finally:
        client.images.remove(name, force=True)
    (config,) = configs(built)
    assert config["architecture"] == "arm64"
    assert len(config["rootfs"]["diff_ids"]) == 2


@pytest.mark.usefixtures("engine")
def test_a_stage_can_be_the_target_and_variables_its_arguments(tmp_path: Path) -> None:
    text = "FROM scratch AS one\nARG LANG\nENV SAID=$LANG\nCOPY Dockerfile /\nFROM scratch\nCOPY none /\n"
    built = run_builder(BUILDER, image({"Dockerfile": text}, target="one", environment=("LANG",)), tmp_path)
    assert "SAID=C.UTF-8" in configs(built)[0]["config"]["Env"]


def test_a_version_that_the_graph_does_not_have_is_a_warning_too(engine: str, tmp_path: Path) -> None:
    base = part("images.base", "1.2.0")._replace(repo="repos.acme")
    target = image({"Dockerfile": "FROM registry.example/acme/base:1.1.0\n"}, base)
    lines: list[str] = []
    with pytest.raises(EnvironmentFailure):  # that host does not exist
        BUILDER.build(work_of(target, BUILDER.plan(target), tmp_path / "work", {}, lines))
    assert "warning: Dockerfile:1: registry.example/acme/base:1.1.0: the graph has images.base at 1.2.0" in lines


def test_a_registry_serves_it_to_the_engine(client: Any, program: bytes, tmp_path: Path) -> None:
    if shutil.which("docker-registry") is None:
        pytest.skip("docker-registry is not installed")
    platforms = ("linux/amd64", "linux/arm64")
    target = image({"Dockerfile": SIMPLE, "web": program}, args={"VERSION": "{{ version }}"}, platforms=platforms)
    built = run_builder(BUILDER, target, tmp_path / "build")
    with DockerRegistry(tmp_path / "registry") as registry:
        with open_repository(f"{registry.address}/acme/web") as repository:
            made = put(repository, built.artifact, "1.2.0")
        name = f"{registry.address}/acme/web@{made.digest}"
        pulled = client.images.pull(name)
        try:
            assert client.containers.run(name, ["say", "STAMP"], network_mode="none", remove=True) == b"web none\n1.2.0\n"
        finally:
            client.images.remove(pulled.id, force=True)


@pytest.mark.usefixtures("engine")
def test_several_platforms_make_an_index(program: bytes, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "Dockerfile": "FROM --platform=$BUILDPLATFORM scratch AS files\nCOPY bin /bin\n"
        "FROM scratch\nARG TARGETARCH TARGETVARIANT\nCOPY --from=files /bin/web-$TARGETARCH$TARGETVARIANT /web\nCOPY extra /\n",
        **{f"bin/web-{name}": name for name in ("amd64", "arm64", "armv7")},
        "extra": "",
    }
    platforms = ("linux/amd64", "linux/arm64", "linux/arm/v7")
    built = run_builder(BUILDER, image(files, platforms=platforms), tmp_path)
    root = built.artifact.root
    assert isinstance(root, Index)
    assert [entry.platform for entry in root.manifests] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm64", "os": "linux"},
        {"architecture": "arm", "os": "linux", "variant": "v7"},
    ]
    assert [config["architecture"] for config in configs(built)] == ["amd64", "arm64", "arm"]
    assert len({read_document(built.repository, entry).children[1].digest for entry in root.manifests}) == 3


def test_what_is_ignored_is_neither_sent_nor_a_reason_to_build_again(client: Any, program: bytes, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "app/Dockerfile": 'FROM scratch\nCOPY . /\nENTRYPOINT ["/web"]\n',
        "app/.dockerignore": "*.md\n!keep.md\n**/secret\n.dockerignore\n",
        "app/web": program,
        "app/drop.md": "d",
        "app/keep.md": "k",
        "app/deep/secret": "s",
        "app/deep/open": "o",
        "app/whole/one": "1",
        "app/whole/deep/two": "2",
        "other": "x",
    }
    target = image(files, docker="app/Dockerfile")
    paths = BUILDER.plan(target).paths
    assert set(paths) == {f"app/{name}" for name in ("Dockerfile", ".dockerignore", "web", "keep.md", "deep/open", "whole/**")}
    built = run_builder(BUILDER, target, tmp_path)
    said = run_image(
        client,
        built,
        "read",
        "/drop.md",
        "read",
        "/keep.md",
        "read",
        "/deep/secret",
        "read",
        "/deep/open",
        "read",
        "/.dockerignore",
    )
    assert [line.endswith("<nil>") for line in said.splitlines()[1:]] == [False, True, False, True, False]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_dockerfile_that_is_ignored_is_read_and_not_copied(client: Any, program: bytes, tmp_path: Path, elsewhere: bool) -> None:
    text = 'FROM scratch\nCOPY . /\nENTRYPOINT ["/web"]\n'
    files: dict[str, str | bytes] = {
        "app/web": program,
        "app/.dockerignore": "*file\n.dockerignore\n",
        "app/Dockerfile": text,
        "a.Dockerfile": text,
    }
    target = image(files, docker="app", **({"file": "a.Dockerfile"} if elsewhere else {}))
    said = run_image(
        client,
        run_builder(BUILDER, target, tmp_path),
        *(w for n in ("Dockerfile", ".dockerignore", ".relgraph.Dockerfile") for w in ("read", f"/{n}")),
    )
    assert [line.endswith("no such file or directory") for line in said.splitlines()] == [False, True, True, True]


@pytest.mark.usefixtures("engine")
def test_a_step_that_fails_is_told_with_its_last_words(program: bytes, tmp_path: Path) -> None:
    target = image({"Dockerfile": 'FROM scratch\nCOPY web /\nRUN ["/web", "fail", "here"]\n', "web": program})
    with pytest.raises(EnvironmentFailure, match=r'RUN \["/web", "fail", "here"\].*returned a non-zero code: 3') as caught:
        run_builder(BUILDER, target, tmp_path)
    assert caught.value.details[-1] == "about to fail: here"


@pytest.mark.usefixtures("engine")
def test_a_program_for_another_platform_is_no_riddle(program: bytes, tmp_path: Path) -> None:
    target = image(
        {"Dockerfile": 'FROM scratch\nCOPY web /\nRUN ["/web"]\n', "web": b"\x7fELF no program"}, platforms=("linux/arm64",)
    )
    with pytest.raises(EnvironmentFailure) as caught:
        run_builder(BUILDER, target, tmp_path)
    assert "exec format error" in caught.value.details[-1]
    assert "emulation" in caught.value.hint


def test_a_build_ends_when_the_run_is_cancelled(client: Any, program: bytes, tmp_path: Path) -> None:
    target = image({"Dockerfile": 'FROM scratch\nCOPY web /\nRUN ["/web", "sleep", "long"]\n', "web": program})
    lines: list[str] = []
    work = work_of(target, BUILDER.plan(target), tmp_path / "work", {}, lines)

    def running() -> set[str]:
        return {container.id for container in client.containers.list()}

    before = running()
    timer = threading.Timer(1.5, work.stop.set)
    timer.start()
    began = time.monotonic()
    with pytest.raises(EnvironmentFailure, match="cancelled"):
        BUILDER.build(work)
    timer.join()
    assert time.monotonic() - began < 30  # the program sleeps for a minute
    for _ in range(100):
        if running() <= before:
            break
        time.sleep(0.1)
    assert running() <= before


def test_names_that_a_killed_process_left_behind_are_taken_away(client: Any, tmp_path: Path) -> None:
    (recent,) = names(1)
    old = recent.replace(f"{int(time.time()):x}"[:4], "1234", 1)
    for name in (old, recent):
        client.images.load(b"".join(docker_archive(empty_image(Platform("linux", "amd64")), name)))
    run_builder(BUILDER, image({"Dockerfile": "FROM scratch\nCOPY Dockerfile /\n"}), tmp_path)
    left = [name for one in client.images.list() for name in one.tags]
    client.images.remove(recent, force=True)
    assert recent in left
    assert old not in left


def test_no_engine_is_the_environments_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EnvironmentFailure, match="no Docker engine answers: no such socket") as caught:
        run_builder(BUILDER, image({"Dockerfile": "FROM scratch\nCOPY Dockerfile /\n"}), tmp_path)
    assert "DOCKER_HOST" in caught.value.hint
