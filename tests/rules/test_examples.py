"""Every rule's own examples: where it must report, it does; where it must not, it is silent."""

import pytest

from relgraph.git.memory import MemoryRepository
from relgraph.model.finding import Finding
from relgraph.model.world import Subject, World
from relgraph.rules.registry import RULES
from relgraph.rules.rule import Example, Rule
from relgraph.scan import judge, read_subject


def findings(rule: Rule, example: Example) -> list[Finding]:
    repository = MemoryRepository(example.commits)
    tree = repository.tree("HEAD")
    assert tree is not None
    lenders = []
    for name, commits in example.siblings.items():
        sibling = MemoryRepository(commits, name=name)
        shown = sibling.tree("HEAD")
        assert shown is not None
        lenders.append(Subject(sibling, shown))
    world = World((read_subject(repository, tree),), tuple(lenders))
    return [finding for finding in judge(world, (rule,)) if finding.rule == rule.code]


def cases(kind: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.code}-{number}")
        for rule in RULES
        for number, example in enumerate(rule.failing if kind == "failing" else rule.passing, 1)
    ]


@pytest.mark.parametrize(("rule", "example"), cases("failing"))
def test_a_failing_example_is_reported(rule: Rule, example: Example) -> None:
    found = findings(rule, example)
    assert found
    assert all(finding.name == rule.name and finding.message and finding.fingerprint for finding in found)


@pytest.mark.parametrize(("rule", "example"), cases("passing"))
def test_a_passing_example_is_not(rule: Rule, example: Example) -> None:
    assert [finding.message for finding in findings(rule, example)] == []


def test_codes_and_names_are_unique_and_in_order() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_has_a_page_and_examples_of_both_kinds(rule: Rule) -> None:
    assert rule.summary
    assert len(rule.explanation.split()) > 20
    assert rule.failing
    assert rule.passing
