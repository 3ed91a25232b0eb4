"""Every rule's own examples: where it must report, it does; where it must not, it is silent."""

import pytest

from relgraph.cli.trial import try_rule
from relgraph.model.finding import Finding
from relgraph.rules.registry import RULES
from relgraph.rules.rule import Example, Rule


def told(rule: Rule, example: Example) -> list[Finding]:
    return list(try_rule(rule, example))


def cases(kind: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.code}-{number}")
        for rule in RULES
        for number, example in enumerate(rule.failing if kind == "failing" else rule.passing, 1)
    ]


@pytest.mark.parametrize(("rule", "example"), cases("failing"))
def test_a_failing_example_is_reported(rule: Rule, example: Example) -> None:
    found = told(rule, example)
    assert found
    assert all(finding.name == rule.name and finding.message and finding.fingerprint for finding in found)


@pytest.mark.parametrize(("rule", "example"), cases("passing"))
def test_a_passing_example_is_not(rule: Rule, example: Example) -> None:
    assert [finding.message for finding in told(rule, example)] == []


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
