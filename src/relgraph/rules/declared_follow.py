"""RG610: a reference names another version than the one that its edge follows."""

from collections.abc import Iterator

from relgraph.infer.consensus import comparable
from relgraph.infer.declared import Declared
from relgraph.infer.facts import Facts
from relgraph.infer.standing import releases
from relgraph.infer.written import Written
from relgraph.model.finding import Finding, Severity
from relgraph.model.graph import Edge, Follow
from relgraph.model.version import Version, agree
from relgraph.rules.declared_range import engine_example
from relgraph.rules.rule import Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG610", "declared-follow"


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    following = [edge for edge in declared.graph.edges if edge.follow in (Follow.LAST_RELEASE, Follow.TAG)]
    if not following:
        return
    written = Written(facts, declared)
    for edge in following:
        wanted = _wanted(declared, edge)
        if wanted is None:
            continue
        version, reason = wanted
        head = declared.graph.nodes[edge.head]
        told: set[tuple[str, str]] = set()
        for one in written.references(edge.tail, edge.head):
            if not comparable(one) or one.version is None or agree(one.version, version) or (one.site.path, one.site.value) in told:
                continue
            told.add((one.site.path, one.site.value))
            expected = one.version.prefix + version.bare
            yield facts.finding(
                (_CODE, _NAME, Severity.ERROR),
                one.subject,
                one.site,
                f"{edge.tail} follows the {_WORDS[edge.follow]} of {head.name}, {expected}, but {one.site.value} is named here",
                node=edge.tail,
                expected=expected,
                actual=one.site.value,
                why=(*((one.evidence,) if one.evidence else ()), f"{edge.origin} declares follow: {edge.follow}", reason),
                fixable=True,
            )


_WORDS = {Follow.LAST_RELEASE: "last release", Follow.TAG: "release", Follow.MAIN: "main", Follow.PINNED: "pin", None: ""}


def _wanted(declared: Declared, edge: Edge) -> tuple[Version, str] | None:
    """The version that an edge demands, and why; None where it demands none that can be told."""
    repo = declared.homes.get(edge.head, edge.head)
    builder = declared.builders.get(edge.head)
    source = builder.head if builder is not None and declared.graph.nodes[builder.head].kind == "repo" else repo
    subject = declared.subjects.get(source)
    if edge.follow is Follow.LAST_RELEASE and subject is not None:
        known = releases(declared.graph.nodes[source], subject)
        finals = [release for release in known if not release.version.pre] or list(known)
        return (finals[-1].version, f"the newest release of {source} is {finals[-1].tag.name}") if finals else None
    if edge.follow is Follow.TAG and declared.homes.get(edge.tail) != repo:
        version = declared.versions[edge.head]
        return None if version.version is None or "dev." in version.version.pre else (version.version, version.reasons[-1])
    return None


RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a reference is not at the version that its edge follows",
    """
    The graph says which version an edge follows: the last release of its target (`last-release`), or the one that is released together
    with it (`tag`). The file names another one.

    What to do: write the expected version, or declare the edge `follow: pinned` where the file is meant to stay.
    """,
    _check,
    failing=(engine_example("0.8.0", "follow: last-release"),),
    passing=(engine_example("0.9.3", "follow: last-release"),),
)
