"""GitLab's pipelines, evaluated for a pushed tag."""

import pytest

from pipelines import chart, plan_of, tagged, tree_of
from relgraph.git.memory import MemoryRepository
from relgraph.model.example import Commit
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import ArtifactKind, Plan
from relgraph.pipeline.plan import evaluate, has_pipeline

PATH = ".gitlab-ci.yml"
CHART = {"chart/Chart.yaml": "apiVersion: v2\nname: web-chart\nversion: 0.0.0\nappVersion: 0.0.0\n"}


def plan(text: str, files: dict[str, str] | None = None, tag: str = "v1.4.0") -> Plan:
    return plan_of({PATH: text, **(files or {})}, tag)


def images(text: str, files: dict[str, str] | None = None, tag: str = "v1.4.0") -> dict[str, list[str]]:
    return tagged(plan(text, files, tag), ArtifactKind.IMAGE)


def test_a_job_pushes_what_its_commands_push() -> None:
    text = """\
variables:
  IMAGE: quay.io/example/web
  REF: $IMAGE:${CI_COMMIT_TAG}
release:
  image: docker:27
  before_script:
  - VERSION="${CI_COMMIT_TAG#v}"
  script:
  - docker build -t "$REF" .
  - docker push "$REF"
  - |
    docker tag "$REF" "$IMAGE:$VERSION"
    docker push "$IMAGE:$VERSION"
"""
    assert has_pipeline(tree_of({PATH: text}))
    assert images(text) == {"quay.io/example/web": ["v1.4.0", "1.4.0"]}
    (trigger,) = plan(text).triggers
    assert (trigger.path, trigger.events) == (PATH, ("push-tag",))
    (first, second) = plan(text).artifacts
    assert all(one.by_tag and not one.conditional for one in (first, second))
    assert [place.span.line for place in second.places][-1] == 13


@pytest.mark.parametrize(
    ("stated", "runs"),
    [
        ("only: [tags]", True),
        ("only: tags", True),
        ("only: {refs: [tags]}", True),
        ("only: [/^v\\d+/]", True),
        ("only: [/^w/]", False),
        ("only: [main]", False),
        ("except: [tags]", False),
        ("except: [main]", True),
        ("only: {variables: [$CI_COMMIT_TAG =~ /^w/]}", False),
        ("rules: [{if: $CI_COMMIT_TAG}]", True),
        ("rules: [{if: $CI_COMMIT_BRANCH}]", False),
        ("rules: [{if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'}]", False),
        ("rules: [{if: $CI_COMMIT_TAG, when: never}, {when: always}]", False),
        ("rules: [{if: '$CI_COMMIT_TAG =~ /^V1[.]4/i'}]", True),
        ("rules: [{if: '$CI_COMMIT_TAG !~ /-rc/ && ($CI_COMMIT_BRANCH || $CI_COMMIT_TAG != null)'}]", True),
        ("rules: [{if: '$CI_PIPELINE_SOURCE == \"schedule\"'}]", False),
        ("rules: [{if: $CI_MERGE_REQUEST_IID}, {if: $CI_COMMIT_TAG, when: manual}]", True),
        ("when: never", False),
        ("when: manual", True),
    ],
)
def test_a_tag_starts_the_jobs_that_ask_for_it(stated: str, runs: bool) -> None:
    text = f"push:\n  {stated}\n  script: docker push quay.io/example/web:1\n"
    assert images(text) == ({"quay.io/example/web": ["1"]} if runs else {})
    assert [one.conditional for one in plan(text).artifacts] == [False] * runs
    assert [trigger.path for trigger in plan(text).triggers] == [PATH] * runs


@pytest.mark.parametrize(
    "stated", ["rules: [{if: $RELEASE}]", "rules: [{if: $CI_COMMIT_TAG, changes: [src/**]}]", "rules: [{if: 'x y'}]"]
)
def test_a_job_that_may_run_is_conditional(stated: str) -> None:
    (only,) = plan(f"push:\n  {stated}\n  script: docker push quay.io/example/web:1\n").artifacts
    assert only.conditional


def test_a_pipeline_for_branches_is_none_for_a_tag() -> None:
    text = "workflow: {rules: [{if: $CI_COMMIT_BRANCH}]}\npush:\n  script: docker push quay.io/example/web:1\n"
    assert plan(text).triggers == ()
    assert images(text) == {}


def test_jobs_extend_others_and_take_defaults() -> None:
    text = """\
default:
  before_script: ['VERSION=${CI_COMMIT_TAG#v}']
.push:
  variables: {NAME: nobody, HOST: quay.io}
  rules: [{if: $CI_COMMIT_TAG}]
  script: [docker push $HOST/example/$NAME:$VERSION]
web:
  extends: .push
  variables: {NAME: web}
api:
  extends: [.push]
  variables: {NAME: {value: api, description: which}}
  before_script: ['VERSION=$CI_COMMIT_TAG']
"""
    assert images(text) == {"quay.io/example/web": ["1.4.0"], "quay.io/example/api": ["v1.4.0"]}


def test_stages_follow_each_other_and_hand_on_artifacts_and_variables() -> None:
    text = """\
stages: [package, publish]
publish:
  stage: publish
  script:
  - helm push dist/web-chart-$VERSION.tgz oci://quay.io/example
package:
  stage: package
  script:
  - VERSION=${CI_COMMIT_TAG#v}
  - |
    sed -i "s/^appVersion:.*/appVersion: $VERSION/" chart/Chart.yaml
  - helm package chart --version $VERSION -d dist
  - echo "VERSION=$VERSION" > build.env
  artifacts:
    paths: [dist/]
    reports: {dotenv: build.env}
"""
    made = chart(plan(text, CHART))
    assert (str(made.name), [str(tag) for tag in made.tags], str(made.app_version)) == (
        "oci://quay.io/example/web-chart",
        ["1.4.0"],
        "1.4.0",
    )
    lost = text.replace("paths: [dist/]", "paths: [other/]")
    assert chart(plan(lost, CHART)).version is None


def test_local_files_are_included_below_the_one_that_includes_them() -> None:
    text = "include:\n- local: /ci/push.yml\n- remote: https://example.com/x.yml\nvariables: {NAME: web}\nstage: {x: y}\n"
    push = "variables: {NAME: nobody}\npush:\n  script: docker push quay.io/example/$NAME:1\n"
    assert images(text, {"ci/push.yml": push}) == {"quay.io/example/web": ["1"]}


def test_an_include_that_includes_itself_ends() -> None:
    assert images(f"include: {PATH}\npush:\n  script: docker push quay.io/example/web:1\n") == {"quay.io/example/web": ["1"]}


def test_kaniko_pushes_as_it_builds() -> None:
    text = """\
build:
  image: {name: 'gcr.io/kaniko-project/executor:debug', entrypoint: ['']}
  script:
  - /kaniko/executor --context $CI_PROJECT_DIR/web --destination quay.io/example/web:${CI_COMMIT_TAG}
  - /kaniko/executor --no-push --destination quay.io/example/web:never
"""
    (only,) = plan(text).artifacts
    assert (str(only.name), [str(tag) for tag in only.tags], only.source) == ("quay.io/example/web", ["v1.4.0"], "web")


def test_what_is_set_on_every_tag() -> None:
    text = "push:\n  script: docker push $CI_REGISTRY_IMAGE/web:$CI_COMMIT_REF_SLUG-$CI_COMMIT_SHORT_SHA-$SECRET\n"
    repository = MemoryRepository((Commit({PATH: text}),), addresses=("gitlab.com/Example/Platform",))
    tree = repository.tree("HEAD")
    assert tree is not None
    found = evaluate(Subject(repository, tree), "V1.4.0-rc.1")
    assert tagged(found, ArtifactKind.IMAGE) == {
        "registry.gitlab.com/example/platform/web": ["v1-4-0-rc-1-<short commit id>-<$SECRET>"]
    }
    assert list(images(text)) == ["<$CI_REGISTRY>/example/platform/web"]


@pytest.mark.parametrize(
    "text", ["", "- a\n", "push: 1\n", "push:\n  script: {a: b}\n", "push:\n  extends: push\n  script: docker push\n"]
)
def test_what_is_no_pipeline_publishes_nothing(text: str) -> None:
    assert plan(text).artifacts == ()
