"""RG111: the commit that a workflow pins an action to differs from the repository's own record of it."""

from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Pin, Role, Site
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG111", "action-map"


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        actions = [site for site in subject.sites if site.kind is Kind.ACTION and site.pin is Pin.DIGEST]
        records: dict[str, list[Site]] = {}
        for site in actions:
            if site.role is Role.RECORD:
                records.setdefault(_repository(site), []).append(site)
        if not records:
            continue
        for site in actions:
            recorded = records.get(_repository(site), [])
            if (
                site.role is not Role.USES
                or not recorded
                or any(record.value == site.value for record in recorded)
                or path_role(site.path) in (PathRole.VENDORED, PathRole.LEGACY)
            ):
                continue
            record = recorded[-1]
            called = record.get("comment")
            yield facts.finding(
                (_CODE, _NAME, Severity.WARNING),
                subject,
                site,
                f"{site.name} is pinned to {site.value[:12]}; {record.path} records {record.value[:12]}{f' ({called})' if called else ''}",
                expected=record.value,
                actual=site.value,
                why=(f"{record.path}:{record.span.line} is this repository's record of the commits that actions are pinned to",),
                related=((subject, record),),
                fixable=True,
            )


def _repository(site: Site) -> str:
    return "/".join(site.name.lower().split("/")[:2])


_A, _B = "a" * 40, "b" * 40
_MAP = f"acme/setup-tool:\n  sha: {_A}\n  tag: v4.3.0\n"
_WORKFLOW = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n    - uses: acme/setup-tool@{}\n"

RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "an action is pinned to another commit than the repository's own record says",
    """
    The repository keeps a file that records, for each action, the commit that its workflows pin and the version that commit is. A
    workflow pins another commit: either it was changed by hand, or the record was forgotten.

    What to do: run the tool that keeps the two together, or correct the one that is wrong.
    """,
    _check,
    failing=(Example((Commit({".gha-reversemap.yml": _MAP, ".github/workflows/ci.yml": _WORKFLOW.format(_B)}),)),),
    passing=(Example((Commit({".gha-reversemap.yml": _MAP, ".github/workflows/ci.yml": _WORKFLOW.format(_A)}),)),),
)
