"""What judging does to the findings of rules."""

import pytest

from judged import world_of
from relgraph.judging import judge
from relgraph.model.example import Commit
from relgraph.model.finding import Severity

MODULE = "module github.com/example/platform\n\ngo 1.24\n"
JOB = "jobs:\n{0}- spec:\n{0}    containers:\n{0}    - image: docker.io/library/golang:1.22.1\n"


@pytest.mark.parametrize(
    ("path", "content", "severity"),
    [
        ("Dockerfile", "FROM golang:1.22\n", Severity.ERROR),
        ("Dockerfile", "  # FROM golang:1.22\nFROM scratch\n", Severity.WARNING),
        (".ci.yaml", JOB.format(""), Severity.ERROR),
    ],
)
def test_what_is_commented_out_does_no_harm(path: str, content: str, severity: Severity) -> None:
    found = [one for one in judge(world_of((Commit({"go.mod": MODULE, path: content}),))) if one.rule == "RG107"]
    assert [(one.severity, "the line is commented out" in one.why) for one in found] == [(severity, severity is Severity.WARNING)]


def test_nothing_is_run_by_a_key_that_is_commented_out() -> None:
    world = world_of((Commit({"go.mod": MODULE, ".ci.yaml": JOB.format("  # ")}),))
    assert [one.rule for one in judge(world)] == []
