"""RG112: a place that uses an older release of this repository beside versions that were not released with it."""

from collections.abc import Iterator

from relgraph.infer.consensus import clusters, comparable
from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Severity
from relgraph.model.repository import Tag
from relgraph.model.site import Kind, Site
from relgraph.model.version import agree
from relgraph.model.world import Subject, World
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG112", "released-with"
_ROLES = (PathRole.ARTIFACT, PathRole.DOCUMENT, PathRole.PIPELINE, PathRole.TEST)


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        own = facts.identity.address(subject)
        tags = {tag.version.bare: tag for tag in facts.ordered_tags(subject) if tag.version is not None}
        by_file: dict[str, list[Reference]] = {}
        for one in facts.references:
            if one.subject is subject and one.role in _ROLES and comparable(one) and facts.identity.is_first_party(one.line):
                by_file.setdefault(one.site.path, []).append(one)
        for members in by_file.values():
            selves = [one for one in members if one.line == own and not _is_link(one.site)]
            others = [one for one in members if one.line != own and not _is_link(one.site)]
            named = {one.version.bare for one in selves if one.version is not None}
            if len(named) == 1 and others and (tag := tags.get(named.pop())) is not None and tag.commit != subject.rev:
                yield from _judge(facts, subject, selves[0], tag, others)


def _is_link(site: Site) -> bool:
    return site.kind is Kind.GIT and site.get("form") in ("blob", "tree")


def _judge(facts: Facts, subject: Subject, own: Reference, tag: Tag, others: list[Reference]) -> Iterator[Finding]:
    if _is_newest(facts, subject, tag) and all(_agrees_now(facts, one) for one in others):
        return
    released = subject.released(tag.name)
    if released is None:
        return
    then = Facts(World((released,), facts.world.siblings))
    told: set[tuple[str, str]] = set()
    for one in others:
        shipped = clusters(other for other in then.lines.get(one.line, ()) if comparable(other))
        if not shipped or one.version is None or any(agree(one.version, cluster.version) for cluster in shipped):
            continue
        if (one.line, one.site.value) in told:
            continue
        told.add((one.line, one.site.value))
        same = [other for other in others if other.line == one.line and other.site.value == one.site.value and other is not one]
        expected = (one.version.prefix) + shipped[0].version.bare
        yield facts.finding(
            (_CODE, _NAME, Severity.WARNING),
            subject,
            one.site,
            f"{one.line.rpartition('/')[2]} {one.site.value} stands beside {subject.name} {own.site.value}, which was released with {expected}",
            expected=expected,
            actual=one.site.value,
            why=(
                f"{own.where} uses {subject.name} {own.site.value}",
                f"at {tag.name}, {shipped[0].members[0].where} says {shipped[0].spelled}",
            ),
            related=((subject, own.site), *((subject, other.site) for other in same)),
        )


def _agrees_now(facts: Facts, one: Reference) -> bool:
    return any(
        other.role is PathRole.ARTIFACT
        and other.version is not None
        and one.version is not None
        and agree(one.version, other.version)
        for other in facts.lines.get(one.line, ())
        if other.site.path != one.site.path
    )


def _is_newest(facts: Facts, subject: Subject, tag: Tag) -> bool:
    return facts.ordered_tags(subject)[-1].name == tag.name


_VALUES = 'ADDON_VERSION: "{}"\n'
_HOOK = "args:\n- upgrade\n- --install\n- addon\n- oci://ghcr.io/example/addon-chart\n- --version\n- v{{.Values.ADDON_VERSION}}\n"
_WORKFLOW = (
    "on: workflow_dispatch\njobs:\n  old:\n    runs-on: self-hosted\n    steps:\n    - run: |\n        export PLATFORM_VERSION=0.1.0\n"
    "        export ADDON_VERSION={}\n        ./run.sh\n"
)


def _tree(shipped: str, used: str) -> dict[str, str]:
    return {
        "go.mod": "module github.com/example/platform\n",
        "chart/Chart.yaml": "apiVersion: v2\nname: platform\nversion: 0.1.0\n",
        "chart/values.yaml": _VALUES.format(shipped),
        "chart/templates/hook.yaml": _HOOK,
        ".github/workflows/old.yml": _WORKFLOW.format(used),
    }


_ADDON = (
    Commit({"go.mod": "module github.com/example/addon\n"}, tags=("v0.1.0",)),
    Commit({"go.mod": "module github.com/example/addon\n", "x": ""}, tags=("v0.2.0",)),
)

RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "an older release is used beside versions that were not released with it",
    """
    A script, document or pipeline pins an older release of this repository, and beside it a version of one of its companions. At the
    tag of that release, the tree names another version of the companion: the pair was never released together.

    What to do: use the pair of the release, or move both.
    """,
    _check,
    failing=(
        Example(
            (
                Commit(_tree("0.1.0", "0.1.0"), tags=("v0.1.0",)),
                Commit(_tree("0.2.0", "0.2.0"), tags=("v0.2.0",)),
                Commit({**_tree("0.2.0", "0.2.0"), "x": ""}),
            ),
            {"addon": _ADDON},
        ),
    ),
    passing=(
        Example(
            (
                Commit(_tree("0.1.0", "0.1.0"), tags=("v0.1.0",)),
                Commit(_tree("0.2.0", "0.1.0"), tags=("v0.2.0",)),
                Commit({**_tree("0.2.0", "0.1.0"), "x": ""}),
            ),
            {"addon": _ADDON},
        ),
    ),
)
