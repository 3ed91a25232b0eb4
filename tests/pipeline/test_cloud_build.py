"""Configurations of Google Cloud Build, evaluated for a tag."""

import pytest

from pipelines import chart, plan_of, tagged, tree_of
from relgraph.pipeline.artifacts import ArtifactKind, Plan
from relgraph.pipeline.plan import has_pipeline

PATH = "cloudbuild.yaml"


def plan(text: str, files: dict[str, str] | None = None, path: str = PATH) -> Plan:
    return plan_of({path: text, **(files or {})})


def images(text: str, files: dict[str, str] | None = None, path: str = PATH) -> dict[str, list[str]]:
    return tagged(plan(text, files, path), ArtifactKind.IMAGE)


def test_steps_run_and_images_are_pushed_at_the_end() -> None:
    text = """\
steps:
- name: gcr.io/cloud-builders/docker
  args: [build, -t, 'quay.io/example/web:$TAG_NAME', web]
- name: gcr.io/cloud-builders/docker
  args: [push, 'quay.io/example/api:${TAG_NAME}']
images:
- quay.io/example/web:$TAG_NAME
"""
    assert has_pipeline(tree_of({PATH: text}))
    assert images(text) == {"quay.io/example/api": ["v1.4.0"], "quay.io/example/web": ["v1.4.0"]}
    web = plan(text).artifacts[-1]
    assert (web.source, web.by_tag, web.places[-1].span.line) == ("web", True, 7)
    assert [trigger.events for trigger in plan(text).triggers] == [("push-tag",)]


def test_a_build_that_knows_no_tag_is_not_of_the_release() -> None:
    text = "steps:\n- name: docker\n  args: [push, 'gcr.io/$PROJECT_ID/web:$SHORT_SHA']\n"
    (only,) = plan(text).artifacts
    assert (str(only.name), [str(tag) for tag in only.tags], only.by_tag) == (
        "gcr.io/<$PROJECT_ID>/web",
        ["<short commit id>"],
        False,
    )
    assert [trigger.events for trigger in plan(text).triggers] == [("other",)]


def test_substitutions_name_others_and_take_the_shell_s_operators() -> None:
    text = """\
steps:
- name: bash
  entrypoint: bash
  env: ['VERSION=${TAG_NAME#v}', 'PLAIN=$_IMAGE']
  args:
  - -c
  - docker push $_IMAGE:$$VERSION && docker push "$${PLAIN}:${_GIVEN}"
substitutions:
  _IMAGE: ${_HOST}/example/web
  _HOST: quay.io
"""
    assert images(text) == {"quay.io/example/web": ["1.4.0", "<$_GIVEN>"]}


def test_a_script_has_the_environment_and_the_folder_of_its_step() -> None:
    text = """\
options: {env: [HOST=quay.io]}
steps:
- name: alpine/helm
  dir: deploy
  env: [NAME=example]
  script: |
    #!/bin/sh
    helm package chart --version 1.4.0 --app-version 1.4.0
    helm push web-chart-1.4.0.tgz oci://$HOST/$NAME
- name: make
  args: [push, TAG=$TAG_NAME]
"""
    files = {
        "deploy/chart/Chart.yaml": "apiVersion: v2\nname: web-chart\nversion: 0.0.0\n",
        "Makefile": "push:\n\tdocker push quay.io/example/web:$(TAG)\n",
    }
    assert str(chart(plan(text, files)).name) == "oci://quay.io/example/web-chart"
    assert images(text, files) == {"quay.io/example/web": ["v1.4.0"]}


def test_steps_share_the_checkout_and_no_variables() -> None:
    text = """\
steps:
- name: ubuntu
  entrypoint: sh
  args: [-c, 'TAG=lost; echo ${TAG_NAME} > VERSION; cd web']
- name: docker
  entrypoint: sh
  args: ['-c', 'docker push quay.io/example/web:$$(cat VERSION)$$TAG']
"""
    assert images(text) == {"quay.io/example/web": ["v1.4.0"]}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("gcr.io/kaniko-project/executor:v1.23.0", "--destination=quay.io/example/web:$TAG_NAME"),
        ("gcr.io/go-containerregistry/crane", "copy, x, 'quay.io/example/web:$TAG_NAME'"),
        ("'docker:27@sha256:" + "a" * 64 + "'", "push, 'quay.io/example/web:$TAG_NAME'"),
    ],
)
def test_a_step_runs_what_its_image_is_called(name: str, arguments: str) -> None:
    assert images(f"steps:\n- name: {name}\n  args: [{arguments}]\nimages: []\n") == {"quay.io/example/web": ["v1.4.0"]}


@pytest.mark.parametrize(
    "path", ["build/cloudbuild.yaml", "cloud-build.yml", "hack/release.cloudbuild.yaml", "cloudbuild-release.yaml"]
)
def test_configurations_lie_anywhere(path: str) -> None:
    assert images("steps:\n- name: docker\n  args: [push, 'a.example/b:$TAG_NAME']\n", path=path) == {"a.example/b": ["v1.4.0"]}


@pytest.mark.parametrize("text", ["", "steps: []\nimages: [a]\n", "images: [a.example/b:1]\n", "steps:\n- args: [docker, push]\n"])
def test_what_is_no_build_publishes_nothing(text: str) -> None:
    assert plan(text).artifacts == ()
