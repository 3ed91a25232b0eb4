"""Every rule's fix settles what the rule found, in the worlds of all rules' examples."""

from collections.abc import Mapping, Sequence

import pytest

from fixlaw import edited, hold_to_fixes
from relgraph.cli.trial import facts_of
from relgraph.infer.declaring import declare
from relgraph.infer.facts import Facts
from relgraph.judging import judge_facts
from relgraph.model.finding import Finding
from relgraph.model.world import World
from relgraph.rules.registry import RULES
from relgraph.rules.rule import Example

EXAMPLES = [pytest.param(example, id=f"{rule.code}-{number}") for rule in RULES for number, example in enumerate(rule.failing, 1)]


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_is_fixed_is_not_found_again(example: Example) -> None:
    facts = facts_of(example)
    if facts is None:
        return
    world, declared = facts.world, facts.declared

    def found(contents: Mapping[str, Mapping[str, bytes]]) -> Sequence[Finding]:
        if declared is None:
            return judge_facts(Facts(World(tuple(edited(one, contents) for one in world.targets), world.siblings))).findings
        mine = {node: edited(one, contents) for node, one in declared.subjects.items() if one in world.targets}
        others = {node: one for node, one in declared.subjects.items() if one not in world.targets}
        return judge_facts(declare(declared.graph, mine, others, today=declared.today)).findings

    names = {one.name: one for one in world.targets}
    hold_to_fixes(found, lambda file: names[file[0]].tree.read(file[1]) if file[0] in names else None)


def test_many_rules_have_a_fix() -> None:
    fixable = set()
    for rule in RULES:
        for example in rule.failing:
            facts = facts_of(example)
            if facts is not None:
                fixable |= {one.rule for one in judge_facts(facts).findings if one.fix is not None}
    assert len(fixable) >= 8
