"""Flow collections of YAML, and so JSON: ``[a, b]``, ``{name: x}``, over one line or many."""

import re
from typing import NamedTuple

from relgraph.syntax.yaml_scalar import Path, Style

__all__ = ["FlowScalar", "read_flow"]

_TOKEN = re.compile(
    r"[ \t\r]*+(?:(?P<line>\n[ \t]*+)|(?P<comment>(?<![^\s,\[\]{}])#[^\n]*+)|(?P<double>\"(?>[^\"\\{]++|\\.|\{\{[^{}\n]*+\}\}|\{)*+\")"
    r"|(?P<single>'(?>[^']++|'')*+')|(?P<open>\[|\{(?!\{))|(?P<close>[\]}])|(?P<comma>,)|(?P<colon>:(?![^\s,\[\]{}\"'])|(?<=[\"']):)"
    r"|(?P<plain>(?>\{\{[^{}\n]*+\}\}|\$\{\{?[^{}\n]*+\}\}?|\{(?=\{)|[^,\[\]{}:\n#]|:(?=[^\s,\[\]{}\"'])|(?<![\s,\[\]{}])#)++))",
    re.DOTALL,
)
# Deeper collections are passed over: paths are copied a level, and must not grow without bound.
_MAX_DEPTH = 64


class FlowScalar(NamedTuple):
    """A scalar in a flow collection: its path from the collection, offsets of its text without quotes, its style."""

    path: Path
    start: int
    end: int
    style: Style


class _Frame:
    __slots__ = ("current", "path")

    def __init__(self, path: Path, current: str | int | None) -> None:
        self.path, self.current = path, current  # None: a mapping whose next key is not read yet


def read_flow(text: str, position: int, end: int, parent: int) -> tuple[list[FlowScalar], int]:
    """The scalars of the collection that opens at ``position``, and the offset behind it.

    What nothing closes ends before the first line that is indented no deeper than ``parent``, the column of the key or dash
    that it belongs to.
    """
    found: list[FlowScalar] = []
    frames: list[_Frame] = []
    hidden = 0
    pending: FlowScalar | None = None
    while position < end and (match := _TOKEN.match(text, position, end)) is not None:
        kind, position = match.lastgroup, match.end()
        if not frames and kind != "open":
            return found, position
        if kind in ("plain", "double", "single"):
            one = None if hidden else _scalar(text, kind, match, frames[-1])
            if one is not None and pending is not None and one.style is Style.PLAIN is pending.style:
                one = one._replace(start=pending.start)  # another line of the same
            pending = one
        elif kind == "colon":
            if pending is not None:
                frames[-1].current = text[pending.start : pending.end].rpartition("\n")[2].strip()
            pending = None
        elif kind == "line":
            if position - match.start("line") - 1 <= parent and text[position : position + 1] not in ("]", "}", "\r", "\n", "#"):
                return found, match.start("line")
        elif kind != "comment":
            if pending is not None and pending.path[-1] != "":
                found.append(pending)
            pending = None
            hidden = _turn(frames, hidden, kind, mapping=text[position - 1] == "{")
            if not frames:
                return found, position
    return found, position


def _turn(frames: list[_Frame], hidden: int, kind: str | None, *, mapping: bool) -> int:
    """Open, close or go on in a collection; the number of open ones that are too deep to be followed."""
    if kind == "open":
        if hidden or len(frames) >= _MAX_DEPTH:
            return hidden + 1
        here = (*frames[-1].path, _current(frames[-1])) if frames else ()
        frames.append(_Frame(here, None if mapping else 0))
    elif kind == "close":
        if hidden:
            return hidden - 1
        frames.pop()
    elif not hidden:
        top = frames[-1]
        top.current = top.current + 1 if isinstance(top.current, int) else None
    return hidden


def _scalar(text: str, kind: str, match: re.Match[str], frame: _Frame) -> FlowScalar:
    start, end = match.span(kind)
    if kind == "plain":
        while end > start and text[end - 1] in " \t\r":
            end -= 1
        return FlowScalar((*frame.path, _current(frame)), start, end, Style.PLAIN)
    return FlowScalar((*frame.path, _current(frame)), start + 1, end - 1, Style.DOUBLE if kind == "double" else Style.SINGLE)


def _current(frame: _Frame) -> str | int:
    # The empty string stands for a key without a value, which is no scalar.
    return "" if frame.current is None else frame.current
