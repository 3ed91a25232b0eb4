"""A declaration as YAML with positions: what stands where, before it means anything."""

from typing import Any, NamedTuple, TypeAlias

from relgraph.model.graph import Origin

__all__ = ["Entry", "Problem", "Value", "read_document"]

# Enough for a hundred thousand nodes; more is refused at once, before a minute of reading.
_MOST_BYTES = 32 << 20
_DEEPEST = 32


class Problem(NamedTuple):
    """Something wrong in a declaration: where, what, and what to do."""

    origin: Origin
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.origin}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class Value(NamedTuple):
    """A scalar (``text`` and whether it was quoted), a list of values, or a mapping's entries; line and column from 1."""

    line: int
    column: int
    text: str | None = None
    quoted: bool = False
    items: "tuple[Value, ...] | None" = None
    entries: "tuple[Entry, ...] | None" = None

    @property
    def what(self) -> str:
        """The word for it in messages."""
        if self.entries is not None:
            return "a mapping"
        if self.items is not None:
            return "a list"
        return "nothing" if self.is_null else f"'{self.text}'"

    @property
    def is_null(self) -> bool:
        """Whether nothing is given."""
        return self.text is not None and not self.quoted and self.text in ("", "~", "null", "Null", "NULL")


class Entry(NamedTuple):
    """One entry of a mapping."""

    key: str
    line: int
    column: int
    value: Value


_Frame: TypeAlias = tuple[list[Any], bool, int, int]


def read_document(path: str, data: bytes) -> tuple[Value | None, list[Problem]]:
    """The one document of a file, and what is wrong with it as YAML.

    Aliases, several documents and keys that are no text are refused: a declaration should say what it means where it stands.
    """
    import yaml

    if len(data) > _MOST_BYTES:
        return None, [
            Problem(
                Origin(path, 1, 1),
                f"{len(data) >> 20} MiB of YAML",
                f"a file has at most {_MOST_BYTES >> 20} MiB; split the graph over several",
            )
        ]
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        return None, [Problem(Origin(path, line, 1), "not UTF-8", "save the file as UTF-8")]
    try:
        return _build(path, yaml.parse(text, loader))
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        origin = Origin(path, mark.line + 1, mark.column + 1) if mark is not None else Origin(path, 1, 1)
        return None, [Problem(origin, f"not YAML: {problem.problem or problem.context}")]
    except yaml.YAMLError as problem:
        return None, [Problem(Origin(path, 1, 1), f"not YAML: {str(problem).splitlines()[0]}")]


def _build(path: str, events: Any) -> tuple[Value | None, list[Problem]]:
    problems: list[Problem] = []
    root: list[Any] = []
    stack: list[_Frame] = [(root, False, 1, 1)]
    documents = 0
    for event in events:
        kind = type(event).__name__
        if kind == "ScalarEvent":
            mark = event.start_mark
            stack[-1][0].append(Value(mark.line + 1, mark.column + 1, event.value, event.style not in (None, "")))
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            mark = event.start_mark
            stack.append(([], kind == "MappingStartEvent", mark.line + 1, mark.column + 1))
            if len(stack) > _DEEPEST:
                return None, [*problems, Problem(Origin(path, mark.line + 1, mark.column + 1), "nested too deep")]
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            items, is_mapping, line, column = stack.pop()
            value = _mapping(path, items, line, column, problems) if is_mapping else Value(line, column, items=tuple(items))
            stack[-1][0].append(value)
        elif kind == "AliasEvent":
            mark = event.start_mark
            problems.append(
                Problem(Origin(path, mark.line + 1, mark.column + 1), f"an alias (*{event.anchor})", "write the value out")
            )
            stack[-1][0].append(Value(mark.line + 1, mark.column + 1, ""))
        elif kind == "DocumentStartEvent":
            documents += 1
            if documents > 1:
                mark = event.start_mark
                problems.append(Problem(Origin(path, mark.line + 1, 1), "a second document", "one graph document a file"))
    return (root[0] if root else None), problems


def _mapping(path: str, items: list[Value], line: int, column: int, problems: list[Problem]) -> Value:
    entries: list[Entry] = []
    seen: dict[str, Value] = {}
    for key, value in zip(items[::2], items[1::2], strict=True):
        if key.text is None:
            problems.append(Problem(Origin(path, key.line, key.column), f"{key.what} as a key", "a key is a name"))
            continue
        if (first := seen.get(key.text)) is not None:
            problems.append(
                Problem(Origin(path, key.line, key.column), f"'{key.text}' stands here again", f"first in line {first.line}")
            )
            continue
        seen[key.text] = key
        entries.append(Entry(key.text, key.line, key.column, value))
    return Value(line, column, entries=tuple(entries))
