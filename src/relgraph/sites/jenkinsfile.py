"""Jenkinsfiles: the images that stages run in, and the commands of ``sh`` steps (https://www.jenkins.io/doc/book/pipeline/docker/)."""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Site
from relgraph.sites.build import image_sites
from relgraph.sites.extractor import Extractor
from relgraph.sites.shell import assignment_sites, command_sites
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR"]

_PATH = re.compile(r"(?:.*/)?(?:Jenkinsfile[\w.-]*|[\w.-]+\.jenkinsfile)|(?:.*/)?vars/\w+\.groovy", re.IGNORECASE)
# agent { docker { image 'x' } }, agent { docker 'x' }, docker.image('x'), containerTemplate(image: 'x')
_IMAGE = re.compile(
    r"(?<![\w.$])(?:docker\.image[ \t]*\([ \t]*|docker[ \t]+|image[ \t]*[:(]?[ \t]*)(?P<quote>[\"'])(?P<image>[^\"'\s]{1,300}+)(?P=quote)"
)
_SHELL = re.compile(
    r"(?<![\w.$])sh[ \t]*\(?[ \t]*(?:script:[ \t]*)?(?:'''(?P<long>(?:[^'\\]|\\[\s\S]|'(?!''))*+)'''|\"\"\"(?P<wide>(?:[^\"\\]|\\[\s\S]|\"(?!\"\"))*+)\"\"\""
    r"|'(?P<short>(?:[^'\\\n]|\\.)*+)'|\"(?P<text>(?:[^\"\\\n]|\\.)*+)\")"
)


def _matches(path: str) -> bool:
    return _PATH.fullmatch(path) is not None


def _extract(text: Text) -> Iterator[Site]:
    for match in _IMAGE.finditer(text.text):
        if not _in_comment(text.text, match.start()):
            yield from image_sites(text, *match.span("image"), syntax="jenkins")
    for match in _SHELL.finditer(text.text):
        start, end = match.span(match.lastgroup or "text")
        for site in command_sites(text, start, end, syntax="jenkins"):
            # Steps run wherever the stage's dir() says.
            if site.kind is not Kind.FILE:
                yield site
        yield from assignment_sites(text, start, end, syntax="jenkins")


def _in_comment(source: str, position: int) -> bool:
    line = source[source.rfind("\n", 0, position) + 1 : position].lstrip()
    return line.startswith(("//", "*", "/*"))


EXTRACTOR = Extractor("jenkins", _matches, _extract)
