import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import plan_of, steps, tree_of
from relgraph.pipeline.artifacts import ArtifactKind
from relgraph.pipeline.plan import evaluate, evaluate_script, has_pipeline

PATH = ".github/workflows/release.yml"


def test_a_tree_without_pipelines_publishes_nothing() -> None:
    subject = tree_of({"README.md": "# Web\n"})
    assert not has_pipeline(subject)
    assert evaluate(subject, "v1.4.0").artifacts == ()


def test_workflows_that_test_are_left_alone() -> None:
    makefile = "push:\n\tdocker push ghcr.io/example/web:1\n"
    tests = steps("make push", on="push: {tags: ['v*']}, pull_request: {branches: [main]}")
    assert plan_of({PATH: tests, "Makefile": makefile}).triggers == ()
    release = plan_of({PATH: steps("make push"), "Makefile": makefile})
    assert [trigger.events for trigger in release.triggers] == [("push-tag",)]
    assert len(release.artifacts) == 1


def test_jobs_that_cannot_publish_are_not_evaluated() -> None:
    workflow = """\
on: {push: {tags: ['v*']}}
jobs:
  test:
    steps:
    - run: sed -i s/a/b/ VERSION
  push:
    steps:
    - run: docker push ghcr.io/example/web:1
"""
    plan = plan_of({PATH: workflow, "VERSION": "a\n"})
    assert plan.stamps == ()
    assert len(plan.artifacts) == 1


def test_the_same_tree_and_tag_give_the_same_plan() -> None:
    subject = tree_of({PATH: steps("docker push ghcr.io/example/web:$(date)-${{ github.sha }}")})
    assert evaluate(subject, "v1.4.0") == evaluate(subject, "v1.4.0")


def test_published_by_name() -> None:
    plan = plan_of({PATH: steps("docker push ghcr.io/example/web:1")})
    assert [one.name.text for one in plan.published(ArtifactKind.IMAGE, "ghcr.io/example/web")] == ["ghcr.io/example/web"]
    assert plan.published(ArtifactKind.IMAGE, "ghcr.io/example/api") == ()


def test_too_much_work_is_given_up_and_said() -> None:
    loop = "for a in 1 2 3 4 5 6 7 8 9; do\n" * 5 + "docker push ghcr.io/example/web:1\n" + "done\n" * 5
    plan = plan_of({PATH: steps(loop)})
    assert plan.problems[-1].message == f"{PATH} does more than is evaluated"


@pytest.mark.parametrize(
    "workflow",
    [
        "",
        "on: push\n",
        "on: push\njobs:\n",
        "jobs: {release: {steps: [run: helm push]}}\non: {push: {tags: x}}\n",
        "on: {push: {tags: [[v*]]}}\njobs: [a, b] # helm push\n",
        "on: {push: {}}\njobs: {a: {needs: a, steps: x}} # helm push\n",
        "on: push\njobs:\n  a:\n    steps:\n    - run:\n        b: c # helm push\n",
        "on: push\njobs:\n  a:\n    uses: ./.github/workflows/release.yml # helm push\n",
        "on: push\njobs:\n  a:\n    strategy: {matrix: {x: '${{ fromJSON(y) }}', include: z}}\n    steps:\n    - run: helm push x oci://${{ matrix.x }}\n",
        "on: push\nx: &a [*a]\njobs:\n  a:\n    steps: *a # helm push\n",
        "on: push\njobs:\n  a:\n    steps:\n    - uses: ./ # helm push\n    - uses: ./none\n",
        "\x00\udc80on: push\njobs:\n  a:\n    steps:\n    - run: helm push \udc80 oci://\U000f0000\n",
    ],
)
def test_broken_workflows_harm_nothing(workflow: str) -> None:
    plan_of({PATH: workflow, "action.yml": "runs: {using: composite, steps: [{uses: ./}]}\n"})


def test_anchors_that_multiply_harm_nothing() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefghijklmnop", "bcdefghijklmnopq", strict=True)
    )
    plan_of({PATH: f"on: push\n{bomb}jobs:\n  a:\n    steps:\n    - run: docker push x/y:1\n"})


def test_long_lines_harm_nothing() -> None:
    plan_of({PATH: steps("docker push x/y:" + "a" * 200_000, "sed -i 's/" + "a*" * 100 + "/b/' big"), "big": "a" * 100_000 + "\n"})


def test_scripts_are_evaluated_on_their_own() -> None:
    # After the first edit the file has something unknown in it: nobody can tell what else is there.
    subject = tree_of(
        {"hack/bump.sh": 'sed -i "s/version: .*/version: $1/" Chart.yaml\nsed -i s/x/y/ Chart.yaml\n', "Chart.yaml": "version: 1\n"}
    )
    found = evaluate_script(subject, "hack/bump.sh")
    assert [(stamp.matched, [str(line) for line in stamp.written]) for stamp in found] == [
        (True, ["version: <argument 1>"]),
        (None, []),
    ]
    assert evaluate_script(subject, "none.sh") == ()


_parts = st.sampled_from(
    [
        "on: push\n",
        "jobs:\n",
        "  a:\n",
        "    steps:\n",
        "    - run: |\n",
        "        helm push a oci://b\n",
        "      uses: x/y@v1\n",
        "    env: {A: b}\n",
        "    needs: [b]\n",
        "    if: ${{ x\n",
        "      with:\n",
        "- :\n",
        "\t\n",
        "'\"\n",
    ]
)


@given(st.lists(_parts, max_size=14).map("".join))
def test_no_workflow_raises(workflow: str) -> None:
    plan_of({PATH: workflow})
