"""GitLab's pipelines: images, services, variables and scripts (https://docs.gitlab.com/ci/yaml/)."""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Site
from relgraph.sites.extractor import Extractor
from relgraph.sites.github_url import ref_pin
from relgraph.sites.yaml_images import image_sites
from relgraph.sites.yaml_text import Group, YamlText
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR"]

_PATH = re.compile(r"(?:.*/)?\.?gitlab-ci[\w.-]*\.ya?ml|(?:.*/)?\.gitlab/(?:.*/)?[^/]+\.ya?ml")
_SCRIPTS = frozenset(("script", "before_script", "after_script"))


def _matches(path: str) -> bool:
    return _PATH.fullmatch(path) is not None


def _extract(text: Text) -> Iterator[Site]:
    yaml = YamlText(text, "gitlab-ci")
    for group in yaml.groups():
        if group.name in _SCRIPTS and group.is_sequence:
            for scalar in group.members:
                yield from yaml.shell(scalar)
        elif group.path[-1:] == ("variables",):
            for scalar in group.members:
                yield from yaml.variable(scalar, str(scalar.path[-1]), scope="env")
        else:
            yield from _keys(yaml, group)


def _keys(yaml: YamlText, group: Group) -> Iterator[Site]:
    project, ref = group.get("project"), group.get("ref")
    if project is not None and ref is not None and yaml.raw(ref):
        yield yaml.site(
            ref, Kind.GIT, f"gitlab.com/{yaml.value(project)}", Part.REF, pin=ref_pin(yaml.raw(ref)), mangled=False, form="clone"
        )
    for scalar in group.members:
        key = scalar.path[-1]
        if (
            key == "image"
            or (key == "name" and group.name in ("image", "services"))
            or (isinstance(key, int) and group.name == "services")
        ):
            yield from image_sites(yaml, scalar._replace(path=(*scalar.path[:-1], "image")))
        elif key in _SCRIPTS:
            yield from yaml.shell(scalar)


EXTRACTOR = Extractor("gitlab-ci", _matches, _extract)
