"""RG113: a repository's own artifact is fetched from somebody else's place."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from relgraph.infer.facts import Facts, place
from relgraph.infer.lines import basename
from relgraph.infer.made_images import MadeImages
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Place, Severity
from relgraph.model.site import Kind, Pin, Role
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import ArtifactKind
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.spots import path_line, place_of

__all__ = ["RULE"]

_CODE, _NAME = "RG113", "artifact-home"
# Owners that stand for the reader's own.
_ANYBODY = re.compile(
    r"(?:my|your|our|some)[-_.]?(?:org|organization|company|name|user|username|repo|registry|account|project)|<.*|user(?:name)?|owner|org"
)
_PAST = (PathRole.HISTORY, PathRole.LEGACY, PathRole.VENDORED, PathRole.TEST)


class _Home(NamedTuple):
    """A name under which the repository itself offers something, and the place that says so."""

    name: str
    said: str
    place: Place


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        own = facts.identity.address(subject)
        owner = own.split("/")[1] if own.count("/") == 2 else ""
        artifacts = [
            one
            for one in facts.references
            if one.subject is subject
            and one.site.kind in (Kind.IMAGE, Kind.CHART)
            and one.role not in _PAST
            and _namespace(one.site.name) is not None
        ]
        foreign = [
            one
            for one in artifacts
            if owner
            and _namespace(one.site.name) != owner
            and one.line != own
            and one.site.role is not Role.DECLARES
            and one.site.pin is not Pin.PLACEHOLDER
        ]
        made = MadeImages(subject)
        foreign = [one for one in foreign if one.site.kind is not Kind.IMAGE or not made.builds(one.site)]  # called so to try it
        if not foreign:
            continue
        homes = _named(artifacts, own, owner)
        published: dict[tuple[Kind, str], _Home] | None = None
        # Where both names stand in one line, the one is made of the other: tagged anew, copied, mirrored.
        renamed = {(one.site.path, one.site.span.line) for one in artifacts if _namespace(one.site.name) == owner}
        told: set[tuple[str, str]] = set()
        for one in foreign:
            home = _home_of(one, homes)
            if home is None or (one.site.path, one.site.name) in told or (one.site.path, one.site.span.line) in renamed:
                continue
            if (one.site.kind, basename(home.name)) not in homes:
                # Only the chart of an image is named, or the other way round; what is published says more.
                published = _published(facts, subject, owner) if published is None else published
                home = published.get((one.site.kind, basename(home.name)), home)
            told.add((one.site.path, one.site.name))
            yield _finding(facts, one, home, subject.name)


def _finding(facts: Facts, one: Reference, home: _Home, name: str) -> Finding:
    found = facts.finding(
        (_CODE, _NAME, Severity.WARNING),
        one.subject,
        one.site,
        f"{one.site.name} stands for what {name} publishes as {home.name}",
        expected=home.name,
        actual=one.site.name,
        why=(home.said, f"{_namespace(one.site.name)} is not where this repository publishes"),
    )
    return found._replace(related=(home.place,))


def _named(artifacts: list[Reference], own: str, owner: str) -> dict[tuple[Kind, str], _Home]:
    """Where the repository's own images and charts are fetched from, by kind and basename."""
    found: dict[tuple[Kind, str], _Home] = {}
    for one in artifacts:
        if one.line == own and _namespace(one.site.name) == owner:
            home = _Home(one.site.name, f"{one.where} names {one.site.name}", place(one.subject, one.site))
            found.setdefault((one.site.kind, basename(one.site.name)), home)
    return found


def _published(facts: Facts, subject: Subject, owner: str) -> dict[tuple[Kind, str], _Home]:
    """What its pipelines publish under its owner's name, by kind and basename."""
    kinds = {ArtifactKind.IMAGE: Kind.IMAGE, ArtifactKind.CHART: Kind.CHART}
    found: dict[tuple[Kind, str], _Home] = {}
    for artifact in facts.plan(subject).artifacts:
        name = artifact.name.text
        if artifact.kind in kinds and name and artifact.places and _namespace(name) == owner:
            spot = artifact.places[-1]
            home = _Home(name, f"{path_line(spot)} publishes {name}", place_of(subject, spot))
            found.setdefault((kinds[artifact.kind], basename(name)), home)
    return found


def _home_of(one: Reference, homes: dict[tuple[Kind, str], _Home]) -> _Home | None:
    name = basename(one.site.name)
    for kind in (one.site.kind, Kind.IMAGE, Kind.CHART):
        if (kind, name) in homes:
            return homes[kind, name]
        # An older name often lacks the organisation's prefix: status-agent for acme-status-agent.
        for (candidate, full), home in homes.items():
            if candidate is kind and "-" in name and full.endswith("-" + name):
                return home
    return None


def _namespace(name: str) -> str | None:
    """The owner in ``registry/owner/repository``; None where there is none, or where the registry is one machine's.

    Images written without a registry have no owner: such a name is often only the handle that a kustomization replaces.
    """
    parts = name.removeprefix("oci://").lower().split("/")
    if parts[:2] == ["docker.io", "library"]:
        return None
    if len(parts) > 1 and _ANYBODY.fullmatch(parts[1]):
        return None
    if len(parts) < 3 or "." not in parts[0] or parts[0].endswith(".local") or "{" in name or "$" in name:
        return None
    return parts[1]


_README = "```shell\nhelm install platform oci://ghcr.io/example/platform-chart --version 0.2.0\n```\n"
_GUIDE = "```shell\nhelm install platform oci://{}/platform-chart --version 0.1.0\n```\n"
_GO_MOD = "module github.com/example/platform\n"

RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "a repository's own artifact is fetched from another owner's place",
    """
    Early images and charts are often pushed to somebody's private space. Places that still name them give their reader an artifact that
    no release updates. The expected name is the one under the repository's own owner that other places of the tree use.

    What to do: fetch the artifact from the expected name; where the release is not there yet, publish it there first.
    """,
    _check,
    failing=(Example((Commit({"go.mod": _GO_MOD, "README.md": _README, "docs/guide.md": _GUIDE.format("quay.io/somebody")}),)),),
    passing=(Example((Commit({"go.mod": _GO_MOD, "README.md": _README, "docs/guide.md": _GUIDE.format("ghcr.io/example")}),)),),
)
