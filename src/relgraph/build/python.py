"""``python``: a Python project's wheel, built by its own backend, the same on every machine.

The backend (PEP 517) runs in a process of its own under the Python that runs relgraph, and nothing is downloaded: what
``build-system.requires`` names is installed beside relgraph, and its versions decide the result. The version of the wheel is that of
the node, written as Python's packages write it. The archive is written anew: files sorted, no times, one compressor.
"""

import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

from relgraph.build.builder import Builder, Recipe, Target, Work
from relgraph.build.gather import LARGEST, below, clean
from relgraph.build.pyproject import Project, read_project, satisfies, with_version
from relgraph.build.stampedtree import plan_stamp, stamp_checkout, write_files
from relgraph.build.wheel import Wheel, python_version, read_wheel, write_wheel
from relgraph.build.words import Words
from relgraph.errors import DeclarationError, EnvironmentFailure
from relgraph.oci.codecs.artifact import EMPTY_BLOB, Artifact, blob_of
from relgraph.oci.codecs.codec import rfc3339
from relgraph.oci.codecs.generic import CREATED, EMBEDDED
from relgraph.oci.descriptor import TITLE
from relgraph.oci.manifest import Manifest

__all__ = ["BUILDER", "LAYER", "TYPE"]

#: The artifact type of wheels, and the media type of the archive.
TYPE = "application/vnd.relgraph.python.wheel.v1"
LAYER = "application/zip"

#: Changes with what is made of the same input.
_FORMAT = 1
_PYPROJECT = "pyproject.toml"
# What setuptools_scm (hatch-vcs too) and pdm ask instead of git.
_TOLD = ("SETUPTOOLS_SCM_PRETEND_VERSION", "PDM_BUILD_SCM_VERSION")
# The hook runs as PEP 517 has it: in the project's folder, its own backend's path first, everything that it prints out of the way.
_HOOK = """\
import importlib, os, sys
os.dup2(2, 1)
backend, target, *paths = sys.argv[1:]
sys.path[:0] = [os.path.abspath(path) for path in paths]
module, _, name = backend.partition(":")
found = importlib.import_module(module)
for part in name.split(".") if name else ():
    found = getattr(found, part)
found.build_wheel(target)
"""


def plan(target: Target) -> Recipe:
    """What decides the wheel."""
    words = _words(target)
    folder = clean(words.own)
    inputs = words.texts("inputs")
    prefix = f"{folder}/" if folder else ""
    project = _project(target, folder, target.tree.read(f"{prefix}{_PYPROJECT}"))
    problems = []
    tools = []
    for name, wanted in project.requires:
        found = _installed(name)
        tools.append([name, found])
        if not found or not satisfies(found, wanted):
            problems.append(f"{name}{wanted}")
    if problems:
        raise EnvironmentFailure(
            f"{target.node.origin}: {target.node.id}: to build it, {', '.join(problems)} must be installed beside relgraph",
            hint=f"{sys.executable} -m pip install " + " ".join(f"'{one}'" for one in problems),
        )
    stamping = plan_stamp(target, folder)
    facts: dict[str, object] = {
        "format": _FORMAT,
        "project": folder,
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "tools": tools,
        "stamp": stamping.facts,
    }
    if words.versioned:
        facts |= {"version": _version(target), "time": target.release.time}
        after = stamping.files
        with_version(lambda path: after[path] if path in after else target.tree.read(prefix + path), project, _version(target))
    return Recipe(facts, inputs or (below(folder),), stamping.needs, environment=words.texts("environment"))


def build(work: Work) -> Artifact:
    """The artifact of the wheel."""
    target = work.target
    words = _words(target)
    root, project = _stamp(work, words)
    made = work.scratch / "wheel"
    made.mkdir()
    time = target.release.time if words.versioned else 0
    variables = {"SOURCE_DATE_EPOCH": str(max(time, 315532800)), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    if words.versioned:
        variables |= dict.fromkeys(_TOLD, _version(target))
    work.run([sys.executable, "-s", "-P", "-c", _HOOK, project.backend, str(made), *project.backend_path], cwd=root, env=variables)
    wheel = _read(made, target)
    if words.versioned and wheel.version != _version(target):
        raise DeclarationError(
            f"{target.node.origin}: {target.node.id}: the wheel has the version {wheel.version or 'of nothing'}, not {_version(target)}",
            hint="its backend takes the version from somewhere else: stamp it there, or say `versioned: false`",
        )
    if wheel.platform != "any":
        raise DeclarationError(
            f"{target.node.origin}: {target.node.id}: {wheel.file} is for {wheel.platform}, so that another machine would build another one",
            hint="build what is compiled with 'command' or 'docker', on the platform that it is for",
        )
    data = write_wheel(wheel)
    work.say(f"{wheel.file}: {len(wheel.files)} files, {len(data)} bytes")
    blob = blob_of(LAYER, data, annotations={TITLE: wheel.file})
    annotations = {TITLE: wheel.name}
    if words.versioned:
        created = rfc3339(datetime.fromtimestamp(target.release.time, UTC))
        annotations |= {"org.opencontainers.image.version": target.own.version, CREATED: created}
    return Artifact((EMPTY_BLOB, blob), (Manifest.make(EMBEDDED, [blob.descriptor], artifact_type=TYPE, annotations=annotations),))


def _words(target: Target) -> Words:
    return Words(target, "python", ("inputs", "environment"))


def _version(target: Target) -> str:
    try:
        return python_version(target.own.version)
    except DeclarationError as problem:
        raise DeclarationError(f"{target.node.origin}: {target.node.id}: {problem}", hint=problem.hint) from None


def _project(target: Target, folder: str, data: bytes | None) -> Project:
    if data is None:
        raise DeclarationError(
            f"{target.node.origin}: {target.node.id}: {folder or '.'} has no {_PYPROJECT}", hint="'python' names a project's folder"
        )
    return read_project(data, f"{folder}/{_PYPROJECT}".lstrip("/"))


def _installed(name: str) -> str:
    try:
        return installed(name)
    except PackageNotFoundError:
        return ""


def _stamp(work: Work, words: Words) -> tuple[Path, Project]:
    """Write what is stamped into the checkout, which is this build's own; the project's folder, and the project."""
    target = work.target
    root = stamp_checkout(work, clean(words.own))
    project = _project(target, clean(words.own), _file(root, _PYPROJECT))
    if words.versioned:
        write_files(root, with_version(lambda path: _file(root, path), project, _version(target)))
    return root, project


def _file(root: Path, path: str) -> bytes | None:
    place = root / path
    return place.read_bytes() if place.is_file() and place.stat().st_size <= LARGEST else None


def _read(made: Path, target: Target) -> Wheel:
    found = sorted(made.glob("*.whl"))
    if len(found) != 1:
        raise DeclarationError(f"{target.node.origin}: {target.node.id}: its backend made {len(found)} wheels")
    return read_wheel(found[0].name, found[0].read_bytes())


BUILDER = Builder("python", ("files",), "a Python project's wheel", plan, build)
