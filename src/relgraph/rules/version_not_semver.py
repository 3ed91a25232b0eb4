"""RG407: a version that is no SemVer where one is required."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.version import is_semver
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Packaging, Plan, Spot
from relgraph.pipeline.chart_fields import chart_field
from relgraph.pipeline.value import COMMIT, SHORT_COMMIT, Value
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.spots import finding_at, path_line, source_of

__all__ = ["RULE"]

_CODE, _NAME = "RG407", "version-not-semver"
# What Helm takes for a version when it packages: SemVer, with a v or with parts left out.
_LENIENT = re.compile(r"v?\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_FILLED_LATER = re.compile(r".*(?:[${}<>%@]|placeholder|replace|TBD|\bx\b).*", re.IGNORECASE)


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        plan = facts.plan(subject)
        told: set[tuple[Spot, str]] = set()
        for packaging in plan.packagings:
            for finding in _packaging(subject, plan, packaging):
                key = (packaging.spot or packaging.places[-1], finding.message)
                if key not in told:
                    told.add(key)
                    yield finding
        packaged = {packaging.folder for packaging in plan.packagings if packaging.version_spot is not None}
        for path in subject.entries:
            if path.rpartition("/")[2] == "Chart.yaml" and path.rpartition("/")[0] not in packaged and not plan.may_rewrite(path):
                yield from _chart(subject, path)


def _reason(version: Value) -> str | None:
    """Why a version cannot be one, or None."""
    text = version.text
    if text is not None:
        if not text:
            return "it is empty"
        return None if _LENIENT.fullmatch(text) else "it is no semantic version"
    shapes = {hole.shape for hole in version.holes}
    if len(version.parts) == 1 and shapes & {COMMIT, SHORT_COMMIT}:
        return "a commit id is no semantic version"
    known = "".join(part for part in version.parts if isinstance(part, str))
    first = version.parts[0]
    if isinstance(first, str) and not re.match(r"v?\d", first):
        return f"it begins with {first}"
    return "it holds a character that no version has" if re.search(r"[\s/:$]", known) else None


def _packaging(subject: Subject, plan: Plan, packaging: Packaging) -> Iterator[Finding]:
    reason = _reason(packaging.version)
    if reason is None or packaging.spot is None:
        return
    spot = packaging.version_spot or packaging.spot
    written = source_of(subject, spot) if packaging.version_spot is not None else str(packaging.version)
    unset = [
        problem for problem in plan.problems if problem.message.endswith("is not set here") and packaging.spot in problem.places
    ]
    unset += [
        problem
        for problem in plan.problems
        if problem.message.endswith("is not set here")
        and problem.message.split()[0].strip("${}") in source_of(subject, packaging.spot)
    ]
    why = [f"Helm needs a semantic version (MAJOR.MINOR.PATCH): {reason}"]
    if unset:
        why.append(unset[0].message)
    yield finding_at(
        (_CODE, _NAME, Severity.ERROR),
        subject,
        spot,
        f"the chart {packaging.name} is packaged with the version {written}: {reason}",
        node=f"chart:{packaging.name}",
        actual=written,
        why=tuple(why),
        related=((subject, packaging.spot),),
    )


def _chart(subject: Subject, path: str) -> Iterator[Finding]:
    text = subject.text(path)
    field = chart_field(text.text, "version") if text is not None else None
    if text is None or field is None or path_role(path) in (PathRole.VENDORED, PathRole.LEGACY, PathRole.TEST):
        return
    # A leading v is tolerated everywhere, and a template or marker is filled in before anything is packaged.
    if is_semver(field.text.removeprefix("v")) or _FILLED_LATER.fullmatch(field.text):
        return
    spot = Spot(path, text.span(field.start, field.end))
    lenient = _LENIENT.fullmatch(field.text) is not None
    yield finding_at(
        (_CODE, _NAME, Severity.WARNING if lenient else Severity.ERROR),
        subject,
        spot,
        f"a chart's version must be a semantic version, and {field.text} is none",
        node=f"file:{path}",
        expected=_completed(field.text) if lenient else None,
        actual=field.text,
        why=(f"{path_line(spot)} is what is packaged: nothing stamps it",),
        fixable=lenient,
    )


def _completed(version: str) -> str | None:
    release, _, rest = version.partition("-")
    full = release + ".0" * (2 - release.count(".")) + (f"-{rest}" if rest else "")
    return full if is_semver(full.removeprefix("v")) else None


_WORKFLOW = """\
on: {{push: {{branches: [main]}}}}
jobs:
  chart:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - run: |
        helm package chart --version {}
        helm push web-*.tgz oci://ghcr.io/example/platform
"""
_CHART = {"chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: 0.1.0\n"}

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a version that is no semantic version where one is required",
    """
    Helm packages a chart only under a semantic version. `helm package --version ${{ github.sha }}`, a variable that is not set in
    this step, and text that a shell did not replace end the release; `version: 1.2` in Chart.yaml is taken, but `helm lint` and
    other tools refuse it.

    What to do: take the version from the release's tag, without whatever SemVer does not allow; give a commit's build a version such as
    `0.0.0-dev.COMMIT`.
    """,
    _check,
    failing=(
        Example((Commit({**_CHART, ".github/workflows/chart.yml": _WORKFLOW.format("${{ github.sha }}")}),)),
        Example((Commit({"chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2\n"}),)),
    ),
    passing=(
        Example((Commit({**_CHART, ".github/workflows/chart.yml": _WORKFLOW.format("0.0.0-${{ github.sha }}")}),)),
        Example((Commit(_CHART),)),
    ),
)
