"""Rules by the words that people type."""

from textwrap import dedent

from relgraph.errors import UsageError
from relgraph.report.view import About
from relgraph.rules.rule import Rule

__all__ = ["about", "find_rule"]


def find_rule(word: str) -> Rule:
    """The rule of that code or name, letters' case aside; :class:`~relgraph.errors.UsageError` with a suggestion for none."""
    from relgraph.rules.registry import RULES

    folded = word.casefold()
    for rule in RULES:
        if folded in (rule.code.casefold(), rule.name):
            return rule

    from relgraph.cli.suggest import closest

    meant = closest(word, [name for rule in RULES for name in (rule.name, rule.code)])
    raise UsageError(f"no such rule: {word}", hint=f"did you mean {meant}?" if meant else "`relgraph explain` lists all rules")


def about(rule: Rule) -> About:
    """What pages and reports say of a rule."""
    return About(rule.code, rule.name, rule.severity, rule.summary, dedent(rule.explanation).strip())
