"""RG603: a repository refers by a literal to an image that is built from itself."""

from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Part, Pin, Role
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH

__all__ = ["RULE"]

_CODE, _NAME = "RG603", "own-literal"


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    told: set[tuple[str, str]] = set()
    for one in facts.references:
        if one.site.kind is not Kind.IMAGE or one.site.part is not Part.TAG or one.site.pin is not Pin.EXACT:
            continue
        if one.role not in (PathRole.ARTIFACT, PathRole.BUILD) or one.site.role in (Role.MENTION, Role.DECLARES):
            continue
        node = declared.artifact(one.site)
        repo = declared.repo_of(one.subject)
        if node is None or repo is None or declared.homes.get(node.id) != repo:
            continue
        policy = declared.graph.nodes[repo].get("self")
        built_elsewhere = declared.builders[node.id].head != repo if node.id in declared.builders else False
        if (policy != "placeholder" and not built_elsewhere) or (one.site.path, node.id) in told:
            continue
        told.add((one.site.path, node.id))
        yield facts.finding(
            (_CODE, _NAME, Severity.WARNING),
            one.subject,
            one.site,
            f"{one.site.name}:{one.site.value} is written out, but it is built from this repository",
            node=node.id,
            actual=one.site.value,
            why=(
                f"{node.id} is built from {one.subject.name}",
                "a change of what builds it needs the image before the commit that names it"
                if built_elsewhere
                else f"{one.subject.name} refers to itself by placeholders that a release fills",
            ),
        )


_POD = "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/platform/web:{}\n"
_PLACEHOLDER = GRAPH.replace("last-release", "placeholder")


def _world(tag: str) -> tuple[Commit, ...]:
    return (Commit({"go.mod": "module github.com/example/platform\n", "hooks/job.yaml": _POD.format(tag)}, tags=("v0.1.0",)),)


RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "an image that is built from a repository is named there by a literal version",
    """
    The image is built from the same repository that names it. A commit that changes the image cannot name the result, since that does
    not exist yet: the literal is one step behind, or ahead of what exists.

    What to do: keep a placeholder that the release fills, or build the image elsewhere.
    """,
    _check,
    failing=(Example(_world("0.1.0"), graph=_PLACEHOLDER.format(more="")),),
    passing=(
        Example(_world("will-be-replaced-at-release"), graph=_PLACEHOLDER.format(more="")),
        Example(_world("0.1.0"), graph=GRAPH.format(more="")),
    ),
)
