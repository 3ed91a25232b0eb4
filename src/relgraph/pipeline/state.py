"""What a pipeline's commands change: files on top of a tree, variables, the working directory, packages and images made.

Paths are POSIX and relative to the repository's root; the checkout itself is known to scripts as :data:`ROOT`, so that
``$PWD`` and ``$GITHUB_WORKSPACE`` can be computed with. Paths outside of it keep their leading slash and live only here.
"""

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from relgraph.model.world import Subject
from relgraph.pipeline.patterns import glob_pattern, has_glob
from relgraph.pipeline.shell_tree import Node
from relgraph.pipeline.value import Holes, is_known

__all__ = ["ROOT", "Files", "Package", "State"]

#: The pseudo path of the checkout.
ROOT = "/workspace"
_MAX_FILE = 1_000_000
_MAX_MATCHES = 200


class Package(NamedTuple):
    """A chart as ``helm package`` made it: where the archive lies, the chart's folder, and what is in it."""

    path: str
    folder: str
    name: str
    version: str
    app_version: str | None
    files: "Files"
    call: int
    conditional: bool


class _Folders:
    """The names in each folder of a tree: files and folders."""

    def __init__(self, subject: Subject) -> None:
        self.names: dict[str, set[str]] = {"": set()}
        for path in subject.entries:
            folder, _, name = path.rpartition("/")
            while True:
                known = self.names.get(folder)
                if known is not None:
                    known.add(name)
                    break
                self.names[folder] = {name}
                folder, _, name = folder.rpartition("/")

    def glob(self, parts: list[str]) -> list[str]:
        """Paths whose parts match the patterns one by one."""
        found = [""]
        for depth, part in enumerate(parts):
            pattern = glob_pattern(part, path=True) if has_glob(part) else None
            following: list[str] = []
            for folder in found:
                names = self.names.get(folder, set())
                prefix = f"{folder}/" if folder else ""
                if pattern is None:
                    following += [prefix + part] if part in names and not has_glob(part) else []
                else:
                    following += [prefix + name for name in names if not name.startswith(".") and pattern.fullmatch(name)]
            found = following
            if depth < len(parts) - 1:
                found = [path for path in found if path in self.names]
        return found

    def below(self, folder: str) -> Iterator[str]:
        """All files in a folder, at any depth, in order."""
        for name in sorted(self.names.get(folder, ())):
            path = f"{folder}/{name}" if folder else name
            if path in self.names:
                yield from self.below(path)
            else:
                yield path


class Files:
    """The files that a pipeline sees: a tree, and what was written over it.

    ``written`` maps paths to texts (None: removed), ``opaque`` holds prefixes below which something unknown may have been
    written.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.written: dict[str, str | None] = {}
        self.opaque: frozenset[str] = frozenset()
        self._folders: list[_Folders] = []  # made when first asked for, and shared with all copies

    @property
    def folders(self) -> _Folders:
        """The tree's folders."""
        if not self._folders:
            self._folders.append(_Folders(self.subject))
        return self._folders[0]

    def fork(self) -> "Files":
        """A copy that changes on its own."""
        copy = Files(self.subject)
        copy.written, copy.opaque, copy._folders = dict(self.written), self.opaque, self._folders
        return copy

    def fresh(self) -> "Files":
        """The tree as it was, for another checkout."""
        copy = Files(self.subject)
        copy._folders = self._folders
        return copy

    def read(self, path: str) -> str | None:
        """The text of a file; None where there is none."""
        if path in self.written:
            return self.written[path]
        text = self.subject.text(path) if path in self.subject.entries else None
        return None if text is None or len(text.text) > _MAX_FILE else text.text

    def write(self, path: str, text: str | None) -> None:
        """Put a file there, or remove it."""
        self.written[path] = text

    def exists(self, path: str) -> bool:
        """Whether a file or a folder is there."""
        if path in self.written:
            return self.written[path] is not None
        if path in self.subject.entries or self.is_folder(path):
            return True
        prefix = path + "/"
        return any(text is not None and name.startswith(prefix) for name, text in self.written.items())

    def is_file(self, path: str) -> bool:
        """Whether a file is there."""
        if path in self.written:
            return self.written[path] is not None
        return path in self.subject.entries

    def is_opaque(self, path: str) -> bool:
        """Whether a command that is not understood may have written this file."""
        return any(prefix in ("", path) or path.startswith(prefix + "/") for prefix in self.opaque)

    def is_folder(self, path: str) -> bool:
        """Whether the tree has a folder there."""
        return path in self.folders.names

    def below(self, folder: str) -> Iterator[str]:
        """All files in a folder, at any depth."""
        for path in self.folders.below(folder) if self.is_folder(folder) else ():
            if self.written.get(path, "") is not None:
                yield path
        prefix = f"{folder}/" if folder else ""
        for path, text in self.written.items():
            if text is not None and path.startswith(prefix) and path not in self.subject.entries and not path.startswith("/"):
                yield path

    def glob(self, pattern: str) -> list[str]:
        """Files and folders whose path matches, in order; at most 200."""
        found = (
            []
            if pattern.startswith("/")
            else [path for path in self.folders.glob(pattern.split("/")) if self.written.get(path, "") is not None]
        )
        # The tree is searched folder by folder; only what was written since is matched as a whole.
        regex = glob_pattern(pattern, path=True) if self.written else None
        if regex is not None:
            found += [path for path, text in self.written.items() if text is not None and regex.fullmatch(path)]
        return sorted(set(found))[:_MAX_MATCHES]


class State:
    """What one shell knows. Subshells and branches run on copies."""

    def __init__(self, files: Files, variables: dict[str, str] | None = None) -> None:
        self.files = files
        self.variables: dict[str, str] = variables or {}
        self.exported: set[str] = set(self.variables)
        self.cwd = ""
        self.folders: tuple[str, ...] = ()  # what pushd left, the last one last
        self.arrays: dict[str, tuple[str, ...]] = {}
        self.functions: dict[str, Node] = {}
        self.arguments: tuple[str, ...] = ()
        self.script = "sh"
        self.packages: list[Package] = []
        self.images: dict[str, tuple[str, str]] = {}  # reference: folder, Dockerfile or main
        self.open_world = False  # something not understood may have set any variable
        self.conditional = False

    def fork(self, *, files: bool = True) -> "State":
        """A copy; with ``files`` unset, what the copy writes is written here too."""
        copy = State(self.files.fork() if files else self.files, dict(self.variables))
        copy.exported = set(self.exported)
        copy.cwd, copy.functions, copy.arguments, copy.script = self.cwd, dict(self.functions), self.arguments, self.script
        copy.arrays, copy.folders = dict(self.arrays), self.folders
        copy.packages = list(self.packages) if files else self.packages
        copy.images = dict(self.images) if files else self.images
        copy.open_world, copy.conditional = self.open_world, self.conditional
        return copy

    def merge(self, branches: list["State"], holes: Holes) -> None:
        """Become what holds after one of the branches ran, nobody knows which."""
        first = branches[0]
        names = {name for branch in branches for name in branch.variables}
        self.variables = {}
        for name in sorted(names):
            values = {branch.variables.get(name) for branch in branches}
            only = values.pop() if len(values) == 1 else None
            self.variables[name] = only if only is not None else holes.mark(f"{name} depends on a condition")
        self.arrays = {
            name: items for name, items in first.arrays.items() if all(branch.arrays.get(name) == items for branch in branches)
        }
        self.exported = {name for branch in branches for name in branch.exported}
        self.cwd = first.cwd if len({branch.cwd for branch in branches}) == 1 else holes.mark("the folder depends on a condition")
        self.folders = first.folders if len({branch.folders for branch in branches}) == 1 else ()
        for branch in branches:
            self.functions.update(branch.functions)
            self.images.update(branch.images)
            self.packages += [package for package in branch.packages if package not in self.packages]
            self.open_world = self.open_world or branch.open_world
        self.files.opaque = frozenset().union(*(branch.files.opaque for branch in branches))
        for path in sorted({path for branch in branches for path in branch.files.written}):
            texts = {branch.files.read(path) for branch in branches}
            self.files.write(path, texts.pop() if len(texts) == 1 else holes.mark(f"{path} depends on a condition"))

    def resolve(self, path: str) -> str | None:
        """A path as commands give it, from the root; None where it cannot be told."""
        if not is_known(path) or not is_known(self.cwd):
            return None
        if path.startswith("/"):
            full = posixpath.normpath(path)
        elif path.startswith("~"):
            return "/home" + posixpath.normpath("/" + path[1:])
        else:
            full = posixpath.normpath(posixpath.join(ROOT if not self.cwd.startswith("/") else "", self.cwd, path))
        if full == ROOT:
            return ""
        return full.removeprefix(ROOT + "/")

    def here(self) -> str:
        """The working directory as scripts see it."""
        return (
            self.cwd if self.cwd.startswith("/") or not is_known(self.cwd) else posixpath.normpath(posixpath.join(ROOT, self.cwd))
        )

    def expand(self, pattern: str) -> list[str]:
        """What a word with wildcards becomes: matching paths as the command would see them, or the word itself."""
        if not has_glob(pattern) or not is_known(pattern):
            return [pattern]
        full = self.resolve(pattern)
        if full is None:
            return [pattern]
        base = self.resolve(".") or ""
        found: list[str] = []
        for path in self.files.glob(full):
            absolute = path.startswith("/")
            relative = path if absolute else posixpath.relpath("/" + path, "/" + base)
            prefix = "./" if pattern.startswith("./") else ""
            found.append(ROOT + "/" + path if pattern.startswith("/") and not absolute else prefix + relative)
        return found or [pattern]
