"""Paths within one tree: joining, what git ignores, and where a file that is gone may be now."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from weakref import WeakKeyDictionary

from relgraph.model.repository import Tree
from relgraph.model.world import Subject

__all__ = ["Ignored", "ancestors", "is_fixture", "join", "moved_to"]

_FIXTURE = re.compile(
    r"(?:^|/)(?:testdata|test[-_](?:data|assets?|files)|fixtures?|golden|__snapshots__)/|_test\.(?:go|py|ya?ml)$|(?:^|/)test_[^/]*\.py$"
    r"|\.(?:test|spec)\.[jt]sx?$|\.(?:golden|snap)$"
)


def is_fixture(path: str) -> bool:
    """Whether a file belongs to a program's own tests, which invent references as they need them."""
    return _FIXTURE.search(path) is not None


def join(folder: str, path: str) -> str | None:
    """``path`` as seen from ``folder``, both relative to the root of the tree; None where it leads out of the tree."""
    parts = [part for part in folder.split("/") if part and part != "."]
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part and part != ".":
            parts.append(part)
    return "/".join(parts)


def ancestors(path: str) -> tuple[str, ...]:
    """The folders that hold a path, nearest first, the root (empty) last."""
    found = []
    while "/" in path:
        path = path.rpartition("/")[0]
        found.append(path)
    return (*found, "")


# Names that every project has many of: two files with one of these need not have anything to do with each other.
_USUAL = re.compile(
    r"main\.\w+|index\.\w+|doc\.go|__init__\.py|readme(?:\.\w+)?|values\.ya?ml|chart\.ya?ml|kustomization\.ya?ml|makefile|dockerfile|go\.(?:mod|sum)"
    r"|config\.\w+|test\.\w+|package\.json|owners|license|install\.sh|build\.sh|run\.sh|setup\.(?:sh|py|cfg)|types\.go|util\w*\.\w+",
    re.IGNORECASE,
)


# The paths of a tree by their last part: many may be missing, and the tree is looked through once.
_NAMED: WeakKeyDictionary[Tree, Mapping[str, Sequence[str]]] = WeakKeyDictionary()


def moved_to(path: str, tree: Tree) -> str | None:
    """The one path of the tree that ends like the missing one, with most of its last parts; None where there is none, or several."""
    named = _NAMED.get(tree)
    if named is None:
        named = _NAMED[tree] = _by_name(tree.entries)
    parts = path.strip("/").split("/")
    found = [name for name in named.get(parts[-1], ()) if name != path]
    if _USUAL.fullmatch(parts[-1]):
        found = [name for name in found if _within(parts, name.split("/"))] if len(parts) > 1 else []
    for depth in range(2, len(parts)):
        tail = "/" + "/".join(parts[-depth:])
        closer = [name for name in found if ("/" + name).endswith(tail)]
        if not closer:
            break
        found = closer
    if len(found) > 1:
        # A folder was put in between: docs/x is now docs/old/x.
        within = [name for name in found if _within(parts, name.split("/"))]
        shortest = min((name.count("/") for name in within), default=0)
        found = [name for name in within if name.count("/") == shortest]
    return found[0] if len(found) == 1 else None


def _by_name(paths: Iterable[str]) -> Mapping[str, Sequence[str]]:
    named: dict[str, list[str]] = {}
    for path in paths:
        named.setdefault(path.rpartition("/")[2], []).append(path)
    return named


def _within(parts: list[str], longer: list[str]) -> bool:
    rest = iter(longer)
    return all(part in rest for part in parts)


class Ignored:
    """What the ``.gitignore`` files of a tree exclude, as gitignore(5) says."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._rules: dict[str, tuple[tuple[bool, re.Pattern[str]], ...]] = {}

    def __call__(self, path: str) -> bool:
        """Whether a path, or a folder that it lies in, is ignored."""
        parts = path.strip("/").split("/")
        return any(self._matches("/".join(parts[: depth + 1]), folder=depth + 1 < len(parts)) for depth in range(len(parts)))

    def _matches(self, path: str, *, folder: bool) -> bool:
        # The last matching line of the nearest file decides.
        for base in ancestors(path):
            below = path[len(base) :].lstrip("/")
            for negated, pattern in reversed(self._of(base)):
                if pattern.fullmatch(below) or pattern.fullmatch(below + "/") and (folder or "." not in below.rpartition("/")[2]):
                    return not negated
        return False

    def _of(self, base: str) -> tuple[tuple[bool, re.Pattern[str]], ...]:
        if base not in self._rules:
            path = f"{base}/.gitignore".lstrip("/")
            text = self._subject.text(path) if path in self._subject.entries else None
            self._rules[base] = () if text is None else tuple(_rules(text.text))
        return self._rules[base]


def _rules(text: str) -> Iterable[tuple[bool, re.Pattern[str]]]:
    for line in text.splitlines():
        pattern = line.rstrip()
        if not pattern or pattern.startswith("#") or len(pattern) > 500 or pattern.count("*") > 8:
            continue
        negated = pattern.startswith("!")
        yield negated, _compiled(pattern.removeprefix("!").removeprefix("\\"))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    anchored = "/" in pattern.rstrip("/")
    only_folders = pattern.endswith("/")
    out = []
    rest = pattern.strip("/")
    while rest:
        if rest.startswith("**/"):
            out.append("(?:[^/]+/)*")
            rest = rest[3:]
        elif rest.startswith("**"):
            out.append(".*")
            rest = rest[2:]
        elif rest[0] == "*":
            out.append("[^/]*")
            rest = rest[1:]
        elif rest[0] == "?":
            out.append("[^/]")
            rest = rest[1:]
        elif rest[0] == "[" and (end := rest.find("]", 2)) > 0:
            body = rest[1:end].replace("\\", "\\\\").replace("[", "\\[")
            out.append("[" + ("^" + body[1:] if body.startswith(("!", "^")) else body) + "]")
            rest = rest[end + 1 :]
        else:
            out.append(re.escape(rest[0]))
            rest = rest[1:]
    try:
        return re.compile(("" if anchored else "(?:[^/]+/)*") + "".join(out) + ("/" if only_folders else "/?"))
    except re.error:
        return re.compile(r"(?!)")
