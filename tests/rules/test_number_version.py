"""Versions that YAML reads as numbers."""

import pytest

from judged import of_files
from relgraph.rules.number_version import RULE

STEPS = "on: push\nenv:\n  {}\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n        go: [{}]\n    steps:\n    - run: |\n        {}\n"


@pytest.mark.parametrize(
    ("variable", "matrix", "script", "told"),
    [
        ("GO_VERSION: 1.20", "'1.20'", "true", ["1.20"]),
        ("GO_VERSION: 1.20 # newest", "'1.19'", "true", ["1.20"]),
        ("GO_VERSION: '1.20'", "1.19, 1.20", "true", ["1.20"]),
        ("GO_VERSION: 1.20.0", '"1.20"', "go install example.com/tool@v1.20 1.20", []),
        ("GO_VERSION: '1.20'", "1.21", "GO_VERSION=1.20 ./build.sh", []),
        ("GO_VERSION: 1.0", "1.2, 2.0", "true", []),
    ],
)
def test_what_a_workflow_hands_on(variable: str, matrix: str, script: str, told: list[str]) -> None:
    files = {".github/workflows/ci.yml": STEPS.format(variable, matrix, script)}
    assert [one.actual for one in of_files(RULE, files)] == told


def test_what_a_program_reads_for_itself_is_as_it_is_written() -> None:
    assert of_files(RULE, {"config.yaml": "goVersion: 1.20\nimage:\n  tag: 1.30\n"}) == []
