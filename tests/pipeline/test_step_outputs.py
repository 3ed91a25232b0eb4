"""What a step writes, and of which steps nothing is known."""

from textwrap import indent

import pytest

from judged import subject_of
from relgraph.model.example import Commit
from relgraph.pipeline.step_outputs import called_outputs, step_outputs
from relgraph.pipeline.yaml_tree import read_yaml

ACTION = ".github/actions/read/action.yml"
CALLED = ".github/workflows/build.yml"
TREE = {
    ACTION: "runs: {using: composite}\noutputs:\n  tag: {value: x}\n",
    CALLED: "on:\n  workflow_call:\n    outputs:\n      image: {value: x}\n",
    ".github/actions/program/action.yml": "runs: {using: node20, main: index.js}\noutputs:\n  tag: {value: x}\n",
}


def outputs(step: str) -> frozenset[str] | None:
    node = read_yaml(step)
    assert node is not None
    return step_outputs(subject_of((Commit(TREE),)), node)


def of_script(script: str) -> frozenset[str] | None:
    return outputs("run: |\n" + indent(script, "  ") + "\n")


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ('echo "tag=${GITHUB_REF_NAME#v}" >> "$GITHUB_OUTPUT"', {"tag"}),
        ("echo tag=$(date +%s) >> $GITHUB_OUTPUT\necho sha=1 | tee -a $GITHUB_OUTPUT", {"tag", "sha"}),
        ('printf "tag=%s\\n" 1 >> ${GITHUB_OUTPUT}', {"tag"}),
        ("echo ::set-output name=tag::1", {"tag"}),
        ('{\n  echo "tag=1"\n  echo "sha=2"\n} >> "$GITHUB_OUTPUT"', {"tag", "sha"}),
        ("TAG=${GITHUB_REF#refs/tags/}", set()),
        ('git fetch --tags >/dev/null\necho "go on with sh and make"\necho "tag=1" >> $GITHUB_OUTPUT', {"tag"}),
        ('# ./write-more.sh\necho "tag=1" >> $GITHUB_OUTPUT', {"tag"}),
    ],
)
def test_what_a_script_writes(script: str, names: set[str]) -> None:
    assert of_script(script) == frozenset(names)


@pytest.mark.parametrize(
    "script",
    [
        "./read-version.sh",
        "make version",
        "bash hack/version",
        "python3 -c 'import this'",
        "go run ./hack/version",
        '"$TOOL" version',
        "hack/version.py",
        'echo "$name=1" >> $GITHUB_OUTPUT',
        "cat outputs.env >> $GITHUB_OUTPUT",
        '{\n  git describe\n  echo "tag=1"\n} >> "$GITHUB_OUTPUT"',
        "cat <<EOF >> $GITHUB_OUTPUT\ntag=1\nEOF",
        "echo ::set-output name=$name::1",
    ],
)
def test_scripts_that_may_write_anything(script: str) -> None:
    assert of_script(script) is None


def test_another_shell_is_not_read() -> None:
    assert outputs("shell: pwsh\nrun: echo 1\n") is None


def test_actions_of_the_repository() -> None:
    assert outputs("uses: ./.github/actions/read") == frozenset({"tag"})
    assert outputs("uses: ./.github/actions/program") is None
    assert outputs("uses: ./.github/actions/nowhere") is None
    assert outputs("uses: acme/read@v1") is None


def test_called_workflows() -> None:
    subject = subject_of((Commit(TREE),))
    assert called_outputs(subject, f"./{CALLED}") == frozenset({"image"})
    assert called_outputs(subject, "acme/flows/.github/workflows/build.yml@v1") is None
