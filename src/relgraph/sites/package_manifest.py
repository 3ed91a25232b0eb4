"""References in package manifests: pyproject.toml, Cargo.toml, package.json, requirements files, version files of tools.

Names of packages carry their registry's short name: ``pypi:jinja2`` (normalized after PEP 503), ``npm:react``, ``cargo:serde``.
"""

import re
from collections.abc import Callable, Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.build import extra_of, pin_of
from relgraph.sites.extractor import Extractor
from relgraph.sites.mangle import looks_like_version, unmangle
from relgraph.sites.variable import value_sites
from relgraph.syntax.text import Text
from relgraph.syntax.toml import TomlString, read_toml

__all__ = ["EXTRACTOR"]

_REQUIREMENTS = re.compile(
    r"(?:.*/)?(?:[\w.-]*requirements[\w.-]*|constraints[\w.-]*)\.(?:txt|in)|(?:.*/)?requirements/[\w.-]+\.(?:txt|in)"
)
_VERSION_FILE = re.compile(r"(?:.*/)?(?:VERSION|version|\.version|VERSION\.txt|version\.txt)")
_TOOL_FILES = {
    ".nvmrc": "node",
    ".node-version": "node",
    ".python-version": "python",
    ".go-version": "go",
    ".ruby-version": "ruby",
    ".java-version": "java",
}
_TOOLCHAINS = {
    "golang": "go",
    "go": "go",
    "nodejs": "node",
    "node": "node",
    "python": "python",
    "rust": "rust",
    "java": "java",
    "ruby": "ruby",
}
_CODE = re.compile(r"(?:.*/)?(?:__init__|_?_?version_?_?|__about__|setup|conf)\.py|.*\.rb")
# How a Python package and a Homebrew formula say their own version.
_CODE_VERSION = re.compile(
    r"^(?:__version__[ \t]*(?::[ \t]*\w+[ \t]*)?=[ \t]*|[ \t]+version(?:=|[ \t]+))[\"'](?P<version>[^\"'\n]+)[\"']", re.MULTILINE
)
# PEP 508: name, extras, the first clause of its version specifier; further clauses count as part of a range.
_PEP508 = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)[ \t]*(?:\[[\w,. -]*\])?[ \t]*\(?[ \t]*(?P<op>===?|~=|>=|<=|!=|<|>)[ \t]*(?P<version>[\w.*+!-]+)"
    r"(?P<more>[ \t]*,[^;#\n]*)?"
)
_REQUIREMENT_LINE = re.compile(r"^[ \t]*(?=[A-Za-z0-9])(?P<spec>[^\n#;]+)", re.MULTILINE)
_LOWER = re.compile(r"(?P<op>>=|~=|==|>|\^|~)[ \t]*(?P<version>\d++(?:\.\d++)*+)")
_CONSTRAINT = re.compile(r"[ \t]*(?P<op>[\^~]|>=|<=|=|<|>)?[ \t]*(?P<version>v?\d[\w.*+-]*)(?P<more>[\s\S]*)")
_JSON_TOKEN = re.compile(r"(?P<string>\"(?P<text>(?:[^\"\\\n]|\\.)*+)\")(?P<colon>[ \t\r\n]*:)?|(?P<open>[{\[])|(?P<close>[}\]])")
_TOOL_LINE = re.compile(r"^[ \t]*(?P<name>[A-Za-z][\w-]*)[ \t]+(?P<version>[^\s#]+)", re.MULTILINE)
_KEY_LINE = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*[\"']?(?P<value>[^\s\"'#]+)", re.MULTILINE
)
_FIRST_WORD = re.compile(r"\s*(?P<version>[^\s#]+)")
_ONE_WORD = re.compile(r"\s*(?P<version>\S+)\s*")
_NPM_GROUPS = frozenset(("dependencies", "devDependencies", "peerDependencies", "optionalDependencies", "resolutions", "overrides"))
_CARGO_GROUPS = frozenset(("dependencies", "dev-dependencies", "build-dependencies"))


def _matches(path: str) -> bool:
    name = path.rpartition("/")[2]
    return (
        _CODE.fullmatch(path) is not None
        or name in _READERS
        or name in _TOOL_FILES
        or _VERSION_FILE.fullmatch(path) is not None
        or _REQUIREMENTS.fullmatch(path) is not None
    )


def _extract(text: Text) -> Iterator[Site]:
    name = text.path.rpartition("/")[2]
    if name in _TOOL_FILES:
        return _first_line(text, _TOOL_FILES[name])
    if name in _READERS:
        return _READERS[name](text)
    if _CODE.fullmatch(text.path):
        return _code(text)
    return _version_file(text) if _VERSION_FILE.fullmatch(text.path) else _requirements(text)


def _requirements(text: Text) -> Iterator[Site]:
    for match in _REQUIREMENT_LINE.finditer(text.text):
        yield from _pep508(text, *match.span("spec"), "requirements")


def _code(text: Text) -> Iterator[Site]:
    for match in _CODE_VERSION.finditer(text.text):
        yield from value_sites(text, *match.span("version"), "version", syntax="package", scope="file", role=Role.DECLARES)


def _tool_versions(text: Text) -> Iterator[Site]:
    for match in _TOOL_LINE.finditer(text.text):
        yield from _tool(text, match["name"], *match.span("version"))


def _rust_toolchain(text: Text) -> Iterator[Site]:
    if "[" not in text.text:
        yield from _first_line(text, "rust")
    for string in read_toml(text):
        if string.keys[-1] == "channel":
            yield _toolchain(text, "rust", string.start, string.end, "channel", Role.USES)


def _site(text: Text, kind: Kind, name: str, start: int, end: int, key: str, role: Role, *, op: str = "", **facts: str) -> Site:
    raw = text.text[start:end]
    value = unmangle(raw)
    # That a minimum is one, its role says; a range is what has another side too, or leaves the choice to the registry.
    ranged = facts.get("also") or op in ("^", "~", "~=", "<", "<=", "!=") or (op == ">=" and role is not Role.MINIMUM)
    pin = Pin.RANGE if ranged else pin_of(value)
    return Site(
        text.path, text.span(start, end), kind, name, Part.VERSION, raw, value, pin, role, key, "package", extra_of(op=op, **facts)
    )


def _toolchain(text: Text, name: str, start: int, end: int, key: str, role: Role, op: str = "") -> Site:
    return _site(text, Kind.TOOLCHAIN, name, start, end, key, role, op=op)


def _pep508(text: Text, start: int, end: int, key: str) -> Iterator[Site]:
    match = _PEP508.match(text.text, start, end)
    if match is not None:
        name = re.sub(r"[-_.]+", "-", match["name"]).lower()
        op = match["op"]
        more = (match["more"] or "").strip(" \t,)\r")
        role = Role.MINIMUM if op == ">=" else Role.USES
        yield _site(text, Kind.PACKAGE, f"pypi:{name}", *match.span("version"), key, role, op=op, also=more)


def _pyproject(text: Text) -> Iterator[Site]:
    for string in read_toml(text):
        yield from _python(text, string)


def _python(text: Text, string: TomlString) -> Iterator[Site]:
    keys = string.keys
    key = ".".join(keys)
    if keys in (("project", "version"), ("tool", "poetry", "version")):
        yield from value_sites(
            text, string.start, string.end, "version", syntax="package", scope="file", key=key, role=Role.DECLARES
        )
    elif keys in (("project", "requires-python"), ("tool", "poetry", "dependencies", "python")):
        # Of several clauses, in any order, the lower bound is the minimum.
        lower = _LOWER.search(text.text, string.start, string.end)
        if lower is not None:
            yield _toolchain(text, "python", *lower.span("version"), key, Role.MINIMUM, lower["op"])
    elif keys in (("project", "dependencies"), ("build-system", "requires")) or keys[:2] in (
        ("project", "optional-dependencies"), ("dependency-groups", keys[-1]),
    ):  # fmt: skip
        yield from _pep508(text, string.start, string.end, key)
    elif (
        keys[:2] == ("tool", "poetry")
        and len(keys) >= 4
        and "dependencies" in keys[2:-1]
        and keys[-1] not in ("python", "git", "path", "url")
    ):
        name = keys[keys.index("dependencies") + 1]
        if keys[-1] in (name, "version"):
            yield from _constraint(text, Kind.PACKAGE, "pypi:" + re.sub(r"[-_.]+", "-", name).lower(), string, key)


def _cargo(text: Text) -> Iterator[Site]:
    for string in read_toml(text):
        yield from _crate(text, string)


def _crate(text: Text, string: TomlString) -> Iterator[Site]:
    keys = string.keys
    key = ".".join(keys)
    if keys in (("package", "version"), ("workspace", "package", "version")):
        yield from value_sites(
            text, string.start, string.end, "version", syntax="package", scope="file", key=key, role=Role.DECLARES
        )
    elif keys == ("package", "rust-version"):
        yield _toolchain(text, "rust", string.start, string.end, key, Role.MINIMUM)
    else:
        group = next((index for index, part in enumerate(keys[:-1]) if part in _CARGO_GROUPS), None)
        if group is not None and (len(keys) == group + 2 or keys[group + 2 :] == ("version",)):
            yield from _constraint(text, Kind.PACKAGE, f"cargo:{keys[group + 1]}", string, key)


def _constraint(text: Text, kind: Kind, name: str, string: TomlString, key: str) -> Iterator[Site]:
    match = _CONSTRAINT.fullmatch(text.text, string.start, string.end)
    if match is not None:
        role = Role.MINIMUM if match["op"] == ">=" else Role.USES
        yield _site(text, kind, name, *match.span("version"), key, role, op=match["op"] or "", also=match["more"].strip(" ,"))


def _package_json(text: Text) -> Iterator[Site]:
    """Strings of a ``package.json`` with the keys that lead to them; positions matter here, so the text is walked, not parsed."""
    keys: list[str] = []
    current = ""
    for token in _JSON_TOKEN.finditer(text.text):
        if token["open"] is not None:
            keys.append(current)
            current = ""
        elif token["close"] is not None:
            if keys:
                keys.pop()
            current = ""
        elif token["colon"] is not None:
            current = token["text"]
        elif current:
            yield from _npm(text, TomlString((*keys[1:], current), token["text"], *token.span("text")))
            current = ""


def _npm(text: Text, string: TomlString) -> Iterator[Site]:
    keys = string.keys
    key = ".".join(keys)
    if keys == ("version",):
        yield from value_sites(
            text, string.start, string.end, "version", syntax="package", scope="file", key=key, role=Role.DECLARES
        )
    elif keys[0] == "engines" and len(keys) == 2 and keys[1] in _TOOLCHAINS:
        constraint = _CONSTRAINT.match(text.text, string.start, string.end)
        if constraint is not None:
            yield _toolchain(text, _TOOLCHAINS[keys[1]], *constraint.span("version"), key, Role.MINIMUM, constraint["op"] or "")
    elif keys[0] == "packageManager" and "@" in string.value:
        name, _, version = string.value.partition("+")[0].rpartition("@")
        start = string.start + len(name) + 1
        yield _site(text, Kind.PACKAGE, f"npm:{name}", start, start + len(version), key, Role.USES)
    elif keys[0] in _NPM_GROUPS and len(keys) == 2:
        yield from _constraint(text, Kind.PACKAGE, f"npm:{keys[1]}", string, key)


def _tool(text: Text, name: str, start: int, end: int) -> Iterator[Site]:
    if text.text[start].isdigit() or text.text[start] == "v":
        if name in _TOOLCHAINS:
            yield _toolchain(text, _TOOLCHAINS[name], start, end, name, Role.USES)
        else:
            yield from value_sites(
                text, start, end, f"{name.upper().replace('-', '_')}_VERSION", syntax="package", scope="file", key=name
            )


def _first_line(text: Text, toolchain: str) -> Iterator[Site]:
    match = _FIRST_WORD.match(text.text)
    if match is not None and looks_like_version(unmangle(match["version"]), named=True):
        yield _toolchain(text, toolchain, *match.span("version"), "", Role.USES)


def _version_file(text: Text) -> Iterator[Site]:
    """A file that holds one version, or lines of ``name=version``."""
    found = False
    for match in _KEY_LINE.finditer(text.text):
        if looks_like_version(unmangle(match["value"]), named=True):
            found = True
            start, end = match.span("value")
            raw = text.text[start:end]
            value = unmangle(raw)
            yield Site(
                text.path, text.span(start, end), Kind.VARIABLE, match["key"], Part.VERSION, raw, value, pin_of(value), Role.DECLARES,
                match["key"], "package", extra_of(scope="file"),
            )  # fmt: skip
    if found:
        return
    whole = _ONE_WORD.fullmatch(text.text) if len(text.text) < 200 else None
    if whole is not None and looks_like_version(unmangle(whole["version"]), named=True):
        yield from value_sites(text, *whole.span("version"), "VERSION", syntax="package", scope="file", role=Role.DECLARES)


_READERS: dict[str, Callable[[Text], Iterator[Site]]] = {
    "pyproject.toml": _pyproject, "Cargo.toml": _cargo, "package.json": _package_json, ".tool-versions": _tool_versions,
    "rust-toolchain": _rust_toolchain, "rust-toolchain.toml": _rust_toolchain,
}  # fmt: skip

EXTRACTOR = Extractor("package", _matches, _extract)
