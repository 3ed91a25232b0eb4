"""RG606: a declared range that a reference lies outside of, or that no release lies in."""

from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.standing import releases
from relgraph.infer.written import Written
from relgraph.model.finding import Finding, Severity
from relgraph.model.graph import Edge
from relgraph.resolve.order import read_version
from relgraph.resolve.range import Range, RangeProblem, parse_range
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH

__all__ = ["RULE", "engine_example"]

_CODE, _NAME = "RG606", "declared-range"


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    constrained = [edge for edge in declared.graph.edges if edge.constraint]
    if not constrained:
        return
    written = Written(facts, declared)
    for edge in constrained:
        try:
            allowed = parse_range(edge.constraint)
        except RangeProblem as problem:
            yield facts.declared_finding(
                (_CODE, _NAME, Severity.ERROR), edge.origin, str(problem), node=edge.tail, actual=edge.constraint
            )
            continue
        yield from _unsatisfiable(facts, edge, allowed)
        yield from _outside(facts, written, edge, allowed)


def _unsatisfiable(facts: Facts, edge: Edge, allowed: Range) -> Iterator[Finding]:
    declared = facts.declared
    repo = None if declared is None else declared.homes.get(edge.head, edge.head)
    subject = None if declared is None or repo is None else declared.subjects.get(repo)
    if declared is None or subject is None or repo is None:
        return
    known = [release.version.bare for release in releases(declared.graph.nodes[repo], subject)]
    versions = [version for text in known if (version := read_version(text)) is not None]
    if versions and not any(allowed.admits(version) for version in versions):
        yield facts.declared_finding(
            (_CODE, _NAME, Severity.ERROR),
            edge.origin,
            f"no release of {edge.head} lies in {edge.constraint}",
            node=edge.tail,
            actual=edge.constraint,
            why=(f"{repo} has {len(known)} releases, the newest {known[-1]}",),
        )


def _outside(facts: Facts, written: Written, edge: Edge, allowed: Range) -> Iterator[Finding]:
    told: set[tuple[str, str]] = set()
    for one in written.references(edge.tail, edge.head):
        if one.version is None or (one.site.path, one.site.value) in told:
            continue
        version = read_version(one.version.bare)
        if version is None or allowed.admits(version):
            continue
        told.add((one.site.path, one.site.value))
        yield facts.finding(
            (_CODE, _NAME, Severity.ERROR),
            one.subject,
            one.site,
            f"{edge.head.partition('.')[2]} is {one.site.value} here, outside of {edge.constraint}",
            node=edge.tail,
            expected=edge.constraint,
            actual=one.site.value,
            why=(*((one.evidence,) if one.evidence else ()), f"{edge.origin} allows {edge.tail} {edge.constraint} of {edge.head}"),
        )


def engine_example(used: str, edge: str) -> Example:
    """A script that uses version ``used`` of an engine with the releases 0.8.0 and 0.9.3, by an edge with these fields."""
    more = f"files:\n  scripts: {{from: platform, paths: [scripts/**], uses: [{{node: engine, {edge}}}]}}\n"
    graph = GRAPH.replace("images:", "  engine: {{url: https://github.com/example/engine}}\nimages:").format(more=more)
    script = f"git clone -b v{used} https://github.com/example/engine.git\n"
    files = {"go.mod": "module github.com/example/platform\n", "scripts/run.sh": script}
    released = (Commit({"x": "1"}, tags=("v0.8.0",)), Commit({"x": "2"}, tags=("v0.9.3",)))
    return Example((Commit(files, tags=("v0.1.0",)),), {"engine": released}, graph)


RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a reference lies outside of the range that the graph declares, or no release lies in it",
    """
    An edge of the graph allows a range of versions. A file of the node names a version outside of it, or the repository behind it has
    no release inside: then nobody can satisfy it.

    What to do: move the reference, or widen the range.
    """,
    _check,
    failing=(engine_example("0.8.0", "version: '>=0.9.0 <0.10.0'"),),
    passing=(engine_example("0.9.3", "version: '>=0.9.0 <0.10.0'"),),
)
