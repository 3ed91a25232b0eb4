"""RG205: a value is set that the chart, at the version that is installed, does not know."""

from bisect import bisect_left
from collections.abc import Iterator

from relgraph.infer.chartvalues import Chart, chart_in, setting_path, values_keys
from relgraph.infer.facts import Facts
from relgraph.infer.lines import basename
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.repository import Tree
from relgraph.model.site import Kind, Part, Pin, Site
from relgraph.model.version import parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG205", "chart-value-unknown"


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        charts = _Charts(facts, subject)
        for path, sites in subject.sites_by_path.items():
            if path_role(path) in (PathRole.VENDORED, PathRole.LEGACY, PathRole.HISTORY):
                continue
            uses = _Uses(sites)
            for site in sites:
                if site.kind is Kind.VARIABLE and site.get("scope") == "set" and site.get("chart"):
                    yield from _judge(facts, subject, charts, uses, site)
                elif site.kind is Kind.CHART and site.key.startswith("dependencies[") and path.endswith("Chart.yaml"):
                    yield from _dependency(facts, subject, charts, site)


def _judge(facts: Facts, subject: Subject, charts: "_Charts", uses: "_Uses", site: Site) -> Iterator[Finding]:
    if "{" in site.name or "$" in site.name:
        return
    use = uses.nearest(site)
    if use is None:
        return
    found = charts.at(use)
    key = setting_path(site.name)
    if found is None or found[0].knows(key):
        return
    yield _finding(facts, subject, use, site, key, *found)


def _dependency(facts: Facts, subject: Subject, charts: "_Charts", use: Site) -> Iterator[Finding]:
    """What a chart's values say for a dependency, under its name or alias."""
    folder = use.path.rpartition("/")[0]
    values = subject.text(f"{folder}/values.yaml".lstrip("/"))
    found = charts.at(use) if values is not None else None
    own = chart_in(subject.tree, "", folder)
    if values is None or found is None or own is None:
        return
    name = use.get("alias") or use.get("chart") or basename(use.name)
    asked = {tuple(condition.split(".")) for condition in use.get("condition").split(",")}
    keys = [key for key in values_keys(values.text) if key.path[0] == name and not key.commented]
    parents = {key.path[:-1] for key in keys}
    for key in keys:
        below = key.path[1:]
        if not below or key.path in parents or key.path in asked or found[0].knows(below):
            continue
        if any(read[: len(key.path)] == key.path or key.path[: len(read)] == read for read in own.read):
            continue  # this chart's own templates read it
        span = values.span(key.start, key.start + len(below[-1]))
        site = Site(
            values.path, span, Kind.VARIABLE, ".".join(key.path), Part.VERSION, below[-1], below[-1], Pin.EXACT, syntax="values"
        )
        yield _finding(facts, subject, use, site, below, *found)


def _finding(facts: Facts, subject: Subject, use: Site, site: Site, key: tuple[str, ...], chart: Chart, at: str) -> Finding:
    near = chart.alternatives(key)
    name = ".".join(key)
    return facts.finding(
        (_CODE, _NAME, Severity.ERROR if path_role(site.path) is not PathRole.TEST else Severity.WARNING),
        subject,
        site,
        f"{chart.name} {at} has no value {name}",
        node=facts.identity.line(subject, use).name,
        expected=near[0] if near and sorted(near[0].split(".")) == sorted(key) else None,
        actual=name,
        why=(
            f"{use.path}:{use.span.line} installs {chart.name} {at}",
            f"neither values.yaml nor a template of {chart.folder or 'the chart'} there has this key",
            *((f"it has {', '.join(near)}",) if near else ()),
        ),
        related=((subject, use),),
    )


class _Uses:
    """The versions of charts that one file asks for, by chart, and by chart and version, in order of position."""

    def __init__(self, sites: tuple[Site, ...]) -> None:
        self._found: dict[tuple[str, str], list[Site]] = {}
        for one in sites:
            if one.kind is Kind.CHART and one.part is Part.VERSION:
                for version in ("", one.raw):
                    self._found.setdefault((one.name, version), []).append(one)

    def nearest(self, setting: Site) -> Site | None:
        """The chart that the setting is for: the site of its version, in the same command or list of arguments."""
        same = self._found.get((setting.get("chart"), setting.get("version")), ())
        line = setting.span.line
        after = bisect_left(same, line, key=_line)
        near = (
            [*same[bisect_left(same, same[after - 1].span.line, key=_line) : after][:1], *same[after : after + 1]]
            if after
            else same[:1]
        )
        return min(near, key=lambda one: abs(one.span.line - line), default=None)


def _line(site: Site) -> int:
    return site.span.line


class _Charts:
    """The charts that are used, each read once."""

    def __init__(self, facts: Facts, subject: Subject) -> None:
        self._facts = facts
        self._subject = subject
        self._found: dict[tuple[str, str], tuple[Chart, str] | None] = {}

    def at(self, use: Site) -> tuple[Chart, str] | None:
        """The chart of a use at its version, and the tag's name; None where either is not in this world."""
        resolved = self._facts.resolve(self._subject, use)
        if resolved is None:
            return None
        key = (use.name, resolved.value)
        if key not in self._found:
            self._found[key] = self._read(use, resolved.value)
        return self._found[key]

    def _read(self, use: Site, value: str) -> tuple[Chart, str] | None:
        owner = self._facts.identity.known.get(self._facts.identity.line(self._subject, use).name)
        version = parse_version(value)
        if owner is None or version is None:
            return None
        tag = next((tag for tag in self._facts.ordered_tags(owner) if tag.version and tag.version.bare == version.bare), None)
        tree: Tree | None = None if tag is None else owner.at(tag.commit)
        if tag is None or tree is None:
            return None
        chart = chart_in(tree, use.name.rpartition("/")[2]) or chart_in(tree, basename(use.name))
        return None if chart is None else (chart, tag.name)


_GO_MOD = "module github.com/example/platform\n"
_INSTALL = "#!/bin/sh\nhelm upgrade --install engine oci://ghcr.io/example/engine/engine-chart --version 0.2.0 --set {}=3\n"
_CHART = "apiVersion: v2\nname: engine-chart\nversion: 0.0.0\n"
_TEMPLATE = "kind: Deployment\nargs: ['--level={{ .Values.agent.level }}']\n"
_ENGINE = (
    Commit(
        {"go.mod": "module github.com/example/engine\n", "chart/Chart.yaml": _CHART, "chart/values.yaml": "level:\n  agent: 2\n"},
        tags=("v0.1.0",),
    ),
    Commit(
        {
            "go.mod": "module github.com/example/engine\n",
            "chart/Chart.yaml": _CHART,
            "chart/values.yaml": "agent:\n  level: 2\n",
            "chart/templates/engine.yaml": _TEMPLATE,
        },
        tags=("v0.2.0",),
    ),
)

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a value is set that the chart does not know",
    """
    A script or hook installs a chart of this scan at a version and sets a value (--set KEY=...), or a chart that depends on it sets one
    in its own values. At the tag of that version, the chart's values.yaml has no such key and no template reads it. Helm accepts that
    in silence, so the setting is lost: the key was renamed, or the version is older or newer than the key.

    Values of dependencies, globals, and keys below an empty map, a list, or a value that a template hands on as a whole are fine.

    What to do: use a key that the chart has at that version.
    """,
    _check,
    failing=(Example((Commit({"go.mod": _GO_MOD, "install.sh": _INSTALL.format("level.agent")}),), {"engine": _ENGINE}),),
    passing=(Example((Commit({"go.mod": _GO_MOD, "install.sh": _INSTALL.format("agent.level")}),), {"engine": _ENGINE}),),
)
