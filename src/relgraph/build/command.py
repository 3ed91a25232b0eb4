"""``command``: whatever a declared command makes from declared inputs.

The command runs with ``sh -e`` in a checkout of its inputs, and sees only the variables that are declared: ``args`` (filled in), those
named in ``environment``, ``SOURCE_DATE_EPOCH``, and what every build has. What its ``outputs`` match becomes the artifact:

- of an image, one output for each platform: an OCI layout (a folder or a tar), an archive of ``docker save``, or else a root file
  system (a folder or a tar);
- of a chart, its package;
- of a hook or a set of files, the files: one layer each under an ``artifact_type`` of its own, else relgraph's bundle.

With ``platforms``, ``{platform}`` (``linux/arm64``), ``{os}``, ``{arch}`` and ``{variant}`` in the command, the arguments and the outputs stand
for each in turn; a command without them runs once for all.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, cast

from relgraph.build.builder import Builder, Recipe, Target, Work
from relgraph.build.gather import below, clean, placed
from relgraph.build.images import DEFAULT, index_of, marks, platforms_of
from relgraph.build.ingredients import lay_out
from relgraph.build.stampedtree import plan_stamp, stamp_checkout
from relgraph.build.stamping import NOBODY, filled, texts_of
from relgraph.build.words import Words, choose_node
from relgraph.engine.patterns import base_of, is_pattern, matcher
from relgraph.errors import DeclarationError, EnvironmentFailure
from relgraph.oci.codecs import image, rootfs
from relgraph.oci.codecs.artifact import EMPTY_BLOB, Artifact
from relgraph.oci.codecs.bundle import bundle
from relgraph.oci.codecs.codec import Options, rfc3339
from relgraph.oci.codecs.files import open_files
from relgraph.oci.codecs.generic import CREATED, EMBEDDED, LAYER, refuse_links
from relgraph.oci.codecs.helm import encode as chart
from relgraph.oci.codecs.rootfs import Platform
from relgraph.oci.codecs.spool import spool
from relgraph.oci.codecs.tree import Entry, Kind, Tree, read_folder
from relgraph.oci.content import BytesSource, FileSource, chunks
from relgraph.oci.descriptor import TITLE, is_media_type
from relgraph.oci.json import MAX_MANIFEST, decode, encode
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import read_blob

__all__ = ["BUILDER"]

#: Part of the key: raised when the same recipe comes to another artifact.
_FORMAT = 1
# ${os} is a variable of the shell, and {{os}} somebody else's template.
_PATTERN = re.compile(r"(?<![${\w])\{(platform|os|arch|variant)\}(?!\})")
_NAME = re.compile(r"[A-Za-z_]\w*")
_WORDS = ("args", "inputs", "outputs", "environment", "platforms", "artifact_type", "tools", "artifacts", "config")


class _Run(NamedTuple):
    """One run of the command: what is run, and the variables that are set for it."""

    command: str
    arguments: tuple[tuple[str, str], ...]


class _Plan(NamedTuple):
    """What is to be run, and the patterns of what comes of it, for each platform (None where none is declared)."""

    runs: tuple[_Run, ...]
    outputs: tuple[tuple[Platform | None, tuple[str, ...]], ...]
    artifact_type: str
    artifacts: Mapping[str, str]
    words: Words


def _plan(target: Target) -> Recipe:
    plan = _planned(target, None)
    texts = texts_of(target, _templates(plan.words))
    inputs = plan.words.texts("inputs") or ("**",)
    stamping = plan_stamp(target, patterns=inputs)
    facts: dict[str, object] = {
        "format": _FORMAT,
        "kind": target.node.kind,
        "name": target.node.name,
        "runs": [[run.command, dict(run.arguments)] for run in plan.runs],
        "outputs": [[str(platform or ""), list(patterns)] for platform, patterns in plan.outputs],
        "artifact_type": plan.artifact_type,
        "stamp": stamping.facts,
        # Programs make other things of the same files on another kind of machine, and results are shared.
        "machine": f"{sys.platform}/{os.uname().machine}",
    }
    if plan.artifacts:
        facts["artifacts"] = dict(plan.artifacts)
    if config := target.options.get("config"):
        facts["config"] = config
    if plan.words.versioned:
        facts["marks"] = marks(target)[1]
    needs = tuple(sorted({*texts.needs, *stamping.needs, *plan.artifacts.values()}))
    return Recipe(facts, inputs, needs, plan.words.texts("tools"), plan.words.texts("environment"))


def _planned(target: Target, digests: Mapping[str, str] | None) -> _Plan:
    words = Words(target, "command", _WORDS)
    where = f"{target.node.origin}: {target.node.id}: command"
    texts = filled(target, _templates(words), dict.fromkeys(target.uses, NOBODY) if digests is None else digests)
    arguments = {name.partition(".")[2]: text for name, text in texts.items() if name.startswith("args.")}
    outputs = tuple(text for name, text in texts.items() if name.startswith("outputs."))
    artifact_type = words.text("artifact_type")
    problems = [f"args: {name!r} is no name of a variable" for name in arguments if _NAME.fullmatch(name) is None]
    problems += [f"{name} is in 'args' and in 'environment'" for name in words.texts("environment") if name in arguments]
    artifacts = {name: choose_node(target, word) or "" for name, word in words.pairs("artifacts").items()}
    problems += [
        f"artifacts: {name}: {words.pairs('artifacts')[name]!r} is no node among 'uses'"
        for name, node in artifacts.items()
        if not node
    ]
    problems += [
        f"artifacts: {name!r} is {'set already' if _NAME.fullmatch(name) else 'no name of a variable'}"
        for name in artifacts
        if _NAME.fullmatch(name) is None or name in arguments or name in words.texts("environment")
    ]
    if target.options.get("config") and target.node.kind != "image":
        problems.append("config is for images")
    problems += [
        f"outputs: {text!r} lies outside of the checkout" for text in outputs if text.startswith("/") or ".." in text.split("/")
    ]
    if artifact_type and not is_media_type(artifact_type):
        problems.append(f"artifact_type: {artifact_type!r} is no media type")
    if artifact_type and target.node.kind in ("image", "chart"):
        problems.append(f"artifact_type: {target.node.kind}s have one of their own")
    platforms: Sequence[Platform | None] = platforms_of(words.texts("platforms"), where) if words.texts("platforms") else (None,)
    if target.node.kind == "image" and len(outputs) > 1:
        problems.append(f"outputs: an image is one, these are {len(outputs)}")
    if len(platforms) > 1 and target.node.kind == "image" and not all(_PATTERN.search(text) for text in outputs):
        problems.append("outputs: each of several platforms has one of its own: write {platform} or {arch} in it")
    if problems:
        raise DeclarationError(
            f"{where}: {problems[0] if len(problems) == 1 else f'{len(problems)} problems'}",
            details=tuple(problems) if len(problems) > 1 else (),
        )
    if not outputs:
        raise DeclarationError(
            f"{where}: it has no 'outputs', so that nothing can come of it",
            hint="let it write an archive rather than publish: docker buildx build --output type=oci,dest=image.tar",
        )
    runs = dict.fromkeys(
        _Run(_for(texts["command"], one), tuple((name, _for(text, one)) for name, text in arguments.items())) for one in platforms
    )
    made = tuple((one, tuple(clean(_for(text, one)) for text in outputs)) for one in platforms)
    return _Plan(tuple(runs), made, artifact_type, artifacts, words)


def _build(work: Work) -> Artifact:
    plan = _planned(work.target, work.digests)
    for tool in plan.words.texts("tools"):
        if shutil.which(tool, path=work.environment.get("PATH", os.defpath)) is None:
            raise EnvironmentFailure(f"{work.target.node.id}: {tool} is not installed", hint="its node names it among the 'tools'")
    folder = stamp_checkout(work)
    laid = {name: str(lay_out(work, node, work.scratch / "artifacts" / name)) for name, node in plan.artifacts.items()}
    given = {name: work.environment[name] for name in plan.words.texts("environment") if name in work.environment}
    for run in plan.runs:
        variables = {**given, **laid, **dict(run.arguments), "SOURCE_DATE_EPOCH": str(work.target.release.time)}
        # All that it writes in one stream, which the log keeps in its order; modes are built in, so that they follow from no user's mask.
        work.run(["sh", "-e", "-c", f"exec >&2\numask 022\n{run.command}"], cwd=folder, env=variables)
    kind = work.target.node.kind
    if kind == "image":
        made = [(platform, _image(work, folder, patterns, platform)) for platform, patterns in plan.outputs]
        return index_of([(platform or Platform("", ""), one) for platform, one in made], _options(work).annotations)
    found = {name: entry for _, patterns in plan.outputs for pattern in patterns for name, entry in _found(work, folder, pattern)}
    if kind == "chart":
        return _chart(work, found)
    return _files(work, plan, Tree.of(entry._replace(path=name) for name, entry in found.items()))


def _image(work: Work, folder: Path, patterns: tuple[str, ...], platform: Platform | None) -> Artifact:
    """The image of one output."""
    where = work.target.node.id
    path = folder / patterns[0]
    if not path.exists():
        found = [name for name, _ in _found(work, folder, patterns[0])]
        if len(found) != 1:
            raise EnvironmentFailure(f"{where}: the command made {len(found)} files {patterns[0]}, and one is the image")
        path = folder / base_of(patterns[0]) / found[0]
    files = None if path.is_file() and _is_packed(path) else open_files(path)
    if files is None or (files.size("manifest.json") is None and files.size("index.json") is None):
        run = BytesSource(encode(_config(work.target)))
        return rootfs.encode((path,), _options(work)._replace(platform=str(platform or DEFAULT), config=run))
    made = image.encode((path,), Options())
    if platform is not None and isinstance(made.root, Manifest):
        config = decode(read_blob(made, made.root.config, limit=MAX_MANIFEST), what=f"{where}: config")
        is_for = (config.get("os"), config.get("architecture")) if isinstance(config, dict) else ()
        if is_for != platform[:2]:
            raise EnvironmentFailure(f"{where}: {patterns[0]} is an image for {'/'.join(map(str, is_for))}, not for {platform}")
    return made


def _config(target: Target) -> dict[str, object]:
    """What is said of running the image of a root file system, with the labels that all images have."""
    declared = cast("Mapping[str, object]", target.options.get("config") or {})
    labels = {**marks(target)[0], **cast("Mapping[str, str]", declared.get("Labels") or {})}
    return {**declared, "Labels": labels} if target.options.get("versioned") is not False else {**declared}


def _chart(work: Work, found: Mapping[str, Entry]) -> Artifact:
    where = work.target.node.id
    packages = [entry for name, entry in found.items() if name.endswith((".tgz", ".tar.gz"))]
    if len(packages) != 1 or not isinstance(packages[0].source, FileSource):
        raise EnvironmentFailure(f"{where}: the command made {len(packages)} packages (.tgz), and one is the chart")
    made = chart((packages[0].source.path,), _options(work, marked=False))
    if (tag := work.target.own.tag) and made.tag != tag:
        raise EnvironmentFailure(
            f"{where}: the command made the chart's version {made.tag}, and its tag is {tag}", hint="pass {{ tag }} to the command"
        )
    return made


def _files(work: Work, plan: _Plan, tree: Tree) -> Artifact:
    options = _options(work)
    if not plan.artifact_type:
        return bundle(tree, work.target.node.name, options)
    refuse_links(tree)
    blobs = []
    for entry in tree.files:
        with entry.source.open() as reader:
            blobs.append(spool(chunks(reader), LAYER, annotations={TITLE: entry.path}))
    created = {CREATED: rfc3339(options.created)} if options.created else {}
    manifest = Manifest.make(
        EMBEDDED,
        [blob.descriptor for blob in blobs],
        artifact_type=plan.artifact_type,
        annotations={**options.annotations, **created},
    )
    return Artifact((EMPTY_BLOB, *blobs), (manifest,))


def _found(work: Work, folder: Path, pattern: str) -> Iterator[tuple[str, Entry]]:
    """What an output matches: files, each by its name in the artifact. A folder stands for all that is in it."""
    if not is_pattern(pattern) and (folder / pattern).is_dir():
        pattern = below(pattern)
    base = base_of(pattern)
    matches = matcher(pattern)
    some = False
    for entry in read_folder(folder / base, portable=False).entries if (folder / base).is_dir() else ():
        path = f"{base}/{entry.path}".lstrip("/")
        if entry.kind is not Kind.FOLDER and matches(path):
            some = True
            yield placed("", pattern, path), entry
    if not some:
        raise EnvironmentFailure(
            f"{work.target.node.id}: the command made no {pattern}", hint="'outputs' are relative to the root of the repository"
        )


def _options(work: Work, *, marked: bool = True) -> Options:
    if work.target.options.get("versioned") is False:
        return Options()
    created = datetime.fromtimestamp(work.target.release.time, UTC)
    said = {key: value for key, value in marks(work.target)[1].items() if key != CREATED} if marked else {}
    return Options(created=created, annotations=said)


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _for(text: str, platform: Platform | None) -> str:
    """The text for a platform."""
    if platform is None:
        return text
    words = {"platform": str(platform), "os": platform.os, "arch": platform.architecture, "variant": platform.variant}
    return _PATTERN.sub(lambda match: words[match[1]], text)


def _templates(words: Words) -> dict[str, str]:
    outputs = {f"outputs.{number}": text for number, text in enumerate(words.texts("outputs"))}
    return {"command": words.own, **{f"args.{name}": text for name, text in words.pairs("args").items()}, **outputs}


BUILDER = Builder("command", ("image", "chart", "hook", "files"), "whatever a declared command makes", _plan, _build)
