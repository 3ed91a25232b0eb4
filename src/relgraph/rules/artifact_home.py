"""RG113: a repository's own artifact is fetched from somebody else's place."""

from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.lines import basename
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Pin, Role
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG113", "artifact-home"
_PAST = (PathRole.HISTORY, PathRole.LEGACY, PathRole.VENDORED, PathRole.TEST)


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
            and _namespace(one) is not None
        ]
        homes = _homes(facts, subject, artifacts)
        told: set[tuple[str, str]] = set()
        for one in artifacts:
            home = _home_of(one, homes)
            if one.site.role is Role.DECLARES or one.site.pin is Pin.PLACEHOLDER:
                continue
            if not owner or home is None or _namespace(one) == owner or one.line == own or (one.site.path, one.site.name) in told:
                continue
            told.add((one.site.path, one.site.name))
            yield _finding(facts, one, home, subject.name)


def _finding(facts: Facts, one: Reference, home: Reference, name: str) -> Finding:
    return facts.finding(
        (_CODE, _NAME, Severity.WARNING),
        one.subject,
        one.site,
        f"{one.site.name} stands for what {name} publishes as {home.site.name}",
        expected=home.site.name,
        actual=one.site.name,
        why=(f"{home.where} names {home.site.name}", f"{_namespace(one)} is not where this repository publishes"),
        related=((home.subject, home.site),),
    )


def _homes(facts: Facts, subject: Subject, artifacts: list[Reference]) -> dict[tuple[Kind, str], Reference]:
    """Where the repository's own images and charts are fetched from, by kind and basename."""
    own = facts.identity.address(subject)
    found: dict[tuple[Kind, str], Reference] = {}
    for one in artifacts:
        if one.line == own and own.split("/")[1:2] == [_namespace(one)]:
            found.setdefault((one.site.kind, basename(one.site.name)), one)
    return found


def _home_of(one: Reference, homes: dict[tuple[Kind, str], Reference]) -> Reference | None:
    name = basename(one.site.name)
    for kind in (one.site.kind, Kind.IMAGE, Kind.CHART):
        if (kind, name) in homes:
            return homes[kind, name]
        # An older name often lacks the organisation's prefix: status-agent for acme-status-agent.
        for (candidate, full), home in homes.items():
            if candidate is kind and "-" in name and full.endswith("-" + name):
                return home
    return None


def _namespace(one: Reference) -> str | None:
    """The owner in ``registry/owner/repository``; None where there is none, or where the registry is one machine's.

    Images written without a registry have no owner: such a name is often only the handle that a kustomization replaces.
    """
    parts = one.site.name.removeprefix("oci://").lower().split("/")
    if parts[:2] == ["docker.io", "library"]:
        return None
    if len(parts) < 3 or "." not in parts[0] or parts[0].endswith(".local") or "{" in one.site.name or "$" in one.site.name:
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
    """,
    _check,
    failing=(Example((Commit({"go.mod": _GO_MOD, "README.md": _README, "docs/guide.md": _GUIDE.format("quay.io/somebody")}),)),),
    passing=(Example((Commit({"go.mod": _GO_MOD, "README.md": _README, "docs/guide.md": _GUIDE.format("ghcr.io/example")}),)),),
)
