"""RG701 to RG703: what registries hold, against the records of releases."""

from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.model.finding import Finding, Severity
from relgraph.model.published import Extra, Published, Seen
from relgraph.model.record import Item, Record, Withdrawal
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["EXTRA", "MISSING", "MOVED", "example", "seen"]


def _missing(facts: Facts) -> Iterator[Finding]:
    for one in _seen(facts):
        withdrawn = one.record is not None and one.record.withdrawn is not None
        if one.digest or withdrawn or (node := facts.declared.graph.nodes.get(one.item.node) if facts.declared else None) is None:
            continue
        name = f"{one.place}:{one.item.tag}"
        why: tuple[str, ...] = ()
        if one.problem:
            message = f"{name} cannot be looked at: {one.problem}"
        elif one.record is not None:
            message, why = (
                f"{name} was released and is not there",
                (f"the record of {one.record.repo} {one.record.version} names it",),
            )
        else:
            message, why = f"{name} is not there, although its release is tagged", (f"{node.id} is published by every release",)
        yield facts.declared_finding(
            ("RG701", "published-missing", Severity.ERROR),
            node.origin,
            message,
            node=node.id,
            expected=one.item.digest or one.item.tag,
            why=why,
        )


def _moved(facts: Facts) -> Iterator[Finding]:
    for one in _seen(facts):
        node = facts.declared.graph.nodes.get(one.item.node) if facts.declared else None
        if node is None or one.record is None or not one.digest or one.digest == one.item.digest:
            continue
        yield facts.declared_finding(
            ("RG702", "published-moved", Severity.ERROR),
            node.origin,
            f"{one.place}:{one.item.tag} was overwritten after its release",
            node=node.id,
            expected=one.item.digest,
            actual=one.digest,
            why=(
                f"the record of {one.record.repo} {one.record.version} names its digest",
                "a published version is an immutable name",
            ),
        )
    yield from _retagged(facts)


def _retagged(facts: Facts) -> Iterator[Finding]:
    """Tags of git that name another commit than their release was made from; one finding a release."""
    records = {
        one.record: one.tagged for one in _seen(facts) if one.record is not None and one.tagged not in ("", one.record.commit)
    }
    for record, commit in records.items():
        node = facts.declared.graph.nodes.get(f"repos.{record.repo}") if facts.declared else None
        if node is not None:
            yield facts.declared_finding(
                ("RG702", "published-moved", Severity.ERROR),
                node.origin,
                f"the git tag {record.tag} of {record.repo} was moved after its release",
                node=node.id,
                expected=record.commit,
                actual=commit,
                why=(f"the record of {record.repo} {record.version} names its commit", "a released tag is an immutable name"),
            )


def _extra(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    for one in declared.published.extra if declared is not None else ():
        node = declared.graph.nodes.get(one.node) if declared is not None else None
        if node is not None:
            yield facts.declared_finding(
                ("RG703", "published-extra", Severity.WARNING),
                node.origin,
                f"{one.place}:{one.tag} is published, and no record says by which release",
                node=node.id,
                actual=one.tag,
                why=(f"tags of {node.id} are written {node.tag}",),
            )


def _seen(facts: Facts) -> tuple[Seen, ...]:
    return facts.declared.published.seen if facts.declared is not None else ()


_GRAPH = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: platform}
repos:
  platform: {url: https://github.com/example/platform}
images:
  web: {from: platform, ref: ghcr.io/example/platform/web, build: {docker: .}}
"""
_WEB = Item(
    "images.web",
    "docker",
    "ghcr.io/example/platform/web",
    "1.2.0",
    f"sha256:{'1' * 64}",
    "application/vnd.oci.image.manifest.v1+json",
)
_COMMITS = (Commit({"Dockerfile": "FROM scratch\n"}, tags=("v1.2.0",)),)


def seen(digest: str, **more: object) -> Seen:
    """What is seen of the example's image under its name."""
    record = Record("platform", "1.2.0", "v1.2.0", "c" * 40, "2026-01-01T00:00:00Z", "platform", (_WEB,))
    return Seen(_WEB, _WEB.reference, record, digest)._replace(**more)  # type: ignore[arg-type]  # fields of Seen


def example(*all_seen: Seen, graph: str = _GRAPH, extra: tuple[Extra, ...] = ()) -> Example:
    """A platform that publishes one image, and what a registry says of it."""
    return Example(_COMMITS, graph=graph, published=Published(seen=all_seen, extra=extra))


_RIGHT = seen(_WEB.digest)
_GONE = seen("")

MISSING = Rule(
    "RG701",
    "published-missing",
    Severity.ERROR,
    "what was released is not in the registry",
    """
    A record, or a release tag of git, says that something was published, and the registry has nothing under that name: whoever installs
    that version gets nothing. Seen by `verify --published`.

    What to do: run the release of that tag again, which publishes what is missing and nothing else; or withdraw the release.
    """,
    _missing,
    failing=(example(_GONE), example(seen("", problem="connection refused")), example(seen("", record=None))),
    passing=(
        example(_RIGHT),
        example(_GONE._replace(record=_GONE.record._replace(withdrawn=Withdrawal("it loses data"))) if _GONE.record else _GONE),
    ),
)

MOVED = Rule(
    "RG702",
    "published-moved",
    Severity.ERROR,
    "a published version names another digest than the one that was released, or its git tag another commit",
    """
    A version is a name that never moves. The registry's tag leads to other content than the release recorded: somebody pushed over it, and
    two users of one version have two different things. Or the git tag was moved, and the source of a version is not what it was built
    from. Seen by `verify --published`.

    What to do: find out who pushed it and why. Restore the recorded digest (`relgraph release --tag TAG` refuses to overwrite it: remove the
    foreign tag first), and release the change under a new version. A git tag goes back to the commit that the record names.
    """,
    _moved,
    failing=(example(seen(f"sha256:{'2' * 64}")), example(_RIGHT._replace(tagged="d" * 40))),
    passing=(example(_RIGHT), example(_RIGHT._replace(tagged="c" * 40)), example(_GONE)),
)

EXTRA = Rule(
    "RG703",
    "published-extra",
    Severity.WARNING,
    "a version is published that no release recorded",
    """
    The registry has a tag that is written like a release, and there is no record of such a release: it was pushed by hand or by
    another pipeline, and nothing says what is in it. Seen by `verify --published`, where a repository has records.

    What to do: release that version by its git tag, so that it is recorded, or remove the tag from the registry.
    """,
    _extra,
    failing=(example(extra=(Extra("images.web", "ghcr.io/example/platform/web", "1.3.0"),)),),
    passing=(example(_RIGHT),),
)
