"""RG101: references to one thing disagree about its version."""

from collections.abc import Iterator

from relgraph.infer.consensus import Cluster, clusters, comparable
from relgraph.infer.facts import Facts
from relgraph.infer.paths import is_fixture
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.infer.usage import Usage, usage_of
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG101", "reference-mismatch"
_USERS_SEE = (PathRole.ARTIFACT, PathRole.DOCUMENT, PathRole.BUILD)


def _check(facts: Facts) -> Iterator[Finding]:
    own = {facts.identity.address(subject) for subject in facts.world.targets}
    for line, references in facts.lines.items():
        if line in own or line.startswith(("variable:", "action:", "toolchain:")):
            continue
        for subject in facts.world.targets:
            members = [one for one in references if one.subject is subject and comparable(one) and not _is_page(one)]
            found = clusters(members)
            if len(found) > 1:
                yield from _outliers(facts, line, found)


def _outliers(facts: Facts, line: str, found: tuple[Cluster, ...]) -> Iterator[Finding]:
    first_party = facts.identity.is_first_party(line)
    right = found[0]
    for cluster in found[1:]:
        by_path: dict[str, list[Reference]] = {}
        for member in cluster.members:
            by_path.setdefault(member.site.path, []).append(member)
        for path, members in by_path.items():
            if not first_party and _is_list(path, found):
                continue
            severity = _severity(members[0], right, first_party=first_party)
            head = members[0]
            expected = _spell(right, head)
            evidence = tuple(dict.fromkeys(one.evidence for one in (head, *right.members[:1]) if one.evidence))
            yield facts.finding(
                (_CODE, _NAME, severity),
                head.subject,
                head.site,
                f"{_what(line)} is {head.site.value} here and {expected} in {_where(right)}",
                expected=expected,
                actual=head.site.value,
                why=(*evidence, f"{_where(right)} says {right.spelled}"),
                related=tuple((one.subject, one.site) for one in (*members[1:], *_distinct(right))),
                fixable=True,
            )


def _is_page(one: Reference) -> bool:
    """Whether it is an address with a version in it that nothing fetches: a page, or the name of a schema."""
    if one.site.get("scope") != "url" or one.site.get("form") != "path":
        return False
    text = one.subject.text(one.site.path)
    return text is None or usage_of(text, one.site) is Usage.LINK


def _severity(member: Reference, right: Cluster, *, first_party: bool) -> Severity:
    if is_fixture(member.site.path):
        return Severity.NOTE
    if first_party:
        return Severity.ERROR if member.role in _USERS_SEE else Severity.WARNING
    link = member.site.kind is Kind.GIT and member.site.get("form") in ("blob", "tree")
    if member.role is PathRole.TEST or (link and member.role is not PathRole.ARTIFACT):
        return Severity.NOTE
    coupled = any(
        other.site.kind is not member.site.kind
        or (other.site.kind is Kind.VARIABLE and other.site.name == member.site.name)
        or other.role is PathRole.ARTIFACT is member.role
        for other in right.members
    )
    return Severity.WARNING if coupled else Severity.NOTE


def _is_list(path: str, found: tuple[Cluster, ...]) -> bool:
    # A file that names three versions of one thing lists versions (a support matrix, a version map).
    return sum(any(member.site.path == path for member in cluster.members) for cluster in found) >= 3


def _spell(right: Cluster, like: Reference) -> str:
    """The right version in the spelling of the place that should change: with or without ``v``."""
    version = right.version
    prefix = like.version.prefix if like.version else version.prefix
    return prefix + version.bare


def _distinct(cluster: Cluster) -> tuple[Reference, ...]:
    seen: dict[str, Reference] = {}
    for member in cluster.members:
        seen.setdefault(member.site.path, member)
    return tuple(seen.values())[:8]


def _where(cluster: Cluster) -> str:
    places = [member.where for member in _distinct(cluster)]
    return places[0] if len(places) == 1 else f"{places[0]} and {len(places) - 1} more"


def _what(line: str) -> str:
    return line.split(":", 1)[-1] if ":" in line else line.split("/", 1)[-1]


_GO_MOD = "module github.com/example/platform\n\ngo 1.22\n\nrequire github.com/example/engine v{}\n"
_WORKFLOW = (
    "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n"
    "          curl -LO https://github.com/example/engine/releases/download/v{0}/engine_{0}_linux_amd64.tar.gz\n"
)

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "references to one thing disagree about its version",
    """
    Every place that names a version of the same thing (a module, an image, a chart, a download, a variable that fills one of
    them) belongs to one version line. Where the places of one tree state different versions, at most one is right. The
    version expected is the one that what is built and shipped states; between equals, the newer.

    An error where users read or run the place, a warning in pipelines, tests and program text; for things of other
    projects a warning where the places depend on each other (a module and the tool installed beside it, two deployed manifests),
    else a note. Changelogs, release notes, folders named as old, version lists and matrices do not count.
    """,
    _check,
    failing=(
        Example((Commit({"go.mod": _GO_MOD.format("0.6.1"), ".github/workflows/ci.yml": _WORKFLOW.format("0.6.3")}),)),
    ),
    passing=(
        Example((Commit({"go.mod": _GO_MOD.format("0.6.3"), ".github/workflows/ci.yml": _WORKFLOW.format("0.6.3")}),)),
        Example((Commit({"go.mod": _GO_MOD.format("0.6.3"), "docs/release-notes.md": "engine 0.6.1 came with example/engine v0.6.1\n"}),)),
    ),
)
