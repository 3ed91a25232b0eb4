"""Derived files that are not what is made, as findings: for every program that reads those."""

from collections.abc import Sequence

from relgraph.derive.check import Checked
from relgraph.model.finding import Finding, Place, Report, Severity, fingerprint
from relgraph.model.repository import WORKTREE

__all__ = ["CODE", "report_of"]

#: The rule whose mistake it is: that a derived file differs from its source. Reading finds some of it, making it again finds all.
CODE, _NAME = "RG106", "derived-source"


def report_of(found: Sequence[Checked]) -> Report:
    """The differences of a check as a report."""
    findings = []
    for one in found:
        repo = one.derivation.repo.partition(".")[2]
        for difference in one.differences:
            message = f"{difference.path} {difference.message}"
            findings.append(
                Finding(
                    CODE,
                    _NAME,
                    Severity.ERROR,
                    difference.step.node,
                    message,
                    Place(repo, WORKTREE, difference.path, difference.span),
                    why=(f"{difference.step.node} declares it among its outputs", "its command was run in a copy of the work tree"),
                    fingerprint=fingerprint(CODE, difference.step.node, difference.path, difference.kind.value),
                )
            )
    return Report(
        tuple(sorted(findings, key=lambda finding: finding.order)),
        files=sum(len(result.outputs) for one in found for result in one.outcome.results.values()),
        seconds=sum(one.outcome.seconds for one in found),
        folders=tuple((one.derivation.repo.partition(".")[2], one.derivation.root) for one in found),
    )
