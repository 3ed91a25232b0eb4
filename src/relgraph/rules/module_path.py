"""RG114: a Go module is asked for by a path that it does not have."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.paths import ancestors, is_fixture
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Role, Site
from relgraph.model.version import parse_version
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG114", "module-path"
_ASIDE = (PathRole.HISTORY, PathRole.LEGACY, PathRole.VENDORED)
_MAJOR = re.compile(r"(?P<root>.+)/v(?P<major>[2-9]|\d{2,9})")


def _check(facts: Facts) -> Iterator[Finding]:
    majors = _majors(facts)
    if not majors:
        return
    for subject in facts.world.targets:
        told: set[tuple[str, str]] = set()
        for site in subject.sites:
            if (
                site.kind is not Kind.MODULE
                or site.role in (Role.MENTION, Role.RECORD)
                or site.get("replaces")
                or site.get("indirect")
            ):
                continue
            if path_role(site.path) in _ASIDE or is_fixture(site.path) or (site.path, site.name) in told:
                continue
            found = _asked_without_major(facts, site, majors)
            if found is not None:
                told.add((site.path, site.name))
                yield _finding(facts, subject, site, *found)


def _majors(facts: Facts) -> dict[str, int]:
    """The modules at the roots of this world's repositories that have a major version in their path: root and major version."""
    found = {}
    for module in facts.identity.modules:
        if (match := _MAJOR.fullmatch(module)) is not None:
            found[match["root"]] = int(match["major"])
    return found


def _asked_without_major(facts: Facts, site: Site, majors: dict[str, int]) -> tuple[str, str] | None:
    """The path as asked, and as it should be; None where it is right, or where an older major version is asked for by its tag."""
    name = site.get("package") or site.name
    for root, major in majors.items():
        if name != root and not name.startswith(f"{root}/"):
            continue
        rest = name[len(root) :]
        if re.search(r"/v\d+(?:/|$)", rest) or _is_nested(
            facts.identity.known.get(facts.identity.modules[f"{root}/v{major}"]), rest
        ):
            return None
        version = parse_version(site.value)
        if version is not None and (version.build == "incompatible" or version.release[0] < 2):
            return None
        return name, f"{root}/v{version.release[0] if version is not None else major}{rest}"
    return None


def _is_nested(owner: Subject | None, rest: str) -> bool:
    """Whether a path below the root belongs to a module of its own."""
    return owner is not None and any(
        folder and f"{folder}/go.mod" in owner.entries for folder in (rest.strip("/"), *ancestors(rest.strip("/")))
    )


def _finding(facts: Facts, subject: Subject, site: Site, asked: str, right: str) -> Finding:
    return facts.finding(
        (_CODE, _NAME, Severity.ERROR if path_role(site.path) is not PathRole.TEST else Severity.WARNING),
        subject,
        site,
        f"{asked} at {site.value} is another module than {right}",
        expected=right,
        actual=asked,
        why=(
            "from version 2 on, a module's path ends in its major version",
            f"{asked} ends with version 1: its latest is an old release, and what is newer is refused under this path",
        ),
    )


_GO_MOD = "module github.com/example/platform/v3\n\ngo 1.22\n"
_README = "```shell\ngo install github.com/example/platform{}/cmd/web@latest\n```\n"

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a Go module is asked for without its major version",
    """
    The path of a Go module of version 2 or later ends in its major version (`example.org/web/v3`). `go install` of the path
    without it succeeds, and installs the last release of version 1 or 0; a version of 2 and later is refused. Only modules
    of this scan's repositories are judged.

    What to do: write the module's path with its major version.
    """,
    _check,
    failing=(Example((Commit({"go.mod": _GO_MOD, "README.md": _README.format("")}),)),),
    passing=(Example((Commit({"go.mod": _GO_MOD, "README.md": _README.format("/v3")}),)),),
)
