"""Helm's values files: what a chart uses unless told otherwise.

The name of a value is its address, as templates spell it behind ``.Values.``: ``controller.image.tag``.
"""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Role, Site
from relgraph.sites.extractor import Extractor
from relgraph.sites.yaml_arguments import argument_sites
from relgraph.sites.yaml_images import image_sites, is_image_key, joined_sites, looks_like_image
from relgraph.sites.yaml_text import Group, YamlText
from relgraph.sites.yaml_versions import version_part, version_sites
from relgraph.syntax.text import Text
from relgraph.syntax.yaml import Scalar, Style

__all__ = ["EXTRACTOR"]

_PATH = re.compile(r"(?:.*/)?(?:[\w.-]*[._-])?values(?:[._-][\w.-]*)?\.ya?ml(?:\.(?:tmpl|tpl|in|gotmpl))?", re.IGNORECASE)
_SHELL = re.compile(r"\s*#!\s*/\S*sh\b")


def _matches(path: str) -> bool:
    return _PATH.fullmatch(path) is not None


def _extract(text: Text) -> Iterator[Site]:
    yaml = YamlText(text, "helm-values")
    for group in yaml.groups():
        if group.is_sequence:
            yield from _sequence(yaml, group)
        else:
            yield from _mapping(yaml, group)


def _sequence(yaml: YamlText, group: Group) -> Iterator[Site]:
    if is_image_key(group.name):
        for item in group.members:
            if looks_like_image(yaml.raw(item)) or ":" in yaml.raw(item):
                yield from image_sites(yaml, item, role=Role.DEFAULT)
    else:
        yield from argument_sites(yaml, group.members)


def _mapping(yaml: YamlText, group: Group) -> Iterator[Site]:
    sites, taken = joined_sites(yaml, group, role=Role.DEFAULT, anywhere=True)
    yield from sites
    name, value = group.get("name"), group.get("value")
    if name is not None and value is not None and " " not in yaml.raw(name):
        yield from yaml.variable(value, yaml.value(name), scope="env", role=Role.DEFAULT)
        taken.add(value.start)
    for scalar in group.members:
        if scalar.start not in taken:
            yield from _scalar(yaml, group, scalar)


def _scalar(yaml: YamlText, group: Group, scalar: Scalar) -> Iterator[Site]:
    key = str(scalar.path[-1])
    if scalar.style in (Style.LITERAL, Style.FOLDED):
        if _SHELL.match(yaml.source, scalar.start, scalar.end) is not None:
            yield from yaml.shell(scalar)
    elif is_image_key(key):
        yield from image_sites(yaml, scalar, role=Role.DEFAULT)
    elif version_part(key) is not None:
        for site in version_sites(yaml, group, scalar, role=Role.DEFAULT):
            yield site._replace(name=yaml.key(scalar)) if site.kind is Kind.VARIABLE else site
    elif looks_like_image(raw := yaml.raw(scalar)) and ":" in raw.rpartition("/")[2] and not raw.rpartition(":")[2].isdigit():
        yield from yaml.image(scalar, role=Role.DEFAULT)


EXTRACTOR = Extractor("helm-values", _matches, _extract)
