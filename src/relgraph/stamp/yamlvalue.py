"""Values in YAML files, set at their addresses: the bytes of the value change, and no other.

A file that is YAML is read by PyYAML's composer, which knows where every node begins and ends; after the edits it is loaded
again and must differ in the values that were set alone. A file that is no YAML by itself, as the templates of a chart, is read
by :mod:`relgraph.syntax.yaml`, which reads on where a strict parser stops.
"""

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

import yaml

from relgraph.model.yamltext import YamlProblem, load_yaml
from relgraph.stamp.problem import Problem
from relgraph.syntax.yaml import Path, Style, address, scalars, unquote

__all__ = ["Edit", "check_values", "set_values"]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STYLES = {None: Style.PLAIN, "": Style.PLAIN, "'": Style.SINGLE, '"': Style.DOUBLE, "|": Style.LITERAL, ">": Style.FOLDED}
_STRING, _BOOL = "tag:yaml.org,2002:str", "tag:yaml.org,2002:bool"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_LETTERS = ("y", "Y", "n", "N")  # what Go's older reader takes for yes and no
_ANCHOR = re.compile(r"&\S++(?:\s++|\Z)?")
_DEEPEST = 64


class Edit(NamedTuple):
    """``text[start:end]`` becomes ``new``; offsets are code points."""

    start: int
    end: int
    new: str


class _Value(NamedTuple):
    """A value of a file: its address, its span with quotes, its style and tag, the text that it stands for."""

    path: Path
    start: int
    end: int
    style: Style
    tag: str
    text: str
    flow: bool = False
    alias: bool = False
    glued: bool = False  # nothing, right behind something


def set_values(path: str, text: str, wanted: Mapping[str, str], problems: list[Problem]) -> list[Edit]:
    """The edits that give the values at these addresses (``image.tag``, ``items[0].name``) their new texts.

    Each address must be that of exactly one value in the file; what is wrong joins ``problems``.
    """
    values = _values(text) if wanted else []
    found: dict[str, list[_Value]] = {}
    inner: dict[str, tuple[int, int]] = {}
    for value in values:
        found.setdefault(address(value.path), []).append(value)
        for depth in range(1, len(value.path)):
            inner.setdefault(address(value.path[:depth]), (value.start, len(value.path)))
    edits: list[Edit] = []
    for where, new in wanted.items():
        there = found.get(where, [])
        if len(there) == 1 and not there[0].alias:
            one = there[0]
            edits.append(Edit(one.start, one.end, _written(new, one)))
            continue
        if not there:
            problems.append(_missing(path, text, where, inner, list(found)))
        elif there[0].alias and len(there) == 1:
            message = f"the value at {where} is an alias of another one"
            problems.append(Problem(path, message, *_place(text, there[0].start), "write the value itself there"))
        else:
            others = ", ".join(f"line {_place(text, one.start)[0]}" for one in there[1:])
            message = f"{where} stands {len(there)} times, also in {others}"
            problems.append(Problem(path, message, *_place(text, there[0].start), "an address must be that of one value"))
    return edits


def check_values(path: str, before: str, after: str, wanted: Mapping[str, str], problems: list[Problem]) -> None:
    """Read the file again: the values that were set must be what was asked, and all others what they were."""
    if _is_yaml(before) and not _is_yaml(after):
        problems.append(
            Problem(path, f"setting {', '.join(sorted(wanted))} makes it no YAML", 1, 1, "write the value as plain text there")
        )
        return
    old, new = ({address(value.path): value.text for value in _values(text)} for text in (before, after))
    for where, text in wanted.items():
        if new.get(where) != text:
            message = f"after stamping, {where} reads {new.get(where)!r} instead of {text!r}"
            problems.append(Problem(path, message, 1, 1, "give the value quotes in the file"))
    moved = [where for where in old if where not in wanted and new.get(where) != old[where]]
    if moved:
        message = f"setting {', '.join(sorted(wanted))} changed {moved[0]} too"
        problems.append(Problem(path, message, 1, 1, "give the value quotes in the file"))


def _values(text: str) -> list[_Value]:
    try:
        return list(_composed(text))
    except (yaml.YAMLError, RecursionError, ValueError):
        return [_lenient(text, *one) for one in _scalars(text)]


def _is_yaml(text: str) -> bool:
    try:
        return sum(1 for _ in _composed(text)) >= 0
    except (yaml.YAMLError, RecursionError, ValueError):
        return False


def _composed(text: str) -> Iterator[_Value]:
    # The reader skips a byte order mark without counting it.
    shift = len(text) - len(text.removeprefix("\ufeff"))
    body = text[shift:]
    _check_depth(body)
    loader = _Loader(body)
    try:
        while loader.check_node():
            seen: set[int] = set()
            for value in _walk(body, loader.get_node(), (), seen, flow=False, behind=-1):
                yield value._replace(start=value.start + shift, end=value.end + shift)
    finally:
        loader.dispose()


def _check_depth(text: str) -> None:
    # Before anything recursive sees the text: libyaml's composer ends the process where Python would raise.
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ValueError("nested too deep")


def _walk(text: str, node: yaml.Node, path: Path, seen: set[int], *, flow: bool, behind: int) -> Iterator[_Value]:
    start, end = node.start_mark.index, node.end_mark.index
    if start < behind or id(node) in seen:
        # The composer gives an alias the node that it names, which stands elsewhere.
        yield _Value(path, behind, behind, Style.PLAIN, "", "", alias=True)
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        style = _STYLES[node.style]
        if style in (Style.LITERAL, Style.FOLDED):
            while end > start and text[end - 1] in "\r\n \t":
                end -= 1
        # An anchor before the value stays; a tag goes, for what is set is a text. An empty value stands right behind something.
        if (anchor := _ANCHOR.match(text, start, end)) is not None:
            start = anchor.end()
        glued = start == end and start > 0 and text[start - 1] not in " \t\n"
        yield _Value(path, start, end, style, node.tag, str(node.value), flow, glued=glued)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                inside = flow or bool(node.flow_style)
                yield from _walk(text, value, (*path, str(key.value)), seen, flow=inside, behind=key.end_mark.index)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _walk(text, value, (*path, number), seen, flow=flow or bool(node.flow_style), behind=start)


def _scalars(text: str) -> Iterator[tuple[Path, int, int, Style, bool]]:
    for one in scalars(text):
        yield one.path, one.start, one.end, one.style, one.flow


def _lenient(text: str, path: Path, start: int, end: int, style: Style, flow: bool) -> _Value:
    value = unquote(text[start:end], style)
    if style in (Style.SINGLE, Style.DOUBLE):
        start, end = start - 1, end + 1
    return _Value(path, start, end, style, _tag(value) if style is Style.PLAIN else _STRING, value, flow)


def _written(new: str, old: _Value) -> str:
    """The text as it is written where the old value stands: in the same style where that says the same."""
    if old.style is Style.PLAIN:
        return (" " if old.glued else "") + (new if _is_plain(new, old) else _double(new))
    if old.style is Style.SINGLE and new.isprintable():
        return "'" + new.replace("'", "''") + "'"
    return _double(new)


def _is_plain(new: str, old: _Value) -> bool:
    """Whether the text may stand without quotes: every reader takes it for the same kind of value, and writes it out the same."""
    if not new.isprintable() or new.strip() != new or new in _LETTERS:
        return False
    document = f"[{new}]" if old.flow else f"k: {new}\n"
    try:
        value = load_yaml(document.encode())
        node = yaml.compose(document, _Loader)
    except (yaml.YAMLError, YamlProblem, UnicodeEncodeError):
        return False
    if not isinstance(node, yaml.CollectionNode) or len(node.value) != 1:
        return False
    held = node.value[0] if isinstance(node, yaml.SequenceNode) else node.value[0][1]
    if not isinstance(held, yaml.ScalarNode) or held.value != new or held.style:
        return False
    value = value[0] if isinstance(value, list) else value["k"]
    if held.tag == _STRING:
        return bool(value == new)
    if held.tag == _BOOL == old.tag:
        return new in ("true", "false")
    # A number stays a number, as long as that loses nothing: 1.10 would be read as 1.1.
    return held.tag in _NUMBERS and old.tag in _NUMBERS and str(value) == new


def _double(text: str) -> str:
    """The text between double quotes: JSON's escapes are YAML's, for characters beyond the first plane but one."""
    parts = [json.dumps(one)[1:-1] if one in '"\\' or one < " " else one if one.isprintable() else _escape(one) for one in text]
    return '"' + "".join(parts) + '"'


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _tag(text: str) -> str:
    try:
        _check_depth(text)
        node = yaml.compose(text, _Loader)
    except (yaml.YAMLError, ValueError):
        return _STRING
    return str(node.tag) if isinstance(node, yaml.ScalarNode) else _STRING


def _missing(path: str, text: str, where: str, inner: Mapping[str, tuple[int, int]], there: list[str]) -> Problem:
    if where in inner:
        message = f"{where} is no single value"
        return Problem(path, message, *_place(text, inner[where][0]), "name one of the values below it")
    close = get_close_matches(where, there, n=1)
    hint = f"did you mean {close[0]}?" if close else "a value must be there, if only an empty one"
    above = where
    while above:
        above = above[: max(above.rfind("."), above.rfind("["), 0)]
        if above in inner:
            return Problem(path, f"there is no value at {where}", *_place(text, inner[above][0]), hint)
    return Problem(path, f"there is no value at {where}", 1, 1, hint)


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[: max(offset, 0)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")
