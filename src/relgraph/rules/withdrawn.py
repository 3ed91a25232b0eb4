"""RG708: a reference to a release that was withdrawn."""

from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Severity
from relgraph.model.published import Published
from relgraph.model.record import Record, Withdrawal
from relgraph.model.site import Role
from relgraph.model.version import parse_version
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG708", "withdrawn-release"
_PAST = (PathRole.HISTORY, PathRole.LEGACY, PathRole.VENDORED)


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    broken: dict[tuple[str, str], Record] = {}
    for record in declared.published.records:
        node = declared.graph.nodes.get(f"repos.{record.repo}")
        if record.withdrawn is not None and node is not None:
            broken[declared.line(node), record.version] = record
    if not broken:
        return
    for one in facts.references:
        if one.version is None or one.role in _PAST or one.site.role in (Role.MENTION, Role.DECLARES, Role.MINIMUM):
            continue
        named = broken.get((one.line, one.version.bare))
        if named is None or named.withdrawn is None or f"/{named.repo}/{named.version}." in f"/{one.site.path}":
            continue
        instead = parse_version(named.withdrawn.replacement) if named.withdrawn.replacement else None
        expected = None if instead is None else one.version.prefix + instead.bare
        yield facts.finding(
            (_CODE, _NAME, Severity.ERROR),
            one.subject,
            one.site,
            f"{named.repo} {named.version} was withdrawn: {named.withdrawn.reason}",
            expected=expected,
            actual=one.site.value,
            why=(*((one.evidence,) if one.evidence else ()), f"the record of {named.repo} {named.version} says so"),
            fixable=expected is not None,
        )


_GRAPH = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: platform}
repos:
  platform: {url: https://github.com/example/platform}
  engine: {url: https://github.com/example/engine}
images:
  motor: {from: engine, ref: ghcr.io/example/engine/motor, build: {docker: .}}
files:
  manifests: {from: platform, paths: [deploy/**], uses: [{node: motor, follow: pinned}]}
"""
_ENGINE = {"engine": tuple(Commit({"Dockerfile": f"# {tag}\nFROM scratch\n"}, tags=(tag,)) for tag in ("v0.9.2", "v0.9.3"))}
_RECORD = Record(
    "engine", "0.9.2", "v0.9.2", "c" * 40, "2026-01-01T00:00:00Z", "platform", (), (), Withdrawal("it loses data", "0.9.3")
)


def _world(version: str) -> Example:
    files = {"deploy/pod.yaml": f"kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/engine/motor:{version}\n"}
    return Example((Commit(files, tags=("v1.0.0",)),), _ENGINE, _GRAPH, Published((_RECORD,)))


RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a reference names a release that was withdrawn",
    """
    `relgraph withdraw` marked a release as broken, with the version that takes its place. Something still names it.

    What to do: name the replacement (`relgraph verify --fix` does), or the release before where there is none yet.
    """,
    _check,
    failing=(_world("0.9.2"),),
    passing=(_world("0.9.3"),),
)
