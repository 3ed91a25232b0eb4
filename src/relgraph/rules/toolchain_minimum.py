"""RG107: a toolchain is older than the source says it needs."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.infer.toolchains import TOOLCHAINS, Minimum, Minimums, Toolchain, applicable, minimums
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Pin, Role
from relgraph.model.version import Version, parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG107", "toolchain-minimum"
# From Go 1.21 on, the go command reads newer go.mod files and can fetch the toolchain they name: https://go.dev/doc/toolchain
_SELF_UPDATING = (1, 21)
# Ranges that stay within one minor version, as actions/setup-go and its kin read them: https://github.com/npm/node-semver#ranges
_LINE = re.compile(r"~\s*v?(?P<tilde>\d+\.\d+)(?:\.(?:\d+|[x*]))?|v?(?P<line>\d+\.\d+)\.[x*]")
_NUMBERS = re.compile(r"v?(\d+(?:\.\d+){0,2})(?=[-_]|$)")
_BUILD_IMAGE = re.compile(
    r"(?:^|[/-])(?:build|builder|build-image|buildimage|golang|go|go-build|go-builder|build-tools|ci|prow|test|tests)$"
)


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        for toolchain in TOOLCHAINS:
            found = minimums(subject, toolchain)
            if found:
                yield from _judge(facts, subject, toolchain, found)


def _judge(facts: Facts, subject: Subject, toolchain: Toolchain, found: Minimums) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    stating = [one for one in map(_bounded, facts.references) if one.subject is subject and _states(one, toolchain)]
    for reference in stating:
        minimum = applicable(reference.site.path, found)
        version = reference.version
        if minimum is None or version is None or not _older(version, minimum.version) or not any(version.release):
            continue  # a default of zeros says that a value must be given
        if (reference.site.path, reference.site.value) in seen or _is_list(reference, stating):
            continue
        seen.add((reference.site.path, reference.site.value))
        same = tuple(one for one in stating if one.site.path == reference.site.path and one.site.value == reference.site.value)
        yield _finding(facts, toolchain, reference, minimum, same[1:])


def _finding(facts: Facts, toolchain: Toolchain, reference: Reference, minimum: Minimum, same: tuple[Reference, ...]) -> Finding:
    site, needed = minimum
    release = reference.version.release if reference.version else ()
    fails = _is_image(facts, reference) or toolchain.name != "go" or release < _SELF_UPDATING
    grave = toolchain.refuses and fails and reference.role is not PathRole.TEST and reference.site.role is not Role.MINIMUM
    return facts.finding(
        (_CODE, _NAME, Severity.ERROR if grave else Severity.WARNING),
        reference.subject,
        reference.site,
        f"{toolchain.title} {reference.version and reference.version.bare} is older than the {needed.bare} that {site.path} needs",
        node=f"toolchain:{toolchain.name}",
        expected=".".join(map(str, needed.release[: max(len(release), toolchain.numbers)])),
        actual=reference.site.value,
        why=(
            *((reference.evidence,) if reference.evidence else ()),
            f"{site.path}:{site.span.line} says {toolchain.name} {site.raw}",
        ),
        related=((reference.subject, site), *((one.subject, one.site) for one in same)),
    )


def _is_image(facts: Facts, reference: Reference) -> bool:
    """Whether it is the tag of an image, or fills one."""
    bound = facts.identity.bindings(reference.subject).of(reference.site) if reference.site.kind is Kind.VARIABLE else ()
    return reference.site.kind is Kind.IMAGE or any(binding.target.kind is Kind.IMAGE for binding in bound)


def _bounded(reference: Reference) -> Reference:
    """A reference to one minor line (``1.22.x``, ``~1.22``) as one to that minor version; others, and open ranges, as they are.

    Of an image's tag only the numbers count: ``18-alpine`` is 18.
    """
    site = reference.site
    if site.pin is Pin.RANGE and (match := _LINE.fullmatch(site.value)) is not None:
        return reference._replace(version=parse_version(match["tilde"] or match["line"]))
    if site.kind is Kind.IMAGE and site.pin is Pin.EXACT and (match := _NUMBERS.match(site.value)) is not None:
        return reference._replace(version=parse_version(match[1]))
    return reference


def _states(reference: Reference, toolchain: Toolchain) -> bool:
    site = reference.site
    if reference.version is None or len(reference.version.release) < toolchain.numbers or site.pin not in (Pin.EXACT, Pin.RANGE):
        return False
    if reference.role in (PathRole.HISTORY, PathRole.LEGACY, PathRole.VENDORED) or site.role in (Role.MENTION, Role.RECORD):
        return False
    if site.path.rpartition("/")[2] in (*toolchain.manifests, "go.work"):
        return False
    if reference.line == f"toolchain:{toolchain.name}":
        return toolchain.uses is None or _is_for_the_source(reference, toolchain.uses)
    # A continuous integration image tagged like a Go release is one with that Go in it.
    if toolchain.name != "go":
        return False
    major, minor = reference.version.release[:2]
    return (
        site.kind is Kind.IMAGE
        and reference.role is PathRole.PIPELINE
        and major == 1
        and 12 <= minor <= 60
        and _BUILD_IMAGE.search(site.name) is not None
    )


def _is_for_the_source(reference: Reference, uses: re.Pattern[str]) -> bool:
    """Whether what is pinned builds or runs the source: interpreters are used for much else, tests and tools among them."""
    if reference.role is PathRole.TEST:
        return False
    text = reference.subject.text(reference.site.path) if reference.site.kind is Kind.IMAGE else None
    return reference.site.kind is not Kind.IMAGE or (text is not None and uses.search(text.text) is not None)


def _is_list(reference: Reference, stating: list[Reference]) -> bool:
    """Whether the file is data that lists releases to make variants with."""
    path = reference.site.path
    if reference.role is PathRole.PIPELINE or not path.endswith((".yaml", ".yml", ".json", ".toml")):
        return False
    return len({one.site.value for one in stating if one.site.path == path and one.site.kind is not Kind.IMAGE}) > 1


def _older(version: Version, minimum: Version) -> bool:
    # 1.24 as a pin takes the newest patch release, so only what is written is compared.
    shared = min(len(version.release), len(minimum.release))
    return version.release[:shared] < minimum.release[:shared]


_CARGO = '[package]\nname = "web"\nversion = "0.1.0"\nrust-version = "1.75"\n'
_PACKAGE = '{"name": "web", "engines": {"node": ">=20"}}\n'
_GO_MOD = "module github.com/example/platform\n\ngo 1.24.1\n"

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a toolchain is older than the source says it needs",
    """
    The go directive of go.mod is a minimum: an older Go refuses the module, or first fetches a newer Go where that is allowed.
    Container images named for Go forbid the fetch, so an older tag breaks the build. Newer toolchains are fine, and so is a pin
    that names only the minor version. The same holds of rust-version in Cargo.toml, requires-python in pyproject.toml, and engines in
    package.json.

    An error where the build fails (images, Go before 1.21, Rust), else a warning. Documents that promise a lower minimum are told as
    well. Images of interpreters count where their file builds or installs the source.

    What to do: raise the toolchain to the minimum, or, where nothing needs it, lower the minimum.
    """,
    _check,
    failing=(
        Example((Commit({"Cargo.toml": _CARGO, "Dockerfile": "FROM rust:1.70 AS build\nRUN cargo build --release\n"}),)),
        Example((Commit({"package.json": _PACKAGE, ".nvmrc": "v18.12.0\n"}),)),
        Example((Commit({"go.mod": _GO_MOD, "Dockerfile": "FROM golang:1.23 AS build\nRUN go build ./...\n"}),)),
        Example(
            (
                Commit(
                    {
                        "go.mod": _GO_MOD,
                        ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    steps:\n    - uses: actions/setup-go@v5\n      with:\n        go-version: v1.19\n",
                    }
                ),
            )
        ),
    ),
    passing=(
        Example((Commit({"package.json": _PACKAGE, ".nvmrc": "v20.1.0\n", "docs/Dockerfile": "FROM node:18\nRUN true\n"}),)),
        Example((Commit({"go.mod": _GO_MOD, "Dockerfile": "FROM golang:1.24 AS build\nRUN go build ./...\n"}),)),
        Example((Commit({"go.mod": _GO_MOD, "Dockerfile": "FROM golang:1.25.3 AS build\nRUN go build ./...\n"}),)),
    ),
)
