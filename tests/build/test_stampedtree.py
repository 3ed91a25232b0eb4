"""Stamping of what other programs build."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from buildworld import TIME, node_of, part, run_builder, target_of, work_of
from relgraph.build.builder import Builder, Recipe, Target
from relgraph.build.command import BUILDER as COMMAND
from relgraph.build.docker import BUILDER as DOCKER
from relgraph.build.ko import BUILDER as KO
from relgraph.build.stampedtree import plan_stamp, stamp_checkout, write_files
from relgraph.errors import DeclarationError
from relgraph.git.memory import MemoryTree

FILES: dict[str, str | bytes] = {
    "Dockerfile": "FROM scratch\nCOPY conf /conf\n",
    "conf": "version: VERSION\nbase: BASE\n",
    "go.mod": "module example.org/web\ngo 1.22\n",
    "main.go": "package main\n// VERSION\nfunc main() {}\n",
    "other/x": "VERSION\n",
}
STAMP: dict[str, object] = {"replace": {"VERSION": "{{ version }}", "BASE": "{{ nodes.base.digest }}"}}


def target(stamp: Mapping[str, object] | None = None, **options: Any) -> Target:
    node = node_of("images.web")
    uses = (part("images.base", "1.0.0"),)
    return target_of(node, FILES, part("images.web", "2.0.0"), *uses, stamp=STAMP if stamp is None else stamp, **options)


@pytest.mark.parametrize(
    ("builder", "options"),
    [
        (DOCKER, {"docker": "."}),
        (KO, {"ko": ".", "base": "scratch"}),
        (COMMAND, {"command": "cp conf out", "outputs": ["out"]}),
    ],
)
def test_builders_that_run_programs_need_what_the_stamp_reads(builder: Builder, options: dict[str, Any]) -> None:
    assert builder.plan(target(**options)).needs == ("images.base",)
    plain, other = (builder.plan(target(stamp, **options)) for stamp in ({}, {"replace": {"VERSION": "{{ tag }}"}}))
    assert plain.facts != other.facts
    assert plain.needs == ()
    with pytest.raises(DeclarationError, match="this placeholder occurs nowhere"):
        builder.plan(target({"replace": {"NOWHERE": "x"}}, **options))


def test_the_checkout_has_the_stamped_files(tmp_path: Path) -> None:
    one = target()
    base = run_builder(COMMAND, _output(), tmp_path)
    lines: list[str] = []
    root = stamp_checkout(work_of(one, Recipe({}, needs=("images.base",)), tmp_path / "work", {"images.base": base}, lines))
    assert (root / "conf").read_text() == f"version: 2.0.0\nbase: {base.digest}\n"
    assert (root / "other/x").read_text() == "2.0.0\n"
    assert lines == ["stamped conf, main.go, other/x"]


def _output() -> Target:
    node = node_of("files.x", paths=("**",))
    options: dict[str, Any] = {"command": "cp a out", "outputs": ["out"], "artifact_type": "application/vnd.example.x"}
    return target_of(node, {"a": "V\n"}, part("files.x", "1.0.0"), stamp={"replace": {"V": "{{ version }}"}}, **options)


def test_a_command_sees_what_was_stamped(tmp_path: Path) -> None:
    built = run_builder(COMMAND, _output(), tmp_path)
    assert b"1.0.0\n" in built.repository.blobs.values()


def test_only_files_that_the_build_reads_are_stamped() -> None:
    with pytest.raises(DeclarationError, match="BASE: this placeholder occurs nowhere"):
        plan_stamp(target(), patterns=("other/**", "main.go"))
    found = plan_stamp(target({"replace": {"VERSION": "x"}}), "other")
    assert found.files == {"x": b"x\n"}


def test_a_dockerfile_is_read_as_it_is_stamped() -> None:
    with pytest.raises(DeclarationError, match="RUN with --mount needs BuildKit"):
        DOCKER.plan(target({"replace": {"scratch": "base\nRUN --mount=type=cache x"}}, docker="."))


def test_without_a_stamp_nothing_is_read() -> None:
    class Unreadable(MemoryTree):
        def read(self, path: str) -> bytes | None:
            raise AssertionError(path)

    assert plan_stamp(target({})._replace(tree=Unreadable("r", TIME, FILES))) == ({}, (), {})


def test_no_link_leads_a_file_out_of_the_checkout(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "lib").symlink_to(outside)
    (root / "file").symlink_to(outside / "x")
    with pytest.raises(DeclarationError, match="lib/x: a link leads out"):
        write_files(root, {"lib/x": b""})
    write_files(root, {"file": b"new"})
    assert not list(outside.iterdir())
    assert (root / "file").read_bytes() == b"new"


def test_what_can_be_run_stays_so(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("old")
    (tmp_path / "run").chmod(0o755)
    write_files(tmp_path, {"run": b"new"})
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o755
