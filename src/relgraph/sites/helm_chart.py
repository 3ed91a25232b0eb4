"""Chart.yaml, Chart.lock and requirements.yaml: what a chart is called, which version it has, what it depends on.

The fields are those of https://helm.sh/docs/topics/charts/.
"""

import posixpath
import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.extractor import Extractor
from relgraph.sites.yaml_sites import yaml_sites
from relgraph.sites.yaml_text import Group, YamlText
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR"]

_PATH = re.compile(r"(?:.*/)?(?:Chart\.ya?ml|Chart\.lock|requirements\.(?:ya?ml|lock))(?:\.(?:tmpl|tpl|in))?")
_LISTED_IMAGE = re.compile(r"^[ \t]*(?:-[ \t]+)?image:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)


def _matches(path: str) -> bool:
    return _PATH.fullmatch(path) is not None


def _extract(text: Text) -> Iterator[Site]:
    yaml = YamlText(text, "helm-chart")
    lock = ".lock" in text.path.rpartition("/")[2]
    chart = text.path.rpartition("/")[2].startswith("Chart.")
    for group in yaml.groups():
        if group.path == () and chart and not lock:
            yield from _chart(yaml, group)
        elif group.path[:1] == ("dependencies",) and len(group.path) == 2:
            yield from _dependency(yaml, group, Role.RECORD if lock else Role.USES)
        elif group.path == ("annotations",):
            yield from _annotations(yaml, group)
    if not chart and not lock and "dependencies" not in text.text:
        yield from yaml_sites(yaml)  # the requirements of something else, such as Ansible


def _chart(yaml: YamlText, group: Group) -> Iterator[Site]:
    name = yaml.value(group.get("name")) or yaml.text.path.rpartition("/")[0].rpartition("/")[2]
    for scalar in group.members:
        key = scalar.path[-1]
        if key in ("version", "appVersion") and yaml.raw(scalar):
            yield yaml.site(scalar, Kind.CHART, name, Part.VERSION, role=Role.DECLARES, mangled=False)
        elif key == "kubeVersion" and yaml.raw(scalar):
            yield yaml.site(
                scalar, Kind.VARIABLE, "kubeVersion", Part.VERSION, role=Role.MINIMUM, mangled=False, scope="chart", entity=name
            )


def _dependency(yaml: YamlText, group: Group, role: Role) -> Iterator[Site]:
    name, version = yaml.value(group.get("name")), group.get("version")
    written = group.get("repository")
    repository = yaml.value(written)
    if name and version is not None and yaml.raw(version):
        yield yaml.site(
            version, Kind.CHART, _named(name, repository), Part.VERSION, role=role, mangled=False, chart=name, repository=repository,
            alias=yaml.value(group.get("alias")), condition=yaml.value(group.get("condition")),
        )  # fmt: skip
    if written is not None and repository.startswith("file://") and role is Role.USES:
        folder = posixpath.normpath(posixpath.join(posixpath.dirname(yaml.text.path), repository.removeprefix("file://")))
        start = written.start + len("file://")
        if start < written.end and not folder.startswith(".."):
            yield yaml.site(written, Kind.FILE, folder, Part.PATH, start=start, pin=Pin.EXACT, mangled=False, verb="read")


def _named(name: str, repository: str) -> str:
    if repository.startswith("oci://"):
        return f"{repository.rstrip('/')}/{name}"
    if repository.startswith(("https://", "http://")):
        return f"{repository.rstrip('/')}#{name}"
    return name  # a chart beside this one, or behind an alias that only the user's machine knows


def _annotations(yaml: YamlText, group: Group) -> Iterator[Site]:
    """The list of images that https://artifacthub.io/docs/topics/annotations/helm/ asks for."""
    listed = group.get("artifacthub.io/images")
    if listed is None:
        return
    for match in _LISTED_IMAGE.finditer(yaml.source, listed.start, listed.end):
        yield from yaml.image(listed._replace(start=match.start(1), end=match.end(1)), form="annotation")


EXTRACTOR = Extractor("helm-chart", _matches, _extract)
