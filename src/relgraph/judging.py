"""Judging: all rules on the facts of a world."""

from collections.abc import Iterable

from relgraph.infer.facts import Facts
from relgraph.model.finding import Finding, Place
from relgraph.model.world import World
from relgraph.rules.registry import RULES
from relgraph.rules.rule import Rule
from relgraph.rules.waivers import UNUSED, Settled, settle

__all__ = ["judge", "judge_facts"]

# The rule that any disagreement falls under; others know why the same two places must agree.
_GENERAL = "RG101"


def judge(world: World, rules: Iterable[Rule] = RULES) -> tuple[Finding, ...]:
    """What the rules say of a world that declares nothing, in order of place."""
    return judge_facts(Facts(world), rules).findings


def judge_facts(facts: Facts, rules: Iterable[Rule] = RULES) -> Settled:
    """What the rules say of a world, in order of place, each thing once, and what the declaration waives of it."""
    chosen = tuple(rules)
    found = [finding for rule in chosen for finding in rule.check(facts)]
    complete = chosen == RULES or any(rule.code == UNUSED.code for rule in chosen)
    settled = settle(facts, _without_repetition(found), complete=complete)
    return settled._replace(findings=tuple(sorted(settled.findings, key=lambda finding: finding.order)))


def _without_repetition(found: list[Finding]) -> list[Finding]:
    """Findings without those that say of a place what a rule with a reason of its own says of it already, no less gravely."""
    told: dict[tuple[Place, str | None], int] = {}
    for one in found:
        if one.rule != _GENERAL:
            told[one.place, one.expected] = min(one.severity.rank, told.get((one.place, one.expected), one.severity.rank))
    return [
        one
        for one in found
        if one.rule != _GENERAL or told.get((one.place, one.expected), one.severity.rank + 1) > one.severity.rank
    ]
