"""RG406: a chart is published with one of its two versions stamped and the other left as it lies in Git."""

from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.model.finding import Finding, Severity
from relgraph.model.version import agree, parse_version
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import ArtifactKind, Packaging, Plan, Spot
from relgraph.pipeline.chart_fields import chart_field
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.spots import finding_at, path_line

__all__ = ["RULE"]

_CODE, _NAME = "RG406", "stamp-incomplete"


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        plan = facts.plan(subject)
        told: set[tuple[Spot | None, str]] = set()
        for packaging in plan.packagings:
            if not packaging.by_tag or (packaging.spot, packaging.folder) in told:
                continue
            told.add((packaging.spot, packaging.folder))
            yield from _app_version(subject, plan, packaging)
            yield from _version(facts, subject, plan, packaging)


def _literal(subject: Subject, packaging: Packaging, field: str) -> tuple[str, Spot] | None:
    path = f"{packaging.folder}/Chart.yaml".lstrip("/")
    text = subject.text(path)
    found = chart_field(text.text, field) if text is not None else None
    return None if found is None or text is None else (found.text, Spot(path, text.span(found.start, found.end)))


def _app_version(subject: Subject, plan: Plan, packaging: Packaging) -> Iterator[Finding]:
    version = packaging.version.text
    app = packaging.app_version.text if packaging.app_version is not None else None
    own, app_own = _literal(subject, packaging, "version"), _literal(subject, packaging, "appVersion")
    if version is None or app is None or own is None or app_own is None or packaging.spot is None:
        return
    released, stated = parse_version(version), parse_version(app)
    if app != app_own[0] or version == own[0] or released is None or stated is None or agree(released, stated):
        return
    if not _is_own(plan, packaging) and own[0] != app_own[0]:
        return
    yield finding_at(
        (_CODE, _NAME, Severity.ERROR),
        subject,
        packaging.version_spot or packaging.spot,
        f"the chart {packaging.name} is published as {version}, but its appVersion stays {app}",
        node=f"chart:{packaging.name}",
        expected=version,
        actual=app,
        why=(
            f"{path_line(packaging.spot)} gives the chart the version {version} for the git tag {plan.tag}",
            f"appVersion is what {path_line(app_own[1])} says, for every release: nothing stamps it",
        ),
        related=((subject, app_own[1]), (subject, packaging.spot)),
    )


def _is_own(plan: Plan, packaging: Packaging) -> bool:
    """Whether the chart deploys an image that the same release publishes: then its appVersion is this release."""
    images = {artifact.name.text for artifact in plan.artifacts if artifact.kind is ArtifactKind.IMAGE and artifact.by_tag}
    return any(
        image.repository.text in images
        for artifact in plan.artifacts
        if artifact.kind is ArtifactKind.CHART and artifact.source == packaging.folder
        for image in artifact.images
    )


def _version(facts: Facts, subject: Subject, plan: Plan, packaging: Packaging) -> Iterator[Finding]:
    version = packaging.version.text
    app = packaging.app_version.text if packaging.app_version is not None else None
    own, app_own = _literal(subject, packaging, "version"), _literal(subject, packaging, "appVersion")
    if version is None or app is None or own is None or packaging.spot is None or version != own[0]:
        return
    if app_own is not None and app == app_own[0]:
        return
    released = parse_version(app)
    before = _released_before(facts, subject, plan.tag, own[1].path)
    if released is None or before != version or agree(released, parse_version(version) or released):
        return
    yield finding_at(
        (_CODE, _NAME, Severity.ERROR),
        subject,
        packaging.app_version_spot or packaging.spot,
        f"the chart {packaging.name} is published as {version} again: only its appVersion becomes {app}",
        node=f"chart:{packaging.name}",
        expected=app,
        actual=version,
        why=(f"{path_line(own[1])} says {version}, as it did at the release before", "a published version is not published twice"),
        related=((subject, own[1]), (subject, packaging.spot)),
    )


def _released_before(facts: Facts, subject: Subject, tag: str, path: str) -> str | None:
    """The chart's version in the tree of another, earlier release; None where there is none."""
    for other in reversed(facts.ordered_tags(subject)):
        if other.name == tag or other.commit == subject.rev:
            continue
        tree = subject.at(other.name)
        data = tree.read(path) if tree is not None else None
        found = chart_field(data.decode("utf-8", "surrogateescape"), "version") if data is not None else None
        return None if found is None else found.text
    return None


_WORKFLOW = """\
on: {{push: {{tags: ['v*']}}}}
jobs:
  chart:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - run: |
        helm package chart --version ${{GITHUB_REF_NAME#v}}{}
        helm push web-*.tgz oci://ghcr.io/example/platform
"""
_CHART = {"chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: 0.1.0\n"}

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a chart is published with only one of its versions stamped",
    """
    Charts whose version is put in at release (`helm package --version`) have an appVersion, too. Where that is left to
    Chart.yaml, every release claims to deploy the version that the file was created with, and `default .Chart.AppVersion` in a
    template asks for an image of that version. The reverse, a stamped appVersion under a version that stays, publishes one
    version over and over.

    Charts that deploy somebody else's program have an appVersion of their own, and are not meant.

    What to do: pass `--app-version` beside `--version`, from the same variable, or write both fields before packaging.
    """,
    _check,
    failing=(Example((Commit({**_CHART, ".github/workflows/release.yml": _WORKFLOW.format("")}, ("v1.4.0",)),)),),
    passing=(
        Example(
            (
                Commit(
                    {**_CHART, ".github/workflows/release.yml": _WORKFLOW.format(" --app-version ${GITHUB_REF_NAME#v}")},
                    ("v1.4.0",),
                ),
            )
        ),
    ),
)
