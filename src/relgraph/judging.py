"""Judging: all rules on the facts of a world."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from relgraph.effects.parallel import aside
from relgraph.errors import DeclarationError
from relgraph.infer.facts import Facts
from relgraph.model.finding import Finding, Place, Severity, one_line
from relgraph.model.packed import pack, unpack
from relgraph.model.world import Subject, World
from relgraph.rules.rule import Rule
from relgraph.rules.scanned import OF_PIPELINES, SCANNED

if TYPE_CHECKING:
    from relgraph.rules.waivers import Settled

__all__ = ["judge", "judge_facts"]

# Files in which a number sign begins a comment, and comments that are no such thing.
_COMMENTED = re.compile(
    r"\.(?:ya?ml|sh|bash|mk|toml|tf|cfg|conf|env|properties)$|(?:^|/)[^/]*(?:Makefile|Dockerfile|Containerfile)[^/]*$"
)
_ACTING = re.compile(r"#!|#\s*(?:syntax|escape|check)\s*=|#\s*(?:yaml-language-server|renovate|shellcheck)\b")
# The rule that any disagreement falls under; others know why the same two places must agree.
_GENERAL = "RG101"
# Below this number of files, another process takes longer to start than it saves.
_WORTH_SHARING = 200


def judge(world: World, rules: Iterable[Rule] = SCANNED) -> tuple[Finding, ...]:
    """What the rules say of a world that declares nothing, in order of place."""
    facts, chosen = Facts(world), tuple(rules)
    large = sum(subject.files for subject in world.targets) >= _WORTH_SHARING
    return _in_order(_weighed(facts, _checked_by_two(facts, chosen) if large else _checked(facts, chosen)))


def judge_facts(facts: Facts, rules: Iterable[Rule] | None = None) -> "Settled":
    """What the rules (all of them by default) say of a declared world, in order of place, and what the declaration waives of it.

    Raises DeclarationError where it waives or regrades a rule that there is not.
    """
    # A world that declares nothing is judged without these, and they take a while to import.
    from relgraph.rules.registry import RULES
    from relgraph.rules.waivers import UNUSED, settle

    _check_names(facts, RULES)
    chosen = RULES if rules is None else tuple(rules)
    settled = settle(facts, _weighed(facts, _checked(facts, chosen)), complete=UNUSED in chosen)
    return settled._replace(findings=_in_order(settled.findings))


def _check_names(facts: Facts, rules: Iterable[Rule]) -> None:
    """Refuse waivers and severities of rules that there are not: what a misspelt one should do, it would silently not do."""
    if facts.declared is None:
        return
    names = {name for rule in rules for name in (rule.code, rule.name)}
    graph = facts.declared.graph
    named = [(one.origin, "waiver", one.rule) for one in graph.waivers if one.rule != "*"]
    named += [(one.origin, "severity", one.rule) for one in graph.severities]
    problems = [f"{origin}: a {what} of '{rule}', which is no rule" for origin, what, rule in sorted(named) if rule not in names]
    if problems:
        raise DeclarationError(
            problems[0] if len(problems) == 1 else f"{len(problems)} rules that there are not",
            hint="`relgraph explain` lists all rules, by code and name",
            details=tuple(problems) if len(problems) > 1 else (),
        )


def _checked(facts: Facts, rules: Iterable[Rule]) -> list[Finding]:
    return [finding for rule in rules for finding in rule.check(facts)]


def _checked_by_two(facts: Facts, rules: Sequence[Rule]) -> list[Finding]:
    """As :func:`_checked`; another process judges by the rules that read pipelines, and this one by the rest."""
    # What both need; and what is on its way from git already, which only one of two processes can read.
    _ = facts.lines, [subject.repository.tags for subject in facts.world.subjects]
    others = [rule for rule in rules if rule.code in OF_PIPELINES]
    with aside(lambda: pack(rule.check(facts) for rule in others)) as answer:
        found = {rule.code: [*rule.check(facts)] for rule in rules if rule.code not in OF_PIPELINES}
        told = answer()
    theirs = [_checked(facts, (rule,)) for rule in others] if told is None else unpack(told)
    found.update((rule.code, mine) for rule, mine in zip(others, theirs, strict=True))
    return [finding for rule in rules for finding in found[rule.code]]


def _weighed(facts: Facts, found: list[Finding]) -> list[Finding]:
    told = _without_repetition(found)
    subjects = {subject.name: subject for subject in facts.world.targets}
    return [_harmless(subjects, one) if one.severity is Severity.ERROR else one for one in told]


def _harmless(subjects: Mapping[str, Subject], one: Finding) -> Finding:
    """A finding as it is, or no error where its line is commented out: it is wrong, and does no harm until somebody takes it back in."""
    path = one.place.path
    if not _COMMENTED.search(path) or (subject := subjects.get(one.place.repo)) is None:
        return one
    text = subject.text(path)
    line = "" if text is None else text.line_head(one.place.span.line).lstrip()
    if not line.startswith("#") or _ACTING.match(line):
        return one
    return one._replace(severity=Severity.WARNING, why=(*one.why, "the line is commented out"))


def _told(finding: Finding) -> Finding:
    """The finding as it is told: what rules quote may have been written over several lines, and what they say of it may not."""
    return finding._replace(message=one_line(finding.message), why=tuple(map(one_line, finding.why)))


def _in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(map(_told, found), key=lambda finding: finding.order))


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
