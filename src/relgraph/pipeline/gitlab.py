"""GitLab's pipelines: which jobs a pushed tag starts, and their scripts in the order of their stages.

Keywords follow https://docs.gitlab.com/ci/yaml/, the variables that are always set https://docs.gitlab.com/ci/variables/predefined_variables/.
Any other variable may be set in the project's settings, which no file shows.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from relgraph.pipeline.artifacts import Spot
from relgraph.pipeline.context import Context, Origin
from relgraph.pipeline.gitlab_rules import holds, starts
from relgraph.pipeline.paths import GITLAB
from relgraph.pipeline.patterns import glob_pattern
from relgraph.pipeline.shell import Shell, Tool
from relgraph.pipeline.state import ROOT, Package, State
from relgraph.pipeline.system import System
from relgraph.pipeline.value import COMMIT, SHORT_COMMIT, is_known
from relgraph.pipeline.yaml_tree import YamlNode, read_yaml
from relgraph.syntax.text import Text

__all__ = ["SYSTEM"]

_KEYWORDS = frozenset(
    "default include stages variables workflow image services before_script after_script cache pages spec".split()
)
_STAGES = (".pre", "build", "test", "deploy", ".post")
_READ = re.compile(r"\$\$|\$\{(?P<brace>\w+)\}|\$(?P<plain>\w+)")
_SLUG = re.compile(r"[^a-z0-9]+")
_DOTENV = re.compile(r"^(?P<name>[A-Za-z_]\w*)=(?P<value>.*)$", re.MULTILINE)
_MAX_DEPTH = 6
_MAX_JOBS = 60


class _Written:
    """A node and the file that it stands in: jobs come from several."""

    def __init__(self, text: Text, node: YamlNode) -> None:
        self.text = text
        self.node = node


def _run(context: Context, path: str, tools: Mapping[str, Tool]) -> tuple[str, ...]:
    entries: dict[str, _Written] = {}
    _collect(context, path, entries, 0)
    variables = _predefined(context)
    variables |= _expanded(context, _scalars(entries.get("variables")), variables)
    workflow = entries.get("workflow")
    if workflow is not None and holds(workflow.node, variables) is False:
        return ()
    jobs = {name: one for name, one in entries.items() if name not in _KEYWORDS and one.node.kind == "map"}
    carried = _Carried()
    ran = False
    for name in _in_order(entries, jobs)[:_MAX_JOBS]:
        job = _Job(name, _chain(jobs, name, 0), entries)
        started = starts(job.first, context.tag, variables | _scalars(job.first("variables")))
        if started is not False and job.scripts:
            ran = True
            with context.at(_spot(job.chain[0])):
                job.run(context, variables, tools, carried, certain=started is True)
    return ("push-tag",) if ran else ()


def _collect(context: Context, path: str, entries: dict[str, _Written], depth: int) -> None:
    """The top level of a file, on top of that of the files of this repository that it includes."""
    text = context.subject.text(path)
    root = read_yaml(text.text) if text is not None and depth <= _MAX_DEPTH else None
    if text is None or root is None or root.kind != "map":
        return
    include = root.get("include")
    for one in [] if include is None else include.items if include.kind == "list" else [include]:
        local = one.text if one.kind == "scalar" else one.string("local")
        if local is not None and "://" not in local and "*" not in local:
            _collect(context, local.lstrip("/"), entries, depth + 1)
    for name, node in root.pairs.items():
        entries[name] = _Written(text, node)


def _in_order(entries: Mapping[str, _Written], jobs: Mapping[str, _Written]) -> list[str]:
    listed = entries.get("stages")
    named = [one.text for one in listed.node.items if one.kind == "scalar"] if listed is not None else []
    stages = [".pre", *named, ".post"] if named else [*_STAGES]
    places = {name: place for place, name in enumerate(stages)}

    def place(name: str) -> int:
        stage = next((text for one in _chain(jobs, name, 0) if (text := one.node.string("stage")) is not None), "test")
        return places.get(stage, len(stages))

    return sorted((name for name in jobs if not name.startswith(".")), key=place)


def _chain(jobs: Mapping[str, _Written], name: str, depth: int) -> list[_Written]:
    """A job, then what it extends: where both say something, the earlier counts."""
    job = jobs.get(name)
    if job is None or depth > _MAX_DEPTH:
        return []
    parents = [parent for one in reversed(job.node.strings("extends")) for parent in _chain(jobs, one.text, depth + 1)]
    return [job, *parents]


class _Carried:
    """What one job leaves for those after it: artifacts, and variables in a report."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.packages: list[Package] = []
        self.variables: dict[str, str] = {}


class _Job:
    """One job with what it extends."""

    def __init__(self, name: str, chain: Sequence[_Written], entries: Mapping[str, _Written]) -> None:
        self.name = name
        self.chain = chain
        self._entries = entries
        self.scripts = [*self._script("before_script"), *self._script("script")]

    def first(self, key: str) -> _Written | None:
        """The nearest statement of a key: the job's own, one that it extends, the default for all jobs."""
        for one in self.chain:
            if (node := one.node.get(key)) is not None:
                return _Written(one.text, node)
        if key not in ("before_script", "after_script"):
            return None
        default = self._entries.get("default")
        node = default.node.get(key) if default is not None else None
        return _Written(default.text, node) if default is not None and node is not None else self._entries.get(key)

    def _script(self, key: str) -> list[_Written]:
        found = self.first(key)
        return [] if found is None else [_Written(found.text, one) for one in _flat(found.node)]

    def run(
        self, context: Context, variables: Mapping[str, str], tools: Mapping[str, Tool], carried: _Carried, *, certain: bool
    ) -> None:
        """Run its commands in one shell, on a fresh checkout with what was carried to it."""
        own: dict[str, str] = {}
        for one in reversed(self.chain):
            node = one.node.get("variables")
            own |= _scalars(_Written(one.text, node)) if node is not None else {}
        values = {**variables, **carried.variables}
        values |= _expanded(context, own, values)
        state = State(context.files.fresh(), {**values, "CI_JOB_NAME": self.name})
        state.files.written |= carried.files
        state.packages = [*carried.packages]
        state.open_world, state.conditional = True, not certain
        for one in self.scripts:
            origin = Origin.block(one.text, one.node.lines or [(0, one.node.written(0, 0)[0])])
            Shell(context, state, origin, tools).run(one.node.text)
        self._leave(context, state, carried)

    def _leave(self, context: Context, state: State, carried: _Carried) -> None:
        artifacts = self.first("artifacts")
        patterns = [one.text.rstrip("/") for one in artifacts.node.strings("paths")] if artifacts is not None else []
        if patterns:
            kept = {path: text for path, text in state.files.written.items() if text is not None and _is_kept(path, patterns)}
            carried.files |= kept
            carried.packages = [package for package in state.packages if package in carried.packages or package.path in kept]
        for report in artifacts.node.strings("reports", "dotenv") if artifacts is not None else []:
            written = state.files.read(report.text) or ""
            carried.variables |= {match["name"]: match["value"] for match in _DOTENV.finditer(written)}
        context.finished(state.files)
        for package in state.packages:
            context.finished(package.files)


def _is_kept(path: str, patterns: Sequence[str]) -> bool:
    return any(
        path == one or path.startswith(f"{one}/") or ((regex := glob_pattern(one, path=True)) is not None and regex.fullmatch(path))
        for one in patterns
    )


def _flat(node: YamlNode) -> Iterator[YamlNode]:
    """The commands of a script: one, a list, or lists within."""
    if node.kind == "scalar":
        yield node
    for item in node.items:
        yield from _flat(item)


def _scalars(written: _Written | None) -> dict[str, str]:
    """Variables as they are written; one with a description has its value below it."""
    pairs = {} if written is None else written.node.pairs
    return {name: node.text if node.kind == "scalar" else node.string("value") or "" for name, node in pairs.items()}


def _expanded(context: Context, own: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Variables whose values name others, filled in; what nobody knows is a hole."""
    values: dict[str, str] = {}

    def value(name: str, depth: int) -> str:
        if name in own and depth <= _MAX_DEPTH:
            return _READ.sub(
                lambda match: "$" if match.group() == "$$" else value(match["brace"] or match["plain"], depth + 1), own[name]
            )
        return known.get(name, context.holes.mark(f"${name}"))

    for name in own:
        values[name] = value(name, 0)
    return values


def _predefined(context: Context) -> dict[str, str]:
    mark = context.holes.mark
    path = context.repository
    host = next((address.partition("/")[0] for address in context.subject.repository.addresses), "")
    registry = f"registry.{host}" if host.startswith("gitlab.") else mark("$CI_REGISTRY")
    slug = _SLUG.sub("-", context.tag.lower())[:63].strip("-")
    return {
        "CI": "true", "GITLAB_CI": "true", "CI_COMMIT_TAG": context.tag, "CI_COMMIT_REF_NAME": context.tag, "CI_COMMIT_REF_SLUG": slug,
        "CI_COMMIT_BRANCH": "", "CI_MERGE_REQUEST_IID": "", "CI_MERGE_REQUEST_ID": "", "CI_PIPELINE_SOURCE": "push",
        "CI_COMMIT_SHA": mark("commit id", COMMIT), "CI_COMMIT_SHORT_SHA": mark("short commit id", SHORT_COMMIT),
        "CI_DEFAULT_BRANCH": context.subject.repository.default_branch or mark("$CI_DEFAULT_BRANCH"), "CI_PROJECT_DIR": ROOT,
        "CI_PROJECT_PATH": path, "CI_PROJECT_NAME": path.rpartition("/")[2], "CI_PROJECT_NAMESPACE": path.rpartition("/")[0],
        "CI_REGISTRY": registry, "CI_REGISTRY_IMAGE": f"{registry}/{path.lower() if is_known(path) else path}",
    }  # fmt: skip


def _spot(written: _Written) -> Spot:
    first = max(written.node.start, 0)
    return Spot(written.text.path, written.text.span(first, first))


SYSTEM = System("GitLab", GITLAB, re.compile(r"^include:|kaniko/executor", re.MULTILINE), _run)
