"""Fields of declarations: what a value must look like, read into plain values, with a JSON Schema for editors."""

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, NamedTuple

from relgraph.model.graph import Origin
from relgraph.workspace.document import Entry, Problem, Value

__all__ = [
    "Field",
    "Reading",
    "Shape",
    "boolean",
    "choice",
    "listed",
    "mapping",
    "pairs",
    "plain",
    "read_fields",
    "release_format",
    "tag_format",
    "text",
    "texts",
    "whole",
]


class Reading:
    """The reading of one document: its path, and every problem met so far."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def origin(self, at: Value | Entry) -> Origin:
        """The place of a value."""
        return Origin(self.path, at.line, at.column)

    def refuse(self, at: Value | Entry, message: str, hint: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(self.origin(at), message, hint))


class Shape(NamedTuple):
    """What a value must look like: a reader that returns the plain value (None and a problem where it is wrong), and its schema."""

    read: Callable[[Reading, Value], Any]
    schema: dict[str, Any]


class Field(NamedTuple):
    """A field of a mapping: its name, shape and meaning."""

    name: str
    shape: Shape
    about: str
    required: bool = False


def read_fields(reading: Reading, value: Value, fields: tuple[Field, ...], what: str) -> dict[str, Any]:
    """A mapping with these fields; every unknown, missing or misshapen one is a problem."""
    found: dict[str, Any] = {}
    if value.entries is None:
        if not value.is_null:
            reading.refuse(value, f"{what} is a mapping, not {value.what}")
            return found
        entries: tuple[Entry, ...] = ()
    else:
        entries = value.entries
    known = {field.name: field for field in fields}
    present = {entry.key for entry in entries}
    for entry in entries:
        field = known.get(entry.key)
        if field is None:
            close = get_close_matches(entry.key, known, n=1)
            hint = f"did you mean '{close[0]}'?" if close else "known are " + ", ".join(sorted(known))
            reading.refuse(entry, f"{what} has no '{entry.key}'", hint)
            present.update(close)  # one slip is one problem
            continue
        read = field.shape.read(reading, entry.value)
        if read is not None:
            found[entry.key] = read
        if field.required and read == () and entry.value.items in ((), None):
            reading.refuse(entry, f"'{entry.key}' of {what} is empty", field.about)
    for field in fields:
        if field.required and field.name not in present:
            reading.refuse(value, f"{what} needs '{field.name}'", field.about)
    return found


def _text(reading: Reading, value: Value) -> str | None:
    if value.text is None or value.is_null:
        reading.refuse(value, f"text is wanted here, not {value.what}")
        return None
    return value.text


def _texts(reading: Reading, value: Value) -> tuple[str, ...] | None:
    if value.items is None:
        one = _text(reading, value)
        return None if one is None else (one,)
    return tuple(one for item in value.items if (one := _text(reading, item)) is not None)


def _boolean(reading: Reading, value: Value) -> bool | None:
    if value.text in ("true", "True", "yes", "on") and not value.quoted:
        return True
    if value.text in ("false", "False", "no", "off") and not value.quoted:
        return False
    reading.refuse(value, f"true or false is wanted here, not {value.what}")
    return None


def _whole(reading: Reading, value: Value) -> int | None:
    if value.text is not None and not value.quoted and re.fullmatch(r"\d{1,9}", value.text):
        return int(value.text)
    reading.refuse(value, f"a whole number is wanted here, not {value.what}")
    return None


_PLACE = re.compile(r"\{(\w*)\}")
_PARTS = ("version", "major", "minor", "patch", "pre", "semver")


def _tag_format(reading: Reading, value: Value) -> str | None:
    written = _text(reading, value)
    if written is None:
        return None
    names = _PLACE.findall(written)
    if unknown := [name for name in names if name not in _PARTS]:
        reading.refuse(value, f"'{{{unknown[0]}}}' in a tag format", "known are " + ", ".join(f"{{{part}}}" for part in _PARTS))
        return None
    if not names:
        reading.refuse(
            value, f"the tag format '{written}' holds no version", "write {version} where the version stands, as in v{version}"
        )
        return None
    return written


def _release_format(reading: Reading, value: Value) -> str | None:
    written = _tag_format(reading, value)
    if written is not None and _PLACE.findall(written) not in (["version"], ["semver"]):
        reading.refuse(
            value, f"releases cannot be read back from '{written}'", "write {version} once and no other part, as in v{version}"
        )
        return None
    return written


text = Shape(_text, {"type": "string"})
texts = Shape(_texts, {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
boolean = Shape(_boolean, {"type": "boolean"})
whole = Shape(_whole, {"type": "integer", "minimum": 0})
tag_format = Shape(_tag_format, {"type": "string", "pattern": r"\{(version|major|minor|patch|pre|semver)\}"})
release_format = Shape(_release_format, {"type": "string", "pattern": r"^[^{]*\{(version|semver)\}[^{]*$"})


def choice(*options: str) -> Shape:
    """One of a few words."""

    def read(reading: Reading, value: Value) -> str | None:
        if value.text in options:
            return value.text
        close = get_close_matches(value.text or "", options, n=1)
        reading.refuse(
            value, f"{value.what} where one of {', '.join(options)} is wanted", f"did you mean '{close[0]}'?" if close else ""
        )
        return None

    return Shape(read, {"enum": list(options)})


def mapping(fields: tuple[Field, ...], what: str) -> Shape:
    """A mapping with fields of its own; its plain value holds ``""`` as the place where it was declared."""

    def read(reading: Reading, value: Value) -> dict[str, Any]:
        return read_fields(reading, value, fields, what) | {"": reading.origin(value)}

    return Shape(read, schema_of(fields))


def _plain(reading: Reading, value: Value) -> Any:
    """Whatever is written: text as it stands, lists as tuples, mappings by their keys. Nothing is None."""
    if value.entries is not None:
        return {entry.key: _plain(reading, entry.value) for entry in value.entries}
    if value.items is not None:
        return tuple(_plain(reading, item) for item in value.items)
    return None if value.is_null else value.text


#: Any value: for what somebody else's program reads.
plain = Shape(_plain, {})


def pairs(item: Shape, what: str) -> Shape:
    """A mapping whose keys are the user's own, all values of one shape."""

    def read(reading: Reading, value: Value) -> dict[str, Any]:
        if value.entries is None:
            if not value.is_null:
                reading.refuse(value, f"{what} is a mapping, not {value.what}")
            return {}
        found = ((entry.key, item.read(reading, entry.value)) for entry in value.entries)
        return {key: one for key, one in found if one is not None}

    return Shape(read, {"type": "object", "additionalProperties": item.schema})


def listed(item: Shape) -> Shape:
    """A list of a shape; one alone need not be in a list."""

    def read(reading: Reading, value: Value) -> tuple[Any, ...]:
        values = value.items if value.items is not None else () if value.is_null else (value,)
        return tuple(one for each in values if (one := item.read(reading, each)) is not None)

    return Shape(read, {"oneOf": [item.schema, {"type": "array", "items": item.schema}]})


def schema_of(fields: tuple[Field, ...]) -> dict[str, Any]:
    """The JSON Schema of a mapping with these fields and no other."""
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.name: {**field.shape.schema, "description": field.about} for field in fields},
    }
    if required := [field.name for field in fields if field.required]:
        schema["required"] = required
    return schema
