"""RG408: a chart is pushed to another place than the pipeline itself says."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Push, Spot
from relgraph.pipeline.yaml_tree import YamlNode, read_yaml
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.spots import finding_at, path_line
from relgraph.syntax.text import Text

__all__ = ["RULE"]

_CODE, _NAME = "RG408", "pushed-elsewhere"
_LOOK = (PathRole.ARTIFACT, PathRole.DOCUMENT, PathRole.BUILD)
_CHARTS = re.compile(r"chart|helm", re.IGNORECASE)
_REPOSITORY = re.compile(r"(?:oci://)?[a-z0-9][a-z0-9._-]*(?:/[a-z0-9._-]+)+")


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        told: set[tuple[Spot, str]] = set()
        clear: list[Push] = []
        for push in facts.plan(subject).pushes:
            found = list(_push(subject, push))
            if not found:
                clear.append(push)
            for finding in found:
                key = (push.spot or push.places[-1], finding.message)
                if key not in told:
                    told.add(key)
                    yield finding
        if clear:
            yield from _looked_for(facts, subject, clear)


def _push(subject: Subject, push: Push) -> Iterator[Finding]:
    remote, chart = push.remote.text, push.chart.text
    if remote is None or chart is None or push.spot is None or not push.places:
        return
    text = subject.text(push.places[0].path)
    root = read_yaml(text.text) if text is not None and text.path.endswith((".yml", ".yaml")) else None
    if text is None or root is None:
        return
    place = f"{remote.removeprefix('oci://').rstrip('/')}/{chart}"
    declared = [
        (name, node, value)
        for name, node in _declared(root)
        if (value := node.text.removeprefix("oci://").strip("/")).rpartition("/")[2] == chart
    ]
    if any(place == value or place.endswith(f"/{value}") for _, _, value in declared):
        # One declared place is where it goes: whatever else is declared for this chart no longer matters.
        return
    for name, node, value in declared:
        first = place.partition("/")[0]
        full = value if "." in value.partition("/")[0] else f"{first}/{value}"
        expected = f"oci://{full.rpartition('/')[0]}"
        if expected == remote:
            continue
        doubled = place == f"{full}/{chart}" or place.endswith(f"/{value}/{chart}")
        yield finding_at(
            (_CODE, _NAME, Severity.ERROR),
            subject,
            push.spot,
            f"the chart {chart} is pushed as {place}, but {name} says {value}",
            node=f"chart:{chart}",
            expected=expected,
            actual=remote,
            why=(
                "helm push adds the chart's name to the address" + (": it stands there twice" if doubled else ""),
                f"{path_line(Spot(text.path, text.span(node.start, node.end)))} declares {value}"
                + ("" if _used(text, name, node) else ", and nothing uses it"),
            ),
            related=((subject, Spot(text.path, text.span(node.start, node.end))),),
        )
        return


def _looked_for(facts: Facts, subject: Subject, pushes: list[Push]) -> Iterator[Finding]:
    """Charts that the tree's own pages, hooks and scripts fetch from a place of its owner's that no pipeline pushes them to."""
    reached: dict[str, set[str | None]] = {}
    for push in pushes:
        if push.chart.text is not None:
            remote = push.remote.text
            reached.setdefault(push.chart.text, set()).add(None if remote is None else _place(remote, push.chart.text))
    owner = facts.identity.address(subject).split("/")[1:2]
    wanted: dict[str, list[Reference]] = {}
    for one in facts.references:
        if one.subject is not subject or one.site.kind is not Kind.CHART or one.role not in _LOOK:
            continue
        scheme, _, name = one.site.name.lower().partition("://")
        if scheme == "oci" and name.split("/")[1:2] == owner and name.rpartition("/")[2] in reached and not set(name) & {"{", "$"}:
            wanted.setdefault(name, []).append(one)
    for push in pushes:
        chart, spot = push.chart.text, push.spot
        places = reached.get(chart or "", {None})
        if chart is None or spot is None or None in places or any(place in wanted for place in places if place is not None):
            continue
        host = (push.remote.text or "").removeprefix("oci://").partition("/")[0]
        members = next(
            (found for name, found in sorted(wanted.items()) if name.startswith(f"{host}/") and name.endswith(f"/{chart}")), None
        )
        if members is None:
            continue
        reached[chart] = {None}
        place = _place(push.remote.text or "", chart)
        name = members[0].site.name.removeprefix("oci://")
        yield finding_at(
            (_CODE, _NAME, Severity.ERROR),
            subject,
            spot,
            f"the chart {chart} is pushed as {place}, but fetched from {name}",
            node=f"chart:{chart}",
            expected=f"oci://{name.rpartition('/')[0]}",
            actual=push.remote.text,
            why=("helm push adds the chart's name to the address", f"{members[0].where} fetches {name}"),
            related=tuple((subject, Spot(one.site.path, one.site.span)) for one in members),
        )


def _place(remote: str, chart: str) -> str:
    return f"{remote.removeprefix('oci://').rstrip('/')}/{chart}".lower()


def _declared(root: YamlNode) -> Iterator[tuple[str, YamlNode]]:
    """The variables of a workflow that name a chart's repository."""
    jobs = root.get("jobs")
    scopes = [root.get("env"), *(job.get("env") for job in (jobs.pairs.values() if jobs is not None else ()) if job.kind == "map")]
    for scope in scopes:
        for name, node in (scope.pairs if scope is not None else {}).items():
            if _CHARTS.search(name) and node.kind == "scalar" and _REPOSITORY.fullmatch(node.text):
                yield name, node


def _used(text: Text, name: str, node: YamlNode) -> bool:
    return re.search(rf"(?:env\.|\$\{{?){re.escape(name)}\b", text.text[node.end :]) is not None


_WORKFLOW = """\
on: {{push: {{tags: ['v*']}}}}
env:
  REGISTRY: ghcr.io
  CHART_REPOSITORY: example/web-chart
jobs:
  chart:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - run: |
        helm package chart --version ${{{{ github.ref_name }}}} --app-version ${{{{ github.ref_name }}}}
        helm push web-chart-*.tgz oci://${{{{ env.REGISTRY }}}}{}
"""
_OTHER = _WORKFLOW.format("/example/charts").replace("CHART_REPOSITORY: example/web-chart", "OWNER: example")
_PAGE = "```shell\nhelm install web oci://ghcr.io/example/web-chart --version 0.1.0\n```\n"
_CHART = {"chart/Chart.yaml": "apiVersion: v2\nname: web-chart\nversion: 0.1.0\nappVersion: 0.1.0\n"}

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a chart is pushed to another place than its pipeline declares",
    """
    A workflow declares where its chart belongs (`CHART_REPOSITORY: example/web-chart`), and its `helm push` sends it to the root
    of the registry, or to a folder of the chart's own name: Helm appends the chart's name to the address it is given. Or it goes to
    one place of the owner's, and the repository's own pages and hooks fetch it from another. The release succeeds, and nobody finds the
    chart where everything says it is.

    What to do: push to the declared place without the chart's name, which Helm appends, or correct the declaration and the pages.
    """,
    _check,
    failing=(
        Example((Commit({**_CHART, ".github/workflows/release.yml": _WORKFLOW.format("")}),)),
        Example((Commit({**_CHART, ".github/workflows/release.yml": _WORKFLOW.format("/${{ env.CHART_REPOSITORY }}")}),)),
        Example((Commit({**_CHART, "README.md": _PAGE, ".github/workflows/release.yml": _OTHER}),)),
    ),
    passing=(
        Example((Commit({**_CHART, ".github/workflows/release.yml": _WORKFLOW.format("/example")}),)),
        Example((Commit({**_CHART, "README.md": _PAGE, ".github/workflows/release.yml": _WORKFLOW.format("/example")}),)),
    ),
)
