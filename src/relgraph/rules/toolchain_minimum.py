"""RG107: a toolchain is older than the source says it needs."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Pin, Role, Site
from relgraph.model.version import Version, parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG107", "toolchain-minimum"
# From Go 1.21 on, the go command reads newer go.mod files and can fetch the toolchain they name: https://go.dev/doc/toolchain
_SELF_UPDATING = (1, 21)
# Ranges that stay within one minor version, as actions/setup-go and its kin read them: https://github.com/npm/node-semver#ranges
_LINE = re.compile(r"~\s*v?(?P<tilde>\d+\.\d+)(?:\.(?:\d+|[x*]))?|v?(?P<line>\d+\.\d+)\.[x*]")
_BUILD_IMAGE = re.compile(r"(?:^|[/-])(?:build|builder|build-image|buildimage|golang|go|go-build|go-builder|build-tools|ci|prow|test|tests)$")


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        minimums = _minimums(subject)
        if not minimums:
            continue
        seen: set[tuple[str, str]] = set()
        below = [one for one in map(_bounded, facts.references) if one.subject is subject and _states_go(one)]
        for reference in below:
            minimum = _applicable(reference.site.path, minimums)
            version = reference.version
            if minimum is None or version is None or not _older(version, minimum[1]):
                continue
            if (reference.site.path, reference.site.value) in seen:
                continue
            seen.add((reference.site.path, reference.site.value))
            same = tuple(one for one in below if one.site.path == reference.site.path and one.site.value == reference.site.value)
            yield _finding(facts, reference, minimum, same[1:])


def _finding(facts: Facts, reference: Reference, minimum: tuple[Site, Version], same: tuple[Reference, ...]) -> Finding:
    site, needed = minimum
    fails = _is_image(facts, reference) or (reference.version is not None and reference.version.release < _SELF_UPDATING)
    severity = Severity.ERROR if fails and reference.role is not PathRole.TEST and reference.site.role is not Role.MINIMUM else Severity.WARNING
    expected = needed.bare if len(reference.version.release if reference.version else ()) > 2 else ".".join(map(str, needed.release[:2]))
    return facts.finding(
        (_CODE, _NAME, severity),
        reference.subject,
        reference.site,
        f"Go {reference.version and reference.version.bare} is older than the {needed.bare} that {site.path} needs",
        node="toolchain:go",
        expected=expected,
        actual=reference.site.value,
        why=(
            *((reference.evidence,) if reference.evidence else ()),
            f"{site.path}:{site.span.line} says go {site.raw}",
        ),
        related=((reference.subject, site), *((one.subject, one.site) for one in same)),
    )


def _is_image(facts: Facts, reference: Reference) -> bool:
    """Whether it is the tag of an image, or fills one."""
    bound = facts.identity.bindings(reference.subject).of(reference.site) if reference.site.kind is Kind.VARIABLE else ()
    return reference.site.kind is Kind.IMAGE or any(binding.target.kind is Kind.IMAGE for binding in bound)


def _minimums(subject: Subject) -> dict[str, tuple[Site, Version]]:
    """The ``go`` directive of each module, by the module's folder."""
    found = {}
    for path, sites in subject.sites_by_path.items():
        if path.rpartition("/")[2] != "go.mod":
            continue
        for site in sites:
            if site.kind is Kind.TOOLCHAIN and site.role is Role.MINIMUM and site.name == "go":
                version = parse_version(site.value)
                if version is not None:
                    found[path.rpartition("/")[0]] = (site, version)
    return found


def _applicable(path: str, minimums: dict[str, tuple[Site, Version]]) -> tuple[Site, Version] | None:
    folder = path.rpartition("/")[0]
    while True:
        if folder in minimums:
            return minimums[folder]
        if not folder:
            return None
        folder = folder.rpartition("/")[0]


def _bounded(reference: Reference) -> Reference:
    """A reference to one minor line (``1.22.x``, ``~1.22``) as one to that minor version; others, and open ranges, as they are."""
    if reference.site.pin is not Pin.RANGE or (match := _LINE.fullmatch(reference.site.value)) is None:
        return reference
    return reference._replace(version=parse_version(match["tilde"] or match["line"]))


def _states_go(reference: Reference) -> bool:
    site = reference.site
    if reference.version is None or len(reference.version.release) < 2 or site.pin not in (Pin.EXACT, Pin.RANGE):
        return False
    if reference.role in (PathRole.HISTORY, PathRole.LEGACY, PathRole.VENDORED) or site.role in (Role.MENTION, Role.RECORD):
        return False
    if site.path.rpartition("/")[2] in ("go.mod", "go.work"):
        return False
    if reference.line == "toolchain:go":
        return True
    # A continuous integration image tagged like a Go release is one with that Go in it.
    major, minor = reference.version.release[:2]
    return (
        site.kind is Kind.IMAGE
        and reference.role is PathRole.PIPELINE
        and major == 1
        and 12 <= minor <= 60
        and _BUILD_IMAGE.search(site.name) is not None
    )


def _older(version: Version, minimum: Version) -> bool:
    # 1.24 as a pin takes the newest patch release, so only what is written is compared.
    shared = min(len(version.release), len(minimum.release))
    return version.release[:shared] < minimum.release[:shared]


_GO_MOD = "module github.com/example/platform\n\ngo 1.24.1\n"

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a toolchain is older than the source says it needs",
    """
    The go directive of go.mod is a minimum: an older Go refuses the module, or first fetches a newer Go where that is allowed.
    Container images named for Go forbid the fetch, so an older tag breaks the build. Newer toolchains are fine, and so is a pin
    that names only the minor version.

    An error where the build fails (images, Go before 1.21), else a warning. Documents that promise a lower minimum are told as
    well.
    """,
    _check,
    failing=(
        Example((Commit({"go.mod": _GO_MOD, "Dockerfile": "FROM golang:1.23 AS build\nRUN go build ./...\n"}),)),
        Example(
            (Commit({"go.mod": _GO_MOD, ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    steps:\n    - uses: actions/setup-go@v5\n      with:\n        go-version: v1.19\n"}),)
        ),
    ),
    passing=(
        Example((Commit({"go.mod": _GO_MOD, "Dockerfile": "FROM golang:1.24 AS build\nRUN go build ./...\n"}),)),
        Example((Commit({"go.mod": _GO_MOD, "Dockerfile": "FROM golang:1.25.3 AS build\nRUN go build ./...\n"}),)),
    ),
)
