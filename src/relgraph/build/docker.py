"""``docker``: an image from a Dockerfile, built by a Docker engine, exported, finished here, and published by our own transport.

The digest is known before anything is pushed, since nothing is pushed by the engine. Images of nodes that the Dockerfile names are
loaded into the engine first, under names of their own, and the Dockerfile that is sent says those names; the checkout is not touched.
An engine builds for platforms that its base images have; what a ``RUN`` runs, the engine must be able to run.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from posixpath import normpath
from typing import NamedTuple

from relgraph.build import dockerfile
from relgraph.build.builder import Builder, Recipe, Target, Work
from relgraph.build.dockerfile import AUTOMATIC, Dockerfile, Image, check_arguments, rewritten
from relgraph.build.dockerignore import Ignored, read_ignored
from relgraph.build.engine import Engine, Order, names
from relgraph.build.images import (
    Base,
    Finish,
    base_of,
    docker_archive,
    empty_image,
    index_of,
    marks,
    platforms_of,
    read_archive,
)
from relgraph.build.stampedtree import plan_stamp, stamp_checkout
from relgraph.build.stamping import NOBODY, filled, texts_of
from relgraph.build.words import Words
from relgraph.errors import DeclarationError
from relgraph.oci.codecs.artifact import Artifact
from relgraph.oci.codecs.files import open_files
from relgraph.oci.codecs.rootfs import Platform
from relgraph.oci.codecs.tarball import tar_chunks
from relgraph.oci.codecs.tree import Entry, Kind, Tree, read_folder
from relgraph.oci.content import BytesSource
from relgraph.oci.digest import Digest
from relgraph.syntax.text import Text

__all__ = ["BUILDER"]

#: Part of the key: raised when the same recipe comes to another image.
_FORMAT = 1
_HIDDEN = ".relgraph.Dockerfile"
_IGNORE = ".dockerignore"
_SCRATCH = "scratch"
_FLAGS = ("--no-cache", "--pull", "--network=MODE")


class _Plan(NamedTuple):
    """What is to be built: the context's folder (empty: the repository's own), the Dockerfile's path, arguments with their templates
    filled in, platforms."""

    folder: str
    path: str
    text: Text
    arguments: Mapping[str, str]
    platforms: tuple[Platform, ...]
    words: Words
    where: str

    @property
    def within(self) -> str:
        """The Dockerfile's path in the context, empty where it lies elsewhere."""
        prefix = f"{self.folder}/" if self.folder else ""
        return self.path.removeprefix(prefix) if self.path.startswith(prefix) else ""


def _plan(target: Target) -> Recipe:
    plan = _planned(target, None, target.tree.read)
    paths = _paths(target, plan)
    stamping = plan_stamp(target, patterns=paths)
    plan = plan._replace(text=Text(plan.path, stamping.files.get(plan.path, plan.text.data)))
    files = [_read(plan, platform) for platform in plan.platforms]
    given = {*plan.arguments, *plan.words.texts("environment")}
    problems = dict.fromkeys(problem for file in files for problem in (*file.problems, *check_arguments(file, given)))
    if problems:
        lines = tuple(problems)
        raise DeclarationError(
            f"{plan.where}: {lines[0] if len(lines) == 1 else f'{len(lines)} problems with {plan.path}'}",
            details=lines if len(lines) > 1 else (),
            hint=_BUILDKIT_HINT if any("BuildKit" in line for line in lines) else "",
        )
    images = dict.fromkeys(image for file in files for image in file.images)
    needs = {*stamping.needs, *texts_of(target, _templates(plan.words)).needs}
    needs |= {node for image in images if (node := _node(target, image, _unknown(target)))}
    bases = tuple(dict.fromkeys(image.reference for image in images if _is_foreign(target, image, _unknown(target))))
    facts: dict[str, object] = {
        "format": _FORMAT,
        "dockerfile": plan.path,
        "context": plan.folder,
        "arguments": dict(plan.arguments),
        "target": plan.words.text("target"),
        "platforms": [str(platform) for platform in plan.platforms],
        "network": _network(plan.words),
        "stamp": stamping.facts,
    }
    if plan.words.versioned:
        facts["marks"] = marks(target)[1]
    return Recipe(facts, paths, tuple(sorted(needs)), (), plan.words.texts("environment"), pool="docker", bases=bases)


_BUILDKIT_HINT = "relgraph asks the engine itself; with `command`, `docker buildx build --output type=oci,dest=...` makes the image"


def _planned(target: Target, digests: Mapping[str, str] | None, read: Callable[[str], bytes | None]) -> _Plan:
    """What a target says; ``read`` gives the Dockerfile."""
    words = Words(target, "docker", ("args", "flags", "platforms", "target", "file", "environment"))
    where = f"{target.node.origin}: {target.node.id}"
    folder = normpath(words.own or ".").strip("/")
    if folder.startswith(".."):
        raise DeclarationError(f"{where}: docker: {words.own!r} lies outside of the repository")
    folder = "" if folder == "." else folder
    path = normpath(words.text("file")) if words.text("file") else ""
    if folder in target.tree.entries:  # a Dockerfile: the context is the folder that it lies in
        if path:
            raise DeclarationError(f"{where}: docker: {words.own!r} is a file, and 'file' names another")
        folder, _, path = f"/{folder}".rpartition("/")[0].lstrip("/"), "", folder
    path = path or f"{folder}/Dockerfile".lstrip("/")
    data = read(path)
    if data is None:
        raise DeclarationError(
            f"{where}: the repository has no {path}", hint="'docker' names a folder with a Dockerfile, or the Dockerfile"
        )
    _check_flags(words, where)
    texts = filled(target, _templates(words), _unknown(target) if digests is None else digests)
    arguments = {name.partition(".")[2]: text for name, text in texts.items()}
    for name in words.texts("environment"):
        if name in arguments:
            raise DeclarationError(f"{where}: {name} is in 'args' and in 'environment'")
    return _Plan(folder, path, Text(path, data), arguments, platforms_of(words.texts("platforms"), where), words, where)


def _read(plan: _Plan, platform: Platform, built_on: str = "linux/amd64") -> Dockerfile:
    given = _automatic(platform, built_on, 0) | dict.fromkeys(plan.words.texts("environment"), "") | dict(plan.arguments)
    return dockerfile.read(plan.text, given, plan.words.text("target"))


def _build(work: Work) -> Artifact:
    root = stamp_checkout(work)
    plan = _planned(work.target, work.digests, lambda path: (root / path).read_bytes() if (root / path).is_file() else None)
    labels, annotations = marks(work.target) if plan.words.versioned else ({}, {})
    passed = {name: work.environment[name] for name in plan.words.texts("environment") if name in work.environment}
    made = []
    with Engine(work.say, work.stop) as engine:
        engine.sweep()
        for platform in plan.platforms:
            file = _read(plan, platform, engine.platform)
            for line in _doubts(work.target, file, work.digests):
                work.say(f"warning: {line}")
            automatic = _automatic(platform, engine.platform, work.target.release.time)
            values = {name: value for name, value in automatic.items() if name in file.names} | passed | dict(plan.arguments)
            image, finish = _one(work, plan, engine, file, platform, values)
            try:
                archive = work.scratch / f"{str(platform).replace('/', '-')}.tar"
                engine.save(image, archive)
            finally:
                engine.forget(image)
            finish = finish._replace(labels=labels, annotations=annotations)
            made.append((platform, read_archive(open_files(archive), finish)))
            archive.unlink()  # its layers are kept compressed
    return index_of(made, annotations)


def _one(
    work: Work, plan: _Plan, engine: Engine, file: Dockerfile, platform: Platform, arguments: Mapping[str, str]
) -> tuple[str, Finish]:
    """Build for one platform: the image's id, and what is below it."""
    bases: dict[Image, Base] = {}
    for image in file.images:
        wanted = _platform_of(image, platform, engine.platform)
        if (node := _node(work.target, image, work.digests)) is not None:
            bases[image] = base_of(work.built[node], work.digests[node], wanted)
        elif _is_foreign(work.target, image, work.digests):
            bases[image] = base_of(work.built[image.reference], image.reference.partition("@")[2], wanted)
        elif image.reference == _SCRATCH and str(wanted) != engine.platform:
            # An engine takes scratch for its own platform, and refuses to go on from there for another one.
            bases[image] = empty_image(wanted)
    called = dict(zip(bases, names(len(bases)), strict=True))
    for image, base in bases.items():
        engine.load(docker_archive(base, called[image]), called[image])
    edits = [(image.start, image.end, name) for image, name in called.items()]
    for stage in file.stages:
        # The engine is not told one platform for all: it would then refuse to copy from stages of another one.
        first = stage.image
        fetched = first if first is not None and first not in bases and first.reference != _SCRATCH else None
        option = "" if fetched is None else f"--platform={_platform_of(fetched, platform, engine.platform)} "
        edits.append((stage.start, stage.end, option))
    text = rewritten(plan.text.text, edits)
    context, path = _context(work, plan, text if text != plan.text.text else "")
    order = Order(
        context,
        path,
        arguments,
        plan.words.text("target"),
        _network(plan.words),
        cached="--no-cache" not in plan.words.texts("flags"),
        pull="--pull" in plan.words.texts("flags"),
    )
    image_id = engine.build(order)
    return image_id, _below(work, engine, file, bases, platform)


def _below(work: Work, engine: Engine, file: Dockerfile, bases: Mapping[Image, Base], platform: Platform) -> Finish:
    lowest = file.lowest
    finish = Finish(platform, work.target.release.time, {}, {}, {})
    if lowest is None or (lowest not in bases and lowest.reference == _SCRATCH):
        return finish
    if (base := bases.get(lowest)) is not None:
        return finish._replace(kept=dict(base.layers), history=base.history)
    return finish._replace(
        kept={Digest(layer): None for layer in engine.layers(lowest.reference)}, history=engine.history(lowest.reference)
    )


def _context(work: Work, plan: _Plan, text: str) -> tuple[Iterator[bytes], str]:
    """The context as a tar, and the Dockerfile's path in it; ``text`` stands for the Dockerfile where it is not empty."""
    folder = work.checkout() / plan.folder
    ignored, own = _ignored(work.target, plan)
    hidden = bool(text) or not plan.within
    # What the engine reads goes along even if it is ignored: the engine then takes it out itself.
    path = _HIDDEN if hidden else plan.within
    always = (_IGNORE, path)
    entries = [
        entry
        for entry in read_folder(folder, portable=False).entries
        if entry.kind is Kind.FOLDER or entry.path in always or not ignored.ignores(entry.path)
    ]
    if hidden:
        # Beside the one of the checkout, which a COPY may want.
        data = text.encode("utf-8", "surrogateescape") or plan.text.data
        words = own if own is not None else _IGNORE.encode()
        entries = [entry for entry in entries if entry.path not in always]
        entries += [_file(_HIDDEN, data), _file(_IGNORE, words.rstrip(b"\n") + f"\n{_HIDDEN}\n".encode())]
    return tar_chunks(Tree.of(_with_folders(entries), portable=False), mtime=work.target.release.time), path


def _with_folders(entries: list[Entry]) -> list[Entry]:
    """Without folders that have nothing in them: git knows none."""
    used = {folder for entry in entries if entry.kind is not Kind.FOLDER for folder in _above(entry.path)}
    return [entry for entry in entries if entry.kind is not Kind.FOLDER or entry.path in used]


def _above(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _paths(target: Target, plan: _Plan) -> tuple[str, ...]:
    """The files that the build reads, as patterns."""
    ignored, own = _ignored(target, plan)
    prefix = f"{plan.folder}/" if plan.folder else ""
    if own is None:
        return tuple(dict.fromkeys((f"{prefix}**", plan.path)))
    inside = [path for path in target.tree.entries if path.startswith(prefix)]
    kept = [path for path in inside if not ignored.ignores(path.removeprefix(prefix))]
    mixed = {folder for path in set(inside).difference(kept) for folder in _above(path)} | {prefix.rstrip("/"), *_above(prefix)}
    ignore_files = [path for path in (f"{plan.path}{_IGNORE}", f"{prefix}{_IGNORE}") if path in target.tree.entries]
    return tuple(dict.fromkeys((*(_widest(path, mixed) for path in kept), plan.path, *ignore_files)))


def _widest(path: str, mixed: Collection[str]) -> str:
    """The pattern of the largest folder around a file that is in the context as a whole, or the file alone."""
    whole = path
    for folder in _above(path):
        if folder in mixed:
            break
        whole = f"{folder}/**"
    return whole


def _ignored(target: Target, plan: _Plan) -> tuple[Ignored, bytes | None]:
    """What the context leaves out, and the file in the context that says so; a Dockerfile may have one of its own beside it."""
    prefix = f"{plan.folder}/" if plan.folder else ""
    common = target.tree.read(f"{prefix}{_IGNORE}")
    special = target.tree.read(f"{plan.path}{_IGNORE}")
    data = special if special is not None else common
    return read_ignored(data or b""), data


def _doubts(target: Target, file: Dockerfile, digests: Mapping[str, str]) -> Iterator[str]:
    """Images that may be others tomorrow."""
    for image in file.images:
        where = f"{file.text.path}:{image.line}"
        if image.reference == _SCRATCH or "@sha256:" in image.reference or _node(target, image, digests) is not None:
            continue
        part = next(
            (part for part in target.uses.values() if part.reference and part.reference == _repository(image.reference)), None
        )
        if part is not None and part.tag and part.tag != _tag(image.reference):
            yield f"{where}: {image.reference}: the graph has {part.node} at {part.tag}"
        else:
            yield f"{where}: {image.reference} is no node of the graph and has no digest: the engine takes what the tag names today"


def _node(target: Target, image: Image, digests: Mapping[str, str]) -> str | None:
    """The node of the same release that an image is."""
    for node, part in target.uses.items():
        if part.reference and part.reference == _repository(image.reference):
            digest = image.reference.partition("@")[2]
            here = part.repo == target.release.repo
            if digest:
                return node if digest == digests.get(node) else None
            return node if here and part.tag and _tag(image.reference) == part.tag else None
    return None


def _is_foreign(target: Target, image: Image, digests: Mapping[str, str]) -> bool:
    """Whether an image is no node of the release and has a digest: it is fetched into the store before the build."""
    return "@sha256:" in image.reference and _node(target, image, digests) is None


def _templates(words: Words) -> dict[str, str]:
    return {f"args.{name}": text for name, text in words.pairs("args").items()}


def _unknown(target: Target) -> dict[str, str]:
    return dict.fromkeys(target.uses, NOBODY)


def _repository(reference: str) -> str:
    name = reference.partition("@")[0]
    head, _, last = name.rpartition("/")
    return f"{head}/{last.partition(':')[0]}" if head else last.partition(":")[0]


def _tag(reference: str) -> str:
    return reference.partition("@")[0].rpartition("/")[2].partition(":")[2] or "latest"


def _platform_of(image: Image, platform: Platform, built_on: str) -> Platform:
    word = image.platform
    if image.keyword != "FROM" or not word:
        return platform
    return Platform(*word.split("/")[:3]) if word.count("/") else Platform(built_on.partition("/")[0], word)


def _automatic(platform: Platform, built_on: str, time: int) -> dict[str, str]:
    """What a Dockerfile can ask for by an ``ARG`` without being given it."""
    system, _, machine = built_on.partition("/")
    found = {
        "TARGETPLATFORM": str(platform),
        "TARGETOS": platform.os,
        "TARGETARCH": platform.architecture,
        "TARGETVARIANT": platform.variant,
        "BUILDPLATFORM": built_on,
        "BUILDOS": system,
        "BUILDARCH": machine,
        "BUILDVARIANT": "",
        "SOURCE_DATE_EPOCH": str(time),
    }
    return {name: value for name, value in found.items() if name in AUTOMATIC}


def _check_flags(words: Words, where: str) -> None:
    for flag in words.texts("flags"):
        if flag not in _FLAGS[:2] and not flag.startswith("--network="):
            raise DeclarationError(f"{where}: flags: {flag!r} is none that an engine takes", hint=f"it takes {', '.join(_FLAGS)}")


def _network(words: Words) -> str:
    return next((flag.partition("=")[2] for flag in words.texts("flags") if flag.startswith("--network=")), "")


def _file(path: str, data: bytes) -> Entry:
    return Entry(path, Kind.FILE, 0o644, len(data), BytesSource(data))


BUILDER = Builder("docker", ("image",), "an image from a Dockerfile, built by a Docker engine", _plan, _build)
