"""What YAML of no particular kind refers to: manifests, rendered or templated, and configuration of all sorts.

Read are images, argument lists, environment variables, labels left by Helm, sources given in parts, records of actions, shell
text, documents within documents, and any scalar whose key speaks of a version and whose value is one.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.action_map import action_record_sites
from relgraph.sites.yaml_arguments import argument_sites
from relgraph.sites.yaml_images import image_sites, is_image_key, joined_sites, looks_like_image
from relgraph.sites.yaml_sources import chart_sites, git_sites, repository_aliases
from relgraph.sites.yaml_text import Group, YamlText
from relgraph.sites.yaml_versions import toolchain_of, version_part, version_sites
from relgraph.syntax.yaml import Scalar, Style

__all__ = ["yaml_sites"]

_SHELL_KEYS = frozenset(
    "run script scripts shell bash sh command commands cmd cmds before_script after_script before_install install args entrypoint"
    " ansible.builtin.shell ansible.builtin.command ansible.builtin.raw raw postCreateCommand onCreateCommand init build test".split()
)
_SHEBANG = re.compile(r"\s*#!\s*/\S*(?:/| )(?:env\s+(?:-S\s+)?)?(?:ba|z|k|da|a)?sh\b")
_ENV_KEYS = frozenset("env environment envs variables vars substitutions build_args buildArgs build-args".split())
_CHART_LABEL = re.compile(r"(?P<name>[a-z][a-z0-9-]*?)-(?P<version>v?\d+\.\d+\.\d+(?:[-_+.][\w.+-]+)?)")
_CLOUD_BUILD = re.compile(r"(?:^|[/._-])(?:cloud-?build|gcb)[^/]*$", re.IGNORECASE)
_TAGGED = re.compile(r"[a-z0-9][a-z0-9._/-]*:[\w${][\w.${}-]*")
_DEPTH = 3
# Mappings without any of these keys name nothing in parts, and most have none.
_IN_PARTS = frozenset(
    "repository imageRepository image_repository imageName tag imageTag image_tag image-tag digest sha imageDigest"
    " repo repoURL url git clone_uri source src rev ref targetRevision revision branch commit base_ref".split()
)
_CHARTS = frozenset(("chart", "chart_ref", "chartRef"))


class _Traits(NamedTuple):
    """What a key makes of the scalars under it."""

    image: bool
    version: bool
    shell: bool
    document: bool
    label: bool
    anything: bool


@lru_cache(maxsize=8192)
def _traits(key: str) -> _Traits:
    image = is_image_key(key)
    version = version_part(key) is not None or bool(toolchain_of(key))
    shell = key in _SHELL_KEYS or key.endswith(".sh")
    document = key.endswith((".yaml", ".yml"))
    label = key in ("helm.sh/chart", "app.kubernetes.io/version")
    return _Traits(image, version, shell, document, label, image or version or shell or document or label)


def yaml_sites(yaml: YamlText, *, depth: int = 0) -> Iterator[Site]:
    """The references of YAML of no particular kind."""
    aliases = repository_aliases(yaml) if "repositories" in yaml.source else {}
    for group in yaml.groups():
        if group.is_sequence:
            yield from _sequence(yaml, group, depth)
        else:
            yield from _mapping(yaml, group, aliases, depth)


def _sequence(yaml: YamlText, group: Group, depth: int) -> Iterator[Site]:
    traits = _traits(group.name)
    if traits.image:
        # Cloud Build lists at the top what its steps build.
        built = group.path == ("images",) and yaml.group(group.document, ("steps", 0)) is not None
        for item in group.members:
            if looks_like_image(yaml.raw(item)) or ":" in yaml.raw(item):
                yield from image_sites(yaml, item, role=Role.DECLARES if built else Role.USES)
        return
    yield from argument_sites(yaml, group.members)
    for item in group.members:
        if item.style in (Style.LITERAL, Style.FOLDED) or (traits.shell and _many_words(yaml.raw(item))):
            yield from _block(yaml, item, traits, depth)
        elif traits.version:
            yield from version_sites(yaml, group, item)


def _mapping(yaml: YamlText, group: Group, aliases: dict[str, str], depth: int) -> Iterator[Site]:
    if group.path[-2:-1] == ("refPaths",):
        yield from _tracked(yaml, group)
    taken: set[int] = set()
    readers = (joined_sites, git_sites, action_record_sites) if not _IN_PARTS.isdisjoint(group.by_key) else (action_record_sites,)
    for reader in readers:
        sites, used = reader(yaml, group)
        yield from sites
        taken |= used
    if not _CHARTS.isdisjoint(group.by_key):
        sites, used = chart_sites(yaml, group, aliases)
        yield from sites
        taken |= used
    name, value = group.get("name"), group.get("value")
    if name is not None and value is not None and (word := yaml.value(name)) and " " not in word and value.end - value.start <= 300:
        yield from yaml.variable(value, word, scope="env")
        taken.add(value.start)
    entry = yaml.group(group.document, (*group.path, "refPaths", 0)) is not None
    environment = group.name in _ENV_KEYS
    for scalar in group.members:
        if scalar.start not in taken:
            yield from _scalar(yaml, group, scalar, depth, entry=entry, environment=environment)


def _scalar(yaml: YamlText, group: Group, scalar: Scalar, depth: int, *, entry: bool, environment: bool) -> Iterator[Site]:
    key = str(scalar.path[-1])
    traits = _traits(key)
    if scalar.style in (Style.LITERAL, Style.FOLDED):
        yield from _block(yaml, scalar, traits, depth)
    elif environment:
        yield from yaml.variable(scalar, key, scope="env")
    elif not traits.anything:
        if key == "name" and len(scalar.path) > 2 and scalar.path[-3] == "steps" and _runs_step(yaml, scalar):
            yield from yaml.image(scalar)  # Cloud Build: a step's name is the image that runs it
        elif key == "name" and group.name == "image" and _TAGGED.fullmatch(yaml.raw(scalar)) is not None:
            yield from yaml.image(scalar)
    elif traits.image:
        yield from image_sites(yaml, scalar, role=Role.DECLARES if key == "image" and _is_built(yaml, group) else Role.USES)
    elif traits.label:
        yield from _label(yaml, scalar, key)
    elif traits.shell:
        if _many_words(yaml.raw(scalar)):
            yield from yaml.shell(scalar)
    elif traits.version:
        found = version_sites(yaml, group, scalar)
        yield from (_entry(yaml, group, site) for site in found) if entry else found


def _is_built(yaml: YamlText, group: Group) -> bool:
    """Whether a service of Compose is built where it is started: the image is what the build is called."""
    if group.path[-2:-1] != ("services",):
        return False
    return group.get("build") is not None or yaml.group(group.document, (*group.path, "build")) is not None


def _runs_step(yaml: YamlText, scalar: Scalar) -> bool:
    raw = yaml.raw(scalar)
    return looks_like_image(raw) or (
        len(scalar.path) == 3 and _CLOUD_BUILD.search(yaml.text.path) is not None and _TAGGED.fullmatch(raw) is not None
    )


def _entry(yaml: YamlText, group: Group, site: Site) -> Site:
    """A dependency that is tracked over several places (``name``, ``version``, ``refPaths``) is known by its name."""
    name = yaml.value(group.get("name"))
    return site._replace(name=name, role=Role.USES) if name and site.kind is Kind.VARIABLE else site


def _tracked(yaml: YamlText, group: Group) -> Iterator[Site]:
    """The files that such a dependency is tracked in."""
    path = group.get("path")
    if path is not None and (raw := yaml.raw(path)) and "$" not in raw and "{" not in raw:
        yield yaml.site(path, Kind.FILE, raw.removeprefix("./"), Part.PATH, pin=Pin.EXACT, mangled=False, verb="read")


def _block(yaml: YamlText, scalar: Scalar, traits: _Traits, depth: int) -> Iterator[Site]:
    if traits.document and depth < _DEPTH:
        inner = YamlText(yaml.text, yaml.syntax, start=scalar.start, end=scalar.end, base=scalar.path)
        yield from yaml_sites(inner, depth=depth + 1)
    elif traits.shell or _SHEBANG.match(yaml.source, scalar.start, min(scalar.end, scalar.start + 200)) is not None:
        yield from yaml.shell(scalar)


def _label(yaml: YamlText, scalar: Scalar, key: str) -> Iterator[Site]:
    """What rendering a chart leaves in labels: a record of the chart's version, not a use of it."""
    raw = yaml.raw(scalar)
    if "{{" in raw or "$" in raw:
        return
    if key == "app.kubernetes.io/version":
        if any(character.isdigit() for character in raw) and "." in raw and len(raw) <= 128:
            yield yaml.site(scalar, Kind.VARIABLE, key, Part.VERSION, role=Role.RECORD, scope="label")
    elif (match := _CHART_LABEL.fullmatch(raw)) is not None:
        yield yaml.site(
            scalar, Kind.CHART, match["name"], Part.VERSION, start=scalar.start + match.start("version"), role=Role.RECORD, label=key
        )  # fmt: skip


def _many_words(raw: str) -> bool:
    return " " in raw or "\n" in raw
