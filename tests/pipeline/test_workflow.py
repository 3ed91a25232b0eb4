import pytest

from pipelines import names, plan_of, steps, tagged
from relgraph.pipeline.artifacts import ArtifactKind
from relgraph.pipeline.workflow import asks_for_tag, events_of, jobs_in_order
from relgraph.pipeline.yaml_tree import read_yaml

PATH = ".github/workflows/release.yml"


def events(on: str, tag: str = "v1.4.0") -> tuple[str, ...]:
    source = f"on:{on}\njobs:\n  a:\n    runs-on: x\n"
    root = read_yaml(source)
    assert root is not None
    return events_of(source, root, tag)


@pytest.mark.parametrize(
    ("on", "found"),
    [
        (" push", ("push-tag", "other")),
        (" [push, pull_request]", ("push-tag", "other", "pull-request")),
        ("\n  push:\n    tags: ['v*']", ("push-tag",)),
        ("\n  push:\n    tags: ['*.*.*']", ("push-tag",)),
        ("\n  push:\n    tags: ['v[0-9]+.[0-9]+.[0-9]+']", ("push-tag",)),
        ("\n  push:\n    tags: ['chart-*']", ()),
        ("\n  push:\n    tags: ['v*', '!v1.4*']", ()),
        ("\n  push:\n    branches: [main]", ("other",)),
        ("\n  push:\n    branches: [main]\n    tags: [v*]", ("push-tag", "other")),
        ("\n  push:\n    tags-ignore: [x]", ("push-tag",)),
        ("\n  push:\n", ("push-tag", "other")),
        ("\n  release:\n    types: [published]", ("release",)),
        ("\n  release:\n  workflow_dispatch:\n", ("release", "dispatch")),
        ("\n  create:\n", ("create",)),
        ("\n  workflow_call:\n    inputs: {a: {type: string}}", ("call",)),
        ("\n  schedule:\n  - cron: '0 0 * * *'", ("other",)),
    ],
)
def test_what_starts_a_workflow(on: str, found: tuple[str, ...]) -> None:
    assert events(on) == found


def test_whether_a_person_is_asked_for_the_version() -> None:
    for name, asked in (("version", True), ("git_tag", True), ("release-name", True), ("flags", False), ("go_version_file", False)):
        root = read_yaml(f"on: {{workflow_dispatch: {{inputs: {{{name}: {{type: string}}}}}}}}\n")
        assert root is not None
        assert asks_for_tag(root) is asked


def test_jobs_come_after_those_that_they_need() -> None:
    root = read_yaml(
        "jobs:\n  c: {needs: [b, a]}\n  b: {needs: a}\n  a: {x: y}\n  loop: {needs: [loop2]}\n  loop2: {needs: [loop]}\n"
    )
    assert root is not None
    assert [name for name, _ in jobs_in_order(root)][:3] == ["a", "b", "c"]


def pushed(
    *bodies: str, on: str = "push: {tags: ['v*']}", env: str = "", files: dict[str, str] | None = None
) -> dict[str, list[str]]:
    return tagged(plan_of({PATH: steps(*bodies, on=on, env=env), **(files or {})}), ArtifactKind.IMAGE)


@pytest.mark.parametrize(
    ("script", "tag"),
    [
        ("docker push ghcr.io/example/web:${{ github.ref_name }}", "v1.4.0"),
        ("docker push ghcr.io/example/web:${GITHUB_REF_NAME#v}", "1.4.0"),
        ("docker push ghcr.io/example/web:${GITHUB_REF##*/}", "v1.4.0"),
        ("docker push ghcr.io/example/web:${GITHUB_REF/refs\\/tags\\//}", "v1.4.0"),
        ("docker push ghcr.io/example/web:${GITHUB_SHA::7}", "<short commit id>"),
        ("docker push ghcr.io/example/web:${{ github.sha }}", "<commit id>"),
        ("docker push ghcr.io/example/web:$(git describe --tags | sed 's/^v//')", "1.4.0"),
        ("docker push ghcr.io/example/web:${{ github.run_number }}", "<github.run_number>"),
        ("docker push ghcr.io/example/web", "latest"),
        ("V=${{ startsWith(github.ref, 'refs/tags/') && 'tag' || 'branch' }}\ndocker push ghcr.io/example/web:$V", "tag"),
    ],
)
def test_versions_reach_the_registry(script: str, tag: str) -> None:
    assert pushed(script) == {"ghcr.io/example/web": [tag]}


def test_variables_go_from_step_to_step() -> None:
    steps_ = (
        'echo "VERSION=${GITHUB_REF_NAME#v}" >> $GITHUB_ENV',
        "id: read\nrun: |\n  echo name=web >> \"$GITHUB_OUTPUT\"\n  echo '::set-output name=old::yes'",
        "docker push ghcr.io/example/${{ steps.read.outputs.name }}:${{ env.VERSION }}-$VERSION-${{ steps.read.outputs.old }}-${{ steps.read.outputs.none }}",
    )
    assert pushed(*steps_) == {"ghcr.io/example/web": ["1.4.0-1.4.0-yes-"]}


def test_several_lines_go_through_a_here_document() -> None:
    first = "id: tags\nrun: |\n  {\n    echo 'list<<EOF'\n    echo ghcr.io/example/web:1\n    echo EOF\n  } >> $GITHUB_OUTPUT"
    action = "uses: docker/build-push-action@v6\nwith:\n  push: true\n  tags: ${{ steps.tags.outputs.list }}"
    assert pushed(first, action) == {"ghcr.io/example/web": ["1"]}


def test_the_environment_of_a_step_ends_with_it() -> None:
    first = "env: {TAG: a}\nrun: docker push ghcr.io/example/web:$TAG"
    assert pushed(first, "docker push ghcr.io/example/web:x$TAG", env="TAG: b") == {"ghcr.io/example/web": ["a", "xb"]}


def test_steps_whose_condition_fails_are_left_out() -> None:
    body = "if: github.event_name == 'pull_request'\nrun: docker push ghcr.io/example/web:1"
    assert pushed(body) == {}
    maybe = "if: inputs.publish == 'yes'\nrun: docker push ghcr.io/example/web:1"
    plan = plan_of({PATH: steps(maybe)})
    assert [artifact.conditional for artifact in plan.artifacts] == [True]


def test_outputs_go_from_job_to_job() -> None:
    workflow = """\
on: {push: {tags: ['v*']}}
jobs:
  publish:
    needs: version
    strategy:
      matrix:
        image: [web, api]
        include:
        - image: tool
          more: x
    steps:
    - run: docker push ghcr.io/example/${{ matrix.image }}:${{ needs.version.outputs.tag }}
  version:
    outputs:
      tag: ${{ steps.read.outputs.tag }}
    steps:
    - id: read
      run: echo tag=${GITHUB_REF_NAME#v} >> $GITHUB_OUTPUT
"""
    assert tagged(plan_of({PATH: workflow}), ArtifactKind.IMAGE) == {
        "ghcr.io/example/web": ["1.4.0"],
        "ghcr.io/example/api": ["1.4.0"],
    }


def test_called_workflows_and_local_actions() -> None:
    caller = """\
on: {push: {tags: ['v*']}}
jobs:
  call:
    uses: ./.github/workflows/image.yml
    with: {name: web, tag: '${{ github.ref_name }}'}
"""
    called = """\
on: {workflow_call: {inputs: {name: {type: string}, tag: {type: string}, registry: {type: string, default: ghcr.io}}}}
jobs:
  push:
    steps:
    - uses: ./.github/actions/push
      with: {reference: '${{ inputs.registry }}/example/${{ inputs.name }}:${{ inputs.tag }}'}
"""
    action = """\
inputs: {reference: {required: true}}
runs:
  using: composite
  steps:
  - shell: bash
    run: docker push ${{ inputs.reference }}
"""
    files = {PATH: caller, ".github/workflows/image.yml": called, ".github/actions/push/action.yml": action}
    plan = plan_of(files)
    assert tagged(plan, ArtifactKind.IMAGE) == {"ghcr.io/example/web": ["v1.4.0"]}
    assert [spot.path for spot in plan.artifacts[0].places] == [
        PATH,
        ".github/workflows/image.yml",
        ".github/actions/push/action.yml",
    ]


def test_workflows_of_branches_know_no_tag() -> None:
    plan = plan_of({PATH: steps("docker push ghcr.io/example/web:${{ github.ref_name }}", on="push: {branches: [main]}")})
    assert tagged(plan, ArtifactKind.IMAGE) == {"ghcr.io/example/web": ["<github.ref_name>"]}
    assert not plan.artifacts[0].by_tag


def test_a_version_that_a_person_types_is_the_tag() -> None:
    on = "workflow_dispatch: {inputs: {version: {type: string}}}"
    plan = plan_of({PATH: steps("docker push ghcr.io/example/web:${{ inputs.version }}-${{ github.event.inputs.version }}", on=on)})
    assert tagged(plan, ArtifactKind.IMAGE) == {"ghcr.io/example/web": ["v1.4.0-v1.4.0"]}
    assert plan.artifacts[0].by_tag


def test_other_shells_are_left_alone() -> None:
    assert pushed("name: x\nshell: pwsh\nrun: docker push ghcr.io/example/web:1") == {}


def test_unknown_actions_may_set_anything() -> None:
    assert pushed("uses: example/set-version@v1", "docker push ghcr.io/example/web:$VERSION") == {
        "ghcr.io/example/web": ["<$VERSION>"]
    }
    assert pushed("uses: actions/checkout@v4", "docker push ghcr.io/example/web:1$VERSION") == {"ghcr.io/example/web": ["1"]}


def test_a_working_directory() -> None:
    body = "name: x\nworking-directory: deploy\nrun: docker push ghcr.io/example/web:$(cat VERSION)"
    assert pushed(body, files={"deploy/VERSION": "1.4.0\n"}) == {"ghcr.io/example/web": ["1.4.0"]}


def test_places_lead_from_the_workflow_to_the_command() -> None:
    plan = plan_of(
        {PATH: steps("make push"), "Makefile": "push:\n\t./push.sh 1\n", "push.sh": "docker push ghcr.io/example/web:$1\n"}
    )
    assert [(spot.path, spot.span.line) for spot in plan.artifacts[0].places] == [(PATH, 7), ("Makefile", 2), ("push.sh", 1)]
    assert names(plan) == ["ghcr.io/example/web"]
