"""Judging: what one process finds and what two find is the same, and what is commented out does no harm."""

from pathlib import Path

import pytest

from gitworld import write_world
from judged import world_of
from relgraph.judging import judge
from relgraph.model.finding import Severity
from relgraph.model.world import World
from relgraph.rules.rule import Commit, Example
from relgraph.rules.scanned import OF_PIPELINES, SCANNED
from relgraph.scan import scan

EXAMPLES = [(f"{rule.code}-{number}", example) for rule in SCANNED for number, example in enumerate(rule.failing)]


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.effects.parallel.os.cpu_count", lambda: 2)
    monkeypatch.setattr("relgraph.judging._WORTH_SHARING", 0)


def test_each_process_has_rules_of_its_own() -> None:
    codes = {rule.code for rule in SCANNED}
    assert OF_PIPELINES
    assert codes > OF_PIPELINES


@pytest.mark.parametrize("example", [pytest.param(example, id=name) for name, example in EXAMPLES])
def test_two_processes_find_what_one_finds(example: Example, monkeypatch: pytest.MonkeyPatch, two: None) -> None:
    by_two = judge(world_of(example.commits, example.siblings))
    monkeypatch.setattr("relgraph.effects.parallel.os.cpu_count", lambda: 1)
    assert judge(world_of(example.commits, example.siblings)) == by_two
    assert by_two


def test_a_repository_on_disk_is_judged_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, two: None) -> None:
    example = next(example for name, example in EXAMPLES if name == "RG405-0")
    clone = write_world(tmp_path / "platform", example.commits)
    siblings = [str(write_world(tmp_path / name, commits)) for name, commits in example.siblings.items()]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    by_two = scan([f"{clone}@HEAD"], siblings)
    monkeypatch.setattr("relgraph.effects.parallel.os.cpu_count", lambda: 1)
    assert scan([f"{clone}@HEAD"], siblings).findings == by_two.findings
    assert by_two.findings


def test_a_rule_that_fails_there_fails_here(monkeypatch: pytest.MonkeyPatch, two: None) -> None:
    def fail(_: object) -> list[object]:
        raise ValueError("in a rule")

    code = min(OF_PIPELINES)
    rules = [rule._replace(check=fail) if rule.code == code else rule for rule in SCANNED]  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="in a rule"):
        judge(World(()), rules)


@pytest.mark.parametrize(
    ("content", "severity"),
    [
        ("FROM golang:1.22\n", Severity.ERROR),
        ("  # FROM golang:1.22\nFROM scratch\n", Severity.WARNING),
        ("# syntax=docker/dockerfile:1\nFROM golang:1.22\n", Severity.ERROR),
    ],
)
def test_what_is_commented_out_does_no_harm(content: str, severity: Severity) -> None:
    module = "module github.com/example/platform\n\ngo 1.24\n"
    found = [one for one in judge(world_of((Commit({"go.mod": module, "Dockerfile": content}),))) if one.rule == "RG107"]
    assert [(one.severity, "the line is commented out" in one.why) for one in found] == [(severity, severity is Severity.WARNING)]
