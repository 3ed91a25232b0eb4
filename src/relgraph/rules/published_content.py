"""RG704 to RG707: what is inside of what was published."""

from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.model.finding import Finding, Severity
from relgraph.model.graph import Node
from relgraph.model.published import Seen
from relgraph.rules.published_names import example, seen
from relgraph.rules.rule import Rule

__all__ = ["CHART", "DIFFERENT", "PLATFORMS", "UNSIGNED"]


def _nodes(facts: Facts) -> Iterator[tuple[Node, Seen]]:
    if facts.declared is not None:
        for one in facts.declared.published.seen:
            if one.digest and one.read and (node := facts.declared.graph.nodes.get(one.item.node)) is not None:
                yield node, one


def _chart(facts: Facts) -> Iterator[Finding]:
    for node, one in _nodes(facts):
        if one.chart is None:
            continue
        name, version, app = one.chart
        wanted = one.item.reference.rpartition("/")[2]
        written = one.item.tag.replace("_", "+", 1)
        for what, actual, expected in (("name", name, wanted), ("version", version, written)):
            if actual != expected:
                yield _finding(
                    facts,
                    ("RG704", "published-chart"),
                    node,
                    one,
                    f"the chart's {what} is {actual}, and it is published as {expected}",
                    expected,
                    actual,
                )
        if app and app.removeprefix("v") != written.removeprefix("v") and not _has_own_app(node):
            yield _finding(
                facts,
                ("RG704", "published-chart"),
                node,
                one,
                f"the chart's appVersion is {app}, and it is published as {written}",
                written,
                app,
            )


def _has_own_app(node: Node) -> bool:
    """Whether a chart's appVersion is declared apart from its version."""
    stamped = (node.get("stamp") or {}).get("set") or {}
    return bool(node.get("version") or node.get("map") or "appVersion" in (stamped.get("Chart.yaml") or {}))


def _platforms(facts: Facts) -> Iterator[Finding]:
    for node, one in _nodes(facts):
        build = node.get("build") or {}
        wanted = tuple(sorted(build.get("platforms") or ()))
        if len(wanted) > 1 and tuple(sorted(one.platforms)) != wanted:
            have = ", ".join(sorted(one.platforms)) or "one image and no index"
            yield _finding(
                facts,
                ("RG705", "published-platforms"),
                node,
                one,
                f"it is for {have} instead of {', '.join(wanted)}",
                ", ".join(wanted),
                have,
            )


def _unsigned(facts: Facts) -> Iterator[Finding]:
    for node, one in _nodes(facts):
        if one.unsigned:
            yield _finding(facts, ("RG706", "published-unsigned"), node, one, one.unsigned, None, None)


def _different(facts: Facts) -> Iterator[Finding]:
    for node, one in _nodes(facts):
        if one.rebuilt:
            yield _finding(facts, ("RG707", "published-different"), node, one, one.rebuilt, None, None)


def _finding(
    facts: Facts, rule: tuple[str, str], node: Node, one: Seen, message: str, expected: str | None, actual: str | None
) -> Finding:
    why = (
        f"{one.place}:{one.item.tag} is {one.digest}",
        *((f"the record of {one.record.repo} {one.record.version} names it",) if one.record else ()),
    )
    return facts.declared_finding(
        (*rule, Severity.ERROR),
        node.origin,
        f"{one.place}:{one.item.tag}: {message}",
        node=node.id,
        expected=expected,
        actual=actual,
        why=why,
    )


_WEB = seen(f"sha256:{'1' * 64}")
_GRAPH = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: platform}
repos:
  platform: {url: https://github.com/example/platform}
images:
  web: {from: platform, ref: ghcr.io/example/platform/web, build: {docker: ., platforms: [linux/amd64, linux/arm64]}}
"""
_OWN_APP = _GRAPH.replace("build: {docker: ., platforms: [linux/amd64, linux/arm64]}", "version: 1.2.0")

CHART = Rule(
    "RG704",
    "published-chart",
    Severity.ERROR,
    "a published chart says another name or version than the one that it is published under",
    """
    Helm wants the tag of a chart to be its version, and its repository to end in its name; users read the appVersion as the version of
    what they install. Inside this published chart one of the three is another. Seen by `verify --published`.

    What to do: let relgraph package the chart (`build: {helm: FOLDER}` writes all three), and release a new version; withdraw this one.
    """,
    _chart,
    failing=(example(_WEB._replace(chart=("web", "1.1.0", "1.2.0"))), example(_WEB._replace(chart=("web", "1.2.0", "1.1.0")))),
    passing=(
        example(_WEB._replace(chart=("web", "1.2.0", "v1.2.0"))),
        example(_WEB._replace(chart=("web", "1.2.0", "0.9.0")), graph=_OWN_APP),
        example(_WEB),
    ),
)

PLATFORMS = Rule(
    "RG705",
    "published-platforms",
    Severity.ERROR,
    "a published image lacks a platform that is declared, or has another",
    """
    The graph says for which platforms an image is built, and the published index lists others: on what is missing, pulling fails.
    Seen by `verify --published`.

    What to do: build and release the missing platform under a new version, or declare what is true.
    """,
    _platforms,
    failing=(example(_WEB._replace(platforms=("linux/amd64",)), graph=_GRAPH), example(_WEB, graph=_GRAPH)),
    passing=(
        example(_WEB._replace(platforms=("linux/arm64", "linux/amd64")), graph=_GRAPH),
        example(_WEB),
        example(_WEB._replace(read=False), graph=_GRAPH),
    ),
)

UNSIGNED = Rule(
    "RG706",
    "published-unsigned",
    Severity.ERROR,
    "what was released as signed has no signature that counts",
    """
    The record says that a key signed the release, and the registry holds no signature of that key for this digest, or a damaged one.
    Seen by `verify --published --key PUBLIC-KEY`.

    What to do: sign it again (`relgraph store.sign`), after making sure that the digest is the one that was released.
    """,
    _unsigned,
    failing=(example(_WEB._replace(unsigned="signed by 0 of 1 keys")),),
    passing=(example(_WEB),),
)

DIFFERENT = Rule(
    "RG707",
    "published-different",
    Severity.ERROR,
    "what is published is not what its commit comes to",
    """
    What relgraph builds follows from the commit alone, so a build of the released commit must come to the published digest. It does not:
    either what was pushed was built of something else, or a build depends on something that is not declared. Of what others built, the files are
    compared. Seen by `verify --published`.

    What to do: compare the two (`relgraph store.pull`, `relgraph build --tag TAG`), and release a new version of what is right.
    """,
    _different,
    failing=(example(_WEB._replace(rebuilt="values.yaml differs")),),
    passing=(example(_WEB),),
)
