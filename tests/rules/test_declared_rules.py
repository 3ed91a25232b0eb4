"""Rules that a declaration makes possible: what their own examples do not show."""

from collections.abc import Mapping
from datetime import date

import pytest

from relgraph.cli.trial import facts_of
from relgraph.git.memory import MemoryRepository
from relgraph.infer.declaring import declare
from relgraph.judging import judge_facts
from relgraph.model.example import Commit
from relgraph.model.finding import Finding, Severity
from relgraph.reading import read_subject
from relgraph.rules.registry import RULES
from relgraph.rules.rule import Example
from relgraph.workspace.load import load_graphs

HEAD = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: g}
repos:
  platform: {url: https://github.com/example/platform, self: last-release}
  engine: {url: https://github.com/example/engine}
"""
MODULE = {"go.mod": "module github.com/example/platform\n"}
ENGINE = (Commit({"a": "1"}, tags=("v0.8.0",)), Commit({"a": "2"}, tags=("v0.9.3",)))


def told(graph: str, files: Mapping[str, str], *codes: str) -> list[Finding]:
    """What the rules of these codes (all by default) say of a release v1.0.0 with these files."""
    facts = facts_of(Example((Commit({**MODULE, **files}, tags=("v1.0.0",)),), {"engine": ENGINE}, HEAD + graph))
    assert facts is not None
    rules = [rule for rule in RULES if not codes or rule.code in codes]
    return [one for one in judge_facts(facts, rules).findings if one.severity is not Severity.NOTE]


def said(graph: str, files: Mapping[str, str], *codes: str) -> list[tuple[str, str, str | None, str | None]]:
    return [(one.rule, one.place.path, one.actual, one.expected) for one in told(graph, files, *codes)]


SITE = "tools: {cli: {from: platform, sites: {%s}}}\n"
SITES = ("RG611", "RG612", "RG613", "RG614")


@pytest.mark.parametrize(
    ("site", "files", "expected"),
    [
        ("path: notes.txt, match: 'release (.*)'", {}, ("RG611", "graph/example.yaml", "notes.txt", None)),
        ("path: notes.txt, match: 'release (.*)'", {"notes.txt": "1.0.0\n"}, ("RG612", "graph/example.yaml", "release (.*)", None)),
        ("path: a.yaml, yaml: spec.tag", {"a.yaml": "spec: {}\n"}, ("RG612", "graph/example.yaml", "spec.tag", None)),
        ("path: notes.txt, match: '^v(.*)$'", {"notes.txt": "v1.0.0\nv1.0.0\n"}, ("RG613", "notes.txt", "2", "1")),
        ("path: notes.txt, match: '^v(.*)$', count: 3", {"notes.txt": "v1.0.0\nv1.0.0\n"}, ("RG613", "notes.txt", "2", "3")),
        (
            "path: notes.txt, match: '^v(.*)$', count: 2",
            {"notes.txt": "v1.0.0\nv0.9.0\n"},
            ("RG614", "notes.txt", "0.9.0", "1.0.0"),
        ),
        ("path: a.yaml, yaml: spec.tag", {"a.yaml": "spec: {tag: v0.9.0}\n"}, ("RG614", "a.yaml", "v0.9.0", "v1.0.0")),
        ("path: notes.txt, match: 'is (.*)'", {"notes.txt": "is nothing\n"}, ("RG614", "notes.txt", "nothing", "1.0.0")),
    ],
)
def test_gone_lost_ambiguous_and_drifted_sites_are_told_apart(
    site: str, files: Mapping[str, str], expected: tuple[str, str, str | None, str | None]
) -> None:
    assert said(SITE % site, files, *SITES) == [expected]


@pytest.mark.parametrize(
    ("site", "files"),
    [
        ("path: notes.txt, match: 'release (.*)'", {"notes.txt": "release 1.0.0\n"}),
        ("path: a.yaml, yaml: spec.tag", {"a.yaml": "spec: {tag: v1.0.0}\n"}),
        ("path: a.yaml, yaml: spec.tag", {"a.yaml": "spec:\n  tag: 1.0\n"}),
        ("path: notes.txt, match: '(?m)^v(.*)$', count: 2", {"notes.txt": "v1.0.0\nv1.0.0\n"}),
    ],
)
def test_a_site_that_states_its_nodes_version_is_right(site: str, files: Mapping[str, str]) -> None:
    assert said(SITE % site, files, *SITES) == []


def test_a_site_may_stand_in_another_repository() -> None:
    graph = "tools: {cli: {from: engine, sites: {path: go.mod, match: 'module (.*)', repo: platform}}}\n"
    assert said(graph, {}, *SITES) == [("RG614", "go.mod", "github.com/example/platform", "0.9.3")]


POD = "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/platform/web:1.0.0\n"
CHART = """\
images: {web: {from: platform, ref: ghcr.io/example/platform/web, build: {ko: ./cmd}}}
charts: {c: {from: platform, ref: 'oci://ghcr.io/example/c', source: chart%s}}
hooks: {h: {from: platform, source: chart/templates/h.yaml%s}}
"""
FILES = {"chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\nappVersion: 1.0.0\n", "chart/templates/h.yaml": POD}
EDGES = ("RG604", "RG605")


@pytest.mark.parametrize(
    ("chart", "hook"),
    [(", contains: h", ", uses: web"), (", contains: h, uses: web", ""), (", contains: h, uses: web", ", uses: web")],
)
def test_what_a_part_refers_to_the_whole_may_and_the_other_way_round(chart: str, hook: str) -> None:
    assert said(CHART % (chart, hook), FILES, *EDGES) == []


def test_without_an_edge_the_reference_is_told_of_the_most_telling_node() -> None:
    (one,) = told(CHART % ("", ""), FILES, *EDGES)
    assert (one.rule, one.node, one.place.path) == ("RG605", "hooks.h", "chart/templates/h.yaml")


def test_an_edge_that_no_file_shows_is_told_at_its_place() -> None:
    (one,) = told(CHART % (", uses: web", ""), {**FILES, "chart/templates/h.yaml": ""}, *EDGES)
    assert (one.rule, one.node, one.place.path, one.place.span.line) == ("RG604", "charts.c", "graph/example.yaml", 8)


USES = "files: {f: {from: platform, paths: [s], uses: {node: engine, %s}}}\n"


def clone(version: str) -> dict[str, str]:
    return {"s/run.sh": f"git clone -b v{version} https://github.com/example/engine.git\n"}


@pytest.mark.parametrize(
    ("edge", "version", "expected"),
    [
        ("version: '>=0.9 <0.10'", "0.9.3", []),
        ("version: '>=0.9 <0.10'", "0.8.0", [("RG606", "s/run.sh", "v0.8.0", ">=0.9 <0.10")]),
        (
            "version: '>=1.0.0'",
            "0.9.3",
            [("RG606", "graph/example.yaml", ">=1.0.0", None), ("RG606", "s/run.sh", "v0.9.3", ">=1.0.0")],
        ),
        ("version: 'newest'", "0.9.3", [("RG606", "graph/example.yaml", "newest", None)]),
        ("follow: last-release", "0.9.3", []),
        ("follow: last-release", "0.8.0", [("RG610", "s/run.sh", "v0.8.0", "v0.9.3")]),
        ("follow: pinned", "0.8.0", []),
        ("follow: main", "0.8.0", []),
    ],
)
def test_ranges_and_follows(edge: str, version: str, expected: list[tuple[str, str, str | None, str | None]]) -> None:
    assert said(USES % edge, clone(version), "RG606", "RG610") == expected


WRONG = {"s/run.sh": "docker run ghcr.io/example/engine/motor:0.8.0\n"}
MOTOR = "images: {motor: {from: engine, ref: ghcr.io/example/engine/motor, build: {ko: ./cmd}}}\n"
FOLLOWS = MOTOR + "files: {f: {from: platform, paths: [s], uses: {node: motor, follow: last-release}}}\n"


def waived(waivers: str, day: date = date(2026, 1, 2), rules: str = "") -> tuple[list[tuple[str, Severity]], int]:
    """Rules and severities of what is left of a wrong reference, and how many were waived."""
    graph = load_graphs([("graph/g.yaml", (HEAD + FOLLOWS + waivers + rules).encode())])["g"]
    subjects = {}
    for name, commits in (("platform", (Commit({**MODULE, **WRONG}, tags=("v1.0.0",)),)), ("engine", ENGINE)):
        repository = MemoryRepository(commits, name=name)
        tree = repository.tree("HEAD")
        assert tree is not None
        subjects[f"repos.{name}"] = read_subject(repository, tree)
    settled = judge_facts(declare(graph, subjects, {}, today=day))
    return [(one.rule, one.severity) for one in settled.findings if one.severity is not Severity.NOTE], settled.waived


ERROR, WARNING = Severity.ERROR, Severity.WARNING
LEFT = ([("RG610", ERROR)], 0)


def waiver(**fields: str) -> str:
    given = {"rule": "RG610", "site": "s/**", "reason": "on purpose", "owner": "ops"} | fields
    return "waivers:\n- {" + ", ".join(f"{name}: '{value}'" for name, value in given.items() if value) + "}\n"


def test_without_a_waiver_it_is_told() -> None:
    assert waived("") == LEFT


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"rule": "declared-follow"},
        {"rule": "*"},
        {"site": "", "node": "files.f"},
        {"site": "", "node": "f"},
        {"node": "f"},
        {"site": "s/run.sh"},
    ],
    ids=str,
)
def test_a_waiver_waives_by_rule_site_and_node(fields: dict[str, str]) -> None:
    left, count = waived(waiver(**fields))
    assert left == []
    assert count >= 1  # with *, the notes of that place too


@pytest.mark.parametrize(
    "fields", [{"rule": "RG606"}, {"site": "t/**"}, {"site": "", "node": "motor"}, {"site": "s/**", "node": "motor"}], ids=str
)
def test_a_waiver_of_something_else_is_unused(fields: dict[str, str]) -> None:
    assert waived(waiver(**fields)) == ([("RG608", WARNING), ("RG610", ERROR)], 0)


def test_a_waiver_holds_on_its_last_day_and_no_longer() -> None:
    assert waived(waiver(expires="2026-06-30"), date(2026, 6, 30)) == ([], 1)
    assert waived(waiver(expires="2026-06-30"), date(2026, 7, 1)) == ([("RG609", WARNING), ("RG610", ERROR)], 0)


def change(severity: str, rule: str = "RG610") -> str:
    return f"rules: {{rule: {rule}, severity: {severity}, reason: so it is}}\n"


def test_a_graph_may_set_the_severity_of_a_rule() -> None:
    assert waived("", rules=change("warning")) == ([("RG610", WARNING)], 0)
    assert waived("", rules=change("note", "declared-follow")) == ([], 0)
    assert waived("", rules=change("off")) == ([], 1)
    assert waived("", rules=change("warning", "RG606")) == LEFT


def test_what_was_changed_says_why() -> None:
    graph = FOLLOWS + change("warning")
    (one,) = told(graph, WRONG, "RG610")
    assert one.why[-1] == "graph/example.yaml:9:8: warning, so it is"


def test_one_waiver_may_cover_what_another_does() -> None:
    both = waiver() + waiver(rule="*").removeprefix("waivers:\n")
    assert waived(both)[0] == []


def test_what_publishing_writes_into_a_chart_shows_its_edge() -> None:
    graph = (CHART % (", uses: web", "")).replace("source: chart,", "source: chart, build: {command: make push},")
    makefile = (
        "push:\n\tsed -i 's#PLACEHOLDER#ghcr.io/example/platform/web:1.0.0#' chart/templates/h.yaml\n"
        "\thelm package chart --version 1.0.0 --app-version 1.0.0\n\thelm push c-*.tgz oci://ghcr.io/example\n"
    )
    placeholder = {**FILES, "chart/templates/h.yaml": POD.replace("ghcr.io/example/platform/web:1.0.0", "PLACEHOLDER")}
    assert said(graph, {**placeholder, "Makefile": makefile}, "RG604") == []
    assert [rule for rule, *_ in said(graph, placeholder, "RG604")] == ["RG604"]


BASE = "  base: {url: https://github.com/example/base%s}\n"
ADDON = "  addon: {from: engine, ref: oci://ghcr.io/example/addon, source: chart, uses: [%s]}\n"
WHOLE = "  whole: {from: platform, ref: oci://ghcr.io/example/whole, source: whole, uses: [addon, %s]}\n"
NAMED = "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/base:{}\n"
META = "apiVersion: v2\nname: {}\nversion: 1.0.0\ndependencies:\n"
DEPENDENCY = "- {{name: {}, version: {}, repository: 'oci://ghcr.io/example'}}\n"


@pytest.mark.parametrize(
    ("image", "external", "severity"),
    [(True, "", Severity.WARNING), (True, ", external: true", Severity.NOTE), (False, ", external: true", Severity.ERROR)],
)
def test_two_versions_weigh_as_much_as_they_cost(image: bool, external: str, severity: Severity) -> None:
    head = f"{HEAD}{BASE % external}"
    if image:
        graph = f"{head}images:\n  base: {{from: base, ref: ghcr.io/example/base}}\ncharts:\n"
        graph += ADDON % "images.base" + WHOLE % "images.base"
    else:
        graph = f"{head}charts:\n  base: {{from: base, ref: oci://ghcr.io/example/base}}\n"
        graph += ADDON % "charts.base" + WHOLE % "charts.base"

    def files(folder: str, name: str, base: str, more: str = "") -> dict[str, str]:
        needs = more if image else more + DEPENDENCY.format("base", base)
        pod = {f"{folder}/templates/pod.yaml": NAMED.format(base)} if image else {}
        return {f"{folder}/Chart.yaml": META.format(name) + needs, **pod}

    own = Commit({**MODULE, **files("whole", "whole", "1.3.0", DEPENDENCY.format("addon", "0.9.3"))}, tags=("v1.0.0",))
    siblings = {
        "engine": (Commit(files("chart", "addon", "1.2.0"), tags=("v0.9.3",)),),
        "base": (Commit({"n": "1"}, tags=("v1.2.0",)), Commit({"n": "2"}, tags=("v1.3.0",))),
    }
    facts = facts_of(Example((own,), siblings, graph))
    assert facts is not None
    found = [one for one in judge_facts(facts).findings if one.rule == "RG607"]
    assert [(one.severity, one.actual, one.expected) for one in found] == [(severity, "1.3.0", "1.2.0")]


def test_a_tag_that_is_skipped_is_there_all_the_same() -> None:
    graph = (
        HEAD.replace("engine}", 'engine, skip: ["*-alpha.*"]}')
        + "images: {motor: {from: engine, ref: ghcr.io/example/engine/motor}}\n"
    )
    pod = "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/engine/motor:{}\n"
    history = (*ENGINE, Commit({"a": "3"}, tags=("v1.0.0-alpha.2",)))

    def absent(version: str) -> list[str | None]:
        own = Commit({**MODULE, "deploy/pod.yaml": pod.format(version)}, tags=("v1.0.0",))
        facts = facts_of(Example((own,), {"engine": history}, graph))
        assert facts is not None
        return [one.actual for one in judge_facts(facts).findings if one.rule == "RG201"]

    assert absent("1.0.0-alpha.2") == []
    assert absent("0.9.4-alpha.1") == ["0.9.4-alpha.1"]


@pytest.mark.parametrize(
    ("channels", "tag", "severity"),
    [
        ("", ":latest", Severity.WARNING),
        (", channels: [latest]", ":latest", Severity.NOTE),
        (", channels: [latest]", "", Severity.NOTE),
    ],
)
def test_a_declared_channel_moves_on_purpose(channels: str, tag: str, severity: Severity) -> None:
    graph = f"{HEAD}images: {{motor: {{from: engine, ref: ghcr.io/other/motor{channels}}}}}\n"
    pod = f"kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/other/motor{tag}\n"
    facts = facts_of(Example((Commit({**MODULE, "deploy/pod.yaml": pod}, tags=("v1.0.0",)),), {"engine": ENGINE}, graph))
    assert facts is not None
    assert [one.severity for one in judge_facts(facts).findings if one.rule == "RG301"] == [severity]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("0.9.0", "3.0.0", [("0.9.0", "1.0.0"), ("3.0.0", "1.0.0")]),
        ("0.9.0", "0.9.0", [("0.9.0", "1.0.0"), ("0.9.0", "1.0.0")]),
        ("1.1.0", "1.1.0", []),
        ("1.0.0", "1.0.0", []),
    ],
)
def test_versions_of_itself_that_no_tag_has_are_held_against_the_newest(
    first: str, second: str, expected: list[tuple[str, str]]
) -> None:
    """What a graph declares has its repository's versions, so that two places which agree on none of them are both wrong."""
    line = "helm upgrade --install web oci://ghcr.io/example/platform/web-chart --version {}\n"
    graph = HEAD + "charts: {web: {from: platform, ref: 'oci://ghcr.io/example/platform/web-chart', source: chart}}\n"
    files = {"scripts/up.sh": line.format(first), "docs/up.md": f"```shell\n{line.format(second)}```\n"}
    facts = facts_of(Example((Commit(MODULE, tags=("v1.0.0",)), Commit({**MODULE, **files})), {"engine": ENGINE}, graph))
    assert facts is not None
    rules = [rule for rule in RULES if rule.code == "RG102"]
    assert sorted((one.actual or "", one.expected or "") for one in judge_facts(facts, rules).findings) == expected
