"""GoReleaser's configuration: base images, the environment, and what it builds. What it publishes is read by :mod:`relgraph.pipeline`.

The fields are those of https://goreleaser.com/customization/.
"""

import posixpath
import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Site
from relgraph.sites.extractor import Extractor
from relgraph.sites.yaml_arguments import argument_sites
from relgraph.sites.yaml_images import image_sites
from relgraph.sites.yaml_text import Group, YamlText
from relgraph.syntax.text import Text
from relgraph.syntax.yaml import Scalar

__all__ = ["EXTRACTOR"]

_PATH = re.compile(r"(?:.*/)?\.?goreleaser(?:[._-][\w.-]*)?\.ya?ml")
_BUILDERS = (("builds",), ("kos",), ("dockers",), ("dockers_v2",))
_BUILT = frozenset(("main", "dir", "working_dir", "dockerfile"))
_BASE_KEYS = frozenset(("base_image", "baseimage"))


def _matches(path: str) -> bool:
    return _PATH.fullmatch(path) is not None


def _extract(text: Text) -> Iterator[Site]:
    yaml = YamlText(text, "goreleaser")
    for group in yaml.groups():
        if group.is_sequence:
            if group.name in ("env", "build_args", "build_flag_templates"):
                yield from argument_sites(yaml, group.members)
            elif group.name in ("hooks", "pre", "post"):
                for scalar in group.members:
                    yield from yaml.shell(scalar)
            continue
        for scalar in group.members:
            if group.path[:1] in _BUILDERS and scalar.path[-1] in _BUILT:
                yield from _source(yaml, group, scalar)
            elif scalar.path[-1] in _BASE_KEYS:
                yield from image_sites(yaml, scalar._replace(path=(*scalar.path[:-1], "image")))
            elif scalar.path[-1] == "cmd" and group.name in ("hooks", "pre", "post", "before", "after"):
                yield from yaml.shell(scalar)


def _source(yaml: YamlText, group: Group, scalar: Scalar) -> Iterator[Site]:
    """The folder or file that something is built from."""
    folder = yaml.value(group.get("dir", "working_dir")) if scalar.path[-1] == "main" else ""
    path = posixpath.normpath(posixpath.join(folder, yaml.value(scalar)))
    if path not in (".", "") and not any(sign in path for sign in "{$*"):
        yield yaml.site(scalar, Kind.FILE, path, Part.PATH, pin=Pin.EXACT, mangled=False, verb="build")


EXTRACTOR = Extractor("goreleaser", _matches, _extract)
