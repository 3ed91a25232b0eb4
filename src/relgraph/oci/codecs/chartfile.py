"""Chart.yaml as Helm reads it: the same fields, in the order of its struct, with its corrections and its refusals.

After ``pkg/chart/v2`` of Helm: texts lose what cannot be printed, a number where a text belongs becomes one, an absent
apiVersion is v1, and ``requirements.yaml`` stands for the dependencies where it exists.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from relgraph.errors import DeclarationError
from relgraph.model.version import parse_version
from relgraph.model.yamltext import YamlProblem, load_yaml
from relgraph.oci.json import encode as to_json

__all__ = ["MAX_FILE", "Metadata", "read_metadata"]

#: The largest file that Helm reads from a chart, in bytes.
MAX_FILE = 5 << 20

_ALIAS = re.compile(r"[a-zA-Z0-9_-]+", re.ASCII)
_BLANKS = frozenset("\t\n\v\f\r \x85\xa0")


class Metadata(NamedTuple):
    """What a chart says of itself: ``fields`` are those of Chart.yaml as Helm reads them, in the order of Helm's struct."""

    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The chart's name."""
        return str(self.fields["name"])

    @property
    def version(self) -> str:
        """The chart's version, as written."""
        return str(self.fields["version"])

    @property
    def config(self) -> bytes:
        """The body of the config."""
        return to_json(self.fields)


def read_metadata(files: Callable[[str], bytes | None]) -> Metadata:
    """The metadata of a chart whose files ``files`` gives by path (None where there is no such file).

    Raises :class:`~relgraph.errors.DeclarationError` for what Helm would refuse.
    """
    data = files("Chart.yaml")
    if data is None:
        raise DeclarationError("Chart.yaml is missing", hint="a chart is a folder with a Chart.yaml, or a package of one")
    document = _mapping(data, "Chart.yaml")
    requirements = files("requirements.yaml")
    if requirements is not None:
        document = {**document, "dependencies": _mapping(requirements, "requirements.yaml").get("dependencies")}
    fields = {name: read(document.get(name), name) for name, read in _FIELDS.items()}
    fields["apiVersion"] = fields["apiVersion"] or "v1"
    _validate(fields)
    return Metadata({name: value for name, value in fields.items() if value})


def _validate(fields: Mapping[str, Any]) -> None:
    name, version = fields["name"], fields["version"]
    if not name or not version:
        raise DeclarationError(f"Chart.yaml: {'version' if name else 'name'} is missing")
    if name in (".", "..") or "/" in name:
        raise DeclarationError(f"Chart.yaml: {name!r} cannot be a chart's name")
    if parse_version(version) is None:
        raise DeclarationError(f"Chart.yaml: {version!r} is no version", hint="a chart's version follows semver.org")
    if fields["type"] not in ("", "application", "library"):
        raise DeclarationError(f"Chart.yaml: type is {fields['type']!r}", hint="it is application or library")
    seen: set[str] = set()
    for dependency in fields["dependencies"]:
        alias = dependency.get("alias", "")
        if alias and _ALIAS.fullmatch(alias) is None:
            raise DeclarationError(f"Chart.yaml: {alias!r} cannot be an alias")
        key = alias or dependency["name"]
        if key in seen:
            raise DeclarationError(f"Chart.yaml: two dependencies are called {key!r}", hint="give one of them an alias")
        seen.add(key)


def _mapping(data: bytes, what: str) -> dict[str, Any]:
    try:
        document = load_yaml(data.removeprefix(b"\xef\xbb\xbf"), limit=MAX_FILE)
    except YamlProblem as problem:
        raise DeclarationError(f"{what}: {problem}") from None
    if not isinstance(document, dict):
        raise DeclarationError(f"{what}: not a mapping")
    return document


def _text(value: Any, where: str) -> str:
    """A scalar as Helm's YAML reader puts it into a text field."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, (str, int)):
        return str(value)
    raise DeclarationError(f"Chart.yaml: {where}: text is expected")


def _number(value: float) -> str:
    """Go's shortest form (``strconv.FormatFloat`` with 'g' and -1), in which ``1.10`` is 1.1 and a million is 1e+06."""
    sign, digits, _ = Decimal(repr(value)).normalize().as_tuple()
    exponent = Decimal(repr(value)).adjusted() if value else 0
    if -4 <= exponent < 6:
        return f"{Decimal(repr(value)).normalize():f}"
    text = "".join(map(str, digits))
    return f"{'-' if sign else ''}{text[0]}{'.' if text[1:] else ''}{text[1:]}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _printable(value: Any, where: str) -> str:
    # Helm turns every kind of space into a blank and drops what cannot be printed.
    text = _text(value, where)
    if text.isascii() and text.isprintable():
        return text
    blanks = "".join(" " if character in _BLANKS or _is_separator(character) else character for character in text)
    return "".join(character for character in blanks if character.isprintable())


def _is_separator(character: str) -> bool:
    return character > "\xa0" and character.isspace()


def _texts(value: Any, where: str) -> list[str]:
    return [_printable(item, where) for item in _list(value, where)]


def _list(value: Any, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise DeclarationError(f"Chart.yaml: {where}: a list is expected")
    return value


def _objects(value: Any, where: str) -> list[dict[str, Any]]:
    items = _list(value, where)
    if not all(isinstance(item, dict) for item in items):
        raise DeclarationError(f"Chart.yaml: {where}: each entry is a mapping")
    return items


def _flag(value: Any, where: str) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise DeclarationError(f"Chart.yaml: {where}: true or false is expected")


def _people(value: Any, where: str) -> list[dict[str, str]]:
    people = []
    for item in _objects(value, where):
        person = {key: _printable(item.get(key), where) for key in ("name", "email", "url")}
        people.append({key: text for key, text in person.items() if text})
    return people


def _pairs(value: Any, where: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DeclarationError(f"Chart.yaml: {where}: a mapping is expected")
    return dict(sorted((_text(key, where), _text(item, where)) for key, item in value.items()))


def _dependencies(value: Any, where: str) -> list[dict[str, Any]]:
    dependencies = []
    for item in _objects(value, where):
        fields: dict[str, Any] = {
            "name": _printable(item.get("name"), where),
            "version": _printable(item.get("version"), where),
            "repository": _printable(item.get("repository"), where),
            "condition": _printable(item.get("condition"), where),
            "tags": _texts(item.get("tags"), where),
            "enabled": _flag(item.get("enabled"), where),
            "import-values": _list(item.get("import-values"), where),
            "alias": _text(item.get("alias"), where),
        }
        dependencies.append({key: field for key, field in fields.items() if field or key in ("name", "repository")})
    return dependencies


_FIELDS: dict[str, Callable[[Any, str], Any]] = {
    "name": _printable,
    "home": _printable,
    "sources": _texts,
    "version": _text,
    "description": _printable,
    "keywords": _texts,
    "maintainers": _people,
    "icon": _printable,
    "apiVersion": _text,
    "condition": _printable,
    "tags": _printable,
    "appVersion": _printable,
    "deprecated": _flag,
    "annotations": _pairs,
    "kubeVersion": _printable,
    "dependencies": _dependencies,
    "type": _text,
}
