"""Every ``docker build`` that a tree's Makefiles, scripts and workflows hold: its Dockerfile and what it passes to it."""

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Spot
from relgraph.pipeline.command import Argument
from relgraph.pipeline.context import Exhausted, Origin
from relgraph.pipeline.make import MakeRun
from relgraph.pipeline.makefile_values import makefile_run
from relgraph.pipeline.script_texts import script_texts
from relgraph.pipeline.shell_reader import read_script
from relgraph.pipeline.shell_tree import (
    AndOr,
    Case,
    For,
    Function,
    Group,
    If,
    Literal,
    Node,
    Pipeline,
    Redirected,
    Sequence,
    Simple,
    Substitution,
    While,
    Word,
)  # fmt: skip
from relgraph.pipeline.tools.options import read_options
from relgraph.pipeline.value import is_known
from relgraph.pipeline.yaml_tree import YamlNode, read_yaml
from relgraph.syntax.text import Text

__all__ = ["ImageBuild", "image_builds", "simple_commands"]

_BUILDERS = ("docker", "podman", "nerdctl", "buildah")
_BUILD = re.compile(r"(?:d(?<!\w.)ocker|p(?<!\w.)odman|n(?<!\w.)erdctl|b(?<!\w.)uildah)\b[^\n]{0,300}?\b(?:build|bud)\b")
_VALUED = (
    "t", "tag", "f", "file", "build-arg", "build-context", "platform", "target", "label", "output", "o", "cache-from", "cache-to", "progress",
    "secret", "ssh", "network", "builder", "iidfile", "metadata-file", "annotation", "attest", "add-host", "manifest", "format", "arch", "os",
    "authfile", "load-", "memory", "m", "cpuset-cpus", "ulimit", "isolation",
)  # fmt: skip
_HOLE = "\U000f0000"


class ImageBuild(NamedTuple):
    """One build: the path of its Dockerfile (empty where that cannot be told), the names of its ``--build-arg`` with their places,
    and whether all of those are known."""

    dockerfile: str
    arguments: tuple[tuple[str, Spot], ...]
    complete: bool
    spot: Spot


def simple_commands(nodes: Sequence) -> Iterator[Simple]:
    """All simple commands of a script, at any depth, in order."""
    for node in nodes:
        yield from _within(node)


def _within(node: Node) -> Iterator[Simple]:
    if isinstance(node, Simple):
        yield node
        for word in (*node.words, *(one.value for one in node.assignments if one.value is not None)):
            for part in word.parts:
                if isinstance(part, Substitution):
                    yield from simple_commands(part.body)
    elif isinstance(node, Pipeline):
        yield from simple_commands(node.commands)
    elif isinstance(node, AndOr):
        yield from simple_commands((node.first, *(other for _, other in node.rest)))
    elif isinstance(node, If):
        for condition, body in node.arms:
            yield from simple_commands(condition)
            yield from simple_commands(body)
        yield from simple_commands(node.otherwise or ())
    elif isinstance(node, For | Group):
        yield from simple_commands(node.body)
    elif isinstance(node, While):
        yield from simple_commands((*node.condition, *node.body))
    elif isinstance(node, Case):
        for _, body in node.arms:
            yield from simple_commands(body)
    elif isinstance(node, Function):
        yield from _within(node.body)
    elif isinstance(node, Redirected):
        yield from _within(node.node)


def _shown(word: Word) -> str:
    return "".join(part.text if isinstance(part, Literal) else _HOLE for part in word.parts)


def image_builds(subject: Subject) -> tuple[ImageBuild, ...]:
    """The builds of a tree, as far as their Dockerfile can be told."""
    found: list[ImageBuild] = []
    for path, text in script_texts(subject).items():
        name = path.rpartition("/")[2]
        if name in ("Makefile", "GNUmakefile", "makefile"):
            found += _makefile(subject, path)
        elif path.startswith(".github/workflows/"):
            if _BUILD.search(text.text) or "build-push-action" in text.text:
                found += _workflow(subject, text)
        elif name.endswith(".sh") and _BUILD.search(text.text):
            certain = not re.search(r"^\s*cd\s", text.text, re.MULTILINE)
            found += _script(subject, text.text, Origin.file(text), (path.rpartition("/")[0], ""), certain=certain)
    return tuple(found)


def _script(
    subject: Subject, source: str, origin: Origin, folders: tuple[str, ...], *, certain: bool, expressions: bool = False
) -> Iterator[ImageBuild]:
    if not certain:
        return
    for command in simple_commands(read_script(source, expressions=expressions).body):
        words = [Argument(_shown(word), word.start, word.end) for word in command.words]
        spot = origin.spot(command.start, command.end)
        if words and words[0].text.rpartition("/")[2] in _BUILDERS and spot is not None:
            build = _build(subject, words, origin, folders, spot)
            if build is not None:
                yield build


def _build(subject: Subject, words: list[Argument], origin: Origin, folders: tuple[str, ...], spot: Spot) -> ImageBuild | None:
    texts = [word.text for word in words]
    at = next((index for index, text in enumerate(texts[1:4], 1) if text in ("build", "bud", "b")), None)
    if at is None or not all(text in ("buildx", "image", "builder") or text.startswith("-") for text in texts[1:at]):
        return None
    options = read_options(words[at + 1 :], _VALUED)
    context = options.operands[-1].text if options.operands else ""
    dockerfile = options.text("f", "file")
    path = dockerfile if dockerfile is not None else posixpath.join(context, "Dockerfile")
    if not context or not is_known(path) or path.startswith(("/", "-", "http")):
        return ImageBuild("", (), False, spot)
    # A script may be meant to run in its own folder or in the root.
    places = [posixpath.normpath(posixpath.join(one, path)) for one in folders]
    path = next((one for one in places if one in subject.entries), "")
    if not path:
        return ImageBuild("", (), False, spot)
    arguments: list[tuple[str, Spot]] = []
    complete = all(is_known(operand.text) for operand in options.operands[:-1]) and len(options.operands) == 1
    for argument in options.all("build-arg"):
        name = argument.text.partition("=")[0]
        if not is_known(name):
            complete = False
            continue
        place = origin.spot(argument.start, min(argument.start + len(name), argument.end)) or spot
        arguments.append((name, place))
    return ImageBuild(path, tuple(arguments), complete, spot)


def _makefile(subject: Subject, path: str) -> list[ImageBuild]:
    text = subject.text(path)
    if text is None or not (_BUILD.search(text.text) or ("build-arg" in text.text and "include" in text.text)):
        return []
    run = makefile_run(subject, path)
    if run is None:
        return []
    folder = path.rpartition("/")[0]
    found: list[ImageBuild] = []
    try:
        for rule, file in run.rules:
            source = subject.text(file)
            for line in rule.recipe:
                if (
                    source is None
                    or not ("docker" in line.text or "podman" in line.text or "$" in line.text)
                    or "build" not in line.text
                ):
                    continue
                spot = Spot(file, source.span(line.start, line.end))
                expanded = run.expand(line.text).lstrip("@-+ \t")
                builds = _script(subject, expanded, Origin.fixed(spot), (folder,), certain=not re.search(r"\bcd\s", expanded))
                found += [_placed(subject, run, build) for build in builds]
    except (Exhausted, RecursionError):
        return found
    return found


def _placed(subject: Subject, run: MakeRun, build: ImageBuild) -> ImageBuild:
    # The recipe's text was expanded: an argument stands in the recipe or in a variable, wherever it is written out.
    arguments: list[tuple[str, Spot]] = []
    for name, spot in build.arguments:
        written = re.compile(rf"--build-arg[= \t]+(?:\\\n\s*)?[\"']?({re.escape(name)})\b")
        place = spot
        for path in dict.fromkeys([build.spot.path, run.path]):
            text = subject.text(path)
            match = written.search(text.text) if text is not None else None
            if text is not None and match is not None:
                place = Spot(path, text.span(*match.span(1)))
                break
        arguments.append((name, place))
    return build._replace(arguments=tuple(arguments))


def _workflow(subject: Subject, text: Text) -> Iterator[ImageBuild]:
    root = read_yaml(text.text)
    jobs = root.get("jobs") if root is not None else None
    for job in jobs.pairs.values() if jobs is not None else ():
        steps = job.get("steps")
        for step in steps.items if steps is not None else ():
            run, uses = step.get("run"), step.string("uses") or ""
            if run is not None and _BUILD.search(run.text):
                origin = Origin.block(text, run.lines or [(0, run.written(0, 0)[0])])
                folder = step.string("working-directory") or ""
                certain = "${{" not in folder and not re.search(r"(?:^|[;&]\s*)cd\s", run.text, re.MULTILINE)
                yield from _script(subject, run.text, origin, (folder,), certain=certain, expressions=True)
            elif uses.startswith("docker/build-push-action"):
                yield _action(subject, text, step)


def _action(subject: Subject, text: Text, step: YamlNode) -> ImageBuild:
    context = step.string("with", "context") or "."
    dockerfile = step.string("with", "file") or posixpath.join(context, "Dockerfile")
    place = step.get("with", "build-args") or step.get("uses") or step
    spot = Spot(text.path, text.span(max(place.start, 0), max(place.end, 0)))
    if "${{" in dockerfile or "://" in context:
        return ImageBuild("", (), False, spot)
    path = posixpath.normpath(dockerfile)
    node = step.get("with", "build-args")
    if path not in subject.entries:
        return ImageBuild("", (), False, spot)
    arguments: list[tuple[str, Spot]] = []
    complete = True
    position = 0
    for line in (node.text if node is not None else "").split("\n"):
        name = line.partition("=")[0].strip()
        begin = position + line.find(name) if name else position
        position += len(line) + 1
        if not name:
            continue
        if not re.fullmatch(r"\w+", name):
            complete = False
            continue
        if node is not None:
            arguments.append((name, Spot(text.path, text.span(*node.written(begin, begin + len(name))))))
    return ImageBuild(path, tuple(arguments), complete, spot)
