"""RG412: a version, image or place that a pipeline declares and nothing uses."""

import re
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cached_property

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Spot
from relgraph.pipeline.script_texts import script_texts
from relgraph.pipeline.yaml_tree import YamlNode, read_yaml
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.spots import finding_at
from relgraph.syntax.make import read_makefile
from relgraph.syntax.text import Text

__all__ = ["RULE"]

_CODE, _NAME = "RG412", "unused-variable"
_TELLING = re.compile(
    r"(?:^|_)(?:VERSION|VER|TAG|IMAGE|IMG|CHART|REGISTRY|REPOSITORY|REPO|RELEASE)(?:_|$|S$)|(?:^|_)(?:IMAGE|CHART)_(?:NAME|PATH)$"
)
# Read by programs that a pipeline calls, without anything in the repository saying so.
_AMBIENT = re.compile(
    r"(?:GITHUB|GH|RUNNER|DOCKER|BUILDKIT|BUILDX|KO|COSIGN|HELM|KUBE\w*|ENVTEST|GO\w*|CGO|NPM|NODE|PYTHON|PIP|CARGO|RUST\w*|JAVA|MAVEN|GRADLE|AWS|AZURE|GOOGLE|CLOUDSDK|TF|CI|SYFT|GRYPE|TRIVY|CT|EE|PRE_COMMIT|ACTIONS|INPUT)_\w+"
)
_CALLS = re.compile(
    r"\bmake\b|\./\S|\b(?:ba)?sh[ \t]+\S|\bpython3?[ \t]|\bnpm\b|\bgo[ \t]+(?:run|test)\b|uses:[ \t]*\./|\bdocker[ \t]+compose\b|\benvsubst\b|\bbin/|\bscripts?/|\bhack/"
)
_TO_ENVIRONMENT = re.compile(
    r"^[^\n#]*\becho[ \t]+[\"']?(?P<name>[A-Za-z_]\w*)=[^\n]*>>[ \t]*[\"']?\$\{?GITHUB_ENV\b", re.MULTILINE
)
_READERS = re.compile(
    r"(?:^|/)(?:[^/]*[Mm]akefile[^/]*|[^/]+\.(?:mk|sh|bash|bats|py|rb|ya?ml|toml|tmpl|tpl|in)|[^/]*Dockerfile[^/]*|[^/.]+)$"
)
# Programs that a pipeline runs from source, and that may look into their environment.
_PROGRAMS = re.compile(
    r"(?:^|/)(?:tests?|e2e|hack|scripts?|tools|magefiles|\.github)/.*\.(?:go|js|mjs|ts|rs)$|^[^/]+\.(?:go|js|ts)$"
)
_MAX_FILES = 800
_WORD = re.compile(r"[\w-]+")
_ASSIGNED = re.compile(r"^[ \t]*(?:override[ \t]+)?([^\s:?+=#]+)[ \t]*[:?+]*=", re.MULTILINE)


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        tree = _Words(subject)
        for path, text in script_texts(subject).items():
            if path.startswith(".github/workflows/") and re.search(r"^[ \t]*env:", text.text, re.MULTILINE):
                yield from _workflow(subject, text, tree)
            if path.startswith(".github/workflows/") and "GITHUB_ENV" in text.text:
                yield from _written(subject, text, tree)
        name = next((one for one in ("Makefile", "GNUmakefile", "makefile") if one in subject.entries), None)
        makefile = subject.text(name) if name is not None else None
        if makefile is not None:
            yield from _makefile(subject, makefile, tree)


class _Words:
    """Whether any file of the tree that could read a variable has its name."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._texts: dict[str, str] | None = None
        self._read = False

    def has(self, name: str, but: str, *, assigned: bool = True) -> bool:
        """Whether a file other than ``but`` has the name; ``assigned``: being given a value there counts as well."""
        if not self._read:
            self._read = True
            paths = [
                path for path in self._subject.entries
                if (_READERS.search(path) or _PROGRAMS.search(path)) and path_role(path) not in (PathRole.VENDORED, PathRole.LEGACY, PathRole.DOCUMENT)
            ]  # fmt: skip
            if len(paths) <= _MAX_FILES:
                self._texts = {path: data.decode("utf-8", "replace") for path, data in self._subject.tree.read_many(paths)}
        if self._texts is None:
            return True  # in a tree with very many of them some may read it: nothing is said then
        having = (text for path, text in self._texts.items() if path != but and name in text)
        if assigned:
            return next(having, None) is not None
        read = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w=-])")
        return any(read.search(text) is not None for text in having)


class _Counted:
    """How often each word stands in a text, and whether the text calls what may read a variable; told when it is first asked."""

    def __init__(self, source: str) -> None:
        self._source = source

    @cached_property
    def calls(self) -> bool:
        return _CALLS.search(self._source) is not None

    @cached_property
    def _words(self) -> Counter[str]:
        return Counter(_WORD.findall(self._source))

    def times(self, name: str) -> int:
        """How often the name stands there as a word of its own."""
        if _WORD.fullmatch(name):
            return self._words[name]
        return len(re.findall(rf"(?<![\w-]){re.escape(name)}(?![\w-])", self._source))


def _workflow(subject: Subject, text: Text, tree: _Words) -> Iterator[Finding]:
    root = read_yaml(text.text)
    jobs = root.get("jobs") if root is not None else None
    if root is None or jobs is None:
        return
    counted = _Counted(text.text)
    scopes = [root.get("env"), *(job.get("env") for job in jobs.pairs.values() if job.kind == "map")]
    for scope in scopes:
        for name, node in (scope.pairs if scope is not None and scope.kind == "map" else {}).items():
            if not _TELLING.search(name) or _AMBIENT.fullmatch(name) or node.kind != "scalar":
                continue
            if counted.times(name) > 1 or (counted.calls and tree.has(name, text.path)):
                continue
            yield _finding(
                subject,
                Spot(text.path, text.span(*_name_bounds(text, name, node))),
                name,
                f"nothing in {text.path} or in what it calls uses it",
            )


def _written(subject: Subject, text: Text, tree: _Words) -> Iterator[Finding]:
    """What a step writes into the environment of those after it."""
    counted = _Counted(text.text)
    for match in _TO_ENVIRONMENT.finditer(text.text):
        name = match["name"]
        if not _TELLING.search(name) or _AMBIENT.fullmatch(name):
            continue
        if counted.times(name) == 1 and not (counted.calls and tree.has(name, text.path, assigned=False)):
            meant = _misspelt(name, text.text)
            yield _finding(
                subject, Spot(text.path, text.span(*match.span("name"))), name, f"no step of {text.path} after it uses it", meant
            )  # fmt: skip


def _misspelt(name: str, source: str) -> str | None:
    """A name that is read in the same file, is given no value there, and differs by a letter or two."""
    read = {match[1] for match in re.finditer(r"(?:\benv\.|\.outputs\.|\$\{?)([A-Z][A-Z0-9_]{4,})\b", source)}
    given = {match[1] for match in re.finditer(r"(?<![\w.-])([A-Z][A-Z0-9_]{4,})(?:=|:)", source)}
    close = get_close_matches(name, sorted(read - given), n=1, cutoff=0.88)
    return close[0] if close else None


def _name_bounds(text: Text, name: str, node: YamlNode) -> tuple[int, int]:
    start = text.text.rfind(name, 0, node.start)
    return (start, start + len(name)) if start >= 0 else (node.start, node.end)


def _makefile(subject: Subject, text: Text, tree: _Words) -> Iterator[Finding]:
    if re.search(r"^[ \t]*(?:export[ \t]*$|\.EXPORT_ALL_VARIABLES)", text.text, re.MULTILINE):
        return
    told: set[str] = set()
    counted = _Counted(text.text)
    assigned = Counter(_ASSIGNED.findall(text.text))
    for one in read_makefile(text).variables:
        name = one.name
        if (
            name in told
            or not _TELLING.search(name)
            or _AMBIENT.fullmatch(name)
            or one.targets
            or "export" in one.modifiers
            or "$" in name
        ):
            continue
        told.add(name)
        if counted.times(name) > assigned[name] or tree.has(name, text.path):
            continue
        yield _finding(
            subject,
            Spot(text.path, text.span(one.name_start, one.name_start + len(name))),
            name,
            f"nothing in {text.path}, and no file that it includes or calls, uses it",
        )


def _finding(subject: Subject, spot: Spot, name: str, reason: str, meant: str | None = None) -> Finding:
    return finding_at(
        (_CODE, _NAME, Severity.WARNING if meant else Severity.NOTE), subject, spot,
        f"{name} is given a value, and {meant} is read" if meant else f"{name} is declared and never used",
        node=f"variable:{spot.path}#{name}",
        expected=meant,
        actual=name,
        why=(reason, "whoever changes it changes nothing"),
    )  # fmt: skip


_WORKFLOW = """\
on: {{push: {{tags: ['v*']}}}}
env:
  CHART_IMAGE: example/web-chart
jobs:
  chart:
    runs-on: ubuntu-latest
    steps:
    - run: helm push web-chart-1.0.0.tgz oci://ghcr.io/{}
"""

RULE = Rule(
    _CODE,
    _NAME,
    Severity.NOTE,
    "a version or image that a pipeline declares and nothing uses",
    """
    A workflow's `env:` or a Makefile's variable names a version, an image or a registry, and nothing reads it: what it was for
    says something else by now. Changing it changes nothing, which is found out at the next release.

    What to do: remove the variable, or let the steps read it instead of the literal or the other variable that they use.
    """,
    _check,
    failing=(Example((Commit({".github/workflows/release.yml": _WORKFLOW.format("example")}),)),),
    passing=(Example((Commit({".github/workflows/release.yml": _WORKFLOW.format("${{ env.CHART_IMAGE }}")}),)),),
)
