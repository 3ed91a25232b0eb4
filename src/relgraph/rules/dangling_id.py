"""RG401: an id that nothing declares."""

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from difflib import get_close_matches

from relgraph.infer.facts import Facts
from relgraph.model.finding import Finding, Severity
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Spot
from relgraph.pipeline.goreleaser_files import CONFIGURATIONS, project_name
from relgraph.pipeline.script_texts import script_texts
from relgraph.pipeline.step_outputs import called_outputs, step_outputs
from relgraph.pipeline.workflow_env import unset_names
from relgraph.pipeline.yaml_tree import YamlNode, read_yaml
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.spots import finding_at
from relgraph.syntax.text import Text

__all__ = ["RULE"]

_CODE, _NAME = "RG401", "dangling-id"
_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_MARKS = ("needs", "steps.", "env.")
_ACTION = re.compile(r"(?:.*/)?action\.ya?ml")
_STEP = re.compile(r"\bsteps\.([A-Za-z_][\w-]*)\.(?:outputs|outcome|conclusion)\b(?:\.([\w-]+))?")
_NEED = re.compile(r"\bneeds\.([A-Za-z_][\w-]*)\.(?:outputs\.([\w-]+)|result)\b")
_OTHER_BUILDERS = ("Cargo.toml", "build.zig", "deno.json", "pyproject.toml", "package.json")


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        for path in CONFIGURATIONS:
            text = subject.text(path) if path in subject.entries else None
            root = read_yaml(text.text) if text is not None else None
            if text is not None and root is not None and root.get("includes") is None:
                yield from _goreleaser(subject, text, root)
        for path, text in script_texts(subject).items():
            if _WORKFLOW.fullmatch(path) and any(mark in text.text for mark in _MARKS):
                yield from _workflow(subject, text)
            elif _ACTION.fullmatch(path) and "steps." in text.text:
                yield from _composite(subject, text)


def _spot(text: Text, node: YamlNode) -> Spot:
    return Spot(text.path, text.span(max(node.start, 0), max(node.end, node.start, 0)))


def _nearest(name: str, declared: Iterable[str]) -> str | None:
    known = sorted(declared)
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return close[0] if close else known[0] if len(known) == 1 else None


def _dangling(
    subject: Subject, text: Text, node: YamlNode, what: str, declared: set[str], node_name: str, severity: Severity = Severity.ERROR
) -> Finding:
    known = ", ".join(sorted(declared)) or "none"
    return finding_at(
        (_CODE, _NAME, severity),
        subject,
        _spot(text, node),
        f"nothing declares the {what} {node.text}",
        node=f"{node_name}:{text.path}",
        expected=_nearest(node.text, declared),
        actual=node.text,
        why=(f"declared in {text.path}: {known}",),
    )


# -- GoReleaser --------------------------------------------------------------------------------------------------------------


def _goreleaser(subject: Subject, text: Text, root: YamlNode) -> Iterator[Finding]:
    module = subject.text("go.mod")
    project = project_name(root, module.text if module is not None else None, subject.name)
    declared = {build.string("id") or project for build in root.maps("builds")}
    implicit = not declared
    if implicit:
        declared = {project}
    if not all("{{" not in name for name in declared):
        return
    universal = {one.string("id") or project for one in root.maps("universal_binaries")}
    packages = {one.string("id") or "default" for one in root.maps("nfpms")}
    archives = {one.string("id") or "default" for one in root.maps("archives")} or {"default"}
    binaries = declared | universal
    wanted: list[tuple[YamlNode, str, set[str]]] = []
    for ko in root.maps("kos"):
        wanted += [(node, "build", declared) for node in ko.strings("build")]
    for key, fields, known in (
        ("archives", ("builds", "ids"), binaries),
        ("nfpms", ("builds", "ids"), binaries),
        ("snapcrafts", ("builds", "ids"), binaries),
        ("universal_binaries", ("ids",), binaries),
        ("dockers", ("ids",), binaries | packages),
        ("dockers_v2", ("ids",), binaries | packages),
        ("brews", ("ids",), archives | binaries),
    ):
        for entry in root.maps(key):
            wanted += [(node, "build" if known is binaries else "id", known) for field in fields for node in entry.strings(field)]
    for node, what, known in wanted:
        if node.text and "{{" not in node.text and node.text not in known:
            yield _dangling(subject, text, node, what, known, "goreleaser")
    if implicit:
        yield from _implicit(subject, text, root)


def _implicit(subject: Subject, text: Text, root: YamlNode) -> Iterator[Finding]:
    # Without builds there is one all the same: the program in the root folder.
    here = subject.entries
    if any("/" not in path and path.endswith(".go") and not path.endswith("_test.go") for path in here):
        return
    if "go.mod" not in here or any(path in here for path in _OTHER_BUILDERS):
        return
    for ko in root.maps("kos"):
        main = ko.get("main")
        if main is None or main.text.strip("./") == "":
            continue
        name = ko.string("build") or ko.string("id") or main.text.rstrip("/").rpartition("/")[2]
        yield finding_at(
            (_CODE, _NAME, Severity.ERROR),
            subject,
            _spot(text, main),
            f"no build is declared for {main.text}: the one that GoReleaser assumes is a program in the root folder, where there is none",
            node=f"goreleaser:{text.path}",
            expected=name,
            actual=None,
            why=(
                "every entry of kos takes its settings from a build",
                "without builds: GoReleaser builds the root folder, and fails if no Go program is there",
            ),
        )
        return


# -- workflows ---------------------------------------------------------------------------------------------------------------


def _workflow(subject: Subject, text: Text) -> Iterator[Finding]:
    root = read_yaml(text.text)
    jobs = root.get("jobs") if root is not None else None
    if jobs is None or jobs.kind != "map":
        return
    names = set(jobs.pairs)
    for job in jobs.pairs.values():
        for needed in job.strings("needs"):
            if needed.text and "${{" not in needed.text and needed.text not in names:
                yield _dangling(subject, text, needed, "job", names, "workflow")
    for name, job in jobs.pairs.items():
        if job.kind == "map" and job.start >= 0:
            yield from _outputs(subject, text, name, job, jobs)
    for unset in unset_names(subject, text, root) if root is not None else ():
        yield finding_at(
            (_CODE, _NAME, Severity.ERROR if unset.meant else Severity.WARNING),
            subject,
            Spot(text.path, text.span(unset.start, unset.end)),
            f"nothing sets env.{unset.name} in the job {unset.job}: the value is empty"
            + (f"; {unset.meant} is set" if unset.meant else ""),
            node=f"workflow:{text.path}",
            expected=unset.meant,
            actual=unset.name,
            why=("neither the workflow, the job, a step nor a script that it calls gives it a value",),
        )


def _outputs(subject: Subject, text: Text, name: str, job: YamlNode, jobs: YamlNode) -> Iterator[Finding]:
    source = text.text
    steps = job.get("steps")
    declared = {identity for step in (steps.items if steps is not None else []) if (identity := step.string("id")) is not None}
    start, end = job.start, job.end
    told: set[str] = set()
    for match in _STEP.finditer(source, start, end):
        if (
            match[1] not in declared
            and not any("${{" in one for one in declared)
            and match[1] not in told
            and not _commented(source, match.start())
        ):
            told.add(match[1])
            yield _missing(
                subject,
                text,
                match.span(1),
                f"no step of the job {name} has the id {match[1]}: the value is empty",
                match[1],
                declared,
            )
    yield from _unwritten(subject, text, job, steps.items if steps is not None else [])
    needed = {node.text for node in job.strings("needs")}
    for match in _NEED.finditer(source, start, end):
        if _commented(source, match.start()) or match.group() in told:
            continue
        told.add(match.group())
        if match[1] not in needed:
            yield _missing(
                subject, text, match.span(1), f"the job {name} does not need {match[1]}: the value is empty", match[1], needed
            )
            continue
        other = jobs.get(match[1])
        if match[2] is None or other is None or other.kind != "map":
            continue
        called, outputs = other.string("uses"), other.get("outputs")
        given = called_outputs(subject, called) if called is not None else frozenset(outputs.pairs if outputs is not None else ())
        if given is not None and match[2] not in given:
            yield _missing(
                subject, text, match.span(2), f"the job {match[1]} gives no output {match[2]}: the value is empty", match[2], given
            )


def _composite(subject: Subject, text: Text) -> Iterator[Finding]:
    root = read_yaml(text.text)
    runs = root.get("runs") if root is not None else None
    if root is not None and runs is not None and runs.string("using") == "composite":
        yield from _unwritten(subject, text, root, runs.maps("steps"))


def _unwritten(subject: Subject, text: Text, job: YamlNode, steps: list[YamlNode]) -> Iterator[Finding]:
    """Outputs that are read of a step which exists and does not write them."""
    by_id: dict[str, list[YamlNode]] = {}
    for step in steps:
        if (identity := step.string("id")) is not None:
            by_id.setdefault(identity, []).append(step)
    written: dict[str, frozenset[str] | None] = {}
    told: set[tuple[str, str]] = set()
    for match in _STEP.finditer(text.text, job.start, job.end):
        identity, output = match[1], match[2]
        ours = by_id.get(identity, [])
        if output is None or len(ours) != 1 or (identity, output) in told or _commented(text.text, match.start()):
            continue
        told.add((identity, output))
        if identity not in written:
            written[identity] = step_outputs(subject, ours[0])
        names = written[identity]
        if names is not None and output.lower() not in {name.lower() for name in names}:
            yield _missing(
                subject, text, match.span(2), f"the step {identity} writes no output {output}: the value is empty", output, names
            )


def _commented(source: str, position: int) -> bool:
    start = source.rfind("\n", 0, position) + 1
    return source[start:position].lstrip().startswith("#")


def _missing(
    subject: Subject, text: Text, bounds: tuple[int, int], message: str, actual: str, declared: AbstractSet[str]
) -> Finding:
    return finding_at(
        (_CODE, _NAME, Severity.ERROR),
        subject,
        Spot(text.path, text.span(*bounds)),
        message,
        node=f"workflow:{text.path}",
        expected=_nearest(actual, declared),
        actual=actual,
        why=(f"declared: {', '.join(sorted(declared)) or 'none'}",),
    )


_RELEASER = """\
builds:
- id: webservice
  main: ./cmd/webservice
kos:
- repository: ghcr.io/example/webservice
  main: ./cmd/webservice
  build: {}
  tags: ['{{{{.Version}}}}']
"""
_JOBS = """\
on: {{push: {{tags: ['v*']}}}}
jobs:
  version:
    runs-on: ubuntu-latest
    outputs:
      tag: ${{{{ steps.read.outputs.tag }}}}
    steps:
    - id: read
      run: echo "tag=${{GITHUB_REF_NAME#v}}" >> "$GITHUB_OUTPUT"
  image:
    needs: [version]
    runs-on: ubuntu-latest
    steps:
    - run: docker push ghcr.io/example/web:${{{{ needs.version.outputs.{} }}}}
"""

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "an id that nothing declares",
    """
    Parts of a pipeline name each other by ids: `kos[].build` and `archives[].ids` a build of GoReleaser, `needs:` a job, and
    `steps.X.outputs` a step, `env.X` a variable. A step's output counts as declared where the step writes it, a job's where the
    job or the workflow that it calls names it. An id that nothing declares ends the release (GoReleaser, `needs:`), or is worse
    and counts as empty text (outputs). The ids that could have been meant are listed with the finding.

    What to do: correct the id, or declare it.
    """,
    _check,
    failing=(
        Example((Commit({".goreleaser.yaml": _RELEASER.format("manager"), "go.mod": "module example.com/webservice\n"}),)),
        Example((Commit({".github/workflows/release.yml": _JOBS.format("version")}),)),
    ),
    passing=(
        Example((Commit({".goreleaser.yaml": _RELEASER.format("webservice"), "go.mod": "module example.com/webservice\n"}),)),
        Example((Commit({".github/workflows/release.yml": _JOBS.format("tag")}),)),
    ),
)
