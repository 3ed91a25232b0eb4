"""Declared builds and releases (RG616 to RG618): where they report, and where they keep silent."""

import pytest

from relgraph.cli.trial import facts_of
from relgraph.judging import judge_facts
from relgraph.model.example import Commit
from relgraph.model.finding import Finding, Severity
from relgraph.rules import fixed_build, never_released, stamped_literal
from relgraph.rules.rule import Example, Rule

HEAD = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: example}
repos:
  platform: {url: https://github.com/example/platform}
  engine: {url: https://github.com/example/engine}
"""
MODULE = {"go.mod": "module github.com/example/platform\n"}


def told(rule: Rule, graph: str, *commits: Commit, engine: tuple[Commit, ...] = (Commit({"a": ""}),)) -> list[Finding]:
    facts = facts_of(Example(commits, {"engine": engine}, HEAD + graph))
    assert facts is not None
    return [one for one in judge_facts(facts, (rule,)).findings if one.rule == rule.code]


TOOL = "images: {tool: {from: platform, ref: ghcr.io/example/tool, build: {command: make push}}}\n"


def makefile(version: str, more: str = "") -> dict[str, str]:
    text = f"VERSION ?= {version}\npush:\n\tdocker build -t ghcr.io/example/tool:$(VERSION) .\n\tdocker push ghcr.io/example/tool:$(VERSION)\n"
    return {**MODULE, "Makefile": text + more, "Dockerfile": "FROM scratch\n"}


def test_a_version_written_by_hand_is_told_where_it_stands() -> None:
    (one,) = told(fixed_build.RULE, TOOL, Commit(MODULE, tags=("v0.1.0",)), Commit(makefile("0.1.0")))
    assert (one.severity, one.node, one.actual) == (Severity.WARNING, "images.tool", "0.1.0")
    assert (one.place.path, one.place.span.line) == ("Makefile", 1)
    assert one.message == "`make push` publishes tool as 0.1.0, whichever version is released"


@pytest.mark.parametrize(
    "version",
    ["$(shell git describe --tags)", "$(shell git rev-parse --short HEAD)", "", "latest", "$(RELEASE)"],
)
def test_a_version_that_comes_from_elsewhere_is_not(version: str) -> None:
    assert told(fixed_build.RULE, TOOL, Commit(MODULE, tags=("v0.1.0",)), Commit(makefile(version))) == []


def test_at_the_release_that_it_names_it_is_right() -> None:
    commit = makefile("0.1.0")
    assert told(fixed_build.RULE, TOOL, Commit(commit, tags=("v0.1.0",))) == []
    assert told(fixed_build.RULE, TOOL, Commit(MODULE, tags=("v0.1.0",)), Commit(commit, tags=("v0.2.0",))) != []


def test_a_command_that_publishes_something_else_says_nothing_of_this() -> None:
    graph = TOOL.replace("example/tool,", "example/other,")
    assert told(fixed_build.RULE, graph, Commit(MODULE, tags=("v0.1.0",)), Commit(makefile("0.1.0"))) == []


@pytest.mark.parametrize("command", ["make nothing", "./no-such-script.sh", "exit 1", "$(", "while true; do :; done", ""])
def test_a_command_that_cannot_be_followed_does_no_harm(command: str) -> None:
    graph = TOOL.replace("make push", f"'{command}'") if command else TOOL.replace("{command: make push}", "{}")
    assert told(fixed_build.RULE, graph, Commit(makefile("0.1.0"), tags=("v0.2.0",))) == []


CHART = (
    "charts:\n  web: {from: platform, ref: oci://ghcr.io/example/web, source: chart, build: {command: make push}}\n"
)  # fmt: skip
PUSH = "push:\n\thelm package chart --version $(shell git describe --tags){}\n\thelm push web-*.tgz oci://ghcr.io/example\n"


def chart(version: str, app: str, more: str = " --app-version $(shell git describe --tags)") -> dict[str, str]:
    return {
        **MODULE,
        "Makefile": PUSH.format(more),
        "chart/Chart.yaml": f"apiVersion: v2\nname: web\nversion: {version}\nappVersion: {app}\n",
    }


def literals(files: dict[str, str], *tags: str) -> list[tuple[Severity, str | None]]:
    return [(one.severity, one.actual) for one in told(stamped_literal.RULE, CHART, Commit(files, tags=tags or ("v0.2.0-rc1",)))]


def test_a_version_ahead_of_all_releases_is_a_warning_and_one_behind_a_note() -> None:
    assert literals(chart("0.2.0", "0.1.0")) == [(Severity.WARNING, "0.2.0"), (Severity.NOTE, "0.1.0")]


@pytest.mark.parametrize("version", ["0.0.0", "0.2.0-rc1", "v0.2.0-rc1"])
def test_a_placeholder_or_a_release_is_neither(version: str) -> None:
    assert literals(chart(version, version)) == []


def test_a_field_that_nothing_stamps_is_another_rules_business() -> None:
    assert [actual for _, actual in literals(chart("0.0.0", "0.1.0", more=""))] == []


def test_without_releases_nothing_can_be_said() -> None:
    assert literals(chart("0.2.0", "0.2.0"), "nightly") == []


PLAN = (
    "images: {tool: {from: engine, ref: ghcr.io/example/engine/tool}}\nfiles: {docs: {from: platform, paths: docs, uses: tool}}\n"
)
NAMED = Commit({**MODULE, "docs/a.md": "    docker run ghcr.io/example/engine/tool:0.1.0\n"})
UNNAMED = Commit({**MODULE, "docs/a.md": "Soon.\n"})


def test_what_a_file_names_and_nobody_released_is_an_error_a_plan_a_warning() -> None:
    (named,) = told(never_released.RULE, PLAN, NAMED)
    assert (named.severity, named.node, named.place.path) == (Severity.ERROR, "images.tool", "graph/example.yaml")
    assert [place.path for place in named.related] == ["docs/a.md"]
    assert named.why == (
        "files.docs uses it", "images.tool builds from repos.engine", "engine has no tag like v{version}"
    )  # fmt: skip
    (planned,) = told(never_released.RULE, PLAN, UNNAMED)
    assert planned.severity is Severity.WARNING


def test_what_comes_with_the_first_release_is_told_only_where_a_file_names_it_before() -> None:
    together = PLAN.replace("from: engine", "from: platform")
    assert told(never_released.RULE, together, UNNAMED) == []
    assert [one.severity for one in told(never_released.RULE, together, NAMED)] == [Severity.ERROR]


@pytest.mark.parametrize(
    ("graph", "tags"),
    [
        (PLAN, ("v0.1.0",)),
        (PLAN.replace("engine/tool}", "engine/tool, version: 1.0.0}"), ()),
        (PLAN.replace(", uses: tool", ""), ()),
        (PLAN.replace("from: engine", "from: platform"), ()),
    ],
    ids=["released", "declared", "unused", "another repository"],
)
def test_what_has_a_version_is_not_told(graph: str, tags: tuple[str, ...]) -> None:
    released = NAMED._replace(tags=("v0.1.0",))
    assert told(never_released.RULE, graph, released, engine=(Commit({"a": ""}, tags=tags),)) == []


@pytest.mark.parametrize("tag", ["engine-0.1.0", "release-0.1.0", "engine/v0.1.0", "0.1.0"])
def test_a_format_that_fits_no_tag_is_told_once_whatever_is_built_from_it(tag: str) -> None:
    (one,) = told(never_released.RULE, PLAN, NAMED._replace(tags=("v0.1.0",)), engine=(Commit({"a": ""}, tags=(tag, "nightly")),))
    assert (one.severity, one.node, one.place.path, one.actual) == (
        Severity.ERROR,
        "repos.engine",
        "graph/example.yaml",
        "v{version}",
    )
    assert one.message == "no tag of engine is written as v{version}, though there are versions among them"
    assert one.why[0] == f"the newest is {tag}"


@pytest.mark.parametrize("tags", [("nightly",), ("v0.0.0",), ("v0.1.0", "release-0.1.0")])
def test_tags_that_are_no_versions_need_no_format(tags: tuple[str, ...]) -> None:
    found = told(never_released.RULE, PLAN, NAMED._replace(tags=("v0.1.0",)), engine=(Commit({"a": ""}, tags=tags),))
    assert all(one.node == "images.tool" for one in found)
