"""CUE modules, as ``cue mod publish`` pushes them and ``cue`` fetches them (cue v0.17, ``mod/modregistry``, ``mod/modzip``).

The config is empty and of the module's own type; the first layer is a zip of the module's files, the second a copy of its
``cue.mod/module.cue``. Where the module comes from git, annotations say from which commit. The repository is the module's
path, the tag its version with ``v``.

The zip is deterministic here; CUE's own depends on its compressor, so that two programs agree in the files, not in the bytes.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from relgraph.errors import DeclarationError, UsageError
from relgraph.oci.codecs.artifact import Artifact, Blob, blob_of
from relgraph.oci.codecs.codec import Codec, Form, Options, Part, rfc3339
from relgraph.oci.codecs.cuedata import load_cue_data
from relgraph.oci.codecs.spool import spool
from relgraph.oci.codecs.tree import Entry, Kind, Tree, read_folder
from relgraph.oci.codecs.zipball import zip_chunks
from relgraph.oci.content import BytesSource
from relgraph.oci.descriptor import EMPTY_BODY, NOTHING, Descriptor
from relgraph.oci.errors import InvalidContent
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import Fetcher, read_blob

__all__ = [
    "CODEC",
    "CONFIG",
    "MODULE_FILE",
    "ZIP",
    "ModuleFile",
    "artifact_of",
    "check_path",
    "check_zip",
    "module_files",
    "read_module",
]

CONFIG = "application/vnd.cue.module.v1+json"
ZIP = "application/zip"
MODULE_FILE = "application/vnd.cue.modulefile.v1"

#: CUE's limits, in bytes: all files of a module, and module.cue or LICENSE alone.
MAX_MODULE = 500 << 20
MAX_FILE = 16 << 20

_MODULE = "cue.mod/module.cue"
_LOCAL = "cue.mod/local-module.cue"
_VCS = "org.cuelang.vcs-"
_ELEMENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_WHOLE = re.compile(rf"{_ELEMENT}(?:/{_ELEMENT})*", re.ASCII)
_MAJOR = re.compile(r"v(?:0|[1-9]\d*)", re.ASCII)
# A registry's tag cannot hold build metadata, so a module's version has none.
_VERSION = re.compile(r"v(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?", re.ASCII)
_FILE_NAME = re.compile(r"[\w!#$%&()+,\-.=@\[\]^_{}~ ]+")
_WINDOWS = frozenset(["con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))])
_REPOSITORIES = frozenset([".bzr", ".git", ".hg", ".svn"])


class ModuleFile(NamedTuple):
    """``cue.mod/module.cue``: the module's path without its major version, that version (``v0``), the kind of its source
    (``self``, ``git`` or empty), the language version, and the versions it requires by path@major."""

    path: str
    major: str
    source: str
    language: str
    requires: Mapping[str, str]


def read_module(data: bytes, *, what: str = _MODULE) -> ModuleFile:
    """The module file. Raises :class:`~relgraph.errors.DeclarationError` where CUE would not publish it."""
    fields = load_cue_data(data, what=what, limit=MAX_FILE)
    name = fields.get("module")
    if not isinstance(name, str) or not name:
        raise DeclarationError(f"{what}: module is missing", hint='write module: "example.com/name@v0"')
    path, _, major = name.partition("@")
    if major and _MAJOR.fullmatch(major) is None:
        raise DeclarationError(f"{what}: {name!r}: after the @ stands a major version, such as v0")
    check_path(path, what=what)
    requires: dict[str, str] = {}
    for dependency, item in _struct(fields, "deps", what).items():
        version = item.get("v") if isinstance(item, dict) else None
        if not isinstance(version, str) or _VERSION.fullmatch(version) is None:
            raise DeclarationError(f"{what}: deps: {dependency!r}: v is no version such as v0.1.0")
        if isinstance(item, dict) and "replaceWith" in item:
            raise DeclarationError(f"{what}: deps: {dependency!r}: replaceWith belongs into local-module.cue")
        requires[dependency] = version
    source = _struct(fields, "source", what).get("kind", "")
    if source not in ("", "self", "git"):
        raise DeclarationError(f"{what}: source: kind is {source!r}", hint="it is self or git")
    language = _struct(fields, "language", what).get("version", "")
    if not isinstance(language, str) or not language:
        raise DeclarationError(f"{what}: language: version is missing", hint='write language: version: "v0.9.0"')
    return ModuleFile(path, major or "v0", source, language, requires)


def check_path(path: str, *, what: str) -> str:
    """A module path without its version, as CUE has it; raises :class:`~relgraph.errors.DeclarationError`."""
    first = path.partition("/")[0]
    reason = ""
    if _WHOLE.fullmatch(path) is None:
        reason = "a path has lower-case letters and digits, joined by . _ __ - and /"
    elif "." not in first or re.fullmatch(r"[a-z0-9.-]+", first) is None:
        reason = "its first part is a domain name"
    elif any(element.partition(".")[0] in _WINDOWS for element in path.split("/")):
        reason = "a part of it is the name of a device on Windows"
    if reason:
        raise DeclarationError(f"{what}: {path[:200]!r} is no module path: {reason}")
    return path


def module_files(tree: Tree) -> Tree:
    """Those files of a folder that belong to its module; raises :class:`~relgraph.errors.DeclarationError`.

    Left out are links, nested modules, repositories of version control, ``cue.mod/vendor`` and ``local-module.cue``.
    """
    nested = {entry.path[: -len("/cue.mod")] for entry in tree.entries if entry.path.endswith("/cue.mod")} | {
        entry.path.rpartition("/cue.mod/")[0] for entry in tree.entries if "/cue.mod/" in entry.path
    }
    kept: list[Entry] = []
    for entry in tree.files:
        folders = entry.path.split("/")[:-1]
        above = {"/".join(folders[:depth]) for depth in range(1, len(folders) + 1)}
        if above & nested or not _REPOSITORIES.isdisjoint(folders):
            continue
        if entry.path in (_LOCAL, ".hg_archival.txt") or entry.path.startswith("cue.mod/vendor/"):
            continue
        _check_file(entry.path)
        kept.append(entry._replace(mode=0o644))
    files = Tree.of(kept)
    if files.get(_MODULE) is None:
        raise DeclarationError(f"{_MODULE} is missing", hint="`cue mod init` makes one")
    if files.size > MAX_MODULE:
        raise DeclarationError(f"the module has {files.size} bytes, more than the {MAX_MODULE} that CUE takes")
    for name in (_MODULE, "LICENSE"):
        large = files.get(name)
        if large is not None and large.size > MAX_FILE:
            raise DeclarationError(f"{name}: {large.size} bytes, more than the {MAX_FILE} that CUE takes")
    return files


def artifact_of(tree: Tree, version: str, *, options: Options | None = None, commit: str = "") -> Artifact:
    """The module of a folder, as ``version`` (with ``v``); ``commit`` is the full id of the git commit it comes from, whose
    time is ``options.created``. Raises :class:`~relgraph.errors.DeclarationError`."""
    options = options or Options()
    files = module_files(tree)
    data = files.read(_MODULE, limit=MAX_FILE) or b""
    module = read_module(data)
    if _VERSION.fullmatch(version) is None:
        raise DeclarationError(f"{version!r} is no version of a CUE module", hint="write all three numbers with a v: v0.1.0")
    if not version.startswith(module.major + "."):
        raise DeclarationError(f"{version} is no version of {module.path}@{module.major}")
    if not module.source:
        raise DeclarationError(f"{_MODULE}: source is missing", hint='write source: kind: "git", or "self" outside of git')
    archive = spool(zip_chunks((entry.path, files.read(entry.path, limit=MAX_MODULE) or b"") for entry in files.entries), ZIP)
    layers = (archive, blob_of(MODULE_FILE, data))
    config = Blob(Descriptor.of(CONFIG, EMPTY_BODY), BytesSource(EMPTY_BODY))
    annotations = {**_vcs(module, options, commit), **options.annotations}
    manifest = Manifest.make(config.descriptor, [layer.descriptor for layer in layers], annotations=annotations or NOTHING)
    return Artifact((config, *layers), (manifest,), tag=version)


def encode(paths: tuple[Path, ...], options: Options) -> Artifact:
    """The module of one folder; ``options.version`` is its version."""
    if len(paths) != 1 or not paths[0].is_dir():
        raise UsageError("a CUE module is one folder")
    if not options.version:
        raise UsageError("a CUE module needs a version", hint="give it as the tag: example.com/module:v0.1.0")
    return artifact_of(read_folder(paths[0]), options.version, options=options)


def decode(fetcher: Fetcher, manifest: Manifest) -> tuple[Part, ...]:
    """Its files, after everything that CUE checks in a zip was checked."""
    if len(manifest.layers) != 2:
        raise InvalidContent(f"{manifest.digest}: a CUE module has two layers, this has {len(manifest.layers)}")
    archive, module = manifest.layers
    if archive.media_type != ZIP or module.media_type != MODULE_FILE:
        raise InvalidContent(f"{manifest.digest}: the layers of a CUE module are a zip and its module file")
    check_zip(read_blob(fetcher, archive, limit=MAX_MODULE), read_blob(fetcher, module, limit=MAX_FILE), what=str(manifest.digest))
    return (Part("", archive, Form.ZIP),)


def check_zip(archive: bytes, module: bytes, *, what: str) -> None:
    """Raise :class:`~relgraph.oci.errors.InvalidContent` unless the zip is a module's and holds that very module file."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = opened.infolist()
            if sum(entry.file_size for entry in entries) > MAX_MODULE:
                raise InvalidContent(f"{what}: the module unpacks to more than {MAX_MODULE} bytes")
            Tree.of(Entry(entry.filename, Kind.FILE, 0o644) for entry in entries if not entry.is_dir())
            for entry in entries:
                _check_entry(entry)
            with opened.open(_MODULE) as reader:
                inside = reader.read(MAX_FILE + 1)
    except KeyError:
        raise InvalidContent(f"{what}: the zip has no {_MODULE}") from None
    except DeclarationError as problem:
        raise InvalidContent(f"{what}: {problem}") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, RuntimeError, EOFError) as problem:
        raise InvalidContent(f"{what}: not a zip: {problem}") from None
    if inside != module:
        raise InvalidContent(f"{what}: the module file beside the zip is not the one in it")
    try:
        read_module(module)
    except DeclarationError as problem:
        raise InvalidContent(f"{what}: {problem}") from None


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename.removesuffix("/")
    _check_file(name)
    if name == _LOCAL:
        raise DeclarationError(f"{name}: is no part of a published module")
    parts = name.split("/")
    if any(part.lower() == "cue.mod" for part in parts[1:]):
        raise DeclarationError(f"{name}: a module within a module")
    if (entry.external_attr >> 16) & 0o170000 not in (0, 0o100000, 0o040000):
        raise DeclarationError(f"{name}: neither a file nor a folder")


def _check_file(path: str) -> None:
    for element in path.split("/"):
        if _FILE_NAME.fullmatch(element) is None or element.endswith(".") or not element.strip("."):
            raise DeclarationError(f"{path!r} cannot be a file of a CUE module")
        if any(not character.isalpha() and character > "\x7f" for character in element):
            raise DeclarationError(f"{path!r} cannot be a file of a CUE module: letters, digits and simple punctuation only")
        if element.partition(".")[0].lower() in _WINDOWS:
            raise DeclarationError(f"{path!r}: the name of a device on Windows")
    first = path.partition("/")[0]
    if first.lower() == "cue.mod" and (first != "cue.mod" or path.lower() == _MODULE != path):
        raise DeclarationError(f"{path!r}: cue.mod and module.cue are lower case")


def _struct(fields: Mapping[str, Any], name: str, what: str) -> Mapping[str, Any]:
    value = fields.get(name, {})
    if not isinstance(value, dict):
        raise DeclarationError(f"{what}: {name} is no struct")
    return value


def _vcs(module: ModuleFile, options: Options, commit: str) -> dict[str, str]:
    # CUE reads all three or none.
    if module.source != "git" or not commit or options.created is None:
        return {}
    return {f"{_VCS}type": "git", f"{_VCS}commit": commit, f"{_VCS}commit-time": rfc3339(options.created)}


CODEC = Codec("cue", "a CUE module: the folder that holds cue.mod", (CONFIG,), encode, decode)
