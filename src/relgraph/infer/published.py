"""What a declared artifact is published as: by the pipelines of its repository, or by the command that its declaration names."""

from relgraph.infer.facts import Facts
from relgraph.model.graph import Node
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Artifact

__all__ = ["bare_name", "published"]


def published(facts: Facts, subject: Subject, node: Node, tag: str = "") -> tuple[Artifact, ...]:
    """The artifacts under a node's name that a tree would publish for a git tag (by default the newest it may be judged by)."""
    tag = tag or facts.newest_tag(subject)
    plans = [facts.plan(subject, tag)]
    if command := (node.get("build") or {}).get("command"):
        plans.append(facts.built(subject, str(command), tag))
    return tuple(one for plan in plans for one in plan.artifacts if bare_name(one.name.text) == bare_name(node.ref))


def bare_name(name: str | None) -> str:
    """A published name without what differs from writer to writer: scheme, case, a slash at the end."""
    return (name or "").removeprefix("oci://").lower().rstrip("/")
