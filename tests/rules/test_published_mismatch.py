"""References to what a neighbour published at a tag."""

import pytest

from judged import of_files
from relgraph.model.finding import Severity
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


GITLAB = """\
stages: [build, publish]
.release: {{rules: [{{if: $CI_COMMIT_TAG}}]}}
web:
  extends: .release
  stage: build
  script:
  - docker build -t ghcr.io/example/platform/web:${{CI_COMMIT_TAG{0}}} .
  - docker push ghcr.io/example/platform/web:${{CI_COMMIT_TAG{0}}}
chart:
  extends: .release
  stage: publish
  script:
  - helm package chart --version ${{CI_COMMIT_TAG#v}} --app-version $CI_COMMIT_TAG
  - helm push web-chart-*.tgz oci://ghcr.io/example
"""
CLOUD_BUILD = """\
steps:
- name: docker
  args: [build, -t, 'ghcr.io/example/platform/web:${{TAG_NAME{0}}}', .]
- name: alpine/helm
  args: [package, chart, --version, '${{TAG_NAME#v}}', --app-version, $TAG_NAME]
- name: alpine/helm
  args: [push, 'web-chart-${{TAG_NAME#v}}.tgz', 'oci://ghcr.io/example']
images: ['ghcr.io/example/platform/web:${{TAG_NAME{0}}}']
"""


@pytest.mark.parametrize(("path", "pipeline"), [(".gitlab-ci.yml", GITLAB), ("cloudbuild.yaml", CLOUD_BUILD)])
def test_a_chart_and_its_image_are_published_by_other_systems_as_well(path: str, pipeline: str) -> None:
    chart = {
        "chart/Chart.yaml": "apiVersion: v2\nname: web-chart\nversion: 0.0.0\nappVersion: 0.0.0\n",
        "chart/values.yaml": "image: ghcr.io/example/platform/web\n",
        "chart/templates/web.yaml": 'spec:\n  containers:\n  - image: "{{ .Values.image }}:{{ .Chart.AppVersion }}"\n',
    }
    (found,) = of_files(RULE, {path: pipeline.format("#v"), **chart})
    assert found.severity is Severity.ERROR
    assert of_files(RULE, {path: pipeline.format(""), **chart}) == []
