"""The files that a build reads: of a tree while planning, of a checkout while building."""

from collections.abc import Iterable, Mapping

from relgraph.engine.patterns import base_of, is_pattern, matcher
from relgraph.model.repository import Tree as Files
from relgraph.oci.codecs.tree import Entry, Kind, Tree
from relgraph.oci.content import BytesSource

__all__ = [
    "FILES",
    "LARGEST",
    "below",
    "clean",
    "contents",
    "matching",
    "pattern_of",
    "placed",
    "read_all",
    "with_files",
    "with_folders",
]

#: Files above this many bytes are not stamped.
LARGEST = 16 << 20
#: The modes of plain files, as git has them.
FILES = (0o100644, 0o100755)


def clean(path: str) -> str:
    """A declared path as git writes it: no ``./``, no slash at its ends; the root is empty."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def below(folder: str) -> str:
    """The pattern of all files below a folder."""
    return f"{folder}/**" if folder else "**"


def pattern_of(source: str, paths: Iterable[str]) -> str:
    """A declared source as a pattern: a folder stands for all files below it."""
    source = clean(source)
    if is_pattern(source) or source in paths:
        return source
    return below(source)


def matching(pattern: str, paths: Iterable[str]) -> list[str]:
    """The paths that match, in order."""
    matches = matcher(pattern)
    return [path for path in paths if matches(path)]


def placed(destination: str, pattern: str, path: str) -> str:
    """Where a file lies in what is built: at the destination itself where one file is meant, else below it as in its folder."""
    if not is_pattern(pattern):
        name = path.rpartition("/")[2]
        return clean(f"{destination}/{name}") if destination.endswith("/") or not clean(destination) else clean(destination)
    base = base_of(pattern)
    return clean(f"{destination}/{path[len(base) :]}")


def read_all(files: Files, paths: Iterable[str]) -> dict[str, bytes]:
    """The content of regular files of a tree; what cannot be read or is too large is left out."""
    wanted = [path for path in paths if path in files.entries and files.entries[path].mode in FILES]
    return dict(files.read_many(wanted))


def contents(tree: Tree) -> dict[str, bytes]:
    """The content of the files of a tree that may be stamped, by path."""
    found = {}
    for entry in tree.files:
        if entry.size <= LARGEST:
            with entry.source.open() as reader:
                found[entry.path] = reader.read(LARGEST + 1) or b""
    return found


def with_folders(tree: Tree) -> Tree:
    """The tree with an entry for every folder that one of its files lies in: some readers make none by themselves."""
    folders = {path[:end] for path in (entry.path for entry in tree.entries) for end, one in enumerate(path) if one == "/"}
    there = {entry.path for entry in tree.entries}
    return Tree.of((*tree.entries, *(Entry(path, Kind.FOLDER, 0o755) for path in folders - there)))


def with_files(tree: Tree, files: Mapping[str, bytes], *, portable: bool = True) -> Tree:
    """The tree with these contents: entries keep their modes, files that it does not have are added as plain ones."""
    entries = {entry.path: entry for entry in tree.entries}
    for path, data in files.items():
        mode = entries[path].mode if path in entries else 0o644
        entries[path] = Entry(path, Kind.FILE, mode, len(data), BytesSource(data))
    return Tree.of(entries.values(), portable=portable)
