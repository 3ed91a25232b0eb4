"""release-please's configuration: the files that it writes a release's version into; and its manifest: the release that it made last.

``extra-files`` as https://github.com/googleapis/release-please/blob/main/docs/customizing.md gives them: paths, or entries with a
``path``; relative to the package's folder, or, with a slash before them, to the root. The manifest is a version for each package by its
folder; that of the root is the repository's own.
"""

import posixpath
import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.extractor import Extractor
from relgraph.sites.yaml_text import Group, YamlText
from relgraph.syntax.text import Text
from relgraph.syntax.yaml import Scalar

__all__ = ["EXTRACTOR"]

_PATH = re.compile(r"(?:.*/)?\.?release-please-config[\w.-]*\.json")
_MANIFEST = ".release-please-manifest.json"


def _matches(path: str) -> bool:
    return path == _MANIFEST or _PATH.fullmatch(path) is not None


def _extract(text: Text) -> Iterator[Site]:
    yaml = YamlText(text, "release-please")
    if text.path == _MANIFEST:
        for scalar in yaml.scalars:
            if scalar.path == (".",):
                yield from yaml.variable(scalar, "version", scope="file", role=Role.DECLARES)
        return
    for group in yaml.groups():
        if "extra-files" in group.path:
            for scalar in group.members if group.is_sequence else _paths(yaml, group):
                yield from _file(yaml, scalar)


def _paths(yaml: YamlText, group: Group) -> Iterator[Scalar]:
    path = group.get("path")
    if path is not None and yaml.value(group.get("glob")) != "true":
        yield path


def _file(yaml: YamlText, scalar: Scalar) -> Iterator[Site]:
    path = yaml.value(scalar)
    if not path or "*" in path or "$" in path:
        return
    package = scalar.path[1] if scalar.path[0] == "packages" else ""
    folder = "" if path.startswith("/") or not isinstance(package, str) else package
    resolved = posixpath.normpath(posixpath.join(folder, path.lstrip("/")))
    yield yaml.site(scalar, Kind.FILE, resolved, Part.PATH, pin=Pin.EXACT, mangled=False, resolved=resolved, verb="edit")


EXTRACTOR = Extractor("release-please", _matches, _extract)
