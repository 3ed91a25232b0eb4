"""References by who writes them and what they may be to."""

from collections.abc import Mapping

from relgraph.cli.trial import facts_of
from relgraph.infer.written import Written
from relgraph.model.example import Commit
from relgraph.rules.rule import Example

GRAPH = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: g}
repos: {platform: {url: https://github.com/example/platform}, engine: {url: https://github.com/example/engine}}
images: {web: {from: platform, ref: ghcr.io/example/platform/web}, motor: {from: engine, ref: ghcr.io/example/engine/motor}}
hooks: {start: {from: platform, source: hooks/start.yaml}, stop: {from: platform, source: hooks/stop.yaml}}
tools: {cli: {from: engine, module: github.com/example/engine}}
files:
  docs: {from: platform, paths: [docs/**], uses: [web, motor, start, engine, cli]}
  install: {from: platform, paths: [docs/install.md]}
"""
INSTALL = """\
    docker run ghcr.io/example/platform/web:1.0.0
    kubectl apply -f https://raw.githubusercontent.com/example/platform/v1.0.0/hooks/start.yaml
    git clone -b v0.9.0 https://github.com/example/engine.git
    docker run ghcr.io/example/engine/motor:0.9.0
"""


def written(files: Mapping[str, str]) -> Written:
    world = {"go.mod": "module github.com/example/platform\n", "hooks/start.yaml": "", "hooks/stop.yaml": "", **files}
    engine = Commit({"go.mod": "module github.com/example/engine\n"}, tags=("v0.9.0",))
    facts = facts_of(Example((Commit(world, tags=("v1.0.0",)),), {"engine": (engine,)}, GRAPH))
    assert facts is not None
    assert facts.declared is not None
    return Written(facts, facts.declared)


def lines(index: Written, tail: str, head: str) -> list[int]:
    return [one.site.span.line for one in index.references(tail, head)]


def test_a_reference_is_to_the_artifact_it_names_else_to_what_draws_from_its_line() -> None:
    index = written({"docs/install.md": INSTALL})
    assert lines(index, "files.docs", "images.web") == [1, 2]
    assert lines(index, "files.docs", "images.motor") == [3, 4]
    assert lines(index, "files.docs", "repos.engine") == [3]
    assert lines(index, "files.docs", "tools.cli") == [3]


def test_files_of_a_repository_are_meant_where_their_path_is_named() -> None:
    index = written({"docs/install.md": INSTALL})
    assert lines(index, "files.docs", "hooks.start") == [2]
    assert lines(index, "files.docs", "hooks.stop") == []


def test_a_file_is_that_of_every_node_it_belongs_to() -> None:
    index = written({"docs/install.md": INSTALL, "docs/other.md": "    docker run ghcr.io/example/platform/web:1.0.0\n"})
    assert lines(index, "files.install", "images.web") == [1, 2]
    assert lines(index, "files.docs", "images.web") == [1, 2, 1]
    assert lines(index, "hooks.start", "images.web") == []
