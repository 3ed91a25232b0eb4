"""RG615: a declared chart's own version or appVersion is not the version that the graph gives it."""

from collections.abc import Iterator

from relgraph.infer.declared import Declared
from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.infer.standing import releases
from relgraph.model.finding import Finding, Severity
from relgraph.model.graph import Node
from relgraph.model.site import Kind, Pin, Role
from relgraph.model.version import Version, agree
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import ArtifactKind
from relgraph.pipeline.chart_fields import chart_field
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH

__all__ = ["RULE", "chart_fields", "stamped_fields"]

_CODE, _NAME = "RG615", "chart-fields"


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    for node in declared.graph.nodes.values():
        repo = declared.homes.get(node.id, "")
        subject = declared.subjects.get(repo)
        if node.kind != "chart" or not node.source or subject is None:
            continue
        wanted = _wanted(declared, repo, subject)
        own = declared.versions[node.id].version if node.get("version") else None
        if own is not None:
            wanted = own, declared.versions[node.id].reasons[-1]
        if wanted is None:
            continue
        # With a version of its own, appVersion may be that of whatever it installs.
        kept = stamped_fields(facts, subject, node) | ({"appVersion"} if own is not None else set())
        fields = [one for one in chart_fields(facts, subject, node) if one.site.pin is Pin.EXACT and one.site.key not in kept]
        yield from _differing(facts, node, fields, *wanted)


def chart_fields(facts: Facts, subject: Subject, node: Node) -> list[Reference]:
    """The fields ``version`` and ``appVersion`` of a declared chart's own ``Chart.yaml``."""
    return [
        facts.reference(subject, site)
        for site in subject.sites_by_path.get(f"{node.source.strip('/')}/Chart.yaml", ())
        if site.kind is Kind.CHART and site.role is Role.DECLARES and site.key in ("version", "appVersion")
    ]


def _differing(facts: Facts, node: Node, fields: list[Reference], version: Version, reason: str) -> Iterator[Finding]:
    for one in fields:
        if one.version is None or agree(one.version, version):
            continue
        expected = version.bare if one.site.key == "appVersion" and not one.version.prefix else one.version.prefix + version.bare
        yield facts.finding(
            (_CODE, _NAME, Severity.ERROR),
            one.subject,
            one.site,
            f"{one.site.key} of {node.name} is {one.site.value}, but the chart is at {expected}",
            node=node.id,
            expected=expected,
            actual=one.site.value,
            why=(f"{node.id} builds from {one.subject.name}", reason, f"nothing stamps {one.site.key} when the chart is published"),
            fixable=True,
        )


def _wanted(declared: Declared, repo: str, subject: Subject) -> tuple[Version, str] | None:
    node = declared.graph.nodes[repo]
    known = releases(node, subject)
    here = [release for release in known if release.tag.commit == subject.rev]
    if here:
        return here[-1].version, f"this commit is {here[-1].tag.name}"
    if node.get("self") == "exact" or not known:
        # Between releases, the next version is nobody's to know.
        return None
    return known[-1].version, f"the newest release of {node.name} is {known[-1].tag.name}"


def stamped_fields(facts: Facts, subject: Subject, node: Node) -> frozenset[str]:
    """The fields that a pipeline or the declared command writes when it publishes the chart: in git they stand for nothing."""
    build = node.get("build") or {}
    if "helm" in build:  # relgraph itself packages it, and writes both
        return frozenset(("version", "appVersion"))
    text = subject.text(f"{node.source.strip('/')}/Chart.yaml")
    literal = "" if text is None else text.text
    artifacts = [*facts.plan(subject).artifacts]
    if command := build.get("command"):
        artifacts += facts.built(subject, str(command), facts.newest_tag(subject)).artifacts
    found: set[str] = set()
    for artifact in artifacts:
        if artifact.kind is ArtifactKind.CHART and artifact.source.strip("./") == node.source.strip("./"):
            for field, value in (("version", artifact.version), ("appVersion", artifact.app_version)):
                written = chart_field(literal, field)
                if value is not None and (value.text is None or written is None or value.text != written.text):
                    found.add(field)
    return frozenset(found)


_MORE = "charts:\n  web-chart: {from: platform, ref: oci://ghcr.io/example/platform/web-chart, source: chart}\n"
_OWN = _MORE.replace("source: chart", "source: chart, version: 3.1.4")
_CHART = "apiVersion: v2\nname: web-chart\nversion: {}\nappVersion: {}\n"


def _world(version: str, app: str) -> tuple[Commit, ...]:
    return (
        Commit(
            {"go.mod": "module github.com/example/platform\n", "chart/Chart.yaml": _CHART.format(version, app)}, tags=("v0.20.0",)
        ),
    )


RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a declared chart's version or appVersion is not its repository's version",
    """
    The graph says that a chart takes its version from its repository. Its Chart.yaml states another version or appVersion, and no pipeline
    stamps the field, so that is what gets published.

    What to do: write the repository's version in both fields, or let the pipeline stamp them; where the chart has a version of its own,
    declare its `version`.
    """,
    _check,
    failing=(
        Example(_world("0.20.0", "0.1.0"), graph=GRAPH.format(more=_MORE)),
        Example(_world("0.20.0", "0.1.0"), graph=GRAPH.format(more=_OWN)),
    ),
    passing=(
        Example(_world("0.20.0", "0.20.0"), graph=GRAPH.format(more=_MORE)),
        Example(_world("3.1.4", "0.1.0"), graph=GRAPH.format(more=_OWN)),
    ),
)
