"""RG616: a declared command publishes under one version, whichever is released."""

from collections.abc import Iterator

from relgraph.graph.propagate import write_version
from relgraph.infer.declared import Declared
from relgraph.infer.facts import Facts
from relgraph.infer.published import bare_name
from relgraph.model.finding import Finding, Severity
from relgraph.model.graph import Node
from relgraph.model.site import Kind, Site
from relgraph.model.version import parse_version
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Artifact
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH

__all__ = ["RULE"]

_CODE, _NAME = "RG616", "fixed-build-version"
# A version that no repository has: what does not follow it follows nothing.
_PROBE = parse_version("987.654.321")


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    for node in declared.graph.nodes.values():
        command = (node.get("build") or {}).get("command")
        subject = declared.subjects.get(declared.homes.get(node.id, ""))
        if not command or not node.ref or subject is None:
            continue
        tag = write_version(declared.graph.nodes[declared.homes[node.id]].tag, _PROBE)
        for artifact in facts.built(subject, str(command), tag).artifacts:
            fixed = [text for one in artifact.tags if (text := one.text) and parse_version(text) and "987.654.321" not in text]
            if fixed and bare_name(artifact.name.text) == bare_name(node.ref) and not _is_right(declared, node, subject, fixed[0]):
                yield _finding(facts, subject, node, str(command), artifact, fixed[0])


def _finding(facts: Facts, subject: Subject, node: Node, command: str, artifact: Artifact, version: str) -> Finding:
    message = f"`{command}` publishes {node.name} as {version}, whichever version is released"
    why = ("with another tag it would publish the same version again", "let the version come from the tag, or ask for it")
    site = _where(subject, artifact, version)
    if site is None:
        return facts.declared_finding(
            (_CODE, _NAME, Severity.WARNING),
            node.origin,
            message,
            node=node.id,
            actual=version,
            why=(f"{node.id} is built so", *why),
        )
    return facts.finding(
        (_CODE, _NAME, Severity.WARNING), subject, site, message, node=node.id, actual=version,
        why=(f"{site.name} is {version} there by hand", *why),
    )  # fmt: skip


def _is_right(declared: Declared, node: Node, subject: Subject, version: str) -> bool:
    """Whether this very commit is the release of that version."""
    repository = declared.graph.nodes[declared.homes[node.id]]
    parsed = parse_version(version)
    return any(tag.name == write_version(repository.tag, parsed) for tag in subject.tags_here)


def _where(subject: Subject, artifact: Artifact, version: str) -> Site | None:
    """The variable that holds the version, in one of the files that the command led through."""
    for path in dict.fromkeys(spot.path for spot in artifact.places):
        for site in subject.sites_by_path.get(path, ()):
            if site.kind is Kind.VARIABLE and site.value == version:
                return site
    return None


_MORE = "  tool: {from: platform, ref: ghcr.io/example/tool, build: {command: make push}}\n"
_MAKEFILE = (
    "VERSION ?= {}\n\npush:\n\tdocker build -t ghcr.io/example/tool:$(VERSION) .\n\tdocker push ghcr.io/example/tool:$(VERSION)\n"
)


def _world(version: str) -> tuple[Commit, ...]:
    files = {
        "go.mod": "module github.com/example/platform\n",
        "Dockerfile": "FROM scratch\n",
        "Makefile": _MAKEFILE.format(version),
    }
    return (Commit({"go.mod": files["go.mod"]}, tags=("v0.1.0",)), Commit(files))


RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "a declared command publishes under a version that was written by hand",
    """
    The graph says by which command an artifact is published. Evaluated for another release, the command still publishes under the
    version that stands in its files: forget to edit it once, and a release overwrites the one before.

    What to do: take the version from the git tag, or ask for it.
    """,
    _check,
    failing=(Example(_world("0.1.0"), graph=GRAPH.format(more=_MORE)),),
    passing=(Example(_world("$(shell git describe --tags)"), graph=GRAPH.format(more=_MORE)),),
)
