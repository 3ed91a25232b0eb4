"""RG607: two paths through the graph demand different versions of one node."""

from collections.abc import Iterator

from relgraph.infer.consensus import comparable
from relgraph.infer.declared import Declared
from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.infer.standing import releases
from relgraph.model.finding import Finding, Severity
from relgraph.model.graph import EdgeKind, Node
from relgraph.model.version import agree
from relgraph.model.world import Subject, World
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH

__all__ = ["RULE"]

_CODE, _NAME = "RG607", "two-versions"


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    uses = _uses(facts, declared)
    for tail, by_head in sorted(uses.items()):
        for via, middle in sorted(by_head.items()):
            below = {edge.head for edge in declared.outgoing.get(via, ()) if edge.kind is not EdgeKind.BUILDS_FROM}
            for shared in sorted(below & by_head.keys()):
                yield from _compare(facts, declared, tail, by_head[shared], middle, via, shared)


def _uses(facts: Facts, declared: Declared) -> dict[str, dict[str, Reference]]:
    """One current reference for each edge: by the node whose file it stands in, then by the artifact."""
    found: dict[str, dict[str, Reference]] = {}
    for one in facts.references:
        head = declared.artifact(one.site) or _bound(facts, declared, one)
        if head is None or not comparable(one) or one.role not in (PathRole.ARTIFACT, PathRole.BUILD):
            continue
        for owner in declared.owners(one.subject, one.site.path):
            if owner.id != head.id:
                found.setdefault(owner.id, {}).setdefault(head.id, one)
    return found


def _bound(facts: Facts, declared: Declared, one: Reference) -> Node | None:
    """The artifact whose version a variable holds."""
    for binding in facts.identity.bindings(one.subject).of(one.site):
        if (node := declared.artifact(binding.target)) is not None:
            return node
    return None


def _compare(
    facts: Facts, declared: Declared, tail: str, own: Reference, middle: Reference, via: str, shared: str
) -> Iterator[Finding]:
    repo = declared.homes.get(via)
    subject = declared.subjects.get(repo or "")
    if repo is None or subject is None or middle.version is None or own.version is None:
        return
    release = next((one for one in releases(declared.graph.nodes[repo], subject) if agree(one.version, middle.version)), None)
    then = None if release is None else subject.released(release.tag.name)
    if release is None or then is None:
        return
    other = _named(declared, subject, then, via, shared)
    if other is None or other.version is None or agree(other.version, own.version):
        return
    yield facts.finding(
        (_CODE, _NAME, _severity(declared, shared)),
        own.subject,
        own.site,
        f"{tail} uses {shared} {own.site.value}, and by way of {via} {middle.site.value} also {other.site.value}",
        node=tail,
        expected=own.version.prefix + other.version.bare,
        actual=own.site.value,
        why=(
            f"{middle.where} uses {via} {middle.site.value}",
            f"at {release.tag.name}, {other.where} of {subject.name} says {other.site.value}",
        ),
        related=((middle.subject, middle.site),),
    )


def _severity(declared: Declared, shared: str) -> Severity:
    """What it costs: only one release of a chart, a tool or a module can be installed, but containers of two images run side by side."""
    node = declared.graph.nodes[shared]
    if node.kind != "image":
        return Severity.ERROR
    source = declared.builders.get(shared)
    others = source is not None and declared.graph.nodes[source.head].get("external", False)
    return Severity.NOTE if others else Severity.WARNING


def _named(declared: Declared, subject: Subject, then: Subject, via: str, shared: str) -> Reference | None:
    """What the files of ``via`` say of ``shared`` at another revision of their repository."""
    world = Facts(World((then,)), Declared(declared.graph, declared.versions, {declared.repo_of(subject) or "": then}))
    if world.declared is None:
        return None
    return _uses(world, world.declared).get(via, {}).get(shared)


_MORE = (
    "  base: {{from: base, ref: ghcr.io/example/base, build: {{docker: .}}}}\n"
    "charts:\n  addon: {{from: addon, ref: oci://ghcr.io/example/addon-chart, tag: 'v{{version}}', source: chart, uses: [images.base]}}\n"
    "  whole: {{from: platform, ref: oci://ghcr.io/example/platform/whole, source: whole, uses: [addon, images.base]}}\n"
)
_ADDED = GRAPH.replace(
    "images:", "  addon: {{url: https://github.com/example/addon}}\n  base: {{url: https://github.com/example/base}}\nimages:"
).replace("{more}", _MORE)
_POD = "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/base:{}\n"
_CHART = "apiVersion: v2\nname: {}\nversion: 0.1.0\n"


def _world(base: str) -> tuple[Commit, ...]:
    dependencies = "dependencies:\n- name: addon-chart\n  version: v0.1.0\n  repository: oci://ghcr.io/example\n"
    files = {
        "go.mod": "module github.com/example/platform\n",
        "whole/Chart.yaml": _CHART.format("whole") + dependencies,
        "whole/templates/pod.yaml": _POD.format(base),
    }
    return (Commit(files, tags=("v0.1.0",)),)


_SIBLINGS = {
    "addon": (
        Commit(
            {
                "go.mod": "module github.com/example/addon\n",
                "chart/Chart.yaml": _CHART.format("addon-chart"),
                "chart/templates/pod.yaml": _POD.format("1.2.0"),
            },
            tags=("v0.1.0",),
        ),
    ),
    "base": (
        Commit({"go.mod": "module github.com/example/base\n"}, tags=("v1.2.0",)),
        Commit({"go.mod": "module github.com/example/base\n", "x": ""}, tags=("v1.3.0",)),
    ),
}

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "two paths through the graph demand different versions of one artifact",
    """
    A node uses an artifact, and uses another node whose release, read at its own tag, uses another version of the same artifact. Both
    are installed together.

    An error where only one of them can be installed (a chart, a tool, a module). Containers of two images run side by side: a warning for
    an image that is built from a repository of one's own, since its parts were never tried together, and a note for an image that only
    packs what others release.

    What to do: use the version that the other was released with, or the other's release that goes with yours.
    """,
    _check,
    failing=(Example(_world("1.3.0"), _SIBLINGS, _ADDED.format()),),
    passing=(Example(_world("1.2.0"), _SIBLINGS, _ADDED.format()),),
)
