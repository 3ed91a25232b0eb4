"""What values a Helm chart knows, read from its tree without rendering it.

A key counts as known where ``values.yaml`` has it (also commented out, as an example), where a template reads it, or where it
lies below something that takes anything: an empty map, a list, a null, or a value that a template hands on as a whole.
Values for dependencies stand under the dependency's name or alias (https://helm.sh/docs/chart_template_guide/subcharts_and_globals/).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from relgraph.model.repository import Tree

__all__ = ["Chart", "Key", "chart_in", "setting_path", "values_keys"]

_KEY = re.compile(
    r"^(?P<indent>[ ]*+)(?P<comment>#[ ]?)?(?P<more>[ ]*+)(?P<dash>-[ ]++)?(?P<key>[\w./-]++|\"[^\"\n]+\"|'[^'\n]+')[ ]*+:(?:[ ]++(?P<value>[^\n]*))?$"
)
_BLOCK_SCALAR = re.compile(r"[|>][+-]?\d?(?:\s|$)")
_FIELD = re.compile(r"\.Values(?P<path>(?:\.[A-Za-z_][\w-]*)*)")
_INDEX = re.compile(r"index[ \t]+(?:\$|\.|\$\.)?\.?Values(?P<path>(?:\.\w+)*)(?P<keys>(?:[ \t]+\"[^\"]+\")+)")
_NAME = re.compile(r"^name:[ \t]*[\"']?([\w.-]+)", re.MULTILINE)
_TYPE = re.compile(r"^type:[ \t]*[\"']?library", re.MULTILINE)
_DEPENDENCY = re.compile(r"^[ ]*(?:-[ ]+)?(?:name|alias):[ \t]*[\"']?([\w.-]+)", re.MULTILINE)
_CONDITION = re.compile(r"^[ ]*(?:-[ ]+)?condition:[ \t]*[\"']?([\w.,-]+)", re.MULTILINE)
# Within these only the truth of a value is asked for: what lies below it is not handed on.
_ASKED = re.compile(r"(?:\bif|\band|\bor|\bnot|\belse if|\bhasKey|\bempty)[ \t(]*\$?\Z")
_ALWAYS = frozenset(("global", "tags"))


class Key(NamedTuple):
    """One key of a values file: its path, the offset of its text, whether anything may be set below it, and whether it is
    only an example in a comment."""

    path: tuple[str, ...]
    start: int
    takes_anything: bool
    commented: bool


class Chart(NamedTuple):
    """A chart at one revision: its folder, its name, and the values it knows (paths of keys).

    ``read`` are those that its own templates read, ``open`` those below which anything may be set, ``foreign`` the names
    under which values of its dependencies stand.
    """

    folder: str
    name: str
    known: frozenset[tuple[str, ...]]
    read: frozenset[tuple[str, ...]]
    open: frozenset[tuple[str, ...]]
    foreign: frozenset[str]

    def knows(self, path: tuple[str, ...]) -> bool:
        """Whether setting this path can have an effect."""
        if not path or () in self.open or path[0] in _ALWAYS or path[0] in self.foreign:
            return True
        if any(path[:depth] in self.open for depth in range(1, len(path) + 1)):
            return True
        return path in self.known

    def alternatives(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """Known keys that may have been meant, best first: the same words in another order or place, then the same last word."""
        words = set(path)
        leaves = [known for known in self.known if len(known) > 1 or len(path) == 1]
        ranked = sorted(leaves, key=lambda known: (-len(words & set(known)), abs(len(known) - len(path)), known))
        return tuple(".".join(known) for known in ranked[:3] if len(words & set(known)) > 0)


def setting_path(name: str) -> tuple[str, ...]:
    r"""The keys that the left side of ``--set`` names: ``a.b\.c[0].d`` is a, b.c, d."""
    plain = re.sub(r"\[\d+\]", "", name)
    parts = [part.replace("\0", ".") for part in plain.replace("\\.", "\0").split(".")]
    return tuple(part for part in parts if part)


def chart_in(tree: Tree, name: str, folder: str | None = None) -> Chart | None:
    """The chart of that name in a tree; where none has it, the only chart of the tree; None where that is none, or a library.

    ``folder``: look there only.
    """
    folders = [path.rpartition("/")[0] for path in tree.entries if path.rpartition("/")[2] == "Chart.yaml"]
    if folder is not None:
        folders = [one for one in folders if one == folder]
    charts = []
    for place in folders:
        text = _read(tree, place, "Chart.yaml")
        if text is not None:
            found = _NAME.search(text)
            charts.append((place, found[1] if found else "", text))
    named = [chart for chart in charts if chart[1] == name]
    if len(named) != 1:
        named = charts if len(charts) == 1 else []
    if not named:
        return None
    place, own, text = named[0]
    return None if _TYPE.search(text) else _chart(tree, place, own, text)


def _chart(tree: Tree, folder: str, name: str, text: str) -> Chart:
    known: set[tuple[str, ...]] = set()
    free: set[tuple[str, ...]] = set()
    values = _read(tree, folder, "values.yaml")
    for key in () if values is None else values_keys(values):
        known.add(key.path)
        if key.takes_anything:
            free.add(key.path)
    read: set[tuple[str, ...]] = set()
    inside = f"{folder}/" if folder else ""
    templates = [path for path in tree.entries if path.startswith(f"{inside}templates/")]
    for _, data in tree.read_many(templates):
        for path, whole in _used(data.decode("utf-8", "replace")):
            known.add(path)
            read.add(path)
            # A map that values.yaml spells out is read key by key by whoever gets it.
            if whole and not any(len(other) > len(path) and other[: len(path)] == path for other in known):
                free.add(path)
    known |= {path[:depth] for path in tuple(known) for depth in range(1, len(path))}
    _, dependencies, below = text.partition("dependencies:")
    foreign = {*_DEPENDENCY.findall(below)} if dependencies else set()
    foreign |= {condition.split(".")[0] for line in _CONDITION.findall(below) for condition in line.split(",")}
    foreign |= {path[len(inside) + 7 :].split("/")[0] for path in tree.entries if path.startswith(f"{inside}charts/")}
    return Chart(folder, name, frozenset(known), frozenset(read), frozenset(free), frozenset(foreign))


def _read(tree: Tree, folder: str, file: str) -> str | None:
    data = tree.read(f"{folder}/{file}".lstrip("/"))
    return None if data is None else data.decode("utf-8", "replace")


def values_keys(text: str) -> Iterator[Key]:
    """Every key of a values file, in order; keys within lists and block scalars are left out, the list stands for them."""
    stack: list[tuple[int, str]] = []
    skip_below = -1
    found: list[tuple[tuple[str, ...], str, bool, int]] = []
    offset = 0
    for line in text.split("\n"):
        start, offset = offset, offset + len(line) + 1
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip(" "))
        if skip_below >= 0:
            if indent > skip_below:
                continue
            skip_below = -1
        match = _KEY.match(line.removesuffix("\r"))
        if match is None:
            if line.lstrip().startswith("- ") and stack and indent >= stack[-1][0]:
                found.append((tuple(key for _, key in stack), "[", False, start))
            continue
        if match["comment"] is not None:
            indent += len(match["more"])
        if match["dash"]:
            found.append((tuple(key for level, key in stack if level <= indent), "[", False, start))
            skip_below = indent
            continue
        while stack and stack[-1][0] >= indent:
            stack.pop()
        stack.append((indent, match["key"].strip("\"'")))
        value = (match["value"] or "").partition(" #")[0].strip()
        found.append((tuple(key for _, key in stack), value, match["comment"] is not None, start + match.start("key")))
        if match["comment"] is not None:
            # A comment may be prose with a colon: it opens nothing that what follows could belong to.
            stack.pop()
        elif _BLOCK_SCALAR.match(value):
            skip_below = indent
    parents = {path[:-1] for path, _, _, _ in found}
    for path, value, commented, start in found:
        anything = commented or value[:1] in ("{", "[", "*", "&") or value in ("null", "~") or (not value and path not in parents)
        if path:
            yield Key(path, start, anything, commented)


def _used(text: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Every path that a template reads, and whether it is handed on as a whole."""
    for match in _INDEX.finditer(text):
        yield (*_split(match["path"]), *re.findall(r"\"([^\"]+)\"", match["keys"])), True
    for match in _FIELD.finditer(text):
        before = text[max(0, match.start() - 40) : match.start()]
        if match["path"] or not re.search(r"index[ \t]+\$?\Z", before):
            yield _split(match["path"]), _ASKED.search(before) is None


def _split(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split(".") if part)
