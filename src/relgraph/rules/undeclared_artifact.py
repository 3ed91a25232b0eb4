"""RG601: an artifact of one's own is used, and the graph does not know it."""

from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.infer.roles import PathRole
from relgraph.model.finding import Finding, Severity
from relgraph.model.site import Kind, Role
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["RULE"]

_CODE, _NAME = "RG601", "undeclared-artifact"
_ASIDE = (PathRole.HISTORY, PathRole.LEGACY, PathRole.VENDORED, PathRole.TEST)
_LOCAL = ("ko.local/", "kind.local/", "localhost/", "localhost:", "127.0.0.1")


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    by_name: dict[str, list[Reference]] = {}
    for one in facts.references:
        if (
            one.site.kind in (Kind.IMAGE, Kind.CHART)
            and one.role not in _ASIDE
            and one.site.role not in (Role.DECLARES, Role.MENTION)
            and not any(mark in one.site.name for mark in "${<*")
            and "/" in one.site.name
            and not one.site.name.startswith(_LOCAL)
            and declared.artifact(one.site) is None
            and (facts.identity.is_first_party(one.line) or _owner(one.site.name) in _owners(facts))
        ):
            by_name.setdefault(one.site.name.lower(), []).append(one)
    for name, members in sorted(by_name.items()):
        head = members[0]
        yield facts.finding(
            (_CODE, _NAME, Severity.WARNING),
            head.subject,
            head.site,
            f"{name} is used here, but graph '{declared.graph.name}' declares no such artifact",
            node=name,
            actual=head.site.name,
            why=("its owner is that of a declared repository", "declare it, so that its version has a source"),
            related=tuple((one.subject, one.site) for one in members[1:9]),
        )


def _owners(facts: Facts) -> frozenset[str]:
    return frozenset(address.split("/")[1] for address in facts.identity.known if address.count("/") >= 2)


def _owner(name: str) -> str:
    parts = name.removeprefix("oci://").lower().split("/")
    return parts[1] if len(parts) > 2 else ""


GRAPH = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {{name: example}}
repos:
  platform: {{url: https://github.com/example/platform, self: last-release}}
images:
  web: {{from: platform, ref: ghcr.io/example/platform/web, build: {{ko: ./cmd/web}}}}
{more}
"""

_POD = "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/platform/{}:0.1.0\n"
_FILES = {"go.mod": "module github.com/example/platform\n"}

RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "an artifact of a declared owner is used, but not declared",
    """
    A file of a declared repository refers to an image or chart of one of the declared owners, and the graph has no node for it: nothing
    says what it is built from, so nothing says which version is right.

    What to do: declare it with what it is built from.
    """,
    _check,
    failing=(
        Example((Commit({**_FILES, "deploy/pod.yaml": _POD.format("agent")}, tags=("v0.1.0",)),), graph=GRAPH.format(more="")),
    ),
    passing=(Example((Commit({**_FILES, "deploy/pod.yaml": _POD.format("web")}, tags=("v0.1.0",)),), graph=GRAPH.format(more="")),),
)
