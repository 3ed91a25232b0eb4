"""RG108: a sibling's release that is used together with this one was made for another version of it."""

import re
from collections.abc import Iterator

from relgraph.infer.consensus import comparable
from relgraph.infer.facts import Facts
from relgraph.infer.lines import module_line
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind
from relgraph.model.version import Version, parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG108", "sibling-compatibility"
_REQUIRE = re.compile(rb"^(?:require)?[ \t]*([\w.-]+\.[\w.-]+(?:/[\w.~-]+)+)[ \t]+(v\d[\w.+-]*)", re.MULTILINE)


def _check(facts: Facts) -> Iterator[Finding]:
    if len(facts.identity.known) < 2:
        return
    for subject in facts.world.targets:
        for members in _by_file(facts, subject).values():
            yield from _pairs(facts, members)


def _by_file(facts: Facts, subject: Subject) -> dict[str, list[Reference]]:
    """References to repositories of this world by file: what stands together is used together."""
    found: dict[str, list[Reference]] = {}
    for one in facts.references:
        if (
            one.subject is subject
            and one.line in facts.identity.known
            and comparable(one)
            and one.role in (PathRole.ARTIFACT, PathRole.DOCUMENT, PathRole.PIPELINE)
            and not (one.site.kind is Kind.GIT and one.site.get("form") in ("blob", "tree"))
        ):
            found.setdefault(one.site.path, []).append(one)
    return {path: members for path, members in found.items() if len({one.line for one in members}) > 1}


def _pairs(facts: Facts, members: list[Reference]) -> Iterator[Finding]:
    told: set[tuple[str, str, str, str]] = set()
    for one in members:
        needs = _requirements(facts, one)
        for other in members:
            needed = needs.get(other.line)
            if other.line == one.line or needed is None or other.version is None or _compatible(needed, other.version):
                continue
            # However the two are spelled, they are one pair.
            key = (one.line, one.version.bare if one.version else one.site.value, other.line, other.version.bare)
            if key in told or any(_fits(facts, rival, other) for rival in members if rival.line == one.line):
                continue
            told.add(key)
            yield facts.finding(
                (_CODE, _NAME, Severity.WARNING),
                one.subject,
                one.site,
                f"{_short(one.line)} {one.site.value} is used with {_short(other.line)} {other.site.value}, but was made for {needed}",
                expected=None,
                actual=one.site.value,
                why=(
                    f"go.mod of {_short(one.line)} at its tag for {one.site.value} requires {_short(other.line)} {needed}",
                    f"{other.where} says {other.site.value}",
                ),
                related=((other.subject, other.site),),
            )


def _fits(facts: Facts, one: Reference, other: Reference) -> bool:
    needed = _requirements(facts, one).get(other.line)
    return needed is not None and other.version is not None and _compatible(needed, other.version)


def _requirements(facts: Facts, one: Reference) -> dict[str, Version]:
    """What the release that a reference names requires of the repositories of this world, by line."""
    repository = facts.identity.known[one.line]
    tag = next(
        (tag for tag in facts.ordered_tags(repository) if one.version and tag.version and tag.version.bare == one.version.bare),
        None,
    )
    tree = None if tag is None else repository.at(tag.name)
    data = None if tree is None else tree.read("go.mod")
    found: dict[str, Version] = {}
    for module, raw in _REQUIRE.findall(data or b""):
        line = module_line(module.decode("utf-8", "replace"))
        version = parse_version(raw.decode("utf-8", "replace"))
        if (
            version is not None
            and line in facts.identity.known
            and not re.search(r"-\d{14}-|\.\d{14}-", raw.decode("utf-8", "replace"))
        ):
            found[line] = version
    return found


def _compatible(needed: Version, used: Version) -> bool:
    # A library dependency holds within its minor line, pre-releases of it included.
    return needed.padded[:2] == used.padded[:2]


def _short(line: str) -> str:
    return line.rpartition("/")[2]


_ENGINE_MOD = "module github.com/example/plugin\n\ngo 1.22\n\nrequire github.com/example/platform v{}\n"
_DOC = "```shell\nPLATFORM_VERSION=0.22.0\nPLUGIN_VERSION=0.1.3\n```\n"

RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "releases that are used together were not made for each other",
    """
    A document, script or pipeline names releases of two repositories of this world. The go.mod of the one, read at its own tag,
    requires another minor version of the other.

    What to do: use the release that was made for the version beside it.
    """,
    _check,
    failing=(
        Example(
            (Commit({"go.mod": "module github.com/example/platform\n", "docs/setup.md": _DOC}, tags=("v0.22.0",)),),
            {"plugin": (Commit({"go.mod": _ENGINE_MOD.format("0.21.2")}, tags=("v0.1.3",)),)},
        ),
    ),
    passing=(
        Example(
            (Commit({"go.mod": "module github.com/example/platform\n", "docs/setup.md": _DOC}, tags=("v0.22.0",)),),
            {"plugin": (Commit({"go.mod": _ENGINE_MOD.format("0.22.0")}, tags=("v0.1.3",)),)},
        ),
    ),
)
