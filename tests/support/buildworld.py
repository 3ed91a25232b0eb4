"""Builds of single nodes in tests: a target from files in memory, and the builder's two halves as the planner and the engine call them."""

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from relgraph.build.builder import Builder, Part, Recipe, Release, Target, Work
from relgraph.engine.patterns import matcher
from relgraph.errors import EnvironmentFailure
from relgraph.git.memory import MemoryTree
from relgraph.model.graph import Node, Origin
from relgraph.oci.codecs.artifact import Artifact
from relgraph.oci.memory import MemoryRepository
from relgraph.oci.storage import ReadOnlyRepository
from relgraph.oci.stores import put

__all__ = ["COMMIT", "TIME", "Built", "node_of", "part", "run_builder", "target_of", "work_of"]

COMMIT = "c0ffee" + 34 * "0"
TIME = 1_700_000_000


class Built(NamedTuple):
    """What came of a build: the recipe, the artifact, a repository that holds it, and what was said."""

    recipe: Recipe
    artifact: Artifact
    repository: MemoryRepository
    digest: str
    lines: list[str]


def part(node: str, version: str, tag: str = "", reference: str = "") -> Part:
    """A node as others see it; the tag is the version unless given."""
    return Part(node, version, tag or version, reference or f"registry.example/acme/{node.partition('.')[2]}")


def node_of(identity: str, **fields: Any) -> Node:
    """A declared node: ``charts.web`` and the like."""
    section, _, name = identity.partition(".")
    known = {key: fields.pop(key) for key in ("ref", "tag", "source", "paths") if key in fields}
    kind = section.removesuffix("s") if section != "files" else section
    return Node(identity, kind, name, Origin("graph/acme.yaml", 1, 1), fields=tuple(fields.items()), **known)


def target_of(
    node: Node,
    files: Mapping[str, str | bytes],
    own: Part,
    *uses: Part,
    stamp: Mapping[str, object] = {},
    templates: Mapping[str, str] = {},
    contains: Sequence[Node] = (),
    **options: object,
) -> Target:
    """A target of these files at a commit of its own."""
    return Target(
        node,
        own,
        {one.node: one for one in uses},
        Release("repos.acme", COMMIT, TIME, "v" + own.version),
        options,
        stamp,
        MemoryTree(COMMIT, TIME, files),
        {path: text.encode() for path, text in templates.items()},
        {one.id: one for one in contains},
    )


class Runner:
    """Runs programs as the engine does, in an environment of the step's own."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment

    def __call__(
        self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, data: bytes = b""
    ) -> bytes:
        try:
            done = subprocess.run(
                list(argv), cwd=cwd, env={**self.environment, **(env or {})}, input=data, capture_output=True, check=False
            )
        except FileNotFoundError as problem:
            raise EnvironmentFailure(f"{argv[0]}: {problem.strerror}") from problem
        if done.returncode:
            raise EnvironmentFailure(f"{argv[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-4000:]}")
        return done.stdout


def work_of(target: Target, recipe: Recipe, folder: Path, built: Mapping[str, Built], lines: list[str]) -> Work:
    """What a builder has at hand: only the files that its recipe names are checked out."""
    scratch, checkout = folder / "scratch", folder / "checkout"
    scratch.mkdir(parents=True)
    matchers = [matcher(pattern) for pattern in recipe.paths]

    def check_out() -> Path:
        if not checkout.exists():
            checkout.mkdir()
            for path, entry in target.tree.entries.items():
                if any(matches(path) for matches in matchers):
                    place = checkout / path
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(target.tree.read(path) or b"")
                    place.chmod(entry.mode & 0o777)
        return checkout

    environment = {"PATH": os.environ["PATH"], "HOME": str(scratch), "LANG": "C.UTF-8", "TZ": "UTC"}
    digests = {node: built[node].digest for node in recipe.needs}
    repositories: dict[str, ReadOnlyRepository] = {node: built[node].repository for node in (*recipe.needs, *recipe.bases)}
    run = Runner(environment)
    return Work(target, check_out, scratch, digests, repositories, run, lines.append, threading.Event(), environment)


def run_builder(builder: Builder, target: Target, folder: Path, built: Mapping[str, Built] = {}) -> Built:
    """Plan and build a target below a folder; ``built`` are the nodes that were built before."""
    recipe = builder.plan(target)
    lines: list[str] = []
    number = sum(1 for _ in folder.iterdir()) if folder.exists() else 0
    artifact = builder.build(work_of(target, recipe, folder / f"build-{number}", built, lines))
    repository = MemoryRepository(target.node.id)
    made = put(repository, artifact)
    return Built(recipe, artifact, repository, str(made.digest), lines)
