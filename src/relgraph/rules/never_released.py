"""RG618: something is used that was never released."""

from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.standing import releases
from relgraph.model.finding import Finding, Severity
from relgraph.model.graph import Edge, EdgeKind
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH

__all__ = ["RULE"]

_CODE, _NAME = "RG618", "never-released"


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    users: dict[str, list[Edge]] = {}
    for edge in declared.graph.edges:
        if edge.kind is not EdgeKind.BUILDS_FROM:
            users.setdefault(edge.head, []).append(edge)
    for head, edges in users.items():
        node, builder = declared.graph.nodes[head], declared.builders.get(head)
        if builder is None or not node.ref or node.get("version"):
            continue
        repository, subject = declared.graph.nodes[builder.head], declared.subjects.get(builder.head)
        if repository.kind != "repo" or subject is None or releases(repository, subject):
            continue
        shown = [one for one in facts.references if declared.artifact(one.site) is node and one.site.name]
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
    artifact under a version: whoever follows the reference gets nothing. Where no file shows the reference yet, it is a warning.

    What to do: make the first release of the repository behind it, or remove the reference until there is one. Where there are releases
    under other names, declare how they are written (`tags` of the repository).
    """,
    _check,
    failing=(Example((_COMMIT,), {"engine": (Commit(_BUILD),)}, _ENGINE.format(more=_MORE)),),
    passing=(Example((_COMMIT,), {"engine": (Commit(_BUILD, tags=("v0.1.0",)),)}, _ENGINE.format(more=_MORE)),),
)
