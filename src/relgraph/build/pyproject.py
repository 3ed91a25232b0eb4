"""What a Python project says of its build (PEP 517, 518, 621): backend, requirements, and where its version is written."""

import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import semver

from relgraph.errors import DeclarationError, UsageError
from relgraph.model.version import parse_version
from relgraph.resolve.range import parse_range
from relgraph.syntax.text import Text
from relgraph.syntax.toml import read_toml

__all__ = ["Project", "read_project", "satisfies", "with_version"]

_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?(?P<range>[^;()]*)\)?\s*(?P<marker>;.*)?"
)
_COMPATIBLE = re.compile(r"~=\s*(\d+)((?:\.\d+)*)\.\d+")
_LEGACY = "setuptools.build_meta:__legacy__"  # PEP 517: what builds a project that names no backend


class Project(NamedTuple):
    """A project: its name, its backend (module, and object in it), where a backend of its own lies, and what it requires to be built.

    ``requires`` are pairs of a distribution's name and the range that it must be in. ``dynamic`` tells that its version is
    not written in pyproject.toml; ``attribute`` is then where setuptools reads it (``package.__version__``), if that is said,
    and ``roots`` are the folders that its modules may lie in.
    """

    name: str
    backend: str
    backend_path: tuple[str, ...]
    requires: tuple[tuple[str, str], ...]
    dynamic: bool
    attribute: str
    roots: tuple[str, ...] = ("", "src")


def read_project(data: bytes, where: str) -> Project:
    """The project of a pyproject.toml. Raises :class:`~relgraph.errors.DeclarationError`."""
    try:
        document = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise DeclarationError(f"{where}: {problem}") from None
    system, project = _table(document, "build-system"), _table(document, "project")
    requires = system.get("requires", ["setuptools"])
    if not isinstance(requires, list) or not all(isinstance(one, str) for one in requires):
        raise DeclarationError(f"{where}: build-system.requires is a list of texts")
    setuptools = _table(_table(document, "tool"), "setuptools")
    dynamic = _table(setuptools, "dynamic").get("version")
    attribute = dynamic.get("attr", "") if isinstance(dynamic, dict) else ""
    where_to_find = _table(_table(setuptools, "packages"), "find").get("where", ())
    roots = (_table(setuptools, "package-dir").get("", ""), *where_to_find, "src", "")
    return Project(
        str(project.get("name", "")),
        str(system.get("build-backend") or _LEGACY),
        tuple(map(str, system.get("backend-path", ()))),
        tuple(_requirement(one, where) for one in requires if not _is_conditional(one)),
        "version" not in project,
        str(attribute),
        tuple(dict.fromkeys(str(root).strip("./") for root in roots)),
    )


def satisfies(version: str, wanted: str) -> bool:
    """Whether an installed version lies in a range of requirements (``>=77,<90``); one that cannot be read is taken to."""
    found = parse_version(version)
    if found is None or not wanted.strip():
        return True
    try:
        exact = semver.Version(*found.padded, prerelease=found.pre or None)
        return parse_range(_COMPATIBLE.sub(_compatible, wanted)).admits(exact, prereleases=True)
    except (UsageError, ValueError, TypeError):
        return True


def with_version(files: Callable[[str], bytes | None], project: Project, version: str) -> dict[str, bytes]:
    """The file in which a project writes its version, with another one: by path in the project; none where it writes none.

    It is ``project.version`` of pyproject.toml, or the assignment that setuptools reads (``attr``); what a backend takes from git is
    told to it otherwise. Raises :class:`~relgraph.errors.DeclarationError` where the assignment cannot be found.
    """
    if not project.dynamic:
        data = files("pyproject.toml") or b""
        text = Text("pyproject.toml", data)
        found = [one for one in read_toml(text) if one.keys == ("project", "version")]
        if len(found) != 1:
            raise DeclarationError("pyproject.toml: project.version is no plain text")
        span = text.span(found[0].start, found[0].end)
        return {"pyproject.toml": data[: span.start] + version.encode() + data[span.end :]}
    if not project.attribute:
        return {}
    module, _, name = project.attribute.rpartition(".")
    assignment = re.compile(rf"^{re.escape(name)}(?:[ \t]*:[^=\n]+)?[ \t]*=[ \t]*([\"'])([^\"'\n]*)\1".encode(), re.MULTILINE)
    for path in _module_paths(module, project.roots):
        data = files(path) or b""
        places = list(assignment.finditer(data))
        if len(places) == 1:
            return {path: data[: places[0].start(2)] + version.encode() + data[places[0].end(2) :]}
        if data:
            raise DeclarationError(f"{path}: {name} is assigned a text {len(places)} times", hint="setuptools reads one such line")
    raise DeclarationError(f"pyproject.toml: the version is {project.attribute}, and there is no such module")


def _module_paths(module: str, roots: tuple[str, ...]) -> list[str]:
    base = module.replace(".", "/")
    return [f"{root}/{base}{end}".lstrip("/") for root in roots for end in ("/__init__.py", ".py")]


def _compatible(match: re.Match[str]) -> str:
    # PEP 440: ~=1.4 is any later 1, ~=1.4.2 any later 1.4.
    low = match[0].removeprefix("~=").strip()
    return f"~{low}" if match[2] else f">={low} <{int(match[1]) + 1}"


def _table(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _is_conditional(text: str) -> bool:
    match = _REQUIREMENT.fullmatch(text)
    return match is not None and match["marker"] is not None


def _requirement(text: str, where: str) -> tuple[str, str]:
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        raise DeclarationError(f"{where}: build-system.requires: {text!r} is no requirement")
    return match["name"], match["range"].strip()
