"""GoReleaser's configuration: base images and the environment. What it publishes is read by :mod:`relgraph.pipeline`.

The fields are those of https://goreleaser.com/customization/.
"""

import re
from collections.abc import Iterator

from relgraph.model.site import Site
from relgraph.sites.extractor import Extractor
from relgraph.sites.yaml_arguments import argument_sites
from relgraph.sites.yaml_images import image_sites
from relgraph.sites.yaml_text import YamlText
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR"]

_PATH = re.compile(r"(?:.*/)?\.?goreleaser(?:[._-][\w.-]*)?\.ya?ml")
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
            if scalar.path[-1] in _BASE_KEYS:
                yield from image_sites(yaml, scalar._replace(path=(*scalar.path[:-1], "image")))
            elif scalar.path[-1] == "cmd" and group.name in ("hooks", "pre", "post", "before", "after"):
                yield from yaml.shell(scalar)


EXTRACTOR = Extractor("goreleaser", _matches, _extract)
