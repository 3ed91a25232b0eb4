"""RG620: versions that follow from each other in a circle."""

from collections.abc import Iterator

from relgraph.graph.build import version_cycles
from relgraph.infer.facts import Facts
from relgraph.model.finding import Finding, Severity
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH

__all__ = ["RULE"]

_CODE, _NAME = "RG620", "version-cycle"


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    for cycle in version_cycles(declared.graph):
        node = declared.graph.nodes[cycle[0]]
        yield facts.declared_finding(
            (_CODE, _NAME, Severity.ERROR),
            node.origin,
            f"the version of {node.id} follows from itself",
            node=node.id,
            why=(
                " -> ".join((*cycle, cycle[0])),
                "repositories may depend on each other, versions of artifacts may not: pin one of the edges",
            ),
        )


_MORE = (
    "charts:\n  one: {{from: platform, ref: oci://ghcr.io/example/one, source: one, uses: [{{node: two{0}}}]}}\n"
    "  two: {{from: other, ref: oci://ghcr.io/example/two, source: two, uses: [{{node: one, follow: tag}}]}}\n"
)
_OTHER = GRAPH.replace("images:", "  other: {{url: https://github.com/example/other}}\nimages:")
_COMMIT = Commit({"go.mod": "module github.com/example/platform\n"}, tags=("v0.1.0",))
_SIBLING = {"other": (Commit({"go.mod": "module github.com/example/other\n"}, tags=("v0.1.0",)),)}

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "artifact versions depend on each other in a circle",
    """
    Each node of the circle takes its version from the next one, so none of them can be released first. Dependencies between
    repositories may form circles; versions of artifacts may not.

    What to do: pin one of the references (`follow: pinned`), or let it follow the last release.
    """,
    _check,
    failing=(Example((_COMMIT,), _SIBLING, _OTHER.format(more=_MORE.format(", follow: tag"))),),
    passing=(Example((_COMMIT,), _SIBLING, _OTHER.format(more=_MORE.format(", follow: pinned"))),),
)
