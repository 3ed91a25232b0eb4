"""RG611 to RG614: sites that are declared because no syntax shows them: file gone, anchor lost, ambiguous, drifted."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from relgraph.infer.declared import Declared
from relgraph.infer.facts import Facts
from relgraph.infer.standing import releases
from relgraph.model.finding import Finding, Severity
from relgraph.model.graph import DeclaredSite
from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.model.version import Version, agree, parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH
from relgraph.syntax.text import Text
from relgraph.syntax.yaml import scalars
from relgraph.syntax.yaml_scalar import address

__all__ = ["AMBIGUOUS", "DRIFTED", "LOST", "MISSING"]


class _Found(NamedTuple):
    declared: DeclaredSite
    subject: Subject
    text: Text | None
    sites: tuple[Site, ...]


def _found(facts: Facts) -> Iterator[_Found]:
    declared = facts.declared
    if declared is None:
        return
    for one in declared.graph.sites:
        repo = f"repos.{one.repo}" if one.repo else declared.homes.get(one.node, one.node)
        subject = declared.subjects.get(repo)
        if subject is None:
            continue
        text = subject.text(one.path)
        yield _Found(one, subject, text, () if text is None else tuple(_read(one, text)))


def _read(declared: DeclaredSite, text: Text) -> Iterator[Site]:
    if declared.match:
        spans = [match.span(1) for match in re.compile(declared.match, re.MULTILINE).finditer(text.text) if match[1] is not None]
    else:
        spans = [(one.start, one.end) for one in scalars(text.text) if address(one.path) == declared.yaml]
    for start, end in spans:
        raw = text.text[start:end]
        yield Site(
            declared.path,
            text.span(start, end),
            Kind.VARIABLE,
            declared.node,
            Part.VERSION,
            raw,
            raw,
            Pin.EXACT,
            Role.USES,
            declared.yaml,
            "declared",
        )


def _check_missing(facts: Facts) -> Iterator[Finding]:
    for one in _found(facts):
        if one.text is None:
            yield facts.declared_finding(
                (MISSING.code, MISSING.name, Severity.ERROR),
                one.declared.origin,
                f"{one.subject.name} has no file {one.declared.path}",
                node=one.declared.node,
                actual=one.declared.path,
                why=(f"{one.declared.node} declares a site there",),
            )


def _check_lost(facts: Facts) -> Iterator[Finding]:
    for one in _found(facts):
        if one.text is not None and not one.sites:
            anchor = one.declared.match or one.declared.yaml
            yield facts.declared_finding(
                (LOST.code, LOST.name, Severity.ERROR),
                one.declared.origin,
                f"'{anchor}' matches nothing in {one.declared.path}",
                node=one.declared.node,
                actual=anchor,
                why=("an anchor that matches nothing checks nothing",),
            )


def _check_ambiguous(facts: Facts) -> Iterator[Finding]:
    for one in _found(facts):
        if one.sites and len(one.sites) != one.declared.times:
            first, *rest = one.sites
            yield facts.finding(
                (AMBIGUOUS.code, AMBIGUOUS.name, Severity.ERROR),
                one.subject,
                first,
                f"{one.declared.times} place(s) are declared in {one.declared.path}, {len(one.sites)} match",
                node=one.declared.node,
                expected=str(one.declared.times),
                actual=str(len(one.sites)),
                why=(f"declared at {one.declared.origin}", "make the anchor tell them apart, or set 'count'"),
                related=tuple((one.subject, site) for site in rest[:8]),
            )


def _check_drifted(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    for one in _found(facts):
        wanted = _wanted(declared, one.declared.node)
        if wanted is None or len(one.sites) != one.declared.times:
            continue
        version, reason = wanted
        for site in one.sites:
            written = parse_version(site.value)
            if written is None or not agree(written, version):
                expected = (written.prefix if written else "") + version.bare
                yield facts.finding(
                    (DRIFTED.code, DRIFTED.name, Severity.ERROR),
                    one.subject,
                    site,
                    f"{one.declared.node} is {expected}, but {site.value} is written here",
                    node=one.declared.node,
                    expected=expected,
                    actual=site.value,
                    why=(f"declared at {one.declared.origin}", reason),
                    fixable=True,
                )


def _wanted(declared: Declared, node_id: str) -> tuple[Version, str] | None:
    """The version that a node's site should state: the node's own where that is a release, else the newest release."""
    version = declared.versions[node_id]
    if version.version is None:
        return None
    if "dev." not in version.version.pre:
        return version.version, version.reasons[-1]
    source = declared.builders[node_id].head if node_id in declared.builders else node_id
    subject = declared.subjects.get(source)
    known = () if subject is None else releases(declared.graph.nodes[source], subject)
    return (known[-1].version, f"the newest release of {source} is {known[-1].tag.name}") if known else None


_MORE = "tools:\n  cli: {from: platform, sites: [{path: notes/cli.txt, match: 'release (\\S+)'}]}\n"


def _world(files: dict[str, str | bytes]) -> tuple[Commit, ...]:
    return (Commit({"go.mod": "module github.com/example/platform\n", **files}, tags=("v0.2.0",)),)


def _rule(code: str, name: str, summary: str, explanation: str, check: object, failing: dict[str, str | bytes]) -> Rule:
    return Rule(
        code, name, Severity.ERROR, summary, explanation, check,  # type: ignore[arg-type]  # each is a check
        failing=(Example(_world(failing), graph=GRAPH.format(more=_MORE)),),
        passing=(Example(_world({"notes/cli.txt": "release 0.2.0\n"}), graph=GRAPH.format(more=_MORE)),),
    )  # fmt: skip


MISSING = _rule(
    "RG611", "site-file-missing", "a declared site's file does not exist",
    """
    The graph declares a site in a file that the repository does not have. The file was moved or removed.

    What to do: move the declaration after the file, or remove it. Until then nothing checks what it was declared for.
    """,
    _check_missing, {},
)  # fmt: skip
LOST = _rule(
    "RG612", "site-not-found", "a declared site's anchor matches nothing",
    """
    The file is there, but the declared address or expression matches nothing in it. This is told apart from a wrong version: a check
    whose anchor has rotted checks nothing at all.

    What to do: correct the anchor.
    """,
    _check_lost, {"notes/cli.txt": "version 0.2.0\n"},
)  # fmt: skip
AMBIGUOUS = _rule(
    "RG613", "site-ambiguous", "a declared site's anchor matches more or fewer places than declared",
    """
    The declared address or expression matches another number of places than the graph expects (one, unless `count` says otherwise).
    Which of them is meant cannot be told.

    What to do: make the anchor tell them apart, or declare how many there are.
    """,
    _check_ambiguous, {"notes/cli.txt": "release 0.2.0\nrelease 0.1.0\n"},
)  # fmt: skip
DRIFTED = _rule(
    "RG614", "site-drifted", "a declared site states another version than its node has",
    """
    The place is found, and what it states is not the node's version: its release where the commit is one, else the newest release of what it
    is built from.

    What to do: write the node's version at the place, or let the release do it.
    """,
    _check_drifted, {"notes/cli.txt": "release 0.1.0\n"},
)  # fmt: skip
