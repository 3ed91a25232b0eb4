"""RG618: something is used that was never released."""

import re
from collections.abc import Iterator

from relgraph.infer.declared import Declared
from relgraph.infer.facts import Facts
from relgraph.infer.standing import is_skipped, releases
from relgraph.model.finding import Finding, Severity
from relgraph.model.graph import Edge, EdgeKind, Node
from relgraph.model.repository import Tag
from relgraph.model.version import is_bookmark
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH

__all__ = ["RULE"]

_CODE, _NAME = "RG618", "never-released"
_VERSION = re.compile(r"(?<![\d.])\d+\.\d+\.\d+")


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    misread = {node.id for node, _ in _misread(declared)}
    for node, tags in _misread(declared):
        yield facts.declared_finding(
            (_CODE, _NAME, Severity.ERROR),
            node.origin,
            f"no tag of {node.name} is written as {node.tag}, though there are versions among them",
            node=node.id,
            actual=node.tag,
            why=(f"the newest is {tags[-1].name}", "so nothing that is built from it has a version"),
        )
    users: dict[str, list[Edge]] = {}
    for edge in declared.graph.edges:
        if edge.kind is not EdgeKind.BUILDS_FROM:
            users.setdefault(edge.head, []).append(edge)
    for head, edges in users.items():
        node, builder = declared.graph.nodes[head], declared.builders.get(head)
        if builder is None or not node.ref or node.get("version"):
            continue
        repository, subject = declared.graph.nodes[builder.head], declared.subjects.get(builder.head)
        if repository.kind != "repo" or subject is None or repository.id in misread or releases(repository, subject):
            continue
        shown = [one for one in facts.references if declared.artifact(one.site) is node and one.site.name]
        if not shown and all(declared.homes.get(edge.tail) == builder.head for edge in edges):
            continue  # both come with the first release
        # Where a file names it, whoever follows the file gets nothing; an edge alone is a plan.
        yield facts.declared_finding(
            (_CODE, _NAME, Severity.ERROR if shown else Severity.WARNING),
            node.origin,
            f"{node.ref} is used, but was never released",
            node=node.id,
            why=(
                *(f"{edge.tail} uses it" for edge in edges),
                f"{node.id} builds from {builder.head}",
                f"{repository.name} has no tag like {repository.tag}",
            ),
            related=tuple((one.subject, one.site) for one in shown[:8]),
        )


def _misread(declared: Declared) -> Iterator[tuple[Node, tuple[Tag, ...]]]:
    """The repositories whose tags are versions, and none of them in the format that is declared; with these tags, by time."""
    for node_id, subject in declared.subjects.items():
        node = declared.graph.nodes[node_id]
        tags = tuple(
            tag
            for tag in subject.repository.tags
            if _VERSION.search(tag.name) and not (tag.version and is_bookmark(tag.version)) and not is_skipped(node, tag.name)
        )
        if tags and not releases(node, subject):
            yield node, tags


_MORE = (
    "  tool: {from: engine, ref: ghcr.io/example/engine/tool, build: {command: hack/build.sh}}\n"
    "files:\n  scripts: {from: platform, paths: [scripts/**], uses: [tool]}\n"
)
_ENGINE = GRAPH.replace("images:", "  engine: {{url: https://github.com/example/engine}}\nimages:")
_COMMIT = Commit(
    {"go.mod": "module github.com/example/platform\n", "scripts/run.sh": "docker run ghcr.io/example/engine/tool:0.1.0\n"},
    tags=("v0.1.0",),
)
_BUILD = {"hack/build.sh": "#!/bin/sh\n"}

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "an artifact is used whose repository has no release",
    """
    The graph says that a node uses an artifact, and the repository behind it has no tag that is a release. Nobody can have published the
    artifact under a version: whoever follows the reference gets nothing. Where no file shows the reference yet, it is a warning. A repository
    that has versions among its tags, but none in the format that the graph declares, is told by itself.

    What to do: make the first release of the repository behind it, or remove the reference until there is one. Where there are releases
    under other names, declare how they are written (`tags` of the repository).
    """,
    _check,
    failing=(
        Example((_COMMIT,), {"engine": (Commit(_BUILD),)}, _ENGINE.format(more=_MORE)),
        Example((_COMMIT,), {"engine": (Commit(_BUILD, tags=("engine-0.1.0",)),)}, _ENGINE.format(more=_MORE)),
    ),
    passing=(Example((_COMMIT,), {"engine": (Commit(_BUILD, tags=("v0.1.0",)),)}, _ENGINE.format(more=_MORE)),),
)
