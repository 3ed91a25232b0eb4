"""``ko``: an image from a Go program, built by ko (https://ko.build) and the Go toolchain, without an engine.

ko writes an OCI layout and pushes nothing. The image below is laid into ko's cache first, by digest, so that ko fetches none: a node of
the graph, a reference with a digest, or ``scratch``. Caches of Go, and where it gets modules from, are the machine's own: they do
not decide what comes of a build, for go.sum holds what modules are.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from relgraph.build.builder import Builder, Recipe, Target, Work
from relgraph.build.gather import clean
from relgraph.build.images import empty_image, entry_for, marks, platforms_of
from relgraph.build.stampedtree import plan_stamp, stamp_checkout
from relgraph.build.stamping import NOBODY, filled, texts_of
from relgraph.build.words import Words, choose_node
from relgraph.effects.environment import inherited
from relgraph.errors import DeclarationError, EnvironmentFailure
from relgraph.oci.codecs.artifact import Artifact, blob_of
from relgraph.oci.codecs.files import open_files
from relgraph.oci.codecs.image import from_layout
from relgraph.oci.codecs.rootfs import CONFIG, Platform
from relgraph.oci.content import chunks
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.json import decode, encode
from relgraph.oci.manifest import INDEX, Document, Index, Manifest, is_manifest_type
from relgraph.oci.memory import MemoryRepository
from relgraph.oci.storage import ReadOnlyRepository, read_document

__all__ = ["BUILDER"]

#: Part of the key: raised when the same recipe comes to another image.
_FORMAT = 1
_CONFIG_FILE = ".ko.yaml"
_SCRATCH = "scratch"
_USUAL = "cgr.dev/chainguard/static:latest"  # ko's own choice
# No registry can have this name (RFC 2606); nothing that is published says it.
_NOWHERE = "relgraph.invalid/scratch"
_BELOW = ("org.opencontainers.image.base.digest", "org.opencontainers.image.base.name")
_VARIABLE = re.compile(r"(?:[\w.~-]+/)*[\w.~-]+\.[A-Za-z_]\w*")
_NAME = re.compile(r"[A-Za-z_]\w*")
# What relgraph says itself, or what would publish something.
_OWN_FLAGS = re.compile(
    r"(?:--(?:push|local|preserve-import-paths|base-import-paths|bare|oci-layout-path|tarball|platform|tags?|tag-only|image-refs"
    r"|insecure-registry|ldflags|sbom|sbom-dir)|-[LPBt])(?:=.*)?"
)
# Where Go keeps and gets what go.sum vouches for.
_MACHINE = ("GOMODCACHE", "GOCACHE", "GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GONOSUMDB", "GOINSECURE", "GOTOOLCHAIN")
_HOME = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "GOPATH", "GOENV", *_MACHINE)
_NETWORK = (
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "DOCKER_CONFIG",
)  # fmt: skip


class _Base(NamedTuple):
    """The image below: a node's id, or a reference; ``said`` is where ko's own configuration says it, or empty."""

    node: str = ""
    reference: str = ""
    said: str = ""


class _Plan(NamedTuple):
    """What is to be built: the module's folder, the package relative to it, ko's configuration, arguments by name."""

    module: str
    package: str
    config: str
    arguments: Mapping[str, str]
    flags: tuple[str, ...]
    base: _Base
    platforms: tuple[Platform, ...]
    words: Words


def _plan(target: Target) -> Recipe:
    plan = _planned(target, None)
    texts = texts_of(target, _templates(plan.words))
    stamping = plan_stamp(target, patterns=plan.words.texts("inputs") or ("**",))
    facts: dict[str, object] = {
        "format": _FORMAT,
        "module": plan.module,
        "package": plan.package,
        "config": plan.config,
        "arguments": dict(plan.arguments),
        "flags": list(plan.flags),
        "base": plan.base.reference,
        "platforms": [str(platform) for platform in plan.platforms],
        "stamp": stamping.facts,
    }
    if plan.words.versioned:
        facts["marks"] = marks(target)[1]
    needs = {*texts.needs, *stamping.needs, *((plan.base.node,) if plan.base.node else ())}
    bases = (plan.base.reference,) if "@sha256:" in plan.base.reference else ()
    inputs = plan.words.texts("inputs")
    if inputs:
        prefix = f"{plan.module}/" if plan.module else ""
        always = (f"{prefix}go.mod", f"{prefix}go.sum", plan.config, "go.work", "go.work.sum")
        inputs += tuple(path for path in always if path in target.tree.entries and path not in inputs)
    return Recipe(facts, inputs or ("**",), tuple(sorted(needs)), ("ko", "go"), plan.words.texts("environment"), bases=bases)


def _planned(target: Target, digests: Mapping[str, str] | None) -> _Plan:
    words = Words(target, "ko", ("args", "flags", "platforms", "base", "inputs", "environment"))
    where = f"{target.node.origin}: {target.node.id}"
    package = clean(words.own)
    paths = target.tree.entries
    if package.startswith("..") or not any(
        path.startswith(f"{package}/" if package else "") and path.endswith(".go") for path in paths
    ):
        raise DeclarationError(
            f"{where}: ko: {words.own} has no Go files", hint="'ko' names a folder with a main package, as ./cmd/web"
        )
    module = next((folder for folder in _above(package) if f"{folder}/go.mod".lstrip("/") in paths), None)
    if module is None:
        raise DeclarationError(f"{where}: ko: {words.own} lies in no Go module", hint="it, or a folder above it, needs a go.mod")
    config = next((path for path in (f"{module}/{_CONFIG_FILE}".lstrip("/"), _CONFIG_FILE) if path in paths), "")
    texts = filled(target, _templates(words), dict.fromkeys(target.uses, NOBODY) if digests is None else digests)
    arguments = {name.partition(".")[2]: text for name, text in texts.items() if name.startswith("args.")}
    flags = tuple(text for name, text in texts.items() if name.startswith("flags."))
    _check(words, arguments, flags, where)
    relative = package.removeprefix(module).strip("/")
    settings = _settings(target, config, where)
    if _linked(arguments) and _has_ldflags(settings):
        raise DeclarationError(
            f"{where}: ko: args set {_linked(arguments)[0]} for the linker, and {config} has ldflags, which ko would drop for them",
            hint="in its ldflags, {{.Env.VERSION}} is the argument VERSION",
        )
    base = _base(target, words, settings, config, _import_path(target, module, relative), where)
    return _Plan(module, relative, config, arguments, flags, base, platforms_of(words.texts("platforms"), where), words)


def _check(words: Words, arguments: Mapping[str, str], flags: tuple[str, ...], where: str) -> None:
    problems = [f"args: {name!r} is neither a Go variable (main.version) nor a name" for name in arguments if not _known(name)]
    problems += [
        f"args: {name}: it has both kinds of quotation marks" for name in _linked(arguments) if {"'", '"'} <= {*arguments[name]}
    ]
    problems += [f"flags: {flag} is what relgraph says itself" for flag in flags if _OWN_FLAGS.fullmatch(flag)]
    problems += [f"{name} is in 'args' and in 'environment'" for name in words.texts("environment") if name in arguments]
    if problems:
        raise DeclarationError(
            f"{where}: ko: {problems[0] if len(problems) == 1 else f'{len(problems)} problems'}",
            details=tuple(problems) if len(problems) > 1 else (),
        )


def _build(work: Work) -> Artifact:
    plan = _planned(work.target, work.digests)
    folder = stamp_checkout(work) / plan.module
    cache, layout = work.scratch / "ko", work.scratch / "layout"
    labels, annotations = marks(work.target) if plan.words.versioned else ({}, {})
    base = _laid(work, plan, cache / "img")
    reference = f"{base[0]}@{base[1]}" if base is not None else plan.base.reference
    if base is None:
        work.say(
            f"warning: the image below, {reference}, is no node of the graph and has no digest: ko takes what the tag names today"
        )
    words = ["ko", "build", "--push=false", "--sbom=none", f"--oci-layout-path={layout}"]
    words.append("--platform=" + ",".join(map(str, plan.platforms)))
    words += [f"--image-label={_listed(f'{key}={value}')}" for key, value in labels.items()]
    words += [f"--image-annotation={_listed(f'{key}={value}')}" for key, value in annotations.items()]
    words += [f"--ldflags={_listed('-X ' + _quoted(f'{name}={plan.arguments[name]}'))}" for name in _linked(plan.arguments)]
    time = str(work.target.release.time)
    variables = {
        **_go(work, folder),
        **{name: value for name, value in plan.arguments.items() if _NAME.fullmatch(name)},
        "KOCACHE": str(cache),
        "KO_DOCKER_REPO": "relgraph.invalid",
        "SOURCE_DATE_EPOCH": time,
        "KO_DATA_DATE_EPOCH": time,
    }
    if not plan.base.said:
        variables["KO_DEFAULTBASEIMAGE"] = reference
    if plan.config:
        variables["KO_CONFIG_PATH"] = str(work.checkout() / plan.config)
    work.run([*words, *plan.flags, f"./{plan.package}"], cwd=folder, env=variables)
    built = from_layout(open_files(layout))
    return _without_base(built) if plan.base.reference == _SCRATCH else built


def _base(target: Target, words: Words, settings: Mapping[str, Any], config: str, package: str, where: str) -> _Base:
    """The image below: declared, or as ko's configuration says it, or ko's own choice."""
    overrides = settings.get("baseimageoverrides")
    override = (
        {str(key).lower(): str(value) for key, value in overrides.items()}.get(package.lower())
        if isinstance(overrides, dict)
        else None
    )
    declared = words.text("base")
    if declared:
        if override:
            raise DeclarationError(f"{where}: ko: 'base' is {declared}, and {config} says {override} for {package}")
        node = choose_node(target, declared)
        if node is not None:
            return _Base(node)
        if declared != _SCRATCH and "@sha256:" not in declared:
            raise DeclarationError(
                f"{where}: ko: base {declared!r} is no node that it uses, and no reference with a digest",
                hint="name it in 'uses', or write HOST/NAME@sha256:...",
            )
        return _Base("", declared)
    said = override or str(settings.get("defaultbaseimage") or "")
    for node, part in target.uses.items():
        if said and said == f"{part.reference}:{part.tag}" and part.repo == target.release.repo:
            return _Base(node)
    return _Base("", said or _USUAL, "yes" if override else "")


def _laid(work: Work, plan: _Plan, folder: Path) -> tuple[str, str] | None:
    """Lay the image below into ko's cache: its name and digest. None where ko has to fetch it."""
    base = plan.base
    if base.node:
        source, digest, name = work.built[base.node], work.digests[base.node], work.target.uses[base.node].reference
    elif base.reference == _SCRATCH:
        repository = MemoryRepository()
        source, name = repository, _NOWHERE
        digest = str(_nothing(plan.platforms).push_to(repository).digest)
    elif "@sha256:" in base.reference:
        name, _, digest = base.reference.partition("@")
        source = work.built[base.reference]
    else:
        return None
    root = source.load(digest)
    documents = [root, *_wanted(source, root, plan.platforms, f"{name}@{digest}")]
    for document in documents:
        _write(folder, document.descriptor, (document.raw,))
        for child in document.children:
            if not is_manifest_type(child.media_type):
                with source.fetch(child) as reader:
                    _write(folder, child, chunks(reader))
    entries = [document.descriptor.to_json() for document in documents]
    (folder / "index.json").write_bytes(encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}))
    (folder / "oci-layout").write_bytes(encode({"imageLayoutVersion": "1.0.0"}))
    return name, digest


def _wanted(source: ReadOnlyRepository, root: Document, platforms: tuple[Platform, ...], name: str) -> Iterator[Document]:
    """The images of these platforms in an index."""
    if not isinstance(root, Index):
        if len(platforms) > 1:
            raise DeclarationError(
                f"{name} is an image of one platform, and {len(platforms)} are wanted", hint="let 'platforms' have one"
            )
        return
    for platform in platforms:
        entry = entry_for(root, platform)
        if entry is None:
            raise DeclarationError(
                f"{name} has no image for {platform}", hint="build it for this platform, too, or leave the platform out"
            )
        yield read_document(source, entry)


def _nothing(platforms: tuple[Platform, ...]) -> Artifact:
    """Images without layers, for these platforms."""
    configs = [blob_of(CONFIG, empty_image(platform).config) for platform in platforms]
    manifests = [Manifest.make(config.descriptor, ()) for config in configs]
    entries = [made.descriptor._replace(platform=platform.fields) for made, platform in zip(manifests, platforms, strict=True)]
    return Artifact(tuple(configs), (*manifests, Index.make(entries)))


def _without_base(artifact: Artifact) -> Artifact:
    """The artifact without what ko says of the image below, where there is none."""
    renamed: dict[str, Document] = {}
    for document in artifact.documents:
        annotations = {key: value for key, value in document.annotations.items() if key not in _BELOW}
        made: Document
        if isinstance(document, Manifest):
            made = Manifest.make(document.config, document.layers, annotations=annotations, media_type=document.media_type)
        else:
            entries = [
                entry._replace(digest=renamed[entry.digest].digest, size=len(renamed[entry.digest].raw))
                for entry in document.manifests
            ]
            made = Index.make(entries, annotations=annotations, media_type=document.media_type)
        renamed[document.digest] = made
    return Artifact(artifact.blobs, tuple(renamed.values()))


def _go(work: Work, folder: Path) -> dict[str, str]:
    """Where this machine's Go keeps and gets what it needs; nothing else of its configuration is used."""
    found = decode(
        work.run(["go", "env", "-json", "GOMODCACHE", "GOCACHE", "GOENV"], cwd=folder, env=inherited(*_HOME)), what="go env"
    )
    if not isinstance(found, dict):
        raise EnvironmentFailure("go env: no JSON object")
    # Read here rather than asked for: what a program writes is in the step's log, and the address of a proxy may hold a password.
    settings = Path(str(found.get("GOENV") or "off"))
    lines = settings.read_text("utf-8", "replace").splitlines() if settings.is_file() else []
    kept = dict(line.split("=", 1) for line in lines if "=" in line)
    caches = {name: str(found[name]) for name in ("GOMODCACHE", "GOCACHE") if found.get(name)}
    machine = {name: value for name, value in kept.items() if name in _MACHINE} | inherited(*_MACHINE) | caches
    return {**inherited(*_NETWORK), **machine, "GOENV": "off"}


def _settings(target: Target, config: str, where: str) -> Mapping[str, Any]:
    """What the repository configures ko with; its keys know no case."""
    if not config:
        return {}
    import yaml  # noqa: PLC0415 - few repositories configure ko

    try:
        value = yaml.load(target.tree.read(config) or b"", Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe one
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise DeclarationError(f"{where}: ko: {config}: {' '.join(str(problem).split())}") from None
    if value is not None and not isinstance(value, dict):
        raise DeclarationError(f"{where}: ko: {config} is no mapping")
    return {str(key).lower(): one for key, one in (value or {}).items()}


def _has_ldflags(settings: Mapping[str, Any]) -> bool:
    builds = settings.get("builds")
    return bool(settings.get("defaultldflags")) or any(
        isinstance(build, dict) and bool(build.get("ldflags")) for build in (builds if isinstance(builds, list | tuple) else ())
    )


def _import_path(target: Target, module: str, package: str) -> str:
    data = target.tree.read(f"{module}/go.mod".lstrip("/")) or b""
    found = re.search(r"^module[ \t]+\"?([^\s\"]+)", data.decode("utf-8", "replace"), re.MULTILINE)
    name = found[1] if found is not None else ""
    return f"{name}/{package}" if package else name


def _templates(words: Words) -> dict[str, str]:
    flags = {f"flags.{number}": text for number, text in enumerate(words.texts("flags"))}
    return {f"args.{name}": text for name, text in words.pairs("args").items()} | flags


def _known(name: str) -> bool:
    return _VARIABLE.fullmatch(name) is not None or _NAME.fullmatch(name) is not None


def _linked(arguments: Mapping[str, str]) -> list[str]:
    """The arguments that the linker sets: those that name a variable of a package."""
    return [name for name in arguments if _NAME.fullmatch(name) is None]


def _quoted(word: str) -> str:
    """A word of the linker's flags, which Go splits at blanks outside of quotation marks."""
    word = word.replace("{{", '{{"{{"}}')  # ko reads its flags as templates
    if not re.search(r"[\s'\"]", word):
        return word
    return f'"{word}"' if "'" in word else f"'{word}'"


def _listed(word: str) -> str:
    """A word of a flag that ko splits at commas, as CSV."""
    return '"' + word.replace('"', '""') + '"' if re.search(r"[,\"\n]", word) else word


def _write(folder: Path, descriptor: Descriptor, pieces: Iterable[bytes]) -> None:
    path = folder / "blobs" / descriptor.digest.algorithm / descriptor.digest.hex
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.writelines(pieces)


def _above(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


BUILDER = Builder("ko", ("image",), "an image from a Go program, built by ko", _plan, _build)
