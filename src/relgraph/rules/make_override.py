"""RG402: make is given a variable that its Makefile does not know, or gets one from a workflow that means something else."""

import re
from collections.abc import Iterator

from relgraph.infer.facts import Facts
from relgraph.infer.roles import PathRole, path_role
from relgraph.model.finding import Finding, Severity
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Leak, Spot
from relgraph.pipeline.references import split_reference
from relgraph.pipeline.script_texts import script_texts
from relgraph.pipeline.yaml_tree import read_yaml
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.spots import finding_at, path_line
from relgraph.syntax.make import Assignment, Makefile, read_makefile
from relgraph.syntax.shell import Word, read_command
from relgraph.syntax.text import Text

__all__ = ["RULE"]

_CODE, _NAME = "RG402", "make-override-undefined"
_MAKE = re.compile(r"(?<![\w./$(-])make(?=[ \t]+[^\n]{0,400}?\b[A-Za-z_]\w*=)")
_OVERRIDE = re.compile(r"([A-Za-z_]\w*)=")
_ELSEWHERE = re.compile(r"\bcd[ \t]+\S|working-directory:|\bpushd\b|repository:[ \t]*\S")
_STEP = re.compile(r"^[ \t]*-[ \t]+\w", re.MULTILINE)
# Read by make itself, by compilers and by the programs that recipes call, whether a Makefile names them or not.
_AMBIENT = re.compile(
    r"GO\w*|CGO_\w+|DOCKER_\w+|BUILDKIT_\w+|BUILDX_\w+|KO_\w+|KUBE\w*|HELM_\w+|KUSTOMIZE_\w+|GITHUB_\w+|GIT_\w+|GH_\w+|CI|HOME|PATH|USER|NPM_\w+"
    r"|NODE_\w+|PYTHON\w*|PIP_\w+|CARGO_\w+|RUST\w*|JAVA_\w+|LC_\w+|LANG|TMPDIR|TERM|CC|CXX|AR|LD|\w*FLAGS|V|Q|VERBOSE|DEBUG|DESTDIR|PREFIX"
    r"|prefix|\w+dir|SHELL|MAKE\w*|SOURCE_DATE_EPOCH|COSIGN_\w+|AWS_\w+|AZURE_\w+|GOOGLE_\w+|CLOUDSDK_\w+|SUDO|EDITOR|NO_COLOR|FORCE_COLOR"
)
_NAMES = ("GNUmakefile", "makefile", "Makefile")
_READERS = re.compile(
    r"(?:^|/)(?:[^/]*[Mm]akefile[^/]*|[^/]+\.(?:mk|sh|bash|bats|py|rb|ya?ml|tmpl|in)|[^/]*Dockerfile[^/]*|[^/.]+)$"
)
_PROGRAMS = re.compile(r"\.(?:go|rs|js|mjs|ts|java|c|cc)$")
_ONLY_MAKE = re.compile(r"make(?:[ \t]+-[ijks]\d*)*(?P<goals>(?:[ \t]+[a-z][\w./-]*)+)")
# What a release is made of goes by such names; switches of tests and of tools may be read by anything.
_TELLING = re.compile(r"(?:^|_)(?:VERSION|VER|TAG|IMAGE|IMG|CHART|REGISTRY|REPOSITORY|REPO)(?:_|S?$)")
_REFERENCE = re.compile(r"\$[({]([\w.-]+)")
_TOKENS = re.compile(r"[A-Za-z]+|\d+")
_SYNONYMS = {
    "img": "image",
    "images": "image",
    "ver": "version",
    "vers": "version",
    "tags": "tag",
    "repo": "repository",
    "reg": "registry",
}
_MAX_FILES = 600


def _check(facts: Facts) -> Iterator[Finding]:
    for subject in facts.world.targets:
        yield from _overrides(subject)
        if any(path in subject.entries for path in _NAMES):
            for leak in facts.plan(subject).leaks:
                yield from _leak(subject, leak)


def _overrides(subject: Subject) -> Iterator[Finding]:
    known: dict[str, _Project | None] = {}
    for path, text in script_texts(subject).items():
        workflow = path.startswith(".github/")
        if not workflow and not (path.endswith((".sh", ".bash")) and path_role(path) not in (PathRole.VENDORED, PathRole.LEGACY)):
            continue
        if "make" not in text.text:
            continue
        for match in _MAKE.finditer(text.text):
            yield from _command(subject, text, match, known, workflow=workflow)
        if path.startswith(".github/workflows/"):
            yield from _environment(subject, text, known)


def _command(
    subject: Subject, text: Text, match: re.Match[str], known: "dict[str, _Project | None]", *, workflow: bool
) -> Iterator[Finding]:
    source = text.text
    line = source.rfind("\n", 0, match.start()) + 1
    if source[line : match.start()].lstrip().startswith("#"):
        return
    words, _ = read_command(source, match.end(), len(source))
    folder, goals, given = _taken(words)
    if folder is None or not given:
        return
    begin = (
        max((one.start() for one in _STEP.finditer(source, max(0, match.start() - 4000), match.start())), default=0)
        if workflow
        else 0
    )
    if _ELSEWHERE.search(source, begin, match.start()):
        return
    if folder not in known:
        known[folder] = _Project.of(subject, folder)
    project = known[folder]
    if project is None or not goals or not all(project.makes(goal) for goal in goals):
        return
    for name, word in given:
        if _AMBIENT.fullmatch(name) or project.knows(name):
            continue
        meant = project.similar(name, goals)
        release = workflow and re.search(r"^[ \t]+(?:tags|release)[ \t]*:", source, re.MULTILINE) is not None
        why = [f"{project.path} neither sets nor uses {name}, and no script that it calls does"]
        if meant is not None:
            why.append(f"what {' '.join(goals)} uses is {meant}, which keeps its own value")
        yield finding_at(
            (_CODE, _NAME, Severity.ERROR if release else Severity.WARNING),
            subject,
            Spot(text.path, text.span(word.start, word.start + len(name))),
            f"make {' '.join(goals)} is given {name}, which its Makefile does not know"
            + (f"; did {meant} take its place?" if meant else ""),
            node=f"make:{project.path}",
            expected=meant,
            actual=name,
            why=tuple(why),
            related=((subject, spot),) if meant is not None and (spot := project.spot(meant)) is not None else (),
        )


def _environment(subject: Subject, text: Text, known: "dict[str, _Project | None]") -> Iterator[Finding]:
    """Variables that a step which does nothing but call make gives by its environment."""
    root = read_yaml(text.text)
    jobs = root.get("jobs") if root is not None else None
    for step in (step for job in (jobs.pairs.values() if jobs is not None else ()) for step in job.maps("steps")):
        env, run = step.get("env"), step.string("run")
        if env is None or env.kind != "map" or run is None or step.get("working-directory") is not None:
            continue
        lines = [
            line.strip() for line in run.replace("\\\n", " ").split("\n") if line.strip() and not line.lstrip().startswith("#")
        ]
        commands = [_ONLY_MAKE.fullmatch(line) for line in lines]
        goals = [goal for one in commands if one is not None for goal in one["goals"].split()]
        if not goals or not all(commands):
            continue
        if "" not in known:
            known[""] = _Project.of(subject, "")
        project = known[""]
        if project is None or not all(project.makes(goal) for goal in goals):
            continue
        for name, node in env.pairs.items():
            if node.kind != "scalar" or not _TELLING.search(name) or _AMBIENT.fullmatch(name):
                continue
            if (
                len(re.findall(rf"(?<!\w){re.escape(name)}(?!\w)", text.text)) > 1
                or project.knows(name)
                or project.programs_know(name)
            ):
                continue
            meant = project.similar(name, goals)
            start = text.text.rfind(name, 0, node.start)
            yield finding_at(
                (_CODE, _NAME, Severity.WARNING),
                subject,
                Spot(text.path, text.span(start, start + len(name))),
                f"the step gives {name} to make {' '.join(goals)}, and neither the Makefile nor what it calls reads it",
                node=f"make:{project.path}",
                expected=meant,
                actual=name,
                why=(f"{project.path} neither sets nor uses {name}, and no script or program that it may call does",),
                related=((subject, spot),) if meant is not None and (spot := project.spot(meant)) is not None else (),
            )


def _taken(words: list[Word]) -> tuple[str | None, list[str], list[tuple[str, Word]]]:
    """The folder (None: not known), goals and variables of a command line behind ``make``."""
    folder: str | None = ""
    goals: list[str] = []
    given: list[tuple[str, Word]] = []
    waiting = iter(words)
    for word in waiting:
        if word.text in ("-C", "--directory", "-f", "--file", "--makefile"):
            value = next(waiting, None)
            folder = (
                value.text.strip("/").removeprefix("./")
                if value is not None and word.text in ("-C", "--directory") and "$" not in value.text
                else None
            )
        elif word.text.startswith(("-C", "--directory=")):
            rest = word.text.removeprefix("--directory=").removeprefix("-C")
            folder = rest.strip("/").removeprefix("./") if "$" not in rest else None
        elif word.text.startswith("-"):
            continue
        elif (match := _OVERRIDE.match(word.text)) is not None:
            given.append((match[1], word))
        elif word.text in ("#", "\\"):
            break
        elif not word.text.isdigit():
            goals.append(word.text)
    return folder, goals, given


class _Project:
    """A Makefile with what it includes, and the scripts of the tree that may read its variables."""

    def __init__(self, subject: Subject, path: str) -> None:
        self.subject = subject
        self.path = path
        self.files: list[tuple[Text, Makefile]] = []
        pending, seen = [path], {path}
        while pending:
            text = subject.text(pending.pop())
            if text is None:
                continue
            makefile = read_makefile(text)
            self.files.append((text, makefile))
            folder = path.rpartition("/")[0]
            for include in makefile.includes:
                found = re.sub(r"\$[({](?:CURDIR|ROOT\w*|PWD)[)}]/", "", include.path).removeprefix("./")
                for candidate in (f"{folder}/{found}".lstrip("/"), found):
                    if candidate in subject.entries and candidate not in seen:
                        seen.add(candidate)
                        pending.append(candidate)
        self._elsewhere: list[str] | None = None

    @classmethod
    def of(cls, subject: Subject, folder: str) -> "_Project | None":
        """That of a folder, or None where no Makefile is there."""
        prefix = f"{folder}/" if folder and folder != "." else ""
        path = next((prefix + name for name in _NAMES if prefix + name in subject.entries), None)
        return None if path is None else cls(subject, path)

    def makes(self, goal: str) -> bool:
        """Whether a rule makes the goal."""
        if "$" in goal:
            return False
        return any(
            goal in rule.targets or any("%" in target or "$" in target for target in rule.targets)
            for _, makefile in self.files
            for rule in makefile.rules
        )

    def knows(self, name: str) -> bool:
        """Whether anything that make would read has the name."""
        word = re.compile(rf"(?<![\w]){re.escape(name)}(?![\w])")
        if any(word.search(text.text) for text, _ in self.files):
            return True
        if self._elsewhere is None:
            paths = [
                path for path in self.subject.entries
                if _READERS.search(path) and not path.startswith((".github/", "vendor/")) and path_role(path) is not PathRole.VENDORED
            ]  # fmt: skip
            self._elsewhere = [data.decode("utf-8", "replace") for _, data in self.subject.tree.read_many(paths[:_MAX_FILES])]
        return any(name in text and word.search(text) for text in self._elsewhere)

    def programs_know(self, name: str) -> bool:
        """Whether a program of the tree has the name: it may look into its environment."""
        paths = [path for path in self.subject.entries if _PROGRAMS.search(path) and path_role(path) is not PathRole.VENDORED]
        word = name.encode()
        return any(word in data for _, data in self.subject.tree.read_many(paths))

    def _settable(self) -> dict[str, tuple[Text, Assignment]]:
        return {
            one.name: (text, one)
            for text, makefile in self.files
            for one in makefile.variables
            if one.operator in ("?=", "=", ":=")
        }

    def spot(self, name: str) -> Spot | None:
        """Where a variable is set."""
        found = self._settable().get(name)
        return None if found is None else Spot(found[0].path, found[0].span(found[1].name_start, found[1].end))

    def similar(self, name: str, goals: list[str]) -> str | None:
        """The variable that the goals' recipes use and whose name says most of what this one says."""
        settable = self._settable()
        used: set[str] = set()
        for text, makefile in self.files:
            for rule in makefile.rules:
                if any(goal in rule.targets for goal in goals):
                    used |= {found for line in rule.recipe for found in _REFERENCE.findall(text.text[line.start : line.end])}
        wanted = _parts(name)
        scored = [(len(wanted & _parts(other)) / len(wanted | _parts(other)), other) for other in settable]
        likely = sorted((other not in used, -score, other) for score, other in scored if score > 0)
        return likely[0][2] if likely else None


def _parts(name: str) -> set[str]:
    return {_SYNONYMS.get(part.lower(), part.lower()) for part in _TOKENS.findall(name.replace("_", " "))}


def _leak(subject: Subject, leak: Leak) -> Iterator[Finding]:
    given, default = leak.given.text, str(leak.default)
    if given is None or not leak.places:
        return
    # Two references to an image, of which only one says where it lies or which one it is, are not the same kind of value.
    (name, tag, _), (own, own_tag, _) = split_reference(given), split_reference(default)
    if "/" not in name or "/" not in own or name.rpartition("/")[2] != own.rpartition("/")[2]:
        return
    if bool(tag) == bool(own_tag):
        return
    yield finding_at(
        (_CODE, _NAME, Severity.ERROR),
        subject,
        leak.places[-1],
        f"make {leak.target} takes {leak.name} from the workflow's environment, {given}, where its Makefile means {default}",
        node=f"make:{leak.default_spot.path}",
        expected=leak.default.text,
        actual=given,
        why=(
            f"{path_line(leak.default_spot)} sets {leak.name} with ?=, which yields to the environment",
            "the one is an image with its tag, the other a name without"
            if own_tag
            else "the one is a name without tag, the other an image with one",
        ),
        related=((subject, leak.default_spot),),
    )


_WORKFLOW = """\
on: {{push: {{tags: ['v*']}}}}
jobs:
  chart:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - run: make chart {}=ghcr.io/example/web:${{{{ github.ref_name }}}}
"""
_MAKEFILE = "WEB_IMAGE ?= ghcr.io/example/web:dev\nchart:\n\tcd deploy && kustomize edit set image web=$(WEB_IMAGE)\n"

RULE = Rule(
    _CODE,
    _NAME,
    Severity.ERROR,
    "make is given a variable that its Makefile does not know",
    """
    `make chart IMG=...` sets IMG for this run, and make does not mind when nothing reads it: the recipe goes on with the
    default of the variable that replaced IMG, and what is published refers to a developer's image. The same happens the other
    way round when a workflow's `env:` has the name of a Makefile's `?=` variable and means something else by it. A step that only
    calls make and has an image or a version in its `env:` which neither the Makefile nor anything that it may call reads is told
    as well.

    Precedence is make's: the command line before the Makefile, the Makefile before the environment, the environment before `?=`.

    What to do: pass the variable that the Makefile reads, by its name of today; where the environment's is not meant for make, rename
    it.
    """,
    _check,
    failing=(Example((Commit({".github/workflows/release.yml": _WORKFLOW.format("IMG"), "Makefile": _MAKEFILE}),)),),
    passing=(Example((Commit({".github/workflows/release.yml": _WORKFLOW.format("WEB_IMAGE"), "Makefile": _MAKEFILE}),)),),
)
