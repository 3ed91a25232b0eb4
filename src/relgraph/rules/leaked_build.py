"""RG410: a developer's build stands in a file that is committed."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Part, Pin, Role
from relgraph.pipeline.artifacts import ArtifactKind
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG410", "leaked-development-tag"
# A short commit id: hexadecimal, with a digit and a letter, so that neither a number nor a word is one.
_COMMIT = re.compile(r"(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7,12}(?:-dirty)?")
_DIRTY = re.compile(r"v?\d[\w.]*-\d+-g[0-9a-f]{7,12}(?:-dirty)?|.+-dirty")
# What git describe says of a commit after a release, as the version of a chart: 0.1.1-1.g8cde76d.
_DESCRIBED = re.compile(r"v?\d[\w.]*-(?:[\w.]+\.)?\d+[.-]g[0-9a-f]{7,12}")
_LOCAL = re.compile(
    r"(?:ko\.local|kind\.local|localhost(?::\d+)?|127\.0\.0\.1(?::\d+)?|[\w-]+\.local(?::\d+)?|dev\.local)/|docker\.io/library/[\w-]+\.local/"
)
_PLAIN = re.compile(r"[\w][\w.-]*")
_MARKER = re.compile(r"placeholder|replace|tbd|todo|edited|will[_-]be|unset|changeme|dummy", re.IGNORECASE)
_MANIFEST = re.compile(r"\.(?:ya?ml|json|tpl)$")


def _check(facts: Facts) -> Iterator[Finding]:
    for one in facts.references:
        site = one.site
        depended = site.kind is Kind.CHART and site.role is Role.USES and site.key.startswith("dependencies")
        if depended and one.role is PathRole.ARTIFACT and _DESCRIBED.fullmatch(site.value):
            yield facts.finding(
                (_CODE, _NAME, Severity.WARNING),
                one.subject,
                site,
                f"the chart depends on a developer's build: {site.name.rpartition('#')[2]} {site.value}",
                expected=None,
                actual=site.value,
                why=(f"{site.value} is a commit between two releases",),
            )
        if (
            site.kind is not Kind.IMAGE
            or site.part is not Part.TAG
            or one.role is not PathRole.ARTIFACT
            or not _MANIFEST.search(site.path)
        ):
            continue
        if (
            site.role in (Role.MENTION, Role.DEFAULT)
            or site.pin is Pin.PLACEHOLDER
            or not _PLAIN.fullmatch(site.value)
            or _MARKER.search(site.value)
        ):
            continue
        reason = _reason(facts, one)
        if reason is not None:
            rewritten = facts.plan(one.subject).may_rewrite(site.path)
            yield facts.finding(
                (_CODE, _NAME, Severity.WARNING if rewritten else Severity.ERROR),
                one.subject,
                site,
                f"a developer's build is committed: {site.name}:{site.value}",
                expected=None,
                actual=site.value,
                why=(
                    reason,
                    "the release writes this file anew; until then, and for who installs from Git, it names an image that is nowhere"
                    if rewritten
                    else "nothing in the release writes this file anew",
                ),
            )


def _reason(facts: Facts, one: Reference) -> str | None:
    value = one.site.value
    if _LOCAL.match(one.site.name):
        return f"{one.site.name.partition('/')[0]} is a registry of one machine"
    if not _COMMIT.fullmatch(value) and not _DIRTY.fullmatch(value):
        return None
    if _is_own(facts, one):
        return f"{value} is a commit, no release, of an image that this repository builds"
    return None


def _is_own(facts: Facts, one: Reference) -> bool:
    if one.line == facts.identity.address(one.subject):
        return True
    return any(
        artifact.kind is ArtifactKind.IMAGE and artifact.name.text == one.site.name
        for artifact in facts.plan(one.subject).artifacts
    )


_KUSTOMIZATION = "kind: Kustomization\nresources: [web.yaml]\nimages:\n- name: web\n  newName: {}\n  newTag: {}\n"

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "a developer's build is committed",
    """
    `make deploy` and its kin write the image they just built into a tracked file (`kustomize edit set image`), and the next
    commit takes it along: a registry that exists on one machine only (`ko.local`, `localhost:5000`), or the short id of a commit
    as the tag of one's own image. Whoever installs from this revision gets an image that is nowhere. It is a warning where the
    release writes the file anew. A chart that depends on a commit between two releases of another one (`0.1.1-1.g8cde76d`)
    is worth a warning.

    What to do: write the released image (or the placeholder that was there) back, and let `make deploy` edit a copy.
    """,
    _check,
    failing=(Example((Commit({"config/manager/kustomization.yaml": _KUSTOMIZATION.format("ko.local/web", "aae92b0")}),)),),
    passing=(
        Example((Commit({"config/manager/kustomization.yaml": _KUSTOMIZATION.format("ko.local/web", "<placeholder>")}),)),
        Example((Commit({"config/manager/kustomization.yaml": _KUSTOMIZATION.format("ghcr.io/example/platform/web", "1.4.0")}),)),
    ),
)
