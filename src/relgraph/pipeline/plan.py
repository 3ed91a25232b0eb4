"""What a release would publish: the pipelines of one tree, evaluated for one git tag."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Plan, Stamp, Trigger
from relgraph.pipeline.context import Context, Exhausted, Origin
from relgraph.pipeline.paths import GITHUB, any_pipeline
from relgraph.pipeline.shell import Shell
from relgraph.pipeline.state import State
from relgraph.pipeline.systems import SYSTEMS
from relgraph.pipeline.tools.table import TOOLS
from relgraph.pipeline.workflow import asks_for_tag, events_of, run_workflow
from relgraph.pipeline.yaml_tree import read_yaml
from relgraph.syntax.text import Text

__all__ = ["evaluate", "evaluate_command", "evaluate_script", "has_pipeline", "workflow_paths"]

# What publishes wherever it stands; and what may, where a Makefile or script that publishes is called.
# Each alternative begins with its letter, and looks back from there: an expression that begins with \b is tried in full at every place.
_PUBLISHES = re.compile(
    r"h(?<!\w.)elm\s+(?:package|push)\b|goreleaser-action|g(?<!\w.)oreleaser\s+release"
    r"|d(?<!\w.)ocker(?:[ \t]+[\w./=-]+){0,4}?[ \t]+push\b|p(?<!\w.)odman(?:[ \t]+[\w./=-]+){0,4}?[ \t]+push\b"
    r"|b(?<!\w.)uildah(?:[ \t]+[\w./=-]+){0,4}?[ \t]+push\b|n(?<!\w.)erdctl(?:[ \t]+[\w./=-]+){0,4}?[ \t]+push\b"
    r"|t(?<!\w.)ype=registry\b|p(?<!\w.)ush=true\b|b(?<!\w.)uildx\s+build\b[^#]{0,400}?--push\b|p(?<!\w.)ush:\s*(?:true|[\"']?\$)"
    r"|k(?<!\w.)o\s+(?:build|publish|resolve)\b|chart-releaser-action|skopeo\s+copy|c(?<!\w.)rane\s+(?:push|copy|cp|tag)\b"
    r"|action-gh-release|release-action@|g(?<!\w.)h\s+release\s+create|push-to-registry"
)
_CALLS = re.compile(r"m(?<!\w.)ake\b|b(?<!\w.)ash\s+\S+\.sh|s(?<!\w.)h\s+\S+\.sh|\./\S+|uses:\s*\./")
_YAML = (".yml", ".yaml")
# Other projects that lie in the tree build what is theirs.
_FOREIGN = re.compile(r"(?:^|/)(?:_?vendor|node_modules|third_?party)/")
_MAX_WORKFLOWS = 40
_MAX_SCRIPTS = 300


def workflow_paths(subject: Subject) -> tuple[str, ...]:
    """The workflow files of a tree."""
    return tuple(path for path in subject.entries if path.startswith(".github/workflows/") and GITHUB.fullmatch(path))


def has_pipeline(subject: Subject) -> bool:
    """Whether the tree has anything that could be evaluated."""
    return any_pipeline(subject.entries)


def evaluate(subject: Subject, tag: str) -> Plan:
    """What the pipelines of a tree would do for a pushed git tag; nothing runs, and nothing is raised.

    Workflows that a tag does not start are evaluated too, where they publish: the name of their branch and the like is not
    known then, and what they make has ``by_tag`` unset, unless they ask whoever starts them for a version or a tag.
    """
    context = Context(subject, tag)
    triggers: list[Trigger] = []
    callers = _Callers(subject)
    for path in workflow_paths(subject)[:_MAX_WORKFLOWS]:
        text = subject.text(path)
        if text is None:
            continue
        publishes = _PUBLISHES.search(text.text) is not None
        if not publishes and not _CALLS.search(text.text):
            continue
        root = read_yaml(text.text)
        if root is None:
            continue
        events = events_of(text.text, root, tag)
        event = next((one for one in ("push-tag", "release", "create", "dispatch") if one in events), "other")
        if not publishes:
            # A workflow that only calls scripts may release, unless it tests: then it runs for pull requests, too.
            if event not in ("push-tag", "release", "create") or "pull-request" in events:
                continue
            if not callers.may_publish(text.text):
                continue
        if not events or set(events) == {"call"}:
            continue
        triggers.append(Trigger(path, events))
        context.at_tag = event in ("push-tag", "release", "create")
        context.by_tag = context.at_tag or (event == "dispatch" and asks_for_tag(root))
        context.stack.clear()
        try:
            run_workflow(context, path, TOOLS, event if event != "create" else "push-tag", worthwhile=callers.may_publish)
        except (Exhausted, RecursionError):
            context.stack.clear()
            context.problem(f"{path} does more than is evaluated")
    triggers += _others(context, callers)
    return _planned(context, tag, triggers)


def _others(context: Context, callers: "_Callers") -> Iterator[Trigger]:
    """Follow the pipelines of other systems than GitHub's, those that may publish."""
    found = [
        (system, path)
        for path in context.subject.entries
        if path.endswith(_YAML) and not _FOREIGN.search(path)
        for system in SYSTEMS
        if system.path.fullmatch(path)
    ]
    for system, path in found[:_MAX_WORKFLOWS]:
        text = context.subject.text(path)
        if text is None or not (system.publishes.search(text.text) or callers.may_publish(text.text)):
            continue
        context.at_tag = context.by_tag = True
        context.stack.clear()
        events: tuple[str, ...] = ("other",)
        try:
            events = system.run(context, path, TOOLS)
        except (Exhausted, RecursionError):
            context.stack.clear()
            context.problem(f"{path} does more than is evaluated")
        if events:
            yield Trigger(path, events)


def evaluate_command(subject: Subject, tag: str, command: str) -> Plan:
    """What a command (as ``make chart-push``) would do at the root of a tree, run by somebody who releases a git tag."""
    context = Context(subject, tag)
    context.by_tag = context.at_tag = True
    state = State(context.files)
    text = Text("", command.encode("utf-8", "surrogateescape"))
    try:
        Shell(context, state, Origin.file(text), TOOLS).run(command)
    except (Exhausted, RecursionError):
        context.problem(f"{command} does more than is evaluated")
    return _planned(context, tag, ())


def _planned(context: Context, tag: str, triggers: Iterable[Trigger]) -> Plan:
    return Plan(
        tag,
        tuple(context.artifacts),
        tuple(context.stamps),
        tuple(context.pushes),
        tuple(context.packagings),
        tuple(context.derived),
        tuple(context.leaks.values()),
        frozenset(context.rewritten | {stamp.path for stamp in context.stamps}),
        context.opaque,
        tuple(context.problems),
        tuple(triggers),
    )


def evaluate_script(subject: Subject, path: str) -> tuple[Stamp, ...]:
    """The edits that a script of the tree would make, called by hand with arguments that nobody knows."""
    context = Context(subject, "v1.2.3")
    context.by_tag = context.at_tag = False
    text = subject.text(path)
    if text is None:
        return ()
    state = State(context.files)
    state.open_world = True
    state.script = path
    state.arguments = tuple(context.holes.mark(f"argument {number}") for number in range(1, 5))
    try:
        Shell(context, state, Origin.file(text), TOOLS).run(text.text)
    except (Exhausted, RecursionError):
        return tuple(context.stamps)
    return tuple(context.stamps)


class _Callers:
    """Which texts may publish: by themselves, or by what they call."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    @cached_property
    def _files(self) -> tuple[str, ...]:
        wanted = []
        for path in self._subject.entries:
            name = path.rpartition("/")[2]
            if (
                (name.endswith((".sh", ".mk")) or name in ("Makefile", "GNUmakefile"))
                and path.count("/") <= 2
                and not path.startswith("vendor/")
            ):
                wanted.append(path)
        texts = {
            path.rpartition("/")[2]: data.decode("utf-8", "replace")
            for path, data in self._subject.tree.read_many(wanted[:_MAX_SCRIPTS])
        }
        found = {name for name, text in texts.items() if _PUBLISHES.search(text)}
        for _ in range(2):
            # What calls a script that publishes does, too.
            found |= {name for name, text in texts.items() if any(script in text for script in found if script.endswith(".sh"))}
        return tuple(sorted(found))

    def may_publish(self, text: str) -> bool:
        """Whether a job with this text may."""
        if _PUBLISHES.search(text):
            return True
        if not _CALLS.search(text):
            return False
        return "uses: ./" in text or any(name in text if name.endswith(".sh") else "make" in text for name in self._files)
