"""RG101: references to one thing disagree about its version."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from relgraph.infer.consensus import Cluster, clusters, comparable, weight
from relgraph.infer.facts import Facts
from relgraph.infer.paths import is_fixture
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.infer.toolchains import TOOLCHAINS, Minimum, Toolchain, applicable, minimums
from relgraph.infer.usage import Usage, usage_of
from relgraph.infer.wording import is_example
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind
from relgraph.model.version import Version, natural_key
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG101", "reference-mismatch"
# A variable's name that says that it holds a version.
_NAMED = re.compile(r"(?:version|ver|tag|release|ref|rev|vers)$", re.IGNORECASE)
# The cluster that something is tried on is chosen for each trial.
_CLUSTER = re.compile(r"(?:^|/)kindest/node$|/k3s$")
_EXAMPLES = re.compile(r"(?:examples?|samples?|demos?|deploy)/.*\.ya?ml$")
# Places that compile what is in the repository.
_BUILDING = (PathRole.BUILD, PathRole.ARTIFACT, PathRole.PIPELINE, PathRole.TEST)
_USERS_SEE = (PathRole.ARTIFACT, PathRole.DOCUMENT, PathRole.BUILD)


def _check(facts: Facts) -> Iterator[Finding]:
    for toolchain in TOOLCHAINS:
        if toolchain.refuses:
            for subject in facts.world.targets:
                yield from _toolchains(facts, subject, toolchain)
    for line, references in facts.lines.items():
        if line.startswith(("variable:", "action:", "toolchain:")):
            continue
        first_party = facts.identity.is_first_party(line)
        for subject in facts.world.targets:
            if line == facts.identity.address(subject):
                continue  # what a repository says of itself is RG102's business
            found = clusters(one for one in references if one.subject is subject and comparable(one))
            if len(found) > 1:
                found = clusters(
                    member for cluster in found for member in cluster.members if _is_meant(member, first_party=first_party)
                )
            if len(found) > 1 and _may_disagree(line, found):
                yield from _outliers(facts, line, found, first_party=first_party)


def _toolchains(facts: Facts, subject: Subject, toolchain: Toolchain) -> Iterator[Finding]:
    """Places that build one source tree with an older release line of its language than others do."""
    needed = minimums(subject, toolchain)
    trees: dict[Minimum | None, list[tuple[Version, Reference]]] = {}
    for one in facts.lines.get(f"toolchain:{toolchain.name}", ()):
        if one.subject is subject and one.role in _BUILDING and one.version and comparable(one) and not is_fixture(one.site.path):
            trees.setdefault(applicable(one.site.path, needed), []).append((one.version, one))
    count = toolchain.numbers
    for minimum, stating in trees.items():
        newest, right = max(stating, key=lambda pair: (pair[0].release[:count], weight(pair[1])))
        least = minimum.version.release[:count] if minimum else ()
        tried: dict[str, set[tuple[int, ...]]] = {}
        for version, one in stating:
            tried.setdefault(one.site.path, set()).add(version.release[:count])
        for version, one in stating:
            # What is below the minimum is RG107's business; a file with several lists what to try.
            several = len(tried[one.site.path]) > 1
            if not least <= version.release[:count] < newest.release[:count] or several or one.site.path.endswith("go.mod"):
                continue
            yield facts.finding(
                (_CODE, _NAME, Severity.NOTE if one.role is PathRole.TEST else Severity.WARNING),
                subject,
                one.site,
                f"{toolchain.title} is {one.site.value} here and {right.site.value} in {right.where}",
                expected=".".join(map(str, newest.release[: max(count, len(version.release))])),
                actual=one.site.value,
                why=(*filter(None, (one.evidence, right.evidence)), f"{right.where} says {right.site.value}"),
                related=((right.subject, right.site),),
            )


def _outliers(facts: Facts, line: str, found: tuple[Cluster, ...], *, first_party: bool) -> Iterator[Finding]:
    right = _right(facts, found[0])
    elsewhere = frozenset() if first_party else _run_elsewhere(right.first.subject, facts.lines[line])
    stated = Counter(path for cluster in found for path in {member.site.path for member in cluster.members})
    only_tests = all(member.role is PathRole.TEST for cluster in found for member in cluster.members)
    for cluster in found[1:]:
        by_path: dict[str, list[Reference]] = {}
        for member in cluster.members:
            by_path.setdefault(member.site.path, []).append(member)
        shown = _shown(cluster)
        for path, members in by_path.items():
            # A file that names three versions of one thing lists versions (a support matrix, a version map).
            if stated[path] >= 3 or _apart(members[0], right):
                continue
            head = members[0]
            severity = Severity.NOTE if only_tests else _severity(facts, head, right, first_party=first_party)
            if head.role is PathRole.SOURCE and head.site.kind is Kind.GIT and (head.site.get("path"), head.site.value) in shown:
                severity = min(severity, Severity.WARNING, key=lambda one: one.rank)  # a description is made from its comment
            run = head.version is not None and (head.site.name, natural_key(head.version)) in elsewhere
            if run or (not first_party and _is_chosen(head, right)):
                severity = Severity.NOTE
            expected = _spell(right.version, head)
            evidence = tuple(dict.fromkeys(one.evidence for one in (head, right.first) if one.evidence))
            yield facts.finding(
                (_CODE, _NAME, severity),
                head.subject,
                head.site,
                f"{_what(line)} is {head.site.value} here and {expected} in {right.where}",
                expected=expected,
                actual=head.site.value,
                why=(*evidence, f"{right.where} says {right.spelled}"),
                related=tuple((one.subject, one.site) for one in (*members[1:], *right.shown)),
                # Somebody chose the newer version on purpose: whether to go back is not ours to say.
                fixable=head.version is not None and natural_key(head.version) < natural_key(right.version),
            )


class _Right(NamedTuple):
    """What is asked of the cluster that the others should follow, once for all of them: it may have very many members."""

    version: Version
    spelled: str
    first: Reference
    shown: tuple[Reference, ...]
    where: str
    kinds: frozenset[Kind]
    variables: frozenset[str]
    manifests: frozenset[bool]
    shipped: bool
    fetched: frozenset[str]
    packed: bool
    modules: frozenset[tuple[str, str]]
    paths: frozenset[str]
    namesake: bool
    linked: bool
    built: bool
    examples: frozenset[str]


def _right(facts: Facts, cluster: Cluster) -> _Right:
    by_path: dict[str, Reference] = {}
    for member in cluster.members:
        by_path.setdefault(member.site.path, member)
    first = cluster.members[0]
    return _Right(
        cluster.version,
        cluster.spelled,
        first,
        tuple(by_path.values())[:8],
        first.where if len(by_path) == 1 else f"{first.where} and {len(by_path) - 1} more",
        frozenset(member.site.kind for member in cluster.members),
        frozenset(member.site.name.lstrip("_") for member in cluster.members if member.site.kind is Kind.VARIABLE),
        frozenset(member.site.syntax == "gomod" for member in cluster.members if _is_built(member)),
        any(map(_is_shipped, cluster.members)),
        frozenset(filter(None, map(_fetched, cluster.members))),
        all(_is_packed(facts, member) for member in cluster.members),
        frozenset((member.site.path, member.site.name) for member in cluster.members if member.site.kind is Kind.MODULE),
        frozenset(by_path),
        all(_is_namesake(facts, member) for member in cluster.members),
        all(member.site.kind is Kind.GIT and member.site.get("form") in ("blob", "tree") for member in cluster.members),
        any(member.site.kind is Kind.IMAGE and member.role in (PathRole.BUILD, PathRole.ARTIFACT) for member in cluster.members),
        frozenset(member.site.path.partition("/")[0] for member in cluster.members if _is_kept_example(member)),
    )


def _is_meant(one: Reference, *, first_party: bool) -> bool:
    """Whether the version is meant to be the one in use: not that of a page, of the name of a schema, or of an example."""
    site, text = one.site, one.subject.text(one.site.path)
    link = site.kind is Kind.GIT and site.get("form") in ("blob", "tree", "release", "commit")
    if text is None or (first_party and link):
        return False  # a permanent link keeps its meaning
    if not link and is_example(text, site):
        return False  # what a link leads to may be an example, its version is none
    return site.get("scope") != "url" or site.get("form") != "path" or usage_of(text, site) is not Usage.LINK


def _may_disagree(line: str, found: tuple[Cluster, ...]) -> bool:
    """Whether the evidence joins the references well enough: variables that merely share a word are joined by files that act on it."""
    if all(is_fixture(member.site.path) for member in found[0].members):
        return False
    if not line.startswith("name:"):
        return True
    members = [member for cluster in found for member in cluster.members]
    named = all(_NAMED.search(member.site.name) or member.site.get("scope") == "with" for member in members)
    return named and not all(member.role is PathRole.SOURCE for member in members)


def _apart(member: Reference, right: _Right) -> bool:
    """Whether a program and the library of its name count apart: 1.36.1 of the one is no other version than 0.36.2 of the other."""
    one, other = member.version, right.version
    if one is None:
        return False
    if member.site.kind is Kind.MODULE:
        return (one.release[0], other.release[0]) == (0, 1) and not right.kinds & {Kind.MODULE, Kind.GIT}
    return (one.release[0], other.release[0]) == (1, 0) and Kind.MODULE in right.kinds and member.site.kind is not Kind.GIT


def _severity(facts: Facts, member: Reference, right: _Right, *, first_party: bool) -> Severity:
    if is_fixture(member.site.path):
        return Severity.NOTE
    # A file that names two node images knows of two clusters: the one that it makes, and one that runs within.
    if _CLUSTER.search(member.site.name) and (member.role is not PathRole.ARTIFACT or member.site.path in right.paths):
        return Severity.NOTE
    if (
        member.site.get("scope") == "prose"
        and member.site.key in ("", "table")
        and (first_party or member.role is not PathRole.DOCUMENT or member.site.path in right.paths)
    ):
        return Severity.NOTE  # a sentence often speaks of the past, and a table of more than one version on purpose
    if first_party:
        return Severity.ERROR if member.role in _USERS_SEE else Severity.WARNING
    if member.site.path.endswith((".html", ".htm")):
        return Severity.NOTE  # made from something else, or the report of a tool
    link = member.site.kind is Kind.GIT and member.site.get("form") in ("blob", "tree")
    if right.linked and not link:
        return Severity.NOTE  # links explain, and fetch nothing
    if _is_kept_example(member) and right.built and member.site.path.partition("/")[0] in right.examples:
        return Severity.WARNING  # what the project itself builds and tries with, and shows in the examples beside this one
    if member.role is PathRole.TEST or (link and (member.role is not PathRole.ARTIFACT or _is_comment(member))):
        return Severity.NOTE
    if member.role is PathRole.DOCUMENT and member.site.kind is Kind.IMAGE:
        return Severity.NOTE  # a document shows what somebody else's image may be
    if right.packed and (member.site.kind is Kind.MODULE or (member.role is PathRole.SOURCE and not _is_packed(facts, member))):
        return Severity.NOTE  # the library, or the program's own idea of the project, beside what packs one of its programs
    if right.kinds == {Kind.MODULE} and _is_packed(facts, member):
        return Severity.NOTE
    if right.namesake and member.site.kind is Kind.IMAGE and member.site.syntax == "dockerfile":
        return Severity.NOTE  # what one image is built on, and what a variable of its name installs into another
    coupled = (
        bool(right.kinds - {member.site.kind} - _UNRELATED.get(member.site.kind, frozenset()))
        or (member.site.kind is Kind.VARIABLE and member.site.name.lstrip("_") in right.variables)
        # The argument of a script that installs something, and the variable for it.
        or (member.site.kind is Kind.VARIABLE and member.site.name.startswith("github.com/") and bool(right.variables))
        or (_is_built(member) and (member.site.syntax != "gomod") in right.manifests)
        or (_is_shipped(member) and right.shipped)
        or _fetched(member) in right.fetched
    )
    return Severity.WARNING if coupled else Severity.NOTE


# A library may be of another version than the program that runs from an image or a chart.
_RUN = frozenset({Kind.IMAGE, Kind.CHART})
_UNRELATED = {Kind.MODULE: _RUN, **dict.fromkeys(_RUN, frozenset({Kind.MODULE}))}


def _is_packed(facts: Facts, one: Reference) -> bool:
    """Whether it is the version of an image or a chart: written there, or held by a variable that fills it."""
    if one.site.kind is not Kind.VARIABLE:
        return one.site.kind in _RUN
    bound = facts.identity.bindings(one.subject).of(one.site)
    return bool(bound) and all(binding.target.kind in _RUN for binding in bound)


def _is_namesake(facts: Facts, one: Reference) -> bool:
    """Whether it is a variable that fills no reference: it shares the thing's name, and nobody knows what it is for."""
    return one.site.kind is Kind.VARIABLE and not facts.identity.bindings(one.subject).of(one.site)


def _shown(cluster: Cluster) -> frozenset[tuple[str, str]]:
    """The links, by what they lead to and at which version, that stand in something that is shipped."""
    return frozenset(
        (member.site.get("path"), member.site.value)
        for member in cluster.members
        if member.site.kind is Kind.GIT and member.role is PathRole.ARTIFACT
    )


def _run_elsewhere(subject: Subject, references: Iterable[Reference]) -> frozenset[tuple[str, tuple[object, ...]]]:
    """What other judged repositories run: an image of this very version may be named here because they do, to fetch it ahead."""
    return frozenset(
        (one.site.name, natural_key(one.version))
        for one in references
        if one.subject is not subject and one.site.kind in _RUN and one.version is not None and _is_shipped(one)
    )


def _is_chosen(member: Reference, right: _Right) -> bool:
    """Whether a script asks for a module at both versions, at one or the other as the case may be."""
    return member.site.kind is Kind.MODULE and (member.site.path, member.site.name) in right.modules


def _is_built(one: Reference) -> bool:
    """Whether it is a module that the source is built with, or of which a program is installed."""
    return one.site.kind is Kind.MODULE and one.role not in (PathRole.SOURCE, PathRole.DOCUMENT)


def _is_shipped(one: Reference) -> bool:
    """Whether it runs at the users': deployed from manifests, or by the program itself from what its text says."""
    return one.role is PathRole.ARTIFACT or (
        one.site.path.endswith(".go") and one.role is not PathRole.TEST and one.site.kind in _RUN
    )


def _fetched(one: Reference) -> str:
    """Which file of a project is fetched, or that the project is checked out; empty where neither is."""
    site = one.site
    if site.kind is not Kind.GIT or site.get("form") not in ("download", "raw", "archive", "clone"):
        return ""
    return f"{site.get('form')} {site.get('path')}"


def _is_kept_example(one: Reference) -> bool:
    """Whether it is the image of a manifest among the examples that a project offers, which people deploy as they are."""
    return one.site.kind is Kind.IMAGE and one.site.syntax == "yaml" and _EXAMPLES.match(one.site.path) is not None


def _is_comment(one: Reference) -> bool:
    text = one.subject.text(one.site.path)
    return text is not None and text.line_head(one.site.span.line).lstrip().startswith(("#", "//", "*"))


def _spell(version: Version, like: Reference) -> str:
    """The right version in the spelling of the place that should change: with or without ``v``."""
    prefix = like.version.prefix if like.version else version.prefix
    return prefix + version.bare


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
    else a note. Changelogs, release notes, folders named as old or for a release that is past, version lists and matrices do not count.

    What to do: correct the place that is behind. Where the two are meant to differ, a declared graph can say so: by an edge with a
    `version` of its own, or by a waiver with its reason.
    """,
    _check,
    failing=(Example((Commit({"go.mod": _GO_MOD.format("0.6.1"), ".github/workflows/ci.yml": _WORKFLOW.format("0.6.3")}),)),),
    passing=(
        Example((Commit({"go.mod": _GO_MOD.format("0.6.3"), ".github/workflows/ci.yml": _WORKFLOW.format("0.6.3")}),)),
        Example(
            (
                Commit(
                    {"go.mod": _GO_MOD.format("0.6.3"), "docs/release-notes.md": "engine 0.6.1 came with example/engine v0.6.1\n"}
                ),
            )
        ),
    ),
)
