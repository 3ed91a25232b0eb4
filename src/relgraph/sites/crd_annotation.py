"""Marks that generators leave in what they write: annotations of manifests, header comments of code.

A mark records which version made the file; it is wrong as soon as the version that the build asks for is another one.
"""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.build import pin_of
from relgraph.sites.extractor import Extractor
from relgraph.sites.mangle import unmangle
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR"]

_VERSION = r"v?\d+\.\d+(?:\.\d+)?(?:[-+][0-9A-Za-z.+-]*[0-9A-Za-z])?"
# controller-gen.kubebuilder.io/version: v0.17.3; kompose.version: 1.26.1 (a9d05d509)
_ANNOTATION = re.compile(
    rf"(?<![\w.-])(?:(?P<generator>[a-z][a-z0-9]{{0,30}}(?:-[a-z0-9]{{1,30}}){{0,6}}?-gen)\.[\w.-]{{1,100}}/version|(?P<tool>kompose)\.version)[\"']?:[ \t]*[\"']?(?P<version>{_VERSION}|\((?:unknown|devel)\))"
)
# operators.operatorframework.io/builder: operator-sdk-v1.28.0
_BUILDER = re.compile(
    rf"operators\.operatorframework\.io[\w./-]*builder[\"']?:[ \t]*[\"']?(?P<generator>[a-z][a-z-]*[a-z])-(?P<version>{_VERSION})"
)
_HEADER = re.compile(
    rf"[gG]enerated (?:by|with|using) (?:the )?[\"'`]?(?P<generator>[A-Za-z@](?:[\w./@-]*[A-Za-z0-9])?)[\"'`]?(?:,)?[ \t]*(?:\(?(?:version:?|@)[ \t]*)?\(?(?P<version>{_VERSION})(?![\w.]*\w)"
)
# The block that protoc-gen-go and its kin write: a line for each tool.
_PROTOC = re.compile(
    rf"^(?://|#)[ \t]+(?:-[ \t]+)?(?P<generator>protoc(?:-gen-[\w-]+)?)[ \t]+(?P<version>{_VERSION})[ \t]*\r?$", re.MULTILINE
)
_HEAD = 2048
_ANNOTATED = re.compile(r".*\.(?:ya?ml|json|tpl|tmpl|in)", re.DOTALL)


def _extract(text: Text) -> Iterator[Site]:
    source = text.text
    if _ANNOTATED.fullmatch(text.path) is not None:
        for word in ("-gen.", "kompose.version"):
            for line in _lines_with(source, word):
                for match in _ANNOTATION.finditer(source, *line):
                    if (match["tool"] is None) == (word == "-gen."):
                        yield _site(text, match, match["generator"] or match["tool"])
    if _ANNOTATED.fullmatch(text.path) is not None and "operators.operatorframework.io" in source:
        for match in _BUILDER.finditer(source):
            yield _site(text, match, match["generator"])
    if source.find("enerated ", 0, _HEAD) < 0:
        return
    for match in _HEADER.finditer(source, 0, _HEAD):
        yield _site(text, match, match["generator"].rstrip("/").rpartition("/")[2])
    if source.find("protoc", 0, _HEAD) >= 0:
        for match in _PROTOC.finditer(source, 0, _HEAD):
            yield _site(text, match, match["generator"])


def _lines_with(source: str, word: str) -> Iterator[tuple[int, int]]:
    """The bounds of each line that holds the word."""
    at = source.find(word)
    while at >= 0:
        end = source.find("\n", at)
        end = len(source) if end < 0 else end
        yield source.rfind("\n", 0, at) + 1, end
        at = source.find(word, end)


def _site(text: Text, match: re.Match[str], generator: str) -> Site:
    raw = match["version"]
    pin = Pin.COMPUTED if raw.startswith("(") else pin_of(raw)  # built from a checkout: no version at all
    return Site(
        text.path, text.span(*match.span("version")), Kind.GENERATOR, generator, Part.VERSION, raw, unmangle(raw), pin, Role.RECORD,
        "", "generated",
    )  # fmt: skip


EXTRACTOR = Extractor("generated", lambda path: not path.endswith((".md", ".mdx", ".rst")), _extract)
