"""RG501 and RG502: references to releases of other repositories of the scan that newer ones have overtaken."""

from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Severity
from relgraph.model.repository import Tag
from relgraph.model.site import Kind, Part, Pin, Role
from relgraph.model.version import Version, natural_key
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE", "SUPERSEDED"]

_CODE, _NAME = "RG501", "outdated-sibling"
_ROLES = (PathRole.ARTIFACT, PathRole.BUILD, PathRole.DOCUMENT, PathRole.PIPELINE, PathRole.SOURCE, PathRole.TEST)


def _check(facts: Facts) -> Iterator[Finding]:
    for reference, same, tags in _siblings(facts):
        version = reference.version
        newest = _newest(tags)
        if version is None or newest.version is None or natural_key(version) >= natural_key(newest.version):
            continue
        if version.pre and _overtaken(version, tags) is not None:
            continue  # RG502 says it
        yield _finding(facts, _CODE, _NAME, Severity.NOTE, reference, same, newest, "is older than")


def _check_superseded(facts: Facts) -> Iterator[Finding]:
    for reference, same, tags in _siblings(facts):
        if reference.version is None or not reference.version.pre:
            continue
        final = _overtaken(reference.version, tags)
        if final is None:
            continue
        severity = Severity.NOTE if reference.role is PathRole.TEST else Severity.WARNING
        yield _finding(facts, "RG502", "prerelease-superseded", severity, reference, same, final, "is a pre-release, overtaken by")


def _siblings(facts: Facts) -> Iterator[tuple[Reference, list[Reference], tuple[Tag, ...]]]:
    """Each version of another repository that a target refers to: its first, gravest reference, the others, and the tags."""
    for subject in facts.world.targets:
        for address, owner in facts.identity.known.items():
            if owner is subject or facts.identity.address(owner) != address:
                continue
            tags = facts.ordered_tags(owner)
            if not tags:
                continue
            groups: dict[tuple[tuple[int, ...], str], list[Reference]] = {}
            for reference in facts.lines.get(address, ()):
                if reference.subject is subject and _counts(reference):
                    version = reference.version
                    assert version is not None  # noqa: S101 - what counts has one
                    groups.setdefault((version.release, version.pre), []).append(reference)
            for members in groups.values():
                members.sort(key=lambda one: (_ROLES.index(one.role), one.site.path, one.site.span.start))
                yield members[0], members[1:], tags


def _counts(reference: Reference) -> bool:
    site = reference.site
    return (
        reference.version is not None
        and reference.version.complete
        and reference.role in _ROLES
        and site.pin is Pin.EXACT
        and site.role in (Role.USES, Role.DEFAULT)
        and site.part in (Part.TAG, Part.VERSION, Part.REF)
        and not site.get("pseudo")
        and not site.get("indirect")
        # A link to an old revision keeps its meaning.
        and not (site.kind is Kind.GIT and site.get("form") in ("blob", "tree", "release"))
    )


def _newest(tags: tuple[Tag, ...]) -> Tag:
    """The newest final release; where there is none, the newest pre-release."""
    return next((tag for tag in reversed(tags) if tag.version is not None and not tag.version.pre), tags[-1])


def _overtaken(version: Version, tags: tuple[Tag, ...]) -> Tag | None:
    """The newest final release that is newer than a pre-release, if there is one."""
    newest = _newest(tags)
    if newest.version is None or newest.version.pre or natural_key(newest.version) <= natural_key(version):
        return None
    return newest


def _finding(
    facts: Facts, code: str, name: str, severity: Severity, reference: Reference, same: list[Reference], tag: Tag, relation: str
) -> Finding:
    version = reference.version
    assert version is not None  # noqa: S101 - what counts has one
    expected = version.prefix + (tag.version.bare if tag.version else tag.name)
    return facts.finding(
        (code, name, severity),
        reference.subject,
        reference.site,
        f"{reference.line.rpartition('/')[2]} {reference.site.value} {relation} {tag.name}",
        node=reference.line,
        expected=expected,
        actual=reference.site.value,
        why=(*((reference.evidence,) if reference.evidence else ()), f"{tag.name} is the newest release"),
        related=tuple((one.subject, one.site) for one in same),
    )


_REQUIRE = "module github.com/example/platform\n\ngo 1.22\n\nrequire github.com/example/engine {}\n"


def _engine(*tags: str) -> dict[str, tuple[Commit, ...]]:
    return {"engine": tuple(Commit({"go.mod": "module github.com/example/engine\n", "n": tag}, tags=(tag,)) for tag in tags)}


def _example(required: str, *tags: str) -> Example:
    return Example((Commit({"go.mod": _REQUIRE.format(required)}),), _engine(*tags))


RULE = Rule(
    _CODE,
    _NAME,
    Severity.NOTE,
    "a newer release of a sibling repository exists",
    """
    A reference names a release of another repository of this scan, and that repository has a newer final release (a newer
    pre-release, where it never made a final one). Nothing is wrong with that; it is worth knowing before the next release. One note
    a version, at the gravest of its places.

    What to do: nothing has to be done; to move, change all references of the group in one commit.
    """,
    _check,
    failing=(_example("v0.1.0", "v0.1.0", "v0.2.0"), _example("v0.1.0-rc9", "v0.1.0-rc9", "v0.1.0-rc10")),
    passing=(_example("v0.2.0", "v0.1.0", "v0.2.0"), _example("v0.1.0", "v0.1.0", "v0.2.0-rc.1")),
)

SUPERSEDED = Rule(
    "RG502",
    "prerelease-superseded",
    Severity.WARNING,
    "a pre-release is used although the final release exists",
    """
    A reference names a pre-release (rc, alpha, beta) of another repository of this scan, and that version, or a newer one, has been
    released since. Pre-releases are made to be tried, not kept: they get no fixes, and registries and people clean them up. In tests
    this is a note.

    What to do: use the final release.
    """,
    _check_superseded,
    failing=(_example("v0.2.0-rc2", "v0.2.0-rc2", "v0.2.0", "v0.2.1"),),
    passing=(_example("v0.2.0-rc2", "v0.1.0", "v0.2.0-rc2"), _example("v0.2.0", "v0.2.0-rc2", "v0.2.0")),
)
