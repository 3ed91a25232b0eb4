"""RG411: a placeholder in what is published, and no step that replaces it."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Part, Pin, Role
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Artifact, ArtifactKind, ChartImage, Plan, Spot
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.spots import finding_at, path_line

__all__ = ["RULE"]

_CODE, _NAME = "RG411", "unreplaced-placeholder"
_RULE = (_CODE, _NAME, Severity.ERROR)
# A marker says of itself that something takes its place; words like "none" or "unset" may be meant as they stand.
_MARKER = re.compile(
    r"placeholder|(?:to[ _-]be|will[ _-]be|is)[ _-](?:replaced|set|filled)|replace[ds]?[ _-](?:me|by|in|at|with)|\bTBD\b|<[^<>/]+>|@@?\w+@@?|__\w+__",
    re.IGNORECASE,
)
_PARTS = frozenset({Part.TAG, Part.VERSION, Part.REPOSITORY, Part.REGISTRY})


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        plan = facts.plan(subject)
        charts = [one for one in plan.artifacts if one.kind is ArtifactKind.CHART and one.by_tag and one.source]
        told: set[Spot] = set()
        for chart in charts:
            for image in chart.images:
                finding = _image(subject, plan, chart, image, told)
                if finding is not None:
                    yield finding
        yield from _sites(subject, plan, charts, told)


def _image(subject: Subject, plan: Plan, chart: Artifact, image: ChartImage, told: set[Spot]) -> Finding | None:
    repository, tag = image.repository.text, image.tag.text
    if repository is None or tag is None or not (_MARKER.search(repository) or _MARKER.search(tag)):
        return None
    if plan.published(ArtifactKind.IMAGE, repository):
        # The release publishes this very image under another tag: that is said, with the tag, where the two are compared.
        return None
    spot = image.stamps[-1] if image.stamps else image.written
    if spot is None or spot in told:
        return None
    told.add(spot)
    marker = tag if _MARKER.search(tag) else repository.removeprefix("docker.io/library/").removeprefix("docker.io/")
    return _finding(subject, plan, chart, spot, marker, image.stamps)


def _finding(subject: Subject, plan: Plan, chart: Artifact, spot: Spot, marker: str, stamps: tuple[Spot, ...] = ()) -> Finding:
    return finding_at(
        _RULE,
        subject,
        spot,
        f"the chart {chart.name} is published with the placeholder {marker}",
        node=f"chart:{chart.name}",
        actual=marker,
        why=(
            f"{path_line(chart.places[-1])} publishes what lies in {chart.source} for the git tag {plan.tag}",
            "no edit before that replaces the placeholder",
        ),
        related=tuple((subject, one) for one in (*stamps, chart.places[-1])),
    )


def _sites(subject: Subject, plan: Plan, charts: list[Artifact], told: set[Spot]) -> Iterator[Finding]:
    stamped = {one.folder for one in plan.packagings if one.version_spot is not None and one.app_version_spot is not None}
    folders = {chart.source: chart for chart in charts}
    if not folders:
        return
    for site in subject.sites:
        if site.pin is not Pin.PLACEHOLDER or site.part not in _PARTS or site.kind not in (Kind.IMAGE, Kind.CHART, Kind.VARIABLE):
            continue
        folder = next((one for one in folders if site.path.startswith(f"{one}/")), None)
        spot = Spot(site.path, site.span)
        if (
            folder is None
            or not _is_shipped(site.path.removeprefix(f"{folder}/"))
            or site.role is Role.MENTION
            or not _MARKER.search(site.value)
            or plan.may_rewrite(site.path)
            or spot in told
        ):
            continue
        if site.path == f"{folder}/Chart.yaml" and folder in stamped:
            continue
        told.add(spot)
        yield _finding(subject, plan, folders[folder], spot, site.value)


def _is_shipped(path: str) -> bool:
    """Whether a chart's file says what is installed; its documents may hold examples."""
    return path.startswith(("templates/", "crds/")) or path in ("values.yaml", "Chart.yaml")


_WORKFLOW = """\
on: {{push: {{tags: ['v*']}}}}
jobs:
  chart:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - run: |
        sed -i "s@WEB_IMAGE_PLACEHOLDER@ghcr.io/example/web:${{GITHUB_REF_NAME#v}}@" {}
        helm package chart --version ${{GITHUB_REF_NAME#v}} --app-version ${{GITHUB_REF_NAME#v}}
        helm push web-*.tgz oci://ghcr.io/example/platform
"""
_CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: 0.1.0\n",
    "chart/templates/web.yaml": "kind: Pod\nspec:\n  containers:\n  - name: web\n    image: WEB_IMAGE_PLACEHOLDER\n",
    "deploy/web.yaml": "kind: Pod\nspec:\n  containers:\n  - name: web\n    image: WEB_IMAGE_PLACEHOLDER\n",
}

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a placeholder is published as it is",
    """
    A chart keeps a marker in Git where the release puts a version or an image. When the step that does so was renamed, moved to
    another file or lost, the marker itself is published. Only charts that a pipeline packages are judged, by what they hold at
    that moment.

    What to do: let the step replace the marker in the file that holds it, and let it fail when it finds none.
    """,
    _check,
    failing=(Example((Commit({**_CHART, ".github/workflows/release.yml": _WORKFLOW.format("deploy/web.yaml")}),)),),
    passing=(Example((Commit({**_CHART, ".github/workflows/release.yml": _WORKFLOW.format("chart/templates/web.yaml")}),)),),
)
