"""RG115: actions of one repository are used at different versions."""

from collections.abc import Iterator
from typing import NamedTuple

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Role, Site
from relgraph.model.version import Version, agree, natural_key, parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG115", "action-family"


class _Use(NamedTuple):
    site: Site
    version: Version
    written: str


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        by_action: dict[str, list[_Use]] = {}
        for site in subject.sites:
            use = _use(site)
            if use is not None:
                by_action.setdefault("/".join(site.name.lower().split("/")[:2]), []).append(use)
        for action, uses in by_action.items():
            yield from _judge(facts, subject, action, uses)


def _use(site: Site) -> _Use | None:
    """A use of an action at a version: its ref, or, beside a commit, its comment."""
    if site.kind is not Kind.ACTION or site.role is not Role.USES or path_role(site.path) in (PathRole.VENDORED, PathRole.LEGACY):
        return None
    written = site.get("comment") or site.value
    version = parse_version(written)
    return None if version is None else _Use(site, version, written)


def _judge(facts: Facts, subject: Subject, action: str, uses: list[_Use]) -> Iterator[Finding]:
    newest = max(uses, key=lambda use: natural_key(use.version))
    told: set[tuple[str, str]] = set()
    for use in uses:
        if agree(use.version, newest.version) or (use.site.path, use.written) in told:
            continue
        beside = _sibling(use, uses)
        if beside is None and (len(use.version.release) < 2 or use.version.padded[:2] == newest.version.padded[:2]):
            continue  # a major version, or a patch apart, in workflows of their own
        told.add((use.site.path, use.written))
        other = beside or newest
        yield facts.finding(
            (_CODE, _NAME, Severity.NOTE if beside is None else Severity.WARNING),
            subject,
            use.site,
            f"{use.site.name} is {use.written} here and {other.site.name} {other.written} in {other.site.path}:{other.site.span.line}",
            node=f"action:{action}",
            expected=other.written,
            actual=use.written,
            why=(
                "actions of one repository hand things to each other, so they are used at one version"
                if beside is not None
                else f"other workflows of this repository use {other.written}",
            ),
            related=((subject, other.site),),
        )


def _sibling(use: _Use, uses: list[_Use]) -> _Use | None:
    """Another action of the same repository, in the same file, at a newer version."""
    found = [
        one
        for one in uses
        if one.site.path == use.site.path
        and one.site.name != use.site.name
        and not agree(one.version, use.version)
        and natural_key(one.version) > natural_key(use.version)
    ]
    return max(found, key=lambda one: natural_key(one.version), default=None)


_WORKFLOW = "on: push\njobs:\n  scan:\n    runs-on: ubuntu-latest\n    steps:\n    - uses: acme/scan/init@{}\n    - uses: acme/scan/analyze@{}\n"


def _example(one: str, other: str) -> Example:
    return Example((Commit({".github/workflows/scan.yml": _WORKFLOW.format(one, other)}),))


RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "actions of one repository are used at different versions",
    """
    Some repositories hold several actions that work together (`codeql-action/init` and `codeql-action/analyze`). In one workflow they
    are used at different versions, so one gets from the other what it does not know; update tools that change one line at a time leave
    them so.

    The same action at different minor versions in different workflows is a note.

    What to do: use one version.
    """,
    _check,
    failing=(_example("v4.37.0", "v3.36.2"),),
    passing=(_example("v4.37.0", "v4.37.0"), _example("v4", "v4.37.0")),
)
