"""RG103: a chart's appVersion and the tag of the image that it deploys disagree."""

import re
from collections.abc import Iterator

from relgraph.infer.binding import chart_root
from relgraph.infer.facts import Facts
from relgraph.infer.lines import basename
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Part, Pin, Role
from relgraph.model.version import agree, natural_key
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG103", "chart-triple"
_STAMP = re.compile(
    r"helm\s+package\b[^\n]*--(?:app-)?version|(?:\byq\b|\bsed\b)[^\n]*Chart\.yaml|^[^\n#]*Chart\.yaml[^\n]*(?:appVersion)",
    re.MULTILINE,
)


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        charts = facts.charts(subject)
        if not charts:
            continue
        declared: dict[str, dict[str, Reference]] = {}
        images: dict[str, list[Reference]] = {}
        for one in facts.references:
            if one.subject is not subject or one.role in (PathRole.VENDORED, PathRole.LEGACY, PathRole.HISTORY, PathRole.TEST):
                continue
            root = chart_root(one.site.path, charts)
            if root is None:
                continue
            if one.site.kind is Kind.CHART and one.site.role is Role.DECLARES and one.site.path == f"{root}/Chart.yaml".lstrip("/"):
                declared.setdefault(root, {})[one.site.key] = one
            elif one.site.kind is Kind.IMAGE and one.site.part is Part.TAG and one.site.pin is Pin.EXACT:
                images.setdefault(root, []).append(one)
        if declared and not _is_stamped(subject):
            for root, fields in sorted(declared.items()):
                if "appVersion" in fields:
                    found = list(_judge(facts, subject, fields["appVersion"], images.get(root, [])))
                    yield from found or _overtaken(facts, subject, fields["appVersion"], images.get(root, []))


def _is_stamped(subject: Subject) -> bool:
    """Whether anything of this tree writes versions into charts when it releases; then the tree's literals are placeholders."""
    for path in subject.entries:
        role = path_role(path)
        if role in (PathRole.PIPELINE, PathRole.BUILD) or path.endswith((".sh", ".mk")):
            if path.endswith((".go", ".sum", ".mod", ".md", ".json", ".py")):
                continue
            text = subject.text(path)
            if text is not None and ("Chart.yaml" in text.text or "helm" in text.text) and _STAMP.search(text.text):
                return True
    return False


def _judge(facts: Facts, subject: Subject, app: Reference, images: list[Reference]) -> Iterator[Finding]:
    own = facts.identity.address(subject)
    chart = basename(app.site.name)
    if app.version is None:
        return
    mains = [one for one in images if one.version is not None and (one.line == own or basename(one.site.name) == chart)]
    for one in mains:
        if one.version is None or agree(one.version, app.version):
            continue
        expected = one.version.prefix + app.version.bare
        yield facts.finding(
            (_CODE, _NAME, Severity.ERROR),
            subject,
            one.site,
            f"{one.site.name} is {one.site.value} in a chart whose appVersion is {app.site.value}",
            expected=expected,
            actual=one.site.value,
            why=(
                f"{app.where} says appVersion {app.site.value}",
                "appVersion names the version of the program that the chart deploys",
            ),
            related=((subject, app.site),),
        )


def _overtaken(facts: Facts, subject: Subject, app: Reference, images: list[Reference]) -> Iterator[Finding]:
    """An appVersion that names an older release of this very repository."""
    tags = [tag for tag in facts.ordered_tags(subject) if tag.version is not None and not tag.version.pre]
    version = app.version
    if version is None or not version.complete or not tags or facts.plan(subject).may_rewrite(app.site.path):
        return
    own = facts.identity.address(subject)
    chart, repository = basename(app.site.name), basename(own)
    if not (chart in repository or repository in chart or any(one.line == own for one in images)):
        return
    newest = tags[-1].version
    named = [tag for tag in tags if tag.version is not None and tag.version.bare == version.bare]
    if newest is None or not named or natural_key(newest) <= natural_key(version):
        return
    yield facts.finding(
        (_CODE, _NAME, Severity.WARNING),
        subject,
        app.site,
        f"the chart {app.site.name} has the appVersion {app.site.value}, and the newest release is {tags[-1].name}",
        expected=version.prefix + newest.bare,
        actual=app.site.value,
        why=(
            f"{named[-1].name} is a release of this repository, and {tags[-1].name} its newest",
            "nothing stamps the field when a release is made",
        ),
    )


def _chart(app: str, tag: str) -> dict[str, str]:
    return {
        "charts/web/Chart.yaml": f"apiVersion: v2\nname: web\nversion: 1.4.0\nappVersion: {app}\n",
        "charts/web/values.yaml": f"image:\n  repository: ghcr.io/example/web\n  tag: {tag}\n",
        "charts/web/templates/web.yaml": "kind: Pod\nspec:\n  containers:\n  - image: '{{ .Values.image.repository }}:{{ .Values.image.tag }}'\n",
    }


RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a chart's appVersion and the tag of its own image disagree",
    """
    A chart says three things of one release: its version, the appVersion of the program, and the tag of the program's image.
    Where nothing stamps them at release, the tree's own values are what is published, and the image that runs is not the one
    that `helm list` shows.

    So it is where appVersion names an older release of the same repository: the field was forgotten since (a warning, since charts
    may be released a little later).

    Charts whose fields a pipeline stamps are judged by what it would publish instead.

    What to do: make the two equal, or let the release stamp both from one variable.
    """,
    _check,
    failing=(Example((Commit(_chart("2.1.0", "2.0.9")),)),),
    passing=(Example((Commit(_chart("2.1.0", "v2.1.0")),)),),
)
