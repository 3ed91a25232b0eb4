"""Toolchains: where a source tree says which release of its language it needs at least, and what an older one does to it."""

import re
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from relgraph.infer.roles import PathRole, path_role
from relgraph.model.site import Kind, Role, Site
from relgraph.model.version import Version, parse_version
from relgraph.model.world import Subject

__all__ = ["TOOLCHAINS", "Minimum", "Minimums", "Toolchain", "applicable", "minimums"]


class Toolchain(NamedTuple):
    """A language's compiler or runtime.

    ``manifests`` are the files that state the minimum; ``numbers`` is how many numbers of a version say anything (``1`` says
    nothing of Go, ``18`` much of Node.js); ``refuses``: an older release does not build the source at all; ``uses`` are the words by
    which a Dockerfile tells that it builds the source, and not something else with the same image.
    """

    name: str
    title: str
    manifests: frozenset[str]
    numbers: int
    refuses: bool
    uses: re.Pattern[str] | None = None


class Minimum(NamedTuple):
    """The lowest release that a manifest allows, and where it says so."""

    site: Site
    version: Version


Minimums: TypeAlias = Mapping[str, Minimum]

# go.mod: https://go.dev/ref/mod#go-mod-file-go; package.json: https://docs.npmjs.com/cli/configuring-npm/package-json#engines (a
# warning by default); pyproject.toml: https://packaging.python.org/en/latest/specifications/core-metadata/#requires-python;
# Cargo.toml: https://doc.rust-lang.org/cargo/reference/rust-version.html
TOOLCHAINS: tuple[Toolchain, ...] = (
    Toolchain("go", "Go", frozenset({"go.mod"}), 2, refuses=True),
    Toolchain(
        "node", "Node.js", frozenset({"package.json"}), 1, refuses=False, uses=re.compile(r"\b(?:npm|yarn|pnpm|npx)\b|package[*\w-]*\.json")
    ),
    Toolchain(
        "python", "Python", frozenset({"pyproject.toml", "setup.cfg", "setup.py"}), 2, refuses=False,
        uses=re.compile(r"pip3? install[^\n]*\s(?:-e\s*)?\.(?:\s|/|\[|$)|pyproject\.toml|\b(?:poetry|hatch|pdm|uv)\b|setup\.(?:py|cfg)", re.MULTILINE),
    ),
    Toolchain("rust", "Rust", frozenset({"Cargo.toml"}), 2, refuses=True, uses=re.compile(r"\bcargo\b")),
)  # fmt: skip
_AT_LEAST = frozenset({"", ">=", "^", "~", "~=", "=="})


def minimums(subject: Subject, toolchain: Toolchain) -> Minimums:
    """What the manifests of a tree need at least, by the manifest's folder; of several in one folder, the lowest."""
    found: dict[str, Minimum] = {}
    for path, sites in subject.sites_by_path.items():
        folder, _, name = path.rpartition("/")
        if name not in toolchain.manifests:
            continue
        for site in sites:
            if (
                site.kind is Kind.TOOLCHAIN
                and site.role is Role.MINIMUM
                and site.name == toolchain.name
                and site.get("op") in _AT_LEAST
            ):
                version = parse_version(site.value)
                if version is not None and (folder not in found or version.release < found[folder].version.release):
                    found[folder] = Minimum(site, version)
    return found


def applicable(path: str, found: Minimums) -> Minimum | None:
    """The minimum of the nearest manifest above a file; documents speak of the whole repository."""
    if "" in found and path_role(path) is PathRole.DOCUMENT:
        return found[""]
    folder = path.rpartition("/")[0]
    while True:
        if folder in found:
            return found[folder]
        if not folder:
            return None
        folder = folder.rpartition("/")[0]
