"""RG604 and RG605: the graph's edges and the places that refer to each other tell different stories."""

from collections.abc import Iterator

from relgraph.infer.declared import Declared
from relgraph.infer.facts import Facts
from relgraph.infer.published import bare_name, published
from relgraph.infer.roles import PathRole
from relgraph.infer.written import Written
from relgraph.model.finding import Finding, Severity
from relgraph.model.graph import EdgeKind, Node
from relgraph.model.site import Kind, Role, Site
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH

__all__ = ["UNDECLARED", "UNSHOWN"]

_PAST = (PathRole.HISTORY, PathRole.LEGACY, PathRole.VENDORED)


class _Shown:
    """What the files of nodes refer to, told once for all edges."""

    def __init__(self, facts: Facts, declared: Declared) -> None:
        self._facts = facts
        self._declared = declared
        self._written = Written(facts, declared)
        self._paths: dict[str, set[str]] = {}
        for subject in facts.world.targets:
            for site in subject.sites:
                if target := _target(site):
                    for owner in declared.owners(subject, site.path):
                        self._paths.setdefault(owner.id, set()).add(target)

    def refers(self, tail: Node, head: Node) -> bool:
        """Whether a file of ``tail``, or of what it contains, refers to ``head``."""
        parts = [edge.head for edge in self._declared.outgoing.get(tail.id, ()) if edge.kind is EdgeKind.CONTAINS]
        # What a chart says of itself is no reference to its image, though both draw from one line.
        return any(
            one.site.role is not Role.DECLARES for part in (tail.id, *parts) for one in self._written.references(part, head.id)
        )

    def publishes(self, tail: Node, head: Node) -> bool:
        """Whether ``tail`` is a chart that refers to ``head`` once it is published: git may hold a placeholder."""
        if tail.kind != "chart":
            return False
        subject = self._declared.subjects[self._declared.homes[tail.id]]
        images = (image for artifact in published(self._facts, subject, tail) for image in artifact.images)
        return any(bare_name(image.repository.text) == bare_name(head.ref) for image in images)

    def names_file(self, tail: Node, head: Node) -> bool:
        """Whether a file of ``tail`` names a file of ``head``: by a path of the same tree, or by a URL into the repository."""
        endings = tuple(pattern.rstrip("*/") for pattern in (head.paths or ((head.source,) if head.source else ())))
        return any(target.endswith(endings) for target in self._paths.get(tail.id, ()))


def _check_unshown(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    shown = _Shown(facts, declared)
    for edge in declared.graph.edges:
        tail, head = declared.graph.nodes[edge.tail], declared.graph.nodes[edge.head]
        if (
            edge.kind is not EdgeKind.REFERS_TO
            or declared.homes.get(tail.id) not in declared.subjects
            or not (tail.source or tail.paths)
        ):
            continue
        if (
            shown.refers(tail, head)
            or shown.publishes(tail, head)
            or ((head.kind == "hook" or not head.ref) and shown.names_file(tail, head))
        ):
            continue
        yield facts.declared_finding(
            (UNSHOWN.code, UNSHOWN.name, Severity.WARNING),
            edge.origin,
            f"{tail.id} is said to use {head.id}, but none of its files refers to it",
            node=tail.id,
            why=(f"its files are {', '.join(tail.paths or (tail.source,))}", "remove the edge, or declare the site that shows it"),
        )


def _target(site: Site) -> str:
    if site.kind is Kind.FILE:
        return site.get("resolved") or site.name
    return site.get("path") if site.kind is Kind.GIT else ""


def _check_undeclared(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    told: dict[tuple[str, str], list[tuple[Subject, Site]]] = {}
    for one in facts.references:
        if (
            one.role in _PAST
            or one.site.role in (Role.MENTION, Role.DECLARES, Role.RECORD)
            or one.site.kind not in (Kind.IMAGE, Kind.CHART)
        ):
            continue
        head = declared.artifact(one.site)
        owners = declared.owners(one.subject, one.site.path)
        if head is None or not owners or any(_allowed(declared, owner.id, head.id) for owner in owners):
            continue
        told.setdefault((owners[0].id, head.id), []).append((one.subject, one.site))
    for (tail, head_id), places in sorted(told.items()):
        (subject, site), *rest = places
        yield facts.finding(
            (UNDECLARED.code, UNDECLARED.name, Severity.WARNING),
            subject,
            site,
            f"{tail} refers to {head_id} here, but the graph has no such edge",
            node=tail,
            actual=site.name,
            why=(
                f"{site.path} belongs to {tail}",
                f"{site.name} is {head_id}",
                f"add {head_id.partition('.')[2]} to its 'uses', or remove the reference",
            ),
            related=tuple(rest[:8]),
        )


def _allowed(declared: Declared, tail: str, head: str) -> bool:
    if tail == head or (tail, head) in declared.edges:
        return True
    # What contains a part may be read as the part, and the part as it.
    wholes = [edge.tail for edge in declared.incoming.get(tail, ()) if edge.kind is EdgeKind.CONTAINS]
    parts = [edge.head for edge in declared.outgoing.get(tail, ()) if edge.kind is EdgeKind.CONTAINS]
    return any((other, head) in declared.edges for other in (*wholes, *parts))


_FILES = {"go.mod": "module github.com/example/platform\n"}
_SCRIPT = "docker run ghcr.io/example/platform/web:0.1.0\n"
_SET = "files:\n  scripts: {{from: platform, paths: [scripts/**]{}}}\n"


def _world(script: str) -> tuple[Commit, ...]:
    return (Commit({**_FILES, "scripts/run.sh": script}, tags=("v0.1.0",)),)


UNSHOWN = Rule(
    "RG604",
    "unshown-edge",
    Severity.WARNING,
    "a declared reference is shown by no file",
    """
    The graph says that a node uses another, and none of the node's files refers to it. Either the reference is gone and the graph old,
    or it is written in a form that no extractor reads.

    What to do: remove the edge, or declare the form in which it is written under `sites`.
    """,
    _check_unshown,
    failing=(Example(_world("echo nothing\n"), graph=GRAPH.format(more=_SET.format(", uses: [web]"))),),
    passing=(Example(_world(_SCRIPT), graph=GRAPH.format(more=_SET.format(", uses: [web]"))),),
)

UNDECLARED = Rule(
    "RG605",
    "undeclared-edge",
    Severity.WARNING,
    "a file refers to an artifact that its node is not declared to use",
    """
    A file that belongs to a node refers to a declared artifact, and the graph has no edge between the two. Whoever asks what a release
    of the artifact entails is not told of this place.

    What to do: add the edge, or remove the reference.
    """,
    _check_undeclared,
    failing=(Example(_world(_SCRIPT), graph=GRAPH.format(more=_SET.format(""))),),
    passing=(Example(_world(_SCRIPT), graph=GRAPH.format(more=_SET.format(", uses: [web]"))),),
)
