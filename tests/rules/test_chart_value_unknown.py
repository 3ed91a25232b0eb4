"""Settings that a chart does not know."""

from judged import of_files
from relgraph.model.finding import Finding, Severity
from relgraph.rules.chart_value_unknown import RULE
from relgraph.rules.rule import Commit

CHART = {"go.mod": "module github.com/example/engine\n", "chart/Chart.yaml": "apiVersion: v2\nname: engine-chart\nversion: 0.0.0\n"}
ENGINE = {
    "engine": (
        Commit({**CHART, "chart/values.yaml": "level:\n  agent: 1\n"}, tags=("v0.1.0",)),
        Commit({**CHART, "chart/values.yaml": "agent:\n  level: 1\n"}, tags=("v0.2.0",)),
    )
}
HOOK = """\
args:
- upgrade
- --install
- engine
- oci://ghcr.io/example/engine-chart
- --version
- v{{.Values.ENGINE_VERSION}}
- --set
- "KEY={{.Values.level | default 2}}"
"""


def said(files: dict[str, str]) -> list[Finding]:
    return of_files(RULE, {"go.mod": "module github.com/example/platform\n", **files}, ENGINE)


def hook(version: str, key: str) -> list[Finding]:
    return said({
        "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
        "chart/values.yaml": f'ENGINE_VERSION: "{version}"\n',
        "chart/templates/hook.yaml": HOOK.replace("KEY", key),
    })  # fmt: skip


def test_a_hook_sets_what_was_renamed_in_the_version_it_installs() -> None:
    (found,) = hook("0.2.0", "level.agent")
    assert (found.severity, found.actual, found.expected) == (Severity.ERROR, "level.agent", "agent.level")
    assert found.place.path == "chart/templates/hook.yaml"
    assert hook("0.2.0", "agent.level") == []


def test_the_version_decides() -> None:
    assert hook("0.1.0", "level.agent") == []
    assert len(hook("0.1.0", "agent.level")) == 1


def test_a_version_that_does_not_exist_is_not_judged() -> None:
    assert hook("0.9.0", "level.agent") == []


def test_scripts_are_judged_as_well() -> None:
    line = "#!/bin/sh\nhelm upgrade --install engine oci://ghcr.io/example/engine-chart --version v0.2.0 --set level.agent=3,agent.level=2\n"
    assert [one.actual for one in said({"install.sh": line})] == ["level.agent"]


def test_charts_of_others_are_not() -> None:
    line = "#!/bin/sh\nhelm upgrade --install x oci://ghcr.io/acme/x --version v0.2.0 --set a=3\n"
    assert said({"install.sh": line}) == []


def umbrella(values: str, template: str = "") -> list[Finding]:
    return said({
        "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n- name: engine-chart\n  alias: engine\n  version: v0.2.0\n"
        "  repository: oci://ghcr.io/example\n  condition: engine.install\n",
        "chart/values.yaml": values,
        "chart/templates/web.yaml": template,
    })  # fmt: skip


def test_values_for_a_dependency_are_the_dependencys() -> None:
    (found,) = umbrella("engine:\n  install: true\n  # other: 1\n  level:\n    agent: 3\n")
    assert (found.actual, found.place.path, found.place.span.line) == ("level.agent", "chart/values.yaml", 5)
    assert umbrella("engine:\n  agent:\n    level: 3\nother: 1\n") == []


def test_unless_the_charts_own_templates_read_them() -> None:
    assert umbrella("engine:\n  extra: 3\n", "x: {{ .Values.engine.extra }}\n") == []
