"""RG102: what a repository says about its own version differs from its tag, or from itself."""

import re
from collections.abc import Iterator

from relgraph.infer.consensus import Cluster, clusters, comparable
from relgraph.infer.facts import Facts
from relgraph.infer.paths import is_fixture
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.infer.wording import is_example
from relgraph.model.finding import Finding, Severity
from relgraph.model.repository import Tag
from relgraph.model.site import Kind, Part, Role
from relgraph.model.version import Version, natural_key
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["PENDING", "RULE"]

_CODE, _NAME = "RG102", "self-reference"
_PACKAGES = ("package.json", "pyproject.toml", "Cargo.toml", "setup.cfg", "setup.py")
_RECORD = ".release-please-manifest.json"
# How release-please knows the lines that it writes each release's version into.
_MARK = "x-release-please-version"
_CHOICE = re.compile(r"\b(?:specific|particular|certain|different|older|other) (?:version|release|tag)", re.IGNORECASE)
_CONSTANT = re.compile(r"\s*(?:const\s+|var\s+)?\w*(?:[iI]mage|IMAGE|[iI]mg|IMG)\w*(?:\s+string)?\s*:?=\s*\"[^\"\s]*\Z")
_SEVERAL = 3
# A page that leads from one release to another is of that other one.
_UPGRADE = re.compile(r"(?:^|/)[^/]*upgrad(?:e|ing)[^/]*\d\.\d[^/]*\.(?:md|mdx|rst|txt|adoc)$", re.IGNORECASE)
_USERS_SEE = (PathRole.ARTIFACT, PathRole.DOCUMENT, PathRole.BUILD)


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        members = own_references(facts, subject)
        if not members:
            continue
        found = clusters(members)
        tags = facts.ordered_tags(subject)
        here = [tag for tag in facts.ordered_tags(subject) if tag.commit == subject.rev]
        if here:
            yield from _against_tag(facts, found, here)
        else:
            yield from _against_each_other(facts, found, tags)


def _check_pending(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        tags = facts.ordered_tags(subject)
        found = clusters(own_references(facts, subject))
        if not tags or not found:
            continue
        for cluster in found:
            if _is_tagged(cluster, tags) or not is_next(cluster, tags) or all(_is_development(one) for one in cluster.members):
                continue
            split = [other for other in found if other is not cluster and not all(_is_development(one) for one in other.members)]
            yield _pending(facts, cluster, tags[-1], split)


def _pending(facts: Facts, cluster: Cluster, newest: Tag, split: list[Cluster]) -> Finding:
    head, *rest = sorted(cluster.members, key=lambda one: (_USERS_SEE.index(one.role) if one.role in _USERS_SEE else 9, one.where))
    prefix = head.version.prefix if head.version else ""
    expected = prefix + (newest.version.bare if newest.version else newest.name)
    others = tuple(one for other in split for one in other.members[:1])
    return facts.finding(
        (PENDING.code, PENDING.name, Severity.WARNING),
        head.subject,
        head.site,
        f"{head.site.value} has no tag yet; the newest is {newest.name}",
        expected=expected,
        actual=head.site.value,
        why=(
            f"{'1 reference names' if len(cluster.members) == 1 else f'{len(cluster.members)} references name'} {cluster.version.bare},"
            " which is newer than every tag",
            *(f"{one.where} still says {one.site.value}" for one in others),
        ),
        related=tuple((one.subject, one.site) for one in (*rest, *others)),
    )


def own_references(facts: Facts, subject: Subject) -> list[Reference]:
    """The references of a repository to itself that are meant to be current.

    Links into another revision of itself are not: a permanent link keeps its meaning.
    """
    own = facts.identity.address(subject)
    # How readers are told to call the repository's own action; its own pipelines may call an older one on purpose.
    called = [one for one in facts.lines.get(f"action:{own.partition('/')[2]}", ()) if one.role is PathRole.DOCUMENT]
    found = [
        one
        for one in (*facts.lines.get(own, ()), *called)
        if one.subject is subject
        and (comparable(one) or _declares(one))
        and not _counts_for_itself(facts, one)
        and not (one.site.kind is Kind.GIT and one.site.get("form") in ("blob", "tree", "release", "compare", "commit"))
        and (one.role is not PathRole.SOURCE or _is_default_image(one))
        and not is_fixture(one.site.path)
        and not _UPGRADE.search(one.site.path)
        and not (one.site.get("scope") == "prose" and one.version is not None and not one.version.complete)
        and not _in_example(one)
        and not _in_output(one)
    ]
    tried: dict[str, set[str]] = {}
    for one in found:
        if one.role is PathRole.TEST and one.version is not None:
            tried.setdefault(one.site.path, set()).add(one.version.bare)
    # A test that names three releases of its own project goes from one to the next.
    return [one for one in found if len(tried.get(one.site.path, ())) < _SEVERAL]


def _is_default_image(one: Reference) -> bool:
    """Whether a program holds an image of the repository's own as a constant or as the value of a field, and not in a comment or a message."""
    text = one.subject.text(one.site.path)
    if text is None or one.site.kind is not Kind.IMAGE or one.site.part is not Part.TAG or one.site.role is not Role.USES:
        return False
    line = text.line_text(one.site.span.line)
    return _CONSTANT.match(line[: one.site.span.column - 1]) is not None


def _in_output(one: Reference) -> bool:
    """Whether a document shows what a command printed of this very version: a digest stands on the next line."""
    text = one.subject.text(one.site.path)
    return (
        text is not None
        and one.role is PathRole.DOCUMENT
        and one.site.span.line < len(text.line_starts)
        and text.line_text(one.site.span.line + 1).lstrip().startswith("sha256:")
    )


def _in_example(one: Reference) -> bool:
    text = one.subject.text(one.site.path)
    return text is not None and is_example(text, one.site)


def _declares(reference: Reference) -> bool:
    # A version file states the repository's own version; a chart's own fields are stamped and judged elsewhere. A manifest in a
    # folder (of a site, of a tool) is that of a package of its own.
    site = reference.site
    if site.role is not Role.DECLARES or reference.version is None:
        return False
    if site.kind is Kind.CHART:
        text = reference.subject.text(site.path) if site.key == "version" else None
        return text is not None and _MARK in text.line_text(site.span.line)
    if site.kind is not Kind.VARIABLE:
        return False
    return site.path.rpartition("/")[2] not in _PACKAGES or "/" not in site.path


def _counts_for_itself(facts: Facts, one: Reference) -> bool:
    """Whether a package's manifest states a version that no release had: the package is not what the tags are for, or is never released."""
    if one.site.role is not Role.DECLARES or one.site.path.rpartition("/")[2] not in (*_PACKAGES, _RECORD) or one.version is None:
        return False
    tags = [tag.version for tag in facts.ordered_tags(one.subject) if tag.version is not None]
    return bool(tags) and not _newer(one.version, tags[-1]) and not any(_same(one.version, version) for version in tags)


def _is_development(reference: Reference) -> bool:
    # Version files and constants commonly name the version under development.
    return reference.site.role is Role.DECLARES or reference.role is PathRole.SOURCE


def _against_tag(facts: Facts, found: tuple[Cluster, ...], here: list[Tag]) -> Iterator[Finding]:
    tagged = [tag.version for tag in here if tag.version is not None]
    yield from _differing(facts, found, tagged[-1], f"this commit is {here[-1].name}")


def _against_each_other(facts: Facts, found: tuple[Cluster, ...], tags: tuple[Tag, ...]) -> Iterator[Finding]:
    """Off a tag: all should name the newest release, or all the one that is being prepared."""
    candidates = [
        cluster
        for cluster in found
        if (_is_tagged(cluster, tags) or is_next(cluster, tags)) and not _is_unreleased(cluster.version)
    ]
    newest = _newest(tags, candidates)
    if not candidates and newest is not None and newest.version is not None and _are_declared(facts, found):
        # Without a declaration the tags may be those of something else; with one, an artifact has the repository's versions.
        yield from _differing(facts, found, newest.version, f"no tag is called so; the newest is {newest.name}")
        return
    if not candidates:
        # Nothing here names a release; then only agreement among themselves is asked for.
        yield from _differing(facts, found, found[0].version, f"{found[0].members[0].where} says {found[0].spelled}")
        return
    best = max(candidates, key=lambda cluster: natural_key(cluster.version))
    target, reason = best.version, f"{best.members[0].where} says {best.spelled}"
    if newest is not None and newest.version is not None and _newer(newest.version, target):
        target, reason = newest.version, f"the newest tag is {newest.name}"
    yield from _differing(facts, found, target, reason)


def _newest(tags: tuple[Tag, ...], candidates: list[Cluster]) -> Tag | None:
    finals = [tag for tag in tags if tag.version is not None and not tag.version.pre]
    if finals and not any(cluster.version.pre for cluster in candidates):
        # Naming the newest final release is right, even while a pre-release of the next one is tagged.
        return finals[-1]
    return tags[-1] if tags else None


def _are_declared(facts: Facts, found: tuple[Cluster, ...]) -> bool:
    """Whether a graph says of something that is named here that it has the versions of its repository."""
    return facts.declared is not None and any(
        one.site.name.lower() in facts.declared.artifacts for cluster in found for one in cluster.members
    )


def _is_unreleased(version: Version) -> bool:
    # Development versions are never tagged: what is used is compared with releases only.
    return re.match(r"(?:dev|devel|develop|snapshot|next|unreleased|master|main)\b", version.pre, re.IGNORECASE) is not None


def _is_tagged(cluster: Cluster, tags: tuple[Tag, ...]) -> bool:
    return any(tag.version is not None and _same(tag.version, cluster.version) for tag in tags)


def is_next(cluster: Cluster, tags: tuple[Tag, ...]) -> bool:
    """Whether a version without a tag may be the release in preparation: one step after some tag, in something that is shipped."""
    version = cluster.version
    if not version.complete or not any(member.role in (PathRole.ARTIFACT, PathRole.BUILD) for member in cluster.members):
        return False
    if not tags:
        return True
    newest = tags[-1].version
    if newest is None or not _newer(version, newest):
        return False
    major, minor, patch = newest.padded
    return version.padded in {(major, minor, patch), (major, minor, patch + 1), (major, minor + 1, 0), (major + 1, 0, 0)}


def _differing(facts: Facts, found: tuple[Cluster, ...], target: Version, reason: str) -> Iterator[Finding]:
    for cluster in found:
        if _same(cluster.version, target) or _is_unreleased(cluster.version):
            continue
        by_path: dict[str, list[Reference]] = {}
        for member in cluster.members:
            by_path.setdefault(member.site.path, []).append(member)
        for members in by_path.values():
            # A sentence often speaks of the past; what is run, fetched or set is meant for today.
            members.sort(key=_is_sentence)
            head = members[0]
            expected = (head.version.prefix if head.version else "") + target.bare
            severity = Severity.ERROR if head.role in _USERS_SEE else Severity.WARNING
            yield facts.finding(
                (_CODE, _NAME, Severity.NOTE if _is_sentence(head) or _is_choice(head, target) else severity),
                head.subject,
                head.site,
                f"this repository's own version is {head.site.value} here and should be {expected}",
                expected=expected,
                actual=head.site.value,
                why=(*((head.evidence,) if head.evidence else ()), reason),
                related=tuple((one.subject, one.site) for one in members[1:]),
                fixable=True,
            )


def _is_choice(one: Reference, target: Version) -> bool:
    """Whether a document shows how a reader chooses a release, by one that still is of the current major version."""
    text = one.subject.text(one.site.path)
    if text is None or one.role is not PathRole.DOCUMENT or one.version is None:
        return False
    if one.version.pre or one.version.release[0] != target.release[0]:
        return False
    line = one.site.span.line
    return any(_CHOICE.search(text.line_text(number)) for number in range(max(1, line - 6), line + 1))


def _is_sentence(one: Reference) -> bool:
    # What is set (`TAG=v1.2.0`) is no sentence, wherever it stands.
    return one.site.get("scope") == "prose" and one.site.key in ("", "table")


def _same(left: Version, right: Version) -> bool:
    shared = min(len(left.release), len(right.release))
    return left.release[:shared] == right.release[:shared] and (left.pre == right.pre or shared < 3)


def _newer(left: Version, right: Version | None) -> bool:
    return right is None or natural_key(left) > natural_key(right)


_VALUES = 'WEB_VERSION: "{}"\n'
_TEMPLATE = "kind: Deployment\nspec:\n  containers:\n  - image: ghcr.io/example/platform/web:{{{{.Values.WEB_VERSION}}}}\n"
_CHART = "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: 0.1.0\n"
_SCRIPT = "helm upgrade --install web oci://ghcr.io/example/platform/web-chart --version {}\n"


def _tree(values: str, script: str) -> dict[str, str]:
    return {
        "chart/Chart.yaml": _CHART,
        "chart/values.yaml": _VALUES.format(values),
        "chart/templates/web.yaml": _TEMPLATE.format(),
        "scripts/install.sh": _SCRIPT.format(script),
    }


RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a repository's references to itself disagree with its tag or with each other",
    """
    Images, charts, scripts and documents of a repository name the repository's own version. At a tagged commit they should name that
    tag; on a branch they should all name the newest release, or all the one that is being prepared. One that
    lags behind sends its reader to an older release than its neighbours do.

    An error where users read or run the place, else a warning. Placeholders, permanent links (blob, tree) and changelogs do not count.

    What to do: write the expected version in the places named, or let the release fill a placeholder there, so that the next release
    needs no edit.
    """,
    _check,
    failing=(
        Example((Commit(_tree("0.2.0", "0.1.0"), tags=("v0.2.0",)),)),
        Example((Commit(_tree("0.1.0", "0.1.0"), tags=("v0.1.0",)), Commit({**_tree("0.2.0", "0.1.0"), "x": ""}))),
    ),
    passing=(
        Example((Commit(_tree("0.2.0", "0.2.0"), tags=("v0.2.0",)),)),
        Example((Commit(_tree("0.1.0", "0.1.0"), tags=("v0.1.0",)), Commit({**_tree("0.1.0", "0.1.0"), "x": ""}))),
    ),
)

PENDING = Rule(
    "RG203",
    "premature-reference",
    Severity.WARNING,
    "a reference names a release of this repository that does not exist yet",
    """
    Between the commit that prepares a release and its tag, everything that names the new version is broken for whoever follows it. That
    is a pending release.

    What to do: tag the release soon, or keep naming the last one until the tag exists.
    """,
    _check_pending,
    failing=(Example((Commit(_tree("0.1.0", "0.1.0"), tags=("v0.1.0",)), Commit(_tree("0.2.0", "0.2.0")))),),
    passing=(Example((Commit(_tree("0.1.0", "0.1.0"), tags=("v0.1.0",)), Commit({**_tree("0.1.0", "0.1.0"), "x": ""}))),),
)
