"""GitHub workflows: which of them a pushed tag starts, and their jobs and steps in order.

Events, contexts and the files behind ``$GITHUB_ENV`` and ``$GITHUB_OUTPUT`` follow the workflow syntax
(https://docs.github.com/actions/reference/workflow-syntax-for-github-actions). Every job begins with a fresh checkout.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

from relgraph.pipeline.artifacts import Spot, Trigger
from relgraph.pipeline.command import Argument, Call, Stop
from relgraph.pipeline.context import Context, Origin
from relgraph.pipeline.expressions import evaluate, interpolate, truth
from relgraph.pipeline.patterns import filter_pattern
from relgraph.pipeline.shell import Shell, Tool
from relgraph.pipeline.state import ROOT, State
from relgraph.pipeline.value import COMMIT
from relgraph.pipeline.yaml_tree import YamlNode, read_yaml
from relgraph.syntax.text import Text

__all__ = ["Job", "asks_for_tag", "events_of", "jobs_in_order", "run_workflow"]

_ENV_FILE, _OUTPUT_FILE = "/github/env", "/github/output"
_BARE_EVENT = re.compile(
    r"^[ \t]+(push|release|create|workflow_dispatch|workflow_call|pull_request|schedule)[ \t]*:[ \t]*(?:\{\}|null|~)?[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
_ASSIGNED = re.compile(r"([A-Za-z_][\w-]*)=(.*)")
_HERE = re.compile(r"([A-Za-z_][\w-]*)<<(\S+)")
_SET_OUTPUT = re.compile(r"^::set-output name=([\w-]+)::(.*)$", re.MULTILINE)
_TAG_INPUT = re.compile(r"(?:^|[_-])(?:git[_-]?tag|tag|version|release)(?:[_-](?:name|number))?$", re.IGNORECASE)
_MAX_COMBINATIONS = 6
_MAX_DEPTH = 4


def events_of(source: str, root: YamlNode, tag: str) -> tuple[str, ...]:
    """The events that start a workflow, ``push-tag`` among them where a push of ``tag`` is one."""
    node = root.get("on") or YamlNode("map")
    names = (
        [node.text] if node.kind == "scalar" else [item.text for item in node.items] if node.kind == "list" else list(node.pairs)
    )
    if node.kind == "map":
        # Events without filters are null values, which the tree does not have.
        jobs = source.find("\njobs:")
        names += [
            match[1] for match in _BARE_EVENT.finditer(source, 0, jobs if jobs >= 0 else len(source)) if match[1] not in names
        ]
    found: list[str] = []
    for name in names:
        if name != "push":
            found.append(
                {
                    "workflow_dispatch": "dispatch",
                    "workflow_call": "call",
                    "release": "release",
                    "create": "create",
                    "pull_request": "pull-request",
                    "pull_request_target": "pull-request",
                }.get(name, "other")
            )
            continue
        push = node.get("push") if node.kind == "map" else None
        filters = push.pairs if push is not None and push.kind == "map" else {}
        if "tags" in filters:
            patterns = [pattern.text for pattern in push.strings("tags")] if push is not None else []
            if _any_matches(patterns, tag):
                found.append("push-tag")
        elif not ({"branches", "branches-ignore"} & set(filters)) or "tags-ignore" in filters:
            found.append("push-tag")
        if "branches" in filters or not filters:
            found.append("other")
    return tuple(dict.fromkeys(found))


def asks_for_tag(root: YamlNode) -> bool:
    """Whether a workflow asks whoever starts it by hand for a version or a tag."""
    inputs = root.get("on", "workflow_dispatch", "inputs")
    return inputs is not None and any(_TAG_INPUT.search(name) for name in inputs.pairs)


def _any_matches(patterns: list[str], tag: str) -> bool:
    chosen = False
    for pattern in patterns:
        negated = pattern.startswith("!")
        regex = filter_pattern(pattern.removeprefix("!"))
        matched = regex is not None and regex.fullmatch(tag) is not None
        if matched:
            chosen = not negated
    return chosen


def jobs_in_order(root: YamlNode) -> Iterator[tuple[str, YamlNode]]:
    """The jobs of a workflow, those that others need first."""
    jobs = root.get("jobs")
    done: set[str] = set()

    def visit(name: str, seen: frozenset[str]) -> Iterator[tuple[str, YamlNode]]:
        node = jobs.get(name) if jobs is not None else None
        if node is None or name in done or name in seen:
            return
        for needed in node.strings("needs"):
            yield from visit(needed.text, seen | {name})
        if name not in done:
            done.add(name)
            yield name, node

    for name in jobs.pairs if jobs is not None else ():
        yield from visit(name, frozenset())


class Job:
    """One job under way: its contexts, its state, and what its steps gave out."""

    def __init__(
        self, context: Context, text: Text, root: YamlNode, tools: Mapping[str, Tool], inputs: Mapping[str, str], needs: Mapping[str, Mapping[str, str]],
        event: str, depth: int = 0,
    ) -> None:  # fmt: skip
        self.context = context
        self.text = text
        self.root = root
        self.tools = tools
        self.inputs = inputs
        self.needs = needs
        self.event = event
        self.depth = depth
        self.matrix: Mapping[str, str] = {}
        self.steps: dict[str, dict[str, str] | None] = {}
        self.environment: dict[str, str] = {}
        self.state = State(context.files.fresh())
        self._added: set[str] = set()
        self.github = self._github()

    def _github(self) -> dict[str, str]:
        context, mark = self.context, self.context.holes.mark
        owner = context.repository.partition("/")[0]
        at_tag = context.at_tag
        return {
            "ref": f"refs/tags/{context.tag}" if at_tag else mark("github.ref"),
            "ref_name": context.tag if at_tag else mark("github.ref_name"),
            "ref_type": "tag" if at_tag else mark("github.ref_type"),
            "repository": context.repository, "repository_owner": owner, "sha": mark("commit id", COMMIT),
            "event_name": "release" if self.event == "release" else "push" if self.event == "push-tag" else mark("github.event_name"),
            "event.release.tag_name": context.tag if self.event == "release" else mark("github.event.release.tag_name"),
            "event.release.name": mark("github.event.release.name"),
            "event.repository.name": context.repository.rpartition("/")[2],
            "server_url": "https://github.com", "workspace": ROOT,
        }  # fmt: skip

    def lookup(self, path: str) -> str | None:
        """The value of a context's path for expressions; None where nothing is known."""
        context, _, rest = path.partition(".")
        if context == "env":
            found = self.environment.get(rest)
            return found if found is not None else None if self.state.open_world else ""
        if context == "inputs" or path.startswith("github.event.inputs."):
            return self.inputs.get(path.rpartition(".")[2], self.context.holes.mark(path))
        if context == "github":
            found = self.github.get(rest)
            return found if found is not None else self.context.holes.mark(path)
        if context == "matrix":
            return self.matrix.get(rest, self.context.holes.mark(path))
        if context in ("steps", "needs"):
            name, _, field = rest.partition(".")
            known = self.steps.get(name) if context == "steps" else self.needs.get(name)
            key = field.removeprefix("outputs.")
            if known is None or not field.startswith("outputs."):
                return self.context.holes.mark(path)
            return known.get(key, known.get("*", ""))
        return self.context.holes.mark(path)

    def fill(self, text: str) -> str:
        """A text with its expressions replaced."""
        return interpolate(text, self.lookup, self.context.holes)

    def spot(self, node: YamlNode) -> Spot:
        """Where a node stands."""
        return Spot(self.text.path, self.text.span(max(node.start, 0), max(node.end, node.start, 0)))

    def values(self, node: YamlNode | None) -> dict[str, str]:
        """The scalars of a mapping, filled."""
        return {} if node is None else {key: self.fill(value.text) for key, value in node.pairs.items() if value.kind == "scalar"}

    def run(self, node: YamlNode) -> dict[str, str]:
        """Run a job's steps; its outputs."""
        self.environment = self.values(self.root.get("env"))
        self.environment |= self.values(node.get("env"))
        self.steps_of(node.get("steps"), node)
        return self.values(node.get("outputs"))

    def steps_of(self, steps: YamlNode | None, node: YamlNode) -> None:
        """Run steps in order, those whose condition holds or may hold."""
        folder = (
            node.string("defaults", "run", "working-directory") or self.root.string("defaults", "run", "working-directory") or ""
        )
        for step in steps.items if steps is not None else []:
            condition = step.string("if")
            held = True if condition is None else truth(condition, self.lookup, self.context.holes)
            if held is False:
                identity = step.string("id")
                if identity:
                    self.steps[identity] = {}
                continue
            before = self.state.conditional
            self.state.conditional = before or held is None
            self._step(step, folder)
            self.state.conditional = before

    def _step(self, step: YamlNode, folder: str) -> None:
        saved = dict(self.environment)
        self.environment |= self.values(step.get("env"))
        outputs: dict[str, str] | None = {}
        run, uses = step.get("run"), step.get("uses")
        if run is not None and run.kind == "scalar":
            shell = step.string("shell") or "bash"
            if "sh" in shell and "pwsh" not in shell and "powershell" not in shell:
                outputs = self._script(run, self.fill(step.string("working-directory") or folder))
            else:
                outputs = None
        elif uses is not None and uses.kind == "scalar":
            with self.context.at(self.spot(uses)):
                outputs = self._action(step, uses.text)
        added = {name: value for name, value in self.environment.items() if saved.get(name) != value and name in self._added}
        self.environment = saved | added
        self._added = set()
        identity = step.string("id")
        if identity:
            self.steps[identity] = outputs

    def note(self, *names: str) -> None:
        """Variables that a step set for those behind it."""
        self._added |= set(names)

    def shell(self, origin: Origin) -> Shell:
        """A shell in this job's state, with its environment."""
        state = self.state
        state.variables = dict(self.environment) | {
            "GITHUB_ENV": _ENV_FILE, "GITHUB_OUTPUT": _OUTPUT_FILE, "GITHUB_PATH": "/github/path", "GITHUB_STEP_SUMMARY": "/github/summary",
            "GITHUB_WORKSPACE": ROOT, "GITHUB_ACTIONS": "true", "CI": "true",
        }  # fmt: skip
        for name in ("ref", "ref_name", "ref_type", "repository", "repository_owner", "sha", "event_name", "server_url"):
            state.variables[f"GITHUB_{name.upper()}"] = self.github[name]
        state.exported = set(state.variables)
        state.functions = {}
        state.cwd = ""

        def expression(text: str) -> str:
            return evaluate(text, self.lookup, self.context.holes)

        return Shell(self.context, state, origin, self.tools, expression)

    def _script(self, run: YamlNode, folder: str) -> dict[str, str]:
        origin = Origin.block(self.text, run.lines or [(0, run.written(0, 0)[0])])
        shell = self.shell(origin)
        if folder:
            shell.state.cwd = shell.state.resolve(folder) or folder
        try:
            printed = shell.run(run.text).out
        except Stop:
            printed = ""
        return self._collected(printed)

    def _collected(self, printed: str) -> dict[str, str]:
        files = self.state.files
        added = _assignments(files.read(_ENV_FILE) or "")
        outputs = _assignments(files.read(_OUTPUT_FILE) or "") | dict(_SET_OUTPUT.findall(printed))
        files.written.pop(_ENV_FILE, None)
        files.written.pop(_OUTPUT_FILE, None)
        self.environment |= added
        self.note(*added)
        return outputs

    def _action(self, step: YamlNode, uses: str) -> dict[str, str] | None:
        from relgraph.pipeline.actions import run_action  # noqa: PLC0415 - it works on jobs

        if uses.startswith("./"):
            return self._local(step, posixpath.normpath(uses))
        given = self.values(step.get("with"))
        return run_action(self, uses.partition("@")[0], given, step)

    def _local(self, step: YamlNode, folder: str) -> dict[str, str] | None:
        if self.depth > _MAX_DEPTH:
            return None
        files = self.context.subject
        text = files.text(f"{folder}/action.yml") or files.text(f"{folder}/action.yaml")
        root = read_yaml(text.text) if text is not None else None
        if text is None or root is None or root.string("runs", "using") != "composite":
            self.state.open_world = True
            return None
        inputs = {name: node.string("default") or "" for name, node in (root.get("inputs") or YamlNode("map")).pairs.items()}
        inner = Job(
            self.context, text, root, self.tools, inputs | self.values(step.get("with")), self.needs, self.event, self.depth + 1
        )
        inner.matrix, inner.state, inner.environment = self.matrix, self.state, dict(self.environment)
        runs = root.get("runs") or YamlNode("map")
        inner.steps_of(runs.get("steps"), runs)
        declared = root.get("outputs")
        return {} if declared is None else {name: inner.fill(node.string("value") or "") for name, node in declared.pairs.items()}

    def call(self, name: str, words: list[str], node: YamlNode) -> Call:
        """A command as an action would run it, standing where the action does."""
        spot = self.spot(node)
        return Call(tuple(Argument(word, 0, 0) for word in (name, *words)), None, Origin.fixed(spot), 0, 0)


def _assignments(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        here = _HERE.match(line)
        if here is not None:
            body: list[str] = []
            for following in lines:
                if following.strip() == here[2]:
                    break
                body.append(following)
            found[here[1]] = "\n".join(body)
        elif (match := _ASSIGNED.match(line)) is not None:
            found[match[1]] = match[2]
    return found


def _combinations(job: Job, node: YamlNode) -> list[dict[str, str]]:
    matrix = node.get("strategy", "matrix")
    if matrix is None or matrix.kind != "map":
        return [{}]
    found: list[dict[str, str]] = [{}]
    for key, value in matrix.pairs.items():
        if key in ("include", "exclude"):
            continue
        items = (
            [_flat(key, item, job) for item in value.items]
            if value.kind == "list"
            else [{key: job.context.holes.mark(f"matrix.{key}")}]
        )
        found = [base | item for base in found for item in items][:_MAX_COMBINATIONS]
    include = matrix.get("include")
    if include is not None and include.kind == "list":
        extra = [
            {key: text for name, value in item.pairs.items() for key, text in _flat(name, value, job).items()}
            for item in include.items
        ]
        found = extra[:_MAX_COMBINATIONS] if found == [{}] else found
    return found or [{}]


def _flat(key: str, node: YamlNode, job: Job) -> dict[str, str]:
    if node.kind == "scalar":
        return {key: job.fill(node.text)}
    found: dict[str, str] = {}
    for name, value in node.pairs.items():
        found |= _flat(f"{key}.{name}", value, job)
    return found


def _lines_of(source: str, node: YamlNode) -> str:
    """The text of a node, with the keys before its first value."""
    start = source.rfind("\n", 0, max(node.start, 0)) + 1
    end = source.find("\n", max(node.end, 0))
    return source[start : end if end >= 0 else len(source)]


def _inputs(context: Context, root: YamlNode, event: str, inputs: Mapping[str, str]) -> dict[str, str]:
    """The inputs of a workflow: given by its caller, the tag where a person is asked for it, else their defaults."""
    given = dict(inputs)
    if event == "dispatch":
        for name in (root.get("on", "workflow_dispatch", "inputs") or YamlNode("map")).pairs:
            if _TAG_INPUT.search(name):
                given.setdefault(name, context.tag)
    for kind in ("workflow_dispatch", "workflow_call"):
        for name, node in (root.get("on", kind, "inputs") or YamlNode("map")).pairs.items():
            default = node.string("default")
            if default is not None:
                given.setdefault(name, default)
    return given


def run_workflow(
    context: Context,
    path: str,
    tools: Mapping[str, Tool],
    event: str,
    inputs: Mapping[str, str] | None = None,
    depth: int = 0,
    worthwhile: Callable[[str], bool] | None = None,
) -> dict[str, str]:
    """Run the jobs of a workflow for one event; the outputs of a called workflow.

    ``worthwhile`` tells from a job's text whether it may publish; jobs that may not, and give nothing to others, are left out.
    """
    text = context.subject.text(path)
    root = read_yaml(text.text) if text is not None else None
    if text is None or root is None or depth > _MAX_DEPTH:
        return {}
    given = _inputs(context, root, event, inputs or {})
    needs: dict[str, Mapping[str, str]] = {}
    for name, node in jobs_in_order(root):
        probe = Job(context, text, root, tools, given, needs, event, depth)
        condition = node.string("if")
        held = True if condition is None else truth(condition, probe.lookup, context.holes)
        if held is False:
            needs[name] = {}
            continue
        called = node.string("uses")
        if called is None and worthwhile is not None and node.get("outputs") is None and not worthwhile(_lines_of(text.text, node)):
            continue
        if called is not None:
            if called.startswith("./"):
                with context.at(probe.spot(node.get("uses") or node)):
                    needs[name] = run_workflow(
                        context, posixpath.normpath(called), tools, event, probe.values(node.get("with")), depth + 1, worthwhile
                    )
            continue
        for combination in _combinations(probe, node):
            job = Job(context, text, root, tools, given, needs, event, depth)
            job.matrix = combination
            job.state.conditional = held is None
            needs[name] = job.run(node)
            context.finished(job.state.files)
            for package in job.state.packages:
                context.finished(package.files)
    declared = root.get("on", "workflow_call", "outputs")
    if declared is None:
        return {}
    jobs = {f"jobs.{name}": values for name, values in needs.items()}

    def lookup(path: str) -> str | None:
        job, _, output = path.rpartition(".outputs.")
        return jobs.get(job, {}).get(output, context.holes.mark(path))

    return {name: interpolate(node.string("value") or "", lookup, context.holes) for name, node in declared.pairs.items()}


def trigger_of(path: str, source: str, root: YamlNode, tag: str) -> Trigger:
    """What starts the workflow."""
    return Trigger(path, events_of(source, root, tag))
