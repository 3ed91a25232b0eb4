"""RG608 and RG609, and what waivers and changed severities do to findings."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from relgraph.infer.declared import matches
from relgraph.infer.facts import Facts
from relgraph.model.finding import Finding, Severity
from relgraph.model.graph import Graph, Waiver
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH

__all__ = ["EXPIRED", "UNUSED", "Settled", "settle"]


class Settled(NamedTuple):
    """Findings after waivers and changed severities, and how many were waived or switched off."""

    findings: tuple[Finding, ...]
    waived: int


def settle(facts: Facts, found: Iterable[Finding], *, complete: bool) -> Settled:
    """Apply the graph's severities, then its waivers. ``complete``: all rules have run, so that a waiver without use is unused."""
    if facts.declared is None:
        return Settled(tuple(found), 0)
    graph, today = facts.declared.graph, facts.declared.today
    kept: list[Finding] = []
    used: set[Waiver] = set()
    waived = 0
    for finding in found:
        changed = _severity(graph, finding)
        if changed is None:
            waived += 1
            continue
        covering = [waiver for waiver in graph.waivers if _covers(graph, waiver, finding)]
        used.update(covering)
        if any(not _expired(waiver, today) for waiver in covering):
            waived += 1
            continue
        kept.append(changed)
    for waiver in graph.waivers:
        if _expired(waiver, today):
            kept.append(
                _told(
                    facts,
                    EXPIRED,
                    waiver,
                    f"a waiver of {waiver.owner} expired on {waiver.expires}",
                    "renew it with a reason, or repair what it waives",
                )
            )
        elif waiver not in used and complete:
            kept.append(
                _told(facts, UNUSED, waiver, f"a waiver of {waiver.owner} waives nothing", "what it waived is gone; remove it")
            )
    return Settled(tuple(kept), waived)


def _severity(graph: Graph, finding: Finding) -> Finding | None:
    for change in graph.severities:
        if change.rule in (finding.rule, finding.name):
            if change.severity == "off":
                return None
            finding = finding._replace(
                severity=Severity(change.severity), why=(*finding.why, f"{change.origin}: {change.severity}, {change.reason}")
            )
    return finding


def _covers(graph: Graph, waiver: Waiver, finding: Finding) -> bool:
    if waiver.rule not in ("*", finding.rule, finding.name):
        return False
    if waiver.site and not matches(waiver.site, finding.place.path):
        return False
    if not waiver.node:
        return True
    named = [waiver.node] if waiver.node in graph.nodes else [node.id for node in graph.nodes.values() if node.name == waiver.node]
    return finding.node in named


def _expired(waiver: Waiver, today: date | None) -> bool:
    return bool(waiver.expires) and today is not None and waiver.expires < today.isoformat()


def _told(facts: Facts, rule: Rule, waiver: Waiver, message: str, advice: str) -> Finding:
    return facts.declared_finding(
        (rule.code, rule.name, rule.severity),
        waiver.origin,
        message,
        node=waiver.node or waiver.site,
        actual=waiver.rule,
        why=(f"its reason was: {waiver.reason}", advice),
    )


def _nothing(_: Facts) -> Iterator[Finding]:
    # What waivers do follows from all other findings; `settle` says it when they are there.
    return iter(())


_WAIVER = "waivers:\n- {{rule: RG101, site: docs/**, reason: old page, owner: docs{}}}\n"
_COMMIT = Commit({"go.mod": "module github.com/example/platform\n"}, tags=("v0.1.0",))


def _example(more: str) -> Example:
    return Example((_COMMIT,), graph=GRAPH.format(more=more))


UNUSED = Rule(
    "RG608",
    "unused-waiver",
    Severity.WARNING,
    "a waiver waives nothing",
    """
    The graph accepts a finding that no longer exists. A waiver that is left behind would silence the next mistake in its place without
    anybody having decided so.

    What to do: remove it.
    """,
    _nothing,
    failing=(_example(_WAIVER.format("")),),
    passing=(_example(""),),
)

EXPIRED = Rule(
    "RG609",
    "expired-waiver",
    Severity.WARNING,
    "a waiver has expired",
    """
    The last day of a waiver has passed, so it waives nothing any more.

    What to do: repair what it accepted, or renew it and say why.
    """,
    _nothing,
    failing=(_example(_WAIVER.format(", expires: 2025-06-30")),),
    passing=(_example(""),),
)
