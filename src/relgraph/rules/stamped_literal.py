"""RG617: a chart's field states a version that is none of its releases, and publishing overwrites it."""

from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.standing import releases
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Pin
from relgraph.model.version import agree, natural_key
from relgraph.rules.chart_fields import chart_fields, stamped_fields
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH

__all__ = ["RULE"]

_CODE, _NAME = "RG617", "stamped-literal"


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    for node in declared.graph.nodes.values():
        repo = declared.homes.get(node.id, "")
        subject = declared.subjects.get(repo)
        if node.kind != "chart" or not node.source or subject is None:
            continue
        known = releases(declared.graph.nodes[repo], subject)
        stamped = stamped_fields(facts, subject, node)
        for one in chart_fields(facts, subject, node):
            if one.site.key not in stamped or one.version is None or one.site.pin is not Pin.EXACT or not any(one.version.release):
                continue
            if not known or any(agree(one.version, release.version) for release in known):
                continue
            ahead = natural_key(one.version) > natural_key(known[-1].version)
            if ahead and declared.graph.nodes[repo].get("self") == "exact":
                continue  # the release that is being prepared, which its policy writes first and tags then
            yield facts.finding(
                (_CODE, _NAME, Severity.WARNING if ahead else Severity.NOTE),
                subject,
                one.site,
                f"{one.site.key} of {node.name} is {one.site.value} in git, which was never released",
                node=node.id,
                actual=one.site.value,
                why=(
                    f"publishing writes {one.site.key} anew",
                    f"the newest release of {subject.name} is {known[-1].tag.name}",
                    "who installs from git gets a version that nobody published; 0.0.0 would say so",
                ),
            )


_MORE = "charts:\n  web-chart: {from: platform, ref: oci://ghcr.io/example/web-chart, source: chart, build: {command: make push}}\n"
_MAKEFILE = "push:\n\thelm package chart --version $(shell git describe --tags) --app-version $(shell git describe --tags)\n\thelm push web-chart-*.tgz oci://ghcr.io/example\n"
_CHART = "apiVersion: v2\nname: web-chart\nversion: {0}\nappVersion: {0}\n"


def _world(version: str) -> tuple[Commit, ...]:
    files = {"go.mod": "module github.com/example/platform\n", "Makefile": _MAKEFILE, "chart/Chart.yaml": _CHART.format(version)}
    return (Commit(files, tags=("v0.2.0-rc1",)),)


RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "a chart states in git a version that was never released, and publishing overwrites it",
    """
    Publishing writes the field anew, so the literal in git says nothing about what users get; but whoever installs the chart from a
    clone, or reads it, takes it for a release. A version ahead of all releases will one day be confused with the real one; with
    `self: exact` it is the one that is being prepared.

    What to do: keep a placeholder (0.0.0) in git, or the last release.
    """,
    _check,
    failing=(Example(_world("0.2.0"), graph=GRAPH.format(more=_MORE)),),
    passing=(
        Example(_world("0.0.0"), graph=GRAPH.format(more=_MORE)),
        Example(_world("0.2.0-rc1"), graph=GRAPH.format(more=_MORE)),
        Example(_world("0.2.0"), graph=GRAPH.format(more=_MORE).replace("self: last-release", "self: exact")),
    ),
)
