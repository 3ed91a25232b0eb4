"""What was released: a table of a node's releases, read from git at each tag."""

from collections.abc import Iterator
from typing import NamedTuple

from relgraph.graph.propagate import write_version
from relgraph.infer.facts import Facts
from relgraph.infer.published import bare_name, published
from relgraph.infer.standing import Release, releases
from relgraph.model.graph import EdgeKind, Node
from relgraph.model.site import Kind, Part, Role
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Artifact
from relgraph.pipeline.chart_fields import chart_field

__all__ = ["Table", "released"]


class Table(NamedTuple):
    """Column titles, and rows of as many cells; an empty cell is what could not be told."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def released(facts: Facts, node: Node) -> Table | None:
    """The releases of a node, oldest first; None for one that has none of its own (files, hooks) or whose repository is not at hand.

    A chart's row tells what was published: the tag (helm makes it the chart's version), the appVersion and the version of everything
    that it refers to, as the pipeline or the declared command of that tag writes them, else as they stand in git. An image's or tool's
    row tells its tag and what it was built from.
    """
    declared = facts.declared
    if declared is None or node.kind not in ("repo", "image", "chart", "tool"):
        return None
    builder = declared.builders.get(node.id)
    repo = node if node.kind == "repo" else None if builder is None else declared.graph.nodes[builder.head]
    subject = None if repo is None else declared.subjects.get(repo.id)
    if repo is None or subject is None:
        return None
    known = releases(repo, subject)
    if node.kind == "repo":
        return Table(("tag", "commit"), tuple((release.tag.name, release.tag.commit) for release in known))
    if node.kind != "chart":
        rows = tuple((_written(node, release), release.tag.name, release.tag.commit) for release in known)
        return Table(("tag", f"tag of {repo.name}", "commit"), rows)
    heads = [
        declared.graph.nodes[edge.head]
        for edge in declared.outgoing.get(node.id, ())
        if edge.kind is EdgeKind.REFERS_TO and declared.graph.nodes[edge.head].ref
    ]
    told = dict.fromkeys(row for release in known for row in _chart(facts, subject, node, release, heads))
    return Table(("tag = version in chart", "appVersion", *(head.name for head in heads)), tuple(told))


def _chart(facts: Facts, subject: Subject, node: Node, release: Release, heads: list[Node]) -> Iterator[tuple[str, ...]]:
    then = subject.released(release.tag.name)
    if then is None:
        return
    artifact = next(iter(published(facts, then, node, release.tag.name)), None)
    folder = (artifact.source if artifact is not None else node.source).removeprefix("./").strip("/")
    if artifact is None and not _is_chart(then, folder, node):
        return
    version = None if artifact is None or not artifact.tags else artifact.tags[0].text
    app = None if artifact is None or artifact.app_version is None else artifact.app_version.text
    cells = [_referred(facts, then, folder, artifact, head) for head in heads]
    yield (version or _written(node, release), app or _field(then, folder, "appVersion"), *cells)


def _is_chart(subject: Subject, folder: str, node: Node) -> bool:
    """Whether a folder holds this chart: another one may have stood there before."""
    text = subject.text(f"{folder}/Chart.yaml")
    name = None if text is None else chart_field(text.text, "name")
    return name is not None and name.text == node.ref.rpartition("/")[2]


def _referred(facts: Facts, subject: Subject, folder: str, artifact: Artifact | None, head: Node) -> str:
    """The version of a node that a chart refers to."""
    for image in () if artifact is None else artifact.images:
        if bare_name(image.repository.text) == bare_name(head.ref):
            return image.tag.text or ""
    for site in subject.sites:
        if (
            site.part in (Part.TAG, Part.VERSION)
            and site.path.startswith(f"{folder}/")
            and bare_name(site.name) == bare_name(head.ref)
        ):
            resolved = facts.resolve(subject, site)
            return "" if resolved is None else resolved.value
    return ""


def _field(subject: Subject, folder: str, field: str) -> str:
    for site in subject.sites_by_path.get(f"{folder}/Chart.yaml", ()):
        if site.kind is Kind.CHART and site.role is Role.DECLARES and site.key == field:
            return site.value
    return ""


def _written(node: Node, release: Release) -> str:
    return write_version(node.tag, release.version)
