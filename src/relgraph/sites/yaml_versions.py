"""Which YAML scalars are versions: by what their key says and by what they look like."""

import re
from collections.abc import Iterator
from functools import lru_cache

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.build import pin_of, template_of
from relgraph.sites.mangle import looks_like_version, unmangle
from relgraph.sites.yaml_text import Group, YamlText, key_words
from relgraph.syntax.yaml import Scalar

__all__ = ["TOOLCHAINS", "entity_of", "is_version", "toolchain_of", "version_part", "version_sites"]

#: Toolchains by the words that people use for them in keys.
TOOLCHAINS = {
    "go": "go", "golang": "go", "node": "node", "nodejs": "node", "python": "python", "java": "java", "ruby": "ruby",
    "rust": "rust", "dotnet": "dotnet", "php": "php", "deno": "deno", "bun": "bun", "zig": "zig", "elixir": "elixir",
    "otp": "otp", "erlang": "otp", "swift": "swift", "scala": "scala", "kotlin": "kotlin", "dart": "dart", "flutter": "flutter",
}  # fmt: skip
# A number under these words counts the revisions of a format or protocol, not the releases of a program.
_FORMATS = frozenset(
    "api schema spec manifest format protocol tls ssl http https ip config lockfile snmp crd storage encoding".split()
)
_VERSION_WORDS = frozenset(("version", "versions", "ver"))
_REF_WORDS = frozenset("ref rev revision commit sha branch".split())
_SHAPE = re.compile(r"[\w.+-]*(?:\{\}[\w.+-]*)+")
_GO_IN_TAG = re.compile(r"(?:^|[-_])golang[-_](\d+\.\d+(?:\.\d+)?)(?![\d.])")
_ENTITY_KEYS = ("name", "id", "package", "module", "component", "tool-name", "tool", "product", "chart", "image")


@lru_cache(maxsize=8192)
def version_part(key: str) -> Part | None:
    """What a scalar under this key names a version by, or None where the key says nothing of the kind."""
    words = key_words(key)
    # Labels and annotations, org.opencontainers.image.version and the like, tell of what they are stuck on.
    if not words or "/" in key or key.count(".") > 1 or not _FORMATS.isdisjoint(words):
        return None
    if not _VERSION_WORDS.isdisjoint(words):
        return Part.VERSION
    last = words[-1]
    if last in ("tag", "tags"):
        return Part.TAG
    if last in ("release", "releases"):
        return Part.VERSION
    return Part.REF if last in _REF_WORDS else None


@lru_cache(maxsize=8192)
def toolchain_of(key: str) -> str:
    """The toolchain whose version a key asks for (``go-version``, ``goVersion``, ``golang``), or the empty string."""
    words = [word for word in key_words(key) if word not in _VERSION_WORDS]
    return TOOLCHAINS.get(words[0], "") if len(words) == 1 else ""


def is_version(raw: str, part: Part) -> bool:
    """Whether a value under a key that speaks of versions is one: not a number of a format, a date, an address, a word."""
    if not raw or len(raw) > 128:
        return False
    if "{{" in raw or "$" in raw:
        return _SHAPE.fullmatch(template_of(raw)[1].removeprefix("refs/tags/").removeprefix("refs/heads/")) is not None
    value = unmangle(raw)
    if "." in value and looks_like_version(value, named=True):
        return True
    pin = pin_of(raw)
    if pin is Pin.RANGE or pin is Pin.DIGEST:
        return pin is Pin.DIGEST or any(character.isdigit() for character in raw)
    return pin in (Pin.MUTABLE, Pin.PLACEHOLDER) and part is not Part.REF


def entity_of(yaml: YamlText, group: Group) -> str:
    """What the mapping that a version stands in says it is about."""
    for key in _ENTITY_KEYS:
        value = yaml.value(group.get(key))
        if value:
            return value if len(value) <= 200 and "\n" not in value else ""
    return ""


def version_sites(yaml: YamlText, group: Group, scalar: Scalar, *, scope: str = "values", role: Role = Role.USES) -> Iterator[Site]:
    """The site of a scalar whose key speaks of a version, where its value is one."""
    key = str(scalar.path[-1]) if isinstance(scalar.path[-1], str) else group.name
    raw = yaml.raw(scalar)
    toolchain = toolchain_of(key)
    if toolchain and not key.isupper() and "." in raw and looks_like_version(unmangle(raw), named=True):
        yield yaml.site(scalar, Kind.TOOLCHAIN, toolchain, Part.VERSION, role=_role(key, role), var=key)
        return
    part = version_part(key)
    if part is None or group.name in ("labels", "annotations", "matchLabels"):
        return
    if group.is_sequence and (part is not Part.VERSION or "{{" in raw or "$" in raw):
        return  # a list of tags is what is being made, not what is used
    if part is Part.TAG and (go := _GO_IN_TAG.search(raw)) is not None:
        start = scalar.start + go.start(1)
        yield yaml.site(
            scalar, Kind.TOOLCHAIN, "go", Part.VERSION, start=start, end=start + len(go[1]), role=role, entity=entity_of(yaml, group)
        )  # fmt: skip
        return
    # A version may drag the digest of an image along.
    end = scalar.start + raw.find("@sha256:") if "@sha256:" in raw else scalar.end
    if not is_version(raw[: end - scalar.start], part) or _is_format_number(scalar, raw):
        return
    if scalar.path == ("version",) and group.get("name", "id") is not None and role is Role.USES:
        role = Role.DECLARES
    bound = "upper" if not {"max", "maximum"}.isdisjoint(key_words(key)) else ""
    yield yaml.site(
        scalar, Kind.VARIABLE, key, part, end=end, role=_role(key, role), scope=scope, entity=entity_of(yaml, group), bound=bound
    )  # fmt: skip


def _role(key: str, role: Role) -> Role:
    return Role.MINIMUM if role is Role.USES and not {"min", "minimum", "minimal"}.isdisjoint(key_words(key)) else role


def _is_format_number(scalar: Scalar, raw: str) -> bool:
    """Whether it is the ``version: '3.8'`` at the top of a configuration file, which speaks of the file's own format."""
    return scalar.path == ("version",) and raw.count(".") < 2
