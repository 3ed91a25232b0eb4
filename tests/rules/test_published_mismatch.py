"""References to what a neighbour published at a tag."""

from judged import of_files
from relgraph.rules.published_mismatch import RULE
from relgraph.rules.rule import Commit

RELEASE = (
    "on: {{push: {{tags: ['v*']}}}}\njobs:\n  chart:\n    runs-on: ubuntu-latest\n    steps:\n    - uses: actions/checkout@v4\n    - run: |\n"
    "        helm package chart --version ${{{{github.ref_name}}}} --app-version ${{{{github.ref_name}}}}\n"
    "        helm push engine-chart-*.tgz oci://ghcr.io/example/{}\n"
)
CHART = {"go.mod": "module github.com/example/engine\n", "chart/Chart.yaml": "apiVersion: v2\nname: engine-chart\nversion: 0.0.0\n"}


def engine(folder: str, later: str) -> dict[str, tuple[Commit, ...]]:
    path = ".github/workflows/release.yml"
    return {
        "engine": (
            Commit({**CHART, path: RELEASE.format(folder)}, tags=("v0.1.0",)),
            Commit({**CHART, path: RELEASE.format(later)}),
        )
    }


def said(version: str, *folders: str) -> list[tuple[str | None, str | None]]:
    script = f"#!/bin/sh\nhelm upgrade --install engine oci://ghcr.io/example/engine/engine-chart --version {version}\n"
    return [(one.actual, one.expected) for one in of_files(RULE, {"up.sh": script}, engine(*folders))]


def test_a_chart_is_asked_for_without_the_v_that_it_was_published_with() -> None:
    assert said("0.1.0", "engine", "engine") == [("0.1.0", "v0.1.0")]
    assert said("v0.1.0", "engine", "engine") == []


def test_what_was_published_then_counts_where_it_goes_elsewhere_now() -> None:
    assert said("0.1.0", "engine", "charts") == [("0.1.0", "v0.1.0")]
    assert said("v0.1.0", "engine", "charts") == []
