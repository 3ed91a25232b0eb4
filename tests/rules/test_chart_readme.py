"""Tables of settings, against the values that they document."""

from judged import of_files
from relgraph.rules.chart_readme import RULE

CHART = {
    "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
    "charts/web/values.yaml": "proxy:\n  image:\n    repository: quay.io/acme/proxy\n    tag: v1.21.7\nWEB_VERSION: 1.4.0\n",
}


def said(table: str) -> list[tuple[str | None, str | None]]:
    return [(one.actual, one.expected) for one in of_files(RULE, {**CHART, "charts/web/README.md": table})]


def test_a_default_that_was_changed() -> None:
    assert said('| name | default |\n|---|---|\n| `proxy.image.tag` | `"v1.19.1"` |\n') == [("v1.19.1", "v1.21.7")]
    assert said('| name | default |\n|---|---|\n| `proxy.image.tag` | `"v1.21.7"` |\n') == []


def test_settings_that_the_chart_does_not_have_and_other_tables() -> None:
    assert said("| name | default |\n|---|---|\n| `agent.image.tag` | `v1.19.1` |\n") == []
    assert said("| component | tested with |\n|---|---|\n| proxy | v1.19.1 |\n") == []
