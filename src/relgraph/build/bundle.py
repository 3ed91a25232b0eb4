"""``bundle``: an image or an artifact from files, without an engine: the same files give the same digest on every machine.

``bundle:`` says where each file lies in what is built, and which file, folder or pattern of the repository it is. An image gets one
layer of them, on top of those of its ``base``; a hook or a set of files becomes an artifact: one layer a file under an
``artifact_type`` of its own, else relgraph's bundle of all of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from relgraph.build.builder import Builder, Recipe, Target, Work
from relgraph.build.gather import clean, contents, matching, pattern_of, placed, read_all, with_files, with_folders
from relgraph.build.images import Base, base_of, empty_image, index_of, marks, platforms_of
from relgraph.build.stamping import filled, stamped, stamping_of, texts_of
from relgraph.build.words import Words, choose_node
from relgraph.engine.patterns import is_pattern
from relgraph.errors import DeclarationError, EnvironmentFailure, RelgraphError
from relgraph.oci.codecs.artifact import EMPTY_BLOB, Artifact, Blob, blob_of
from relgraph.oci.codecs.bundle import bundle as bundle_of
from relgraph.oci.codecs.codec import Options, rfc3339
from relgraph.oci.codecs.generic import CREATED, EMBEDDED, LAYER, refuse_links
from relgraph.oci.codecs.rootfs import CONFIG, Layer, Platform, tree_layer
from relgraph.oci.codecs.spool import spool
from relgraph.oci.codecs.tree import Entry, Kind, Tree, read_folder
from relgraph.oci.content import chunks
from relgraph.oci.descriptor import TITLE, is_media_type
from relgraph.oci.json import decode, encode
from relgraph.oci.manifest import Manifest
from relgraph.oci.reference import parse_reference
from relgraph.stamp.stamp import SUFFIX, Spec

__all__ = ["BUILDER"]

#: Changes with what is made of the same input.
_FORMAT = 1
_LINK, _SUBMODULE = 0o120000, 0o160000
_WORDS = ("platforms", "base", "config", "artifact_type")
_TEXTS = ("User", "WorkingDir", "StopSignal")
_LISTS = ("Entrypoint", "Cmd", "Env", "Volumes", "ExposedPorts")
_MAPS = ("Labels",)


class _Declared(NamedTuple):
    """What a target's ``build`` field says: files by place, the config, the image below (node or reference), platforms."""

    files: Mapping[str, str]
    platforms: tuple[Platform, ...]
    base_node: str
    base_reference: str
    texts: Mapping[str, str]
    artifact_type: str
    versioned: bool


def plan(target: Target) -> Recipe:
    """What decides the artifact."""
    declared = _read(target)
    patterns = _patterns(target, declared)
    paths = [path for path, entry in target.tree.entries.items() if entry.mode != _SUBMODULE]
    matched = {pattern: matching(pattern, paths) for pattern in patterns.values()}
    chosen = sorted({path for found in matched.values() for path in found})
    spec = Spec.of(target.stamp, target.templates)
    stamping = stamping_of(target, read_all(target.tree, chosen) if spec else {}, spec)
    places = _placed(target, patterns, {*chosen, *_made(spec)})
    _check(target, places.values(), _made(spec))
    texts = texts_of(target, declared.texts)
    facts: dict[str, object] = {
        "format": _FORMAT,
        "kind": target.node.kind,
        "name": target.node.name,
        "files": dict(patterns),
        "stamp": stamping.facts,
        "config": texts.facts,
    }
    if target.node.kind == "image":
        facts |= {
            "repo": target.release.repo,
            "platforms": [str(platform) for platform in declared.platforms],
            "base": declared.base_reference or declared.base_node,
        }
    else:
        facts["artifact_type"] = declared.artifact_type
    if declared.versioned:
        facts |= {"version": target.own.version, "time": target.release.time}
        facts |= {"marks": marks(target)[1]} if target.node.kind == "image" else {}
    needs = {*stamping.needs, *texts.needs, *((declared.base_node,) if declared.base_node else ())}
    bases = (declared.base_reference,) if declared.base_reference else ()
    # A file that only a template makes is none of the repository's.
    read = sorted(pattern for pattern, found in matched.items() if found)
    return Recipe(facts, tuple(read), tuple(sorted(needs)), bases=bases)


def build(work: Work) -> Artifact:
    """The artifact."""
    target = work.target
    declared = _read(target)
    everything = read_folder(work.checkout(), portable=False)
    paths = [entry.path for entry in everything.entries]
    patterns = _patterns(target, declared)
    chosen = {path for pattern in patterns.values() for path in matching(pattern, paths)}
    tree = Tree(tuple(entry for entry in everything.entries if entry.path in chosen and entry.kind is not Kind.FOLDER))
    spec = Spec.of(target.stamp, target.templates)
    if spec:
        before = contents(tree)
        after = stamped(target, before, spec, work.digests)
        tree = with_files(tree, {path: data for path, data in after.items() if data is not before.get(path)}, portable=False)
    places = _placed(target, patterns, [entry.path for entry in tree.entries])
    by_path = {entry.path: entry for entry in tree.entries}
    image = target.node.kind == "image"
    laid = Tree.of((by_path[path]._replace(path=place) for place, path in places.items()), portable=not image)
    count = len(laid.entries)
    work.say(f"{count} file{'s' if count != 1 else ''}, {laid.size} bytes")
    if image:
        return _image(work, declared, laid)
    return _artifact(target, declared, laid)


def _read(target: Target) -> _Declared:
    words = Words(target, "bundle", _WORDS)
    node = target.node
    files = words.pairs("bundle")
    if not files:
        files = {path: path for path in node.paths} if node.paths else {clean(node.source).rpartition("/")[2]: node.source}
        if not node.paths and not node.source:
            raise DeclarationError(
                f"{node.origin}: {node.id}: nothing says which files it is made of", hint="write bundle: {PLACE: FILE}"
            )
    image = node.kind == "image"
    artifact_type, base = words.text("artifact_type"), words.text("base")
    problems = [f"{word!r} is for images" for word in ("platforms", "base", "config") if target.options.get(word) and not image]
    if artifact_type and (image or not is_media_type(artifact_type)):
        problems.append(f"artifact_type: {'an image has none' if image else f'{artifact_type!r} is no media type'}")
    base_node, base_reference = _base(target, base, problems)
    texts = _texts(target.options.get("config") or {}, problems)
    if problems:
        raise DeclarationError(
            f"{node.origin}: {node.id}: {problems[0]}",
            details=tuple(problems) if len(problems) > 1 else (),
            hint="change its 'build'",
        )
    platforms = platforms_of(words.texts("platforms"), f"{node.origin}: {node.id}")
    return _Declared(files, platforms, base_node, base_reference, texts, artifact_type, words.versioned)


def _base(target: Target, base: str, problems: list[str]) -> tuple[str, str]:
    """The image below: a node's id, or a reference with a digest."""
    if not base:
        return "", ""
    node = choose_node(target, base)
    if node is not None:
        return node, ""
    try:
        if parse_reference(base).digest:
            return "", base
    except RelgraphError:
        pass  # then it is neither
    problems.append(f"base: {base!r} is no node among 'uses', and no reference with a digest")
    return "", ""


def _texts(config: object, problems: list[str]) -> dict[str, str]:
    """The texts of a config, by where each stands (``config.Env.0``): they may hold templates."""
    found: dict[str, str] = {}
    if not isinstance(config, Mapping):
        problems.append("config is a mapping")
        return found
    for key, value in config.items():
        if key in _TEXTS and isinstance(value, (str, int)):
            found[f"config.{key}"] = str(value)
        elif key in _LISTS and isinstance(value, Sequence) and not isinstance(value, str):
            found |= {f"config.{key}.{number}": str(item) for number, item in enumerate(value)}
        elif key in _MAPS and isinstance(value, Mapping):
            found |= {f"config.{key}.{name}": str(item) for name, item in value.items()}
        else:
            what = "a list" if key in _LISTS else "a mapping" if key in _MAPS else "a text"
            known = key in (*_TEXTS, *_LISTS, *_MAPS)
            problems.append(
                f"config: {key} is {what}" if known else f"config: there is no {key!r}: {', '.join((*_TEXTS, *_LISTS, *_MAPS))}"
            )
    return found


def _patterns(target: Target, declared: _Declared) -> dict[str, str]:
    """By place, the pattern of the files that lie there."""
    made = _made(Spec.of(target.stamp, target.templates))
    known = {*target.tree.entries, *made}
    return {place: pattern_of(source, known) for place, source in declared.files.items()}


def _made(spec: Spec) -> set[str]:
    """The files that template files make."""
    return {path.removesuffix(SUFFIX) for path in spec.templates}


def _check(target: Target, placed_paths: Iterable[str], made: set[str]) -> None:
    """Raise DeclarationError for template files that make nothing of it, and for links where nobody unpacks them."""
    used = set(placed_paths)
    problems = [f"templates: {path} is made, and lies nowhere in what is built" for path in sorted(made - used)]
    if target.node.kind != "image":
        links = [path for path in sorted(used) if (entry := target.tree.entries.get(path)) and entry.mode == _LINK]
        problems += [f"{path} is a symbolic link, which careful readers of an artifact do not unpack" for path in links]
    if problems:
        raise DeclarationError(
            f"{target.node.origin}: {target.node.id}: {problems[0]}", details=tuple(problems) if len(problems) > 1 else ()
        )


def _placed(target: Target, patterns: Mapping[str, str], paths: Iterable[str]) -> dict[str, str]:
    """Which file lies at each place. Raises DeclarationError where a pattern matches nothing, or two files lie at one place."""
    found: dict[str, str] = {}
    problems: list[str] = []
    ordered = sorted(paths)
    for place, pattern in patterns.items():
        there = matching(pattern, ordered)
        if ".." in place.split("/"):
            problems.append(f"bundle: {place} leads out of what is built")
        if not there:
            problems.append(f"bundle: no file matches {pattern.removesuffix('/**') or '.'}")
        for path in there:
            # A set of files keeps its paths: where its own patterns are the places, nothing is moved.
            spot = path if place == pattern and is_pattern(pattern) else placed(place, pattern, path)
            if found.setdefault(spot, path) != path:
                problems.append(f"bundle: {found[spot]} and {path} both lie at {spot}")
    if problems:
        raise DeclarationError(
            f"{target.node.origin}: {target.node.id}: {problems[0]}",
            details=tuple(problems) if len(problems) > 1 else (),
            hint="paths are those of the repository, from its root",
        )
    return found


def _image(work: Work, declared: _Declared, tree: Tree) -> Artifact:
    target = work.target
    time = target.release.time if declared.versioned else 0
    labels, annotations = marks(target) if declared.versioned else ({}, {})
    texts = filled(target, declared.texts, work.digests)
    layer = tree_layer(tree, mtime=time, comment=f"{target.node.id} from {target.release.repo}")
    images = []
    for platform in declared.platforms:
        base = _below(work, declared, platform)
        images.append((platform, _on(base, layer, _run(texts), labels, annotations, time if declared.versioned else None)))
    return index_of(images, annotations)


def _below(work: Work, declared: _Declared, platform: Platform) -> Base:
    name = declared.base_node or declared.base_reference
    if not name:
        return empty_image(platform)
    repository = work.built.get(name)
    if repository is None:
        raise EnvironmentFailure(f"{work.target.node.id}: {name} is not at hand", hint="it is fetched before the build")
    digest = work.digests[name] if declared.base_node else str(parse_reference(name).digest)
    return base_of(repository, digest, platform)


def _run(texts: Mapping[str, str]) -> dict[str, Any]:
    """The config's ``config`` object of what was declared."""
    run: dict[str, Any] = {}
    for where, text in texts.items():
        _, key, *rest = where.split(".", 2)
        if not rest:
            run[key] = text
        elif key in _MAPS:
            run.setdefault(key, {})[rest[0]] = text
        elif key in ("Volumes", "ExposedPorts"):
            run.setdefault(key, {})[text] = {}
        else:
            run.setdefault(key, []).append(text)
    return run


def _on(
    base: Base, layer: Layer, run: Mapping[str, Any], labels: Mapping[str, str], annotations: Mapping[str, str], time: int | None
) -> Artifact:
    """The image of a base and one more layer. What the base's config says stays, where nothing else is declared."""
    below: Any = decode(base.config, what="config")
    old: dict[str, Any] = below.get("config") or {}
    names = [item.partition("=")[0] for item in run.get("Env", ())]
    config: dict[str, Any] = {**old, **run}
    if kept := [item for item in old.get("Env") or () if item.partition("=")[0] not in names]:
        config["Env"] = [*kept, *run.get("Env", ())]
    if both := {**(old.get("Labels") or {}), **labels, **run.get("Labels", {})}:
        config["Labels"] = dict(sorted(both.items()))
    if "Entrypoint" in run and "Cmd" not in run:
        config.pop("Cmd", None)  # it was meant for the other program
    created = {"created": rfc3339(datetime.fromtimestamp(time, UTC))} if time is not None else {}
    fields: dict[str, Any] = {**created, **base.platform.fields, "config": config}
    fields["rootfs"] = {"type": "layers", "diff_ids": [*below["rootfs"]["diff_ids"], layer.content]}
    fields["history"] = [*(below.get("history") or ()), {**created, "created_by": "relgraph bundle", "comment": layer.comment}]
    made = blob_of(CONFIG, encode(fields))
    blobs = [*base.layers.values(), layer.blob]
    manifest = Manifest.make(made.descriptor, [blob.descriptor for blob in blobs], annotations=annotations)
    return Artifact((made, *blobs), (manifest,))


def _artifact(target: Target, declared: _Declared, tree: Tree) -> Artifact:
    created = datetime.fromtimestamp(target.release.time, UTC) if declared.versioned else None
    version = {"org.opencontainers.image.version": target.own.version} if declared.versioned and target.own.version else {}
    if not declared.artifact_type:
        return bundle_of(with_folders(tree), target.node.name, Options(created=created, annotations=version))
    refuse_links(tree)
    blobs = [_file(entry) for entry in tree.files]
    annotations = version | ({CREATED: rfc3339(created)} if created else {})
    descriptors = [blob.descriptor for blob in blobs]
    manifest = Manifest.make(EMBEDDED, descriptors, artifact_type=declared.artifact_type, annotations=annotations)
    return Artifact((EMPTY_BLOB, *blobs), (manifest,))


def _file(entry: Entry) -> Blob:
    with entry.source.open() as reader:
        return spool(chunks(reader), LAYER, annotations={TITLE: entry.path})


BUILDER = Builder("bundle", ("image", "hook", "files"), "an image or an artifact from files, without an engine", plan, build)
