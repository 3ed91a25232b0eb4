"""kustomization.yaml: images renamed and pinned, remote bases, charts to inflate, files to build from.

The fields are those of https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/.
"""

import posixpath
import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Site
from relgraph.sites.build import canonical_image
from relgraph.sites.extractor import Extractor
from relgraph.sites.yaml_sources import chart_sites
from relgraph.sites.yaml_text import Group, YamlText
from relgraph.syntax.text import Text
from relgraph.syntax.yaml import Scalar

__all__ = ["EXTRACTOR"]

_PATH = re.compile(r"(?:.*/)?(?:kustomization\.ya?ml|Kustomization)(?:\.(?:tmpl|in|template))?")
_FILES = frozenset(
    ("resources", "bases", "components", "crds", "configurations", "generators", "transformers", "patchesStrategicMerge")
)
_LOCAL = re.compile(r"(?:\.{1,2}/)*[\w@-][\w.@-]*(?:/[\w.@-]+)*/?|(?:\.\./?)+")


def _matches(path: str) -> bool:
    return _PATH.fullmatch(path) is not None


def _extract(text: Text) -> Iterator[Site]:
    yaml = YamlText(text, "kustomization")
    for group in yaml.groups():
        if group.path[:1] == ("images",) and len(group.path) == 2:
            yield from _image(yaml, group)
        elif group.is_sequence and len(group.path) == 1 and group.path[0] in _FILES:
            for scalar in group.members:
                yield from _file(yaml, scalar)
        elif group.path[:1] == ("helmCharts",) and len(group.path) == 2:
            sites, _ = chart_sites(yaml, group, {})
            yield from sites
        elif group.path[:1] == ("patches",) and (path := group.get("path")) is not None:
            yield from _file(yaml, path)


def _image(yaml: YamlText, group: Group) -> Iterator[Site]:
    """An entry of ``images:``: what replaces an image of that name wherever the resources have it."""
    original, renamed = yaml.value(group.get("name")), yaml.value(group.get("newName"))
    repository = renamed or original
    if not repository:
        return
    tag, digest = group.get("newTag"), group.get("digest")
    for scalar, part in ((tag, Part.TAG), (digest, Part.DIGEST)):
        if scalar is not None and yaml.raw(scalar):
            separator = ":" if part is Part.TAG else "@"
            yield yaml.site(
                scalar, Kind.IMAGE, canonical_image(repository), part, mangled=False, pin=Pin.DIGEST if part is Part.DIGEST else None,
                ref=f"{repository}{separator}{yaml.value(scalar)}", original=original,
            )  # fmt: skip


def _file(yaml: YamlText, scalar: Scalar) -> Iterator[Site]:
    raw = yaml.raw(scalar)
    if _LOCAL.fullmatch(raw) is not None and not raw.startswith(("github.com/", "gitlab.com/", "git@")):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(yaml.text.path), raw))
        if not path.startswith(".."):
            yield yaml.site(scalar, Kind.FILE, path, Part.PATH, pin=Pin.EXACT, mangled=False, verb="read")


EXTRACTOR = Extractor("kustomization", _matches, _extract)
