"""appVersion against the image of the chart, and against the releases of its repository."""

from judged import findings
from relgraph.rules.chart_triple import RULE
from relgraph.rules.rule import Commit

CHART = "apiVersion: v2\nname: {}\nversion: 0.0.3\nappVersion: {}\n"
BASE = {"go.mod": "module github.com/example/platform\n"}


def said(name: str, app: str, **more: str) -> list[tuple[str | None, str | None]]:
    files = {**BASE, "charts/x/Chart.yaml": CHART.format(name, app), **more}
    history = (Commit(BASE, tags=("v0.10.1",)), Commit({**BASE, "x": ""}, tags=("v1.1.0",)), Commit(files))
    return [(one.actual, one.expected) for one in findings(RULE, history)]


def test_a_forgotten_app_version_names_an_older_release() -> None:
    assert said("platform", "v0.10.1") == [("v0.10.1", "v1.1.0")]
    assert said("platform", "v1.1.0") == []
    assert said("platform", "v1.2.0") == []


def test_charts_of_other_programs_and_other_numbers() -> None:
    assert said("redis", "v0.10.1") == []
    assert said("platform", "1.16.0") == []


def test_a_field_that_is_stamped() -> None:
    assert said("platform", "v0.10.1", Makefile="chart:\n\thelm package charts/x --version $(V) --app-version $(V)\n") == []
