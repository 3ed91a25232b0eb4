"""Artifacts that declared commands make."""

import io
import json
import os
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from buildworld import Built, node_of, part, run_builder, target_of
from imageworld import configs, manifests
from relgraph.build.builder import Target
from relgraph.build.command import BUILDER
from relgraph.build.images import DEFAULT
from relgraph.errors import DeclarationError, EnvironmentFailure
from relgraph.oci.codecs import rootfs
from relgraph.oci.codecs.artifact import Artifact
from relgraph.oci.codecs.codec import Options
from relgraph.oci.codecs.helm import CONTENT
from relgraph.oci.codecs.rootfs import parse_platform
from relgraph.oci.codecs.tree import tree_of
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Index, Manifest
from relgraph.oci.storage import read_blob
from relgraph.oci.stores import put

CHART = "apiVersion: v2\nname: web\nversion: 1.2.0\n"


def files(command: str, *outputs: str, tree: dict[str, str | bytes] | None = None, **options: object) -> Target:
    words = {"command": command, "outputs": outputs, **options}
    return target_of(node_of("files.web"), {"a": "1\n", "b": "2\n", **(tree or {})}, part("files.web", "1.2.0"), **words)  # type: ignore[arg-type]


def image(command: str, *outputs: str, tree: dict[str, str | bytes] | None = None, **options: object) -> Target:
    words = {"command": command, "outputs": outputs, **options}
    return target_of(node_of("images.web"), tree or {"a": "1\n"}, part("images.web", "1.2.0"), **words)  # type: ignore[arg-type]


def titled(built: Built) -> dict[str, bytes]:
    root = built.artifact.root
    assert isinstance(root, Manifest)
    return {layer.title: read_blob(built.repository, layer, limit=1 << 20) for layer in root.layers}


def test_files_that_match_become_an_artifact_of_its_own_type(tmp_path: Path) -> None:
    target = files(
        "mkdir -p out/deep; cat a b >out/deep/both; echo $SAID >out/said; echo {{ tag }} $SOURCE_DATE_EPOCH >note; echo done",
        "out/**",
        "note",
        args={"SAID": "it is {{ version }}"},
        artifact_type="application/vnd.acme.web",
    )
    built = run_builder(BUILDER, target, tmp_path)
    assert titled(built) == {"deep/both": b"1\n2\n", "said": b"it is 1.2.0\n", "note": b"1.2.0 1700000000\n"}
    assert built.artifact.root.annotations["org.opencontainers.image.version"] == "1.2.0"
    assert built.digest == run_builder(BUILDER, target, tmp_path).digest


def test_inputs_are_stamped(tmp_path: Path) -> None:
    target = files("cat note >out", "out", tree={"note": "NEXT\n"}, artifact_type="application/vnd.acme.web")
    target = target._replace(stamp={"replace": {"NEXT": "{{ version }}"}})
    assert titled(run_builder(BUILDER, target, tmp_path)) == {"out": b"1.2.0\n"}


def test_files_without_a_type_are_a_bundle(tmp_path: Path) -> None:
    built = run_builder(BUILDER, files("cat a b >both", "both"), tmp_path)
    assert built.artifact.root.kind == "application/vnd.relgraph.bundle.v1"


def test_it_sees_its_inputs_and_what_is_declared_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hidden")
    target = files("ls >list; env >env", "list", "env", inputs=("a",), artifact_type="application/vnd.acme.web")
    assert BUILDER.plan(target).paths == ("a",)
    found = titled(run_builder(BUILDER, target, tmp_path))
    assert found["list"] == b"a\nlist\n"
    assert b"SECRET" not in found["env"]


def test_a_failure_ends_it_at_the_first_command_that_fails(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="no such thing"):
        run_builder(BUILDER, files("echo no such thing >&2; false; touch out", "out"), tmp_path)


def test_an_output_that_was_not_made_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match=r"the command made no out/\*\*"):
        run_builder(BUILDER, files("mkdir out", "out/**"), tmp_path)


def test_an_image_from_a_layout_keeps_its_digest(tmp_path: Path) -> None:
    layout = tmp_path / "made"
    made = put(LocalRepository(Layout(layout, create=True)), _image("linux/amd64"), "x")
    for command, output in (
        (f"cp -r {layout} out", "out"),
        (f"mkdir d; tar -C {layout} -cf d/i.tar blobs oci-layout index.json", "d/*.tar"),
    ):
        assert run_builder(BUILDER, image(command, output), tmp_path / output[0]).digest == made.digest


def test_a_file_system_becomes_an_image(tmp_path: Path) -> None:
    built = run_builder(
        BUILDER, image("mkdir -p root/etc; cp a root/etc/; tar -C root -czf root.tar.gz etc", "root.tar.gz"), tmp_path
    )
    (config,) = configs(built)
    assert (config["os"], config["architecture"]) == tuple(DEFAULT.split("/"))
    (layer,) = manifests(built)[0].layers
    with tarfile.open(fileobj=io.BytesIO(read_blob(built.repository, layer, limit=1 << 20))) as archive:
        assert "etc/a" in archive.getnames()


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        ("echo x >>log; mkdir -p out/{arch}/etc; echo {platform} $ARCH >out/{arch}/etc/p; cp log out/{arch}/", 2),
        ("echo x >>log; for a in amd64 arm64; do mkdir -p out/$a/etc; cp log out/$a/; done", 1),
    ],
)
def test_patterns_stand_for_each_platform(tmp_path: Path, command: str, runs: int) -> None:
    platforms = ("linux/amd64", "linux/arm64")
    target = image(command, "out/{arch}", platforms=platforms, args={"ARCH": "{arch}"} if runs > 1 else {})
    assert len(BUILDER.plan(target).facts["runs"]) == runs  # type: ignore[arg-type]
    built = run_builder(BUILDER, target, tmp_path)
    root = built.artifact.root
    assert isinstance(root, Index)
    assert [(entry.platform or {}).get("architecture") for entry in root.manifests] == ["amd64", "arm64"]
    assert [config["architecture"] for config in configs(built)] == ["amd64", "arm64"]


def test_an_image_for_another_platform_is_noticed(tmp_path: Path) -> None:
    layout = tmp_path / "made"
    put(LocalRepository(Layout(layout, create=True)), _image("linux/arm64"), "x")
    with pytest.raises(EnvironmentFailure, match="an image for linux/arm64, not for linux/amd64"):
        run_builder(BUILDER, image(f"cp -r {layout} out", "out", platforms=("linux/amd64",)), tmp_path)


def test_a_package_becomes_a_chart_and_must_have_its_version(tmp_path: Path) -> None:
    pack = "mkdir -p dist; tar -cf - web | gzip -n >dist/web-$VERSION.tgz"
    tree: dict[str, str | bytes] = {"web/Chart.yaml": CHART}
    words = {"command": pack, "outputs": ("dist/*.tgz",), "args": {"VERSION": "{{ tag }}"}}
    own = part("charts.web", "1.2.0")
    built = run_builder(BUILDER, target_of(node_of("charts.web"), tree, own, **words), tmp_path)  # type: ignore[arg-type]
    root = built.artifact.root
    assert isinstance(root, Manifest)
    assert [layer.media_type for layer in root.layers] == [CONTENT]
    with pytest.raises(EnvironmentFailure, match=r"the chart's version 1\.2\.0, and its tag is 1\.3\.0"):
        run_builder(BUILDER, target_of(node_of("charts.web"), tree, part("charts.web", "1.3.0"), **words), tmp_path)  # type: ignore[arg-type]


def test_all_that_is_wrong_is_said_at_once() -> None:
    target = files("true", "/out", "../x", args={"a-b": "1", "HOME": "x"}, environment=("HOME",), artifact_type="none")
    with pytest.raises(DeclarationError) as caught:
        BUILDER.plan(target)
    assert len(caught.value.details) == 5


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (files("make push"), "no 'outputs'"),
        (image("x", "a", "b"), "an image is one"),
        (image("x", "out.tar", platforms=("linux/amd64", "linux/arm64")), "write {platform}"),
        (image("x", "out.tar", artifact_type="application/x"), "have one of their own"),
        (files("x", "y", base="z"), "'command' has no use for 'base'"),
    ],
)
def test_what_cannot_be_is_refused_while_planning(target: Target, words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        BUILDER.plan(target)


def test_variables_of_the_shell_are_no_patterns() -> None:
    target = files("echo ${os} ${platform} {{ '{{' }}os}} {os} >out", "out", platforms=("linux/amd64",))
    assert json.dumps(BUILDER.plan(target).facts["runs"]) == '[["echo ${os} ${platform} {{os}} linux >out", {}]]'


def _image(platform: str) -> Artifact:
    layer = rootfs.tree_layer(tree_of({"a": b"1"}))
    return rootfs.image_of([layer], parse_platform(platform), run={}, options=Options())


def test_a_command_gets_the_artifacts_of_other_nodes_as_files(tmp_path: Path) -> None:
    notes = run_builder(BUILDER, files("mkdir out; echo hello >out/note", "out/**"), tmp_path)
    base = run_builder(BUILDER, image("mkdir root; echo os >root/os", "root"), tmp_path)
    target = target_of(
        node_of("files.all"),
        {"a": "1\n"},
        part("files.all", "1.2.0"),
        part("files.notes", "1.2.0"),
        part("images.base", "1.2.0"),
        command='mkdir out; cat a "$NOTES"/web/note >out/both; cp "$BASE"/index.json out',
        artifacts={"NOTES": "notes", "BASE": "images.base"},
        outputs=["out/**"],
        artifact_type="application/vnd.acme.web",
    )
    built = run_builder(BUILDER, target, tmp_path, {"files.notes": notes, "images.base": base})
    assert built.recipe.needs == ("files.notes", "images.base")
    made = titled(built)
    assert made["both"] == b"1\nhello\n"
    assert base.digest in made["index.json"].decode()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"artifacts": {"NOTES": "notes"}}, "'notes' is no node among 'uses'"),
        ({"artifacts": {"A-B": "notes"}}, "'A-B' is no name of a variable"),
        ({"artifacts": {"A": "notes"}, "args": {"A": "1"}}, "'A' is set already"),
        ({"config": {"Cmd": ["x"]}}, "config is for images"),
    ],
)
def test_what_a_command_cannot_be_given_is_said(options: dict[str, Any], said: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        BUILDER.plan(files("true", "out", **options))
    assert said in "\n".join((str(raised.value), *raised.value.details))


def test_a_program_that_is_not_there_is_said_before_anything_is_run(tmp_path: Path) -> None:
    target = files("touch out", "out", tools=["sh", "relgraph-no-such-tool"])
    assert BUILDER.plan(target).tools == ("sh", "relgraph-no-such-tool")
    with pytest.raises(EnvironmentFailure, match="relgraph-no-such-tool is not installed"):
        run_builder(BUILDER, target, tmp_path)


def test_an_image_of_a_root_file_system_says_what_it_runs(tmp_path: Path) -> None:
    built = run_builder(BUILDER, image("mkdir root; echo os >root/os", "root", config={"Entrypoint": ["/web"]}), tmp_path)
    (config,) = configs(built)
    assert config["config"]["Entrypoint"] == ["/web"]
    assert config["config"]["Labels"]["org.opencontainers.image.version"] == "1.2.0"


def test_modes_do_not_follow_the_mask_of_the_user(tmp_path: Path) -> None:
    target = image("mkdir -p root/bin; cp a root/bin/a", "root")
    built = []
    for number, mask in enumerate((0o022, 0o077)):
        before = os.umask(mask)
        try:
            (tmp_path / str(number)).mkdir()
            built.append(run_builder(BUILDER, target, tmp_path / str(number)).digest)
        finally:
            os.umask(before)
    assert len({*built}) == 1


def test_another_kind_of_machine_is_another_build(monkeypatch: pytest.MonkeyPatch) -> None:
    target = files("cat a >out", "out")
    here = BUILDER.plan(target)
    assert BUILDER.plan(target) == here
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="riscv128"))
    assert BUILDER.plan(target) != here
