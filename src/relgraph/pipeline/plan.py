"""What a release would publish: the pipelines of one tree, evaluated for one git tag."""

import re

from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Plan, Trigger
from relgraph.pipeline.context import Context, Exhausted
from relgraph.pipeline.tools.table import TOOLS
from relgraph.pipeline.workflow import events_of, run_workflow
from relgraph.pipeline.yaml_tree import read_yaml

__all__ = ["evaluate", "has_pipeline", "workflow_paths"]

_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
# What publishes wherever it stands; and what may, where a Makefile or script that publishes is called.
_PUBLISHES = re.compile(
    r"\bhelm\s+(?:package|push)\b|goreleaser|\b(?:docker|podman|buildah)\s+(?:\w+\s+)?push\b|--push\b|\bpush:\s*(?:true|\$)|\bko\s+(?:build|publish|resolve)\b"
    r"|build-push-action|chart-releaser|skopeo\s+copy|\bcrane\s|action-gh-release|gh\s+release\s+create|push-to-registry"
)
_CALLS = re.compile(r"\bmake\b|\b(?:ba)?sh\s+\S+\.sh|\./\S+|uses:\s*\./")
_MAX_WORKFLOWS = 40


def workflow_paths(subject: Subject) -> tuple[str, ...]:
    """The workflow files of a tree."""
    return tuple(path for path in subject.entries if path.startswith(".github/workflows/") and _WORKFLOW.fullmatch(path))


def has_pipeline(subject: Subject) -> bool:
    """Whether the tree has anything that could be evaluated."""
    return bool(workflow_paths(subject))


def evaluate(subject: Subject, tag: str) -> Plan:
    """What the pipelines of a tree would do for a pushed git tag; nothing runs, and nothing is raised.

    Workflows that a tag does not start are evaluated too, where they publish: the name of their branch and the like is not
    known then, and what they make has ``by_tag`` unset.
    """
    context = Context(subject, tag)
    triggers: list[Trigger] = []
    calling = _called_files_publish(subject)
    for path in workflow_paths(subject)[:_MAX_WORKFLOWS]:
        text = subject.text(path)
        if text is None or not (_PUBLISHES.search(text.text) or (calling and _CALLS.search(text.text))):
            continue
        root = read_yaml(text.text)
        if root is None:
            continue
        events = events_of(text.text, root, tag)
        event = next((one for one in ("push-tag", "release", "create", "dispatch") if one in events), "other")
        if event == "other" and (not _PUBLISHES.search(text.text) or set(events) == {"call"}):
            continue
        triggers.append(Trigger(path, events))
        context.by_tag = event in ("push-tag", "release", "create")
        context.stack.clear()
        try:
            run_workflow(context, path, TOOLS, event if event != "create" else "push-tag")
        except (Exhausted, RecursionError):
            context.stack.clear()
            context.problem(f"{path} does more than is evaluated")
    return Plan(
        tag, tuple(context.artifacts), tuple(context.stamps), tuple(context.pushes), tuple(context.packagings), tuple(context.derived),
        tuple(context.problems), tuple(triggers),
    )  # fmt: skip


def _called_files_publish(subject: Subject) -> bool:
    for path in subject.entries:
        if path.count("/") <= 2 and (path.endswith((".sh", ".mk")) or path.rpartition("/")[2] in ("Makefile", "GNUmakefile")) and not path.startswith("vendor/"):
            text = subject.text(path)
            if text is not None and _PUBLISHES.search(text.text):
                return True
    return False
