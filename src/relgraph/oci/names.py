"""Names of files that strangers chose: which may become paths, and which would be one file on another system."""

import re
import unicodedata

from relgraph.oci.bounds import Bounds
from relgraph.oci.errors import UnsafeArchive

__all__ = ["NameBook", "safe_parts"]

_DRIVE = re.compile(r"[A-Za-z]:")
_LONGEST_COMPONENT = 255


def safe_parts(name: str, bounds: Bounds) -> tuple[str, ...]:
    """The components of a relative path below its folder; none for the folder itself (``./``).

    Raises :class:`~relgraph.oci.errors.UnsafeArchive` for whatever could lead elsewhere or means different files to different
    systems: absolute paths, ``..``, drives, backslashes, control characters, components that are empty or too long.
    """
    problem = _problem(name, bounds)
    if problem:
        raise UnsafeArchive(f"{name[:200]!r}: {problem}", entry=name)
    path = name.removesuffix("/")
    while path.startswith("./"):
        path = path[2:]
    if path in ("", "."):
        return ()
    return tuple(path.split("/"))


def _problem(name: str, bounds: Bounds) -> str:
    if not name:
        return "an entry without a name"
    if len(name.encode("utf-8", "surrogatepass")) > bounds.path:
        return "its name is too long"
    if any(character < " " or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff" for character in name):
        return "its name has control characters"
    if "\\" in name or _DRIVE.match(name):
        return "its name is a path of another system"
    if name.startswith("/"):
        return "an absolute path"
    parts = name.removesuffix("/").split("/")
    while parts and parts[0] == ".":
        parts = parts[1:]
    if len(parts) > bounds.depth:
        return f"deeper than {bounds.depth} folders"
    for part in parts:
        if part == "..":
            return "it leads out of its folder"
        if part in ("", "."):
            return "its path has an empty part"
        if len(part.encode()) > _LONGEST_COMPONENT:
            return "a part of its name is too long"
    return ""


class NameBook:
    """The names that an archive has used so far. Two that differ in case or Unicode form only are one file to some systems."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, bool]] = {}

    def add(self, parts: tuple[str, ...], *, folder: bool) -> None:
        """Enter a path and the folders on its way; raises UnsafeArchive where it collides with another."""
        for length in range(1, len(parts) + 1):
            self._enter("/".join(parts[:length]), folder=folder or length < len(parts))

    def _enter(self, path: str, *, folder: bool) -> None:
        key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
        before = self._known.get(key)
        if before is None:
            self._known[key] = (path, folder)
        elif before[0] != path:
            raise UnsafeArchive(f"{path!r} and {before[0]!r} are one name to some file systems", entry=path)
        elif before[1] != folder:
            raise UnsafeArchive(f"{path!r} is a file and a folder", entry=path)
        elif not folder:
            raise UnsafeArchive(f"{path!r} occurs twice", entry=path)
