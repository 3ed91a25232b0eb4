"""RG201: a reference to a tag, branch or commit that its repository does not have."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from relgraph.infer.facts import Facts
from relgraph.infer.gitref import Located, Locator, RefKind, nearest_tags, version_in_ref
from relgraph.infer.made_images import MadeImages
from relgraph.infer.paths import is_fixture
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.repository import Tag
from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.model.version import Version, natural_key, parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG201", "nonexistent-ref"
_TAG_ONLY = ("release", "download")
_HEX = re.compile(r"[0-9a-f]{7,64}")
_SHORT_HEX = re.compile(r"(?=.*\d)[0-9a-f]{4,6}")
_PERSONAL = re.compile(r".*(?:your|my)[-_].*|.*(?:branch|tag|ref|version|commit|sha)(?:[-_]?name)?", re.IGNORECASE)
_PRERELEASE = re.compile(r"(?:alpha|beta|rc|pre|preview|dev|snapshot|m)(?![a-z])", re.IGNORECASE)
_CHART_FIELD = re.compile(r"^(name|version):[ \t]*[\"']?([^\s\"']+)", re.MULTILINE)
_ASIDE = (PathRole.HISTORY, PathRole.LEGACY, PathRole.VENDORED)


class _Verdict(NamedTuple):
    severity: Severity
    message: str
    expected: str | None
    why: tuple[str, ...]


def _check(facts: Facts) -> Iterator[Finding]:
    locator = Locator(facts)
    for subject in facts.world.targets:
        made = MadeImages(subject)
        told: set[tuple[str, str, str]] = set()
        for site in subject.sites:
            found = _judge(facts, locator, subject, site)
            if found is None:
                continue
            if site.kind is Kind.IMAGE and made.makes(site):
                continue
            source, verdict = found
            actual = source.raw if source.raw.startswith("refs/") or source.pin is Pin.TEMPLATED else source.value
            # One wrong value in one file is one finding, however often it stands there.
            key = (source.path, source.value, verdict.message)
            if key in told:
                continue
            told.add(key)
            yield facts.finding(
                (_CODE, _NAME, verdict.severity),
                subject,
                source,
                verdict.message,
                node=facts.identity.line(subject, site).name,
                expected=verdict.expected,
                actual=actual,
                why=verdict.why,
                related=((subject, site),) if source is not site else (),
            )


def _judge(facts: Facts, locator: Locator, subject: Subject, site: Site) -> tuple[Site, _Verdict] | None:
    if site.role in (Role.MENTION, Role.DECLARES) or path_role(site.path) in _ASIDE or is_fixture(site.path):
        return None
    if site.kind in (Kind.GIT, Kind.ACTION) and site.part is Part.REF:
        located = locator.locate(subject, site)
        if located is None or located.kind is not RefKind.MISSING or _PERSONAL.fullmatch(located.ref):
            return None
        verdict = _missing_ref(facts, subject, located)
        if verdict is None:
            return None
        if site.pin is Pin.TEMPLATED and verdict.expected is not None and verdict.expected.endswith(located.ref):
            # The variable is right; what is written around it is not.
            return site, verdict._replace(expected=verdict.expected.removesuffix(located.ref) + site.raw)
        return located.source, verdict
    if site.kind is Kind.MODULE and site.part is Part.VERSION and site.pin is Pin.EXACT:
        verdict = _missing_version(facts, subject, site)
        return None if verdict is None else (site, verdict)
    if site.kind in (Kind.IMAGE, Kind.CHART) and site.part in (Part.TAG, Part.VERSION):
        return _missing_release(facts, subject, site)
    return None


def _missing_ref(facts: Facts, subject: Subject, located: Located) -> _Verdict | None:
    owner, ref, site = located.owner, located.ref, located.site
    tags = facts.ordered_tags(owner)
    must_be_tag = site.get("form") in _TAG_ONLY or site.get("refs") == "tags"
    if ref == "latest" or (must_be_tag and not owner.repository.tags):
        return None
    version = version_in_ref(ref, owner.repository.tags)
    if version is not None and not any(version.release):
        return None  # v0.0.0 stands for a version to come
    if _HEX.fullmatch(ref) and not ref.isdigit():
        return _no_commit(owner, ref, f"no commit of {owner.name} has this id")
    if version is not None or must_be_tag:
        if not tags or (version is not None and owner is subject and _would_be_next(version, tags)):
            return None
        return _no_tag(located.site, owner, ref, version, tags)
    if len(owner.repository.branches) < 2 or site.kind is Kind.ACTION or _SHORT_HEX.fullmatch(ref):
        # A clone of one branch does not tell which others there are; and GitHub knows commits by less than git does.
        return None
    return _Verdict(
        _lower(site, Severity.WARNING),
        f"{owner.name} has no branch or tag {ref}",
        owner.repository.default_branch or None,
        (f"{owner.name} has {len(owner.repository.branches)} branches and {len(owner.repository.tags)} tags, none of this name",),
    )


def _no_tag(site: Site, owner: Subject, ref: str, version: Version | None, tags: tuple[Tag, ...]) -> _Verdict:
    near = nearest_tags(version, tags) if version is not None else ()
    newest = tags[-1]
    why = [f"the newest tag of {owner.name} is {newest.name}"]
    if near:
        why.insert(0, f"{owner.name} has {', '.join(near)}")
    message = f"{owner.name} has no tag {ref}"
    if version is not None and _would_be_next(version, tags):
        message = f"{owner.name} has no tag {ref} yet"
    return _Verdict(_lower(site, Severity.ERROR), message, near[0] if near else None, tuple(why))


def _no_commit(owner: Subject, commit: str, why: str) -> _Verdict | None:
    # The server may still hand out what no branch or tag of it leads to, so this is never more than a warning.
    return _Verdict(Severity.WARNING, f"{owner.name} has no commit {commit}", None, (why,)) if owner.repository.complete else None


def _missing_release(facts: Facts, subject: Subject, site: Site) -> tuple[Site, _Verdict] | None:
    """An image or chart whose name spells a repository, at a version that was never tagged there."""
    address = facts.identity.line(subject, site).name
    owner = facts.identity.known.get(address)
    if owner is None or address.partition("/")[2] not in site.name.lower() or site.pin in (Pin.MUTABLE, Pin.PLACEHOLDER, Pin.RANGE):
        return None
    resolved = facts.resolve(subject, site)
    version = None if resolved is None else parse_version(resolved.value)
    tags = facts.ordered_tags(owner)
    if resolved is None or version is None or not version.complete or not any(version.release) or not tags:
        return None
    # A tag that a graph skips is no release, but it is there, and so may be what was published from it.
    tagged = {(tag.version.padded, tag.version.pre) for tag in owner.repository.tags if tag.version and "/" not in tag.name}
    if (version.padded, version.pre) in tagged or (owner is subject and _would_be_next(version, tags)):
        return None
    # What stands behind the version may be a variant of the image (-debug, -amd64) rather than a pre-release.
    if version.pre and not _PRERELEASE.match(version.pre):
        return None
    if site.kind is Kind.CHART and _counts_for_itself(owner, site.name.rpartition("/")[2], tagged):
        return None
    verdict = _no_tag(site, owner, resolved.value, version, tags)
    if verdict.expected is not None and not version.prefix:
        verdict = verdict._replace(expected=verdict.expected.removeprefix("v"))
    return resolved.sources[0] if len(resolved.sources) == 1 else site, verdict


def _counts_for_itself(owner: Subject, name: str, tagged: set[tuple[tuple[int, int, int], str]]) -> bool:
    """Whether a chart has a version line of its own: its Chart.yaml states a version that is no tag and no stand-in."""
    for path in owner.entries:
        if path.rpartition("/")[2] == "Chart.yaml" and (text := owner.text(path)) is not None:
            found = {match[1]: match[2] for match in _CHART_FIELD.finditer(text.text)}
            stated = parse_version(found.get("version", ""))
            if found.get("name") == name and stated is not None and stated.padded > (0, 1, 0):
                return (stated.padded, stated.pre) not in tagged
    return False


def _missing_version(facts: Facts, subject: Subject, site: Site) -> _Verdict | None:
    line = facts.identity.line(subject, site).name
    address, _, below = line.partition("//")
    owner = facts.identity.known.get(address)
    if owner is None or owner is subject or site.get("replaces") or path_role(site.path) is PathRole.TEST:
        return None
    if commit := site.get("pseudo"):
        return None if owner.repository.contains(commit) else _no_commit(owner, commit, f"{site.name} {site.value} is made from it")
    version = parse_version(site.value)
    if version is None or not version.complete or not any(version.release) or version.build == "incompatible":
        return None
    prefix = f"{below}/" if below else ""
    tags = tuple(tag for tag in owner.repository.tags if tag.version is not None and tag.name.rpartition("/")[0] == below)
    if not tags or any(tag.name == prefix + site.value for tag in tags):
        return None
    ordered = tuple(sorted(tags, key=lambda tag: natural_key(tag.version or version)))
    return _no_tag(site, owner, prefix + site.value, version, ordered)


def _would_be_next(version: Version, tags: tuple[Tag, ...]) -> bool:
    """Whether the version may be that of the release being prepared, rather than a slip of the keyboard."""
    newest = tags[-1].version
    if newest is None or not version.complete or natural_key(version) <= natural_key(newest):
        return False
    return version.padded[0] <= newest.padded[0] + 1


def _lower(site: Site, severity: Severity) -> Severity:
    if path_role(site.path) is PathRole.TEST and site.kind is Kind.GIT and site.get("form") in ("blob", "tree", "release"):
        return Severity.NOTE
    return severity


_GO_MOD = "module github.com/example/platform\n"
_FETCH = "```shell\nbash <(curl -s https://raw.githubusercontent.com/example/platform/{}/scripts/setup.sh)\n```\n"
_SETUP = {"go.mod": _GO_MOD, "scripts/setup.sh": "#!/bin/sh\n"}
_ENGINE = (
    Commit({"go.mod": "module github.com/example/engine\n"}, tags=("v0.6.1",)),
    Commit({"go.mod": "module github.com/example/engine\n", "x": ""}, tags=("v0.6.3",)),
)
_REQUIRE = _GO_MOD + "\ngo 1.22\n\nrequire github.com/example/engine {}\n"

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a tag, branch or commit that does not exist",
    """
    A URL, a workflow's `uses:`, a Go module's version, or the tag of an image or chart named like the repository, names a tag, branch
    or commit of a repository of this scan, and that repository does not have it: whoever follows the reference gets nothing. The
    nearest tags are told; often a part of the version was forgotten, or the release was never made.

    Versions and releases are errors. A missing branch or commit is a warning: branches come and go, and servers keep commits that
    clones do not have. A version newer than
    every tag of the judged repository itself is a release in preparation, which RG203 reports. Nothing is said of a repository
    whose tags are not at hand, of commits in a shallow or partial clone, and of changelogs and folders named as old.

    What to do: name a tag that exists, or make the release that was promised. Where only your clone lacks the tag, `git fetch --tags`
    settles it.
    """,
    _check,
    failing=(
        Example((Commit(_SETUP, tags=("v0.23.0",)), Commit({**_SETUP, "docs/start.md": _FETCH.format("v23.0")}))),
        Example((Commit({"go.mod": _REQUIRE.format("v0.6.2")}),), {"engine": _ENGINE}),
    ),
    passing=(
        Example((Commit(_SETUP, tags=("v0.23.0",)), Commit({**_SETUP, "docs/start.md": _FETCH.format("v0.23.0")}))),
        Example((Commit({"go.mod": _REQUIRE.format("v0.6.3")}),), {"engine": _ENGINE}),
    ),
)
