"""RG602: a declared artifact that nothing is known to build."""

from collections.abc import Iterator

from relgraph.infer.declared import Declared, address_of
from relgraph.infer.facts import Facts
from relgraph.model.finding import Finding, Severity
from relgraph.model.graph import EdgeKind, Node
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH
from relgraph.sites.build import canonical_image

__all__ = ["RULE"]

_CODE, _NAME = "RG602", "no-builder"


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    for node in declared.graph.nodes.values():
        if node.kind not in ("image", "chart") or node.get("build") or _built_by_a_file(declared, node):
            continue
        repo = declared.homes.get(node.id)
        if repo is None or (node.kind == "chart" and node.source):
            continue
        external = declared.graph.nodes[repo].get("external", False)
        if _is_of_its_owner(declared.graph.nodes[repo], node) if external else _is_published(facts, declared, repo, node):
            continue
        yield facts.declared_finding(
            (_CODE, _NAME, Severity.WARNING),
            node.origin,
            f"nothing says how {node.ref} is built",
            node=node.id,
            why=(f"{node.id} builds from {repo}", "no 'build', no 'path' in 'from', and no pipeline there that publishes it"),
        )


def _built_by_a_file(declared: Declared, node: Node) -> bool:
    return any(edge.kind is EdgeKind.BUILDS_FROM and edge.path for edge in declared.outgoing.get(node.id, ()))


def _is_of_its_owner(repo: Node, node: Node) -> bool:
    """Whether an artifact of somebody else's repository is published by its owner, who knows how it is built."""
    owner = address_of(repo.ref).split("/")[1:2]
    return owner == canonical_image(node.ref.removeprefix("oci://")).lower().split("/")[1:2]


def _is_published(facts: Facts, declared: Declared, repo: str, node: Node) -> bool:
    """Whether a pipeline of the repository would publish it at the next tag."""
    subject = declared.subjects.get(repo)
    if subject is None:
        return False
    tag = declared.graph.nodes[repo].tag.replace("{version}", "1.2.3")
    name = node.ref.removeprefix("oci://").lower()
    return any((artifact.name.text or "").removeprefix("oci://").lower() == name for artifact in facts.plan(subject, tag).artifacts)


_MORE = "  tool: {{from: upstream, ref: quay.io/example/tool{}}}\n"
_UPSTREAM = GRAPH.replace("images:", "  upstream: {{url: https://github.com/other/upstream, external: true}}\nimages:")
_COMMIT = Commit({"go.mod": "module github.com/example/platform\n"}, tags=("v0.1.0",))

RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "a declared artifact has no builder",
    """
    The graph says what an artifact is built from, but not by what: it has no `build`, no file in `from` builds it, and no pipeline of its
    repository publishes it. Such an image is made by hand, and its next version may be made in another way. How an owner's own artifacts
    are built is not asked of a repository of others.

    What to do: declare how it is built (`build`, or the file that builds it as `path` in `from`), or let a pipeline of its repository
    build and publish it.
    """,
    _check,
    failing=(Example((_COMMIT,), graph=_UPSTREAM.format(more=_MORE.format(""))),),
    passing=(
        Example((_COMMIT,), graph=_UPSTREAM.format(more=_MORE.format(", build: {command: hack/build-tool.sh}"))),
        Example((_COMMIT,), graph=_UPSTREAM.format(more="  tool: {from: upstream, ref: quay.io/other/tool}\n")),
        Example(
            (_COMMIT,),
            graph=_UPSTREAM.format(
                more="  tool: {from: [upstream, {node: platform, path: hack/build-tool.sh}], ref: quay.io/example/tool}\n"
            ),
        ),
    ),
)
