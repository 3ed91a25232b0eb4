"""Judging: all rules on the facts of a world."""

from collections.abc import Iterable

from relgraph.infer.facts import Facts
from relgraph.model.finding import Finding, Place
from relgraph.model.world import World
from relgraph.rules.registry import RULES
from relgraph.rules.rule import Rule

__all__ = ["judge", "judge_facts"]

# The rule that any disagreement falls under; others know why the same two places must agree.
_GENERAL = "RG101"


def judge(world: World, rules: Iterable[Rule] = RULES) -> tuple[Finding, ...]:
    """What the rules say of a world that declares nothing, in order of place."""
    return judge_facts(Facts(world), rules)


def judge_facts(facts: Facts, rules: Iterable[Rule] = RULES) -> tuple[Finding, ...]:
    """What the rules say of a world, in order of place; each thing once."""
    found = [finding for rule in rules for finding in rule.check(facts)]
    return tuple(sorted(_without_repetition(found), key=lambda finding: finding.order))


def _without_repetition(found: list[Finding]) -> list[Finding]:
    """Findings without those that say of a place what a rule with a reason of its own says of it already, no less gravely."""
    told: dict[tuple[Place, str | None], int] = {}
    for one in found:
        if one.rule != _GENERAL:
            told[one.place, one.expected] = min(one.severity.rank, told.get((one.place, one.expected), one.severity.rank))
    return [
        one for one in found if one.rule != _GENERAL or told.get((one.place, one.expected), one.severity.rank + 1) > one.severity.rank
    ]
