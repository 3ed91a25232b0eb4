"""Variables that a step writes for those after it."""

from judged import of_files
from relgraph.model.finding import Severity
from relgraph.rules.unused_pipeline_variable import RULE

WORKFLOW = (
    "on: {{push: {{tags: ['v*']}}}}\njobs:\n  release:\n    runs-on: x\n    steps:\n    - run: |\n"
    '        echo "{}=${{GITHUB_REF_NAME#v}}" >> $GITHUB_ENV\n    - run: helm package chart --version ${{{{ env.RELEASE_VERSION }}}}\n'
)


def test_a_step_writes_under_another_spelling_than_the_next_one_reads() -> None:
    (found,) = of_files(RULE, {".github/workflows/release.yml": WORKFLOW.format("RELASE_VERSION")})
    assert (found.severity, found.actual, found.expected) == (Severity.WARNING, "RELASE_VERSION", "RELEASE_VERSION")


def test_what_nothing_reads_is_worth_a_note() -> None:
    (found,) = of_files(RULE, {".github/workflows/release.yml": WORKFLOW.format("CHART_VERSION")})
    assert (found.severity, found.expected) == (Severity.NOTE, None)


def test_other_workflows_that_write_it_read_nothing() -> None:
    files = {f".github/workflows/{name}.yml": WORKFLOW.format("RELASE_VERSION") + "    - run: make all\n" for name in "ab"}
    assert len(of_files(RULE, files)) == 2


def test_what_a_later_step_reads_is_used() -> None:
    assert of_files(RULE, {".github/workflows/release.yml": WORKFLOW.format("RELEASE_VERSION")}) == []
