"""Container images and OCI charts in any text: full references, and short names where the words around them say image."""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.build import extra_of, image_sites, pin_of, template_of
from relgraph.sites.extractor import Extractor
from relgraph.sites.mangle import unmangle
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR", "text_images"]

_TEMPLATE = r"\$\{\{[^{}\n]*+\}\}|\{\{[^{}\n]*+\}\}|\$\{[^{}\n]*+\}|\$\([\w.-]++\)|\$\w++|<[\w -]++>"
_DIGEST = r"@sha256:[0-9a-f]{64}"
# The end of a registry's host and what follows it; the start of the host is found backwards, which keeps the search linear.
_FULL = re.compile(
    rf"\.[a-z]{{2,24}}(?::\d{{2,5}})?(?:/(?>{_TEMPLATE}|[\w-]|\.(?!\.)|[+]){{1,128}}+){{1,12}}+"
    rf"(?::(?P<tag>(?>{_TEMPLATE}|[\w])(?>{_TEMPLATE}|[\w-]|\.(?=[\w$]))*+)(?:{_DIGEST})?|{_DIGEST})(?![\w/:@(\[\\*])"
)
_LOCAL = re.compile(
    rf"localhost:\d{{2,5}}(?:/(?>{_TEMPLATE}|[\w.-])++)++:(?P<tag>(?>{_TEMPLATE}|[\w])(?>{_TEMPLATE}|[\w-]|\.(?=[\w$]))*+)(?![\w/:@])"
)
_BACKWARDS = re.compile(r"[A-Za-z0-9.-]+")
_HOST = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*", re.IGNORECASE)
_OCI = re.compile(
    rf"oci://(?P<path>(?>{_TEMPLATE}|[\w./-]|:\d+(?=/))++)(?::(?P<tag>(?>{_TEMPLATE}|[\w])(?>{_TEMPLATE}|[\w+-]|\.(?=[\w$]))*+))?"
)
_AFTER = rf"[\"'`]?(?P<image>(?:[a-z0-9][a-z0-9._-]*/)*[a-z0-9][a-z0-9._-]*(?::(?>{_TEMPLATE}|[\w-]|\.(?=[\w$]))++(?:{_DIGEST})?|{_DIGEST}))(?![\w/:@(])"
# One pattern each behind the word that it begins with: most texts have none of the words, and looking for a plain one is fast.
_SHORT = tuple(
    (word, re.compile(word + more + _AFTER))
    for word, more in (
        ("image:", r"[ \t]*"),
        ("--image", r"[= ]"),
        ("package:", r"[ \t]*(?=[a-z0-9._-]+/)"),
        ("docker://", ""),
        ("FROM", r"[ \t]+(?:--platform=\S+[ \t]+)?"),
    )
)
_NO_REGISTRY = re.compile(
    r"(?:.*\.)?(?:github\.com|gitlab\.com|bitbucket\.org|golang\.org|sigs\.k8s\.io|git\.k8s\.io|goreleaser\.com|example\.org)"
)
_FILE_END = re.compile(
    r".*\.(?:go|py|sh|js|ts|md|ya?ml|json|txt|html|toml|rs|java|c|h|cc|tf|rb|mod|proto|tpl|conf|log|sock)", re.DOTALL
)
_PORT = re.compile(r"\d{2,5}")
# Near a chart without a tag, these say its version in another place.
_VERSIONED = re.compile(r"--version\b|[vV]ersion:|[rR]evision:|tag:")
_COMMENTED_OUT = re.compile(r"[ \t]*#[# \t]*(?:-[ \t]+)?[\w./\"'-]+:[ \t]")
_CALLED = re.compile(r"\b(?:push|login|registry)\b[^\n]*\Z")


def text_images(text: Text, start: int, end: int, *, syntax: str, key: str = "", role: Role = Role.USES) -> Iterator[Site]:
    """The images and OCI charts that ``text.text[start:end]`` names, where their own spelling or the word before shows it."""
    source = text.text
    yield from _charts(text, start, end, syntax, key, role)
    for match in _FULL.finditer(source, start, end):
        before = _BACKWARDS.match(source[max(start, match.start() - 80) : match.start()][::-1])
        if before is None:
            continue
        begin = match.start() - before.end()
        host = source[begin : match.start()]
        if (
            _HOST.fullmatch(host)
            and source[begin - 1 : begin] not in ("/", "@", ":", ".", "_", "\\", "%")
            and _plausible(source, begin, match)
        ):
            yield from image_sites(text, begin, match.end(), syntax=syntax, key=key, role=role)
    if source.find("localhost:", start, end) >= 0:
        for match in _LOCAL.finditer(source, start, end):
            if source[match.start() - 1 : match.start()] not in ("/", "@"):
                yield from image_sites(text, *match.span(), syntax=syntax, key=key, role=role)
    for word, pattern in _SHORT:
        if source.find(word, start, end) < 0:
            continue
        for match in pattern.finditer(source, start, end):
            if not source[match.start() - 1 : match.start()].isalnum():
                yield from image_sites(text, *match.span("image"), syntax=syntax, key=key, role=role)


def _plausible(source: str, begin: int, match: re.Match[str]) -> bool:
    written = source[begin : match.end()]
    host = written.partition("/")[0]
    if "@sha256:" in written:
        return True
    repository, _, tag = written.rpartition(":")
    if _NO_REGISTRY.fullmatch(host.partition(":")[0]) or _FILE_END.fullmatch(repository):
        return False
    # A number alone is a port or a line more often than a tag; go_default_library and the like are targets of a build tool.
    return not (_PORT.fullmatch(tag) and int(tag) >= 80) and "_" not in tag.partition("-")[0][:4] and not tag.startswith("go_")


def _charts(text: Text, start: int, end: int, syntax: str, key: str, role: Role) -> Iterator[Site]:
    source = text.text
    if source.find("oci://", start, end) < 0:
        return
    for match in _OCI.finditer(source, start, end):
        path = match["path"].rstrip("./")
        if "/" not in path:
            continue
        line = max(source.rfind("\n", start, match.start()) + 1, start, match.start() - 200)
        if _CALLED.search(source[line : match.start()]):
            continue
        name = f"oci://{path}"
        tag = match["tag"] if path == match["path"] else None
        if tag is not None:
            names, form_text = template_of(tag) if "$" in tag or "{{" in tag else ("", "")
            yield Site(
                text.path, text.span(*match.span("tag")), Kind.CHART, name, Part.VERSION, tag, unmangle(tag), pin_of(tag), role, key,
                syntax, extra_of(ref=match.group(), vars=names, form_text=form_text),
            )  # fmt: skip
        elif _VERSIONED.search(source, max(start, match.start() - 200), min(end, match.end() + 300)) is None:
            pin = Pin.TEMPLATED if "$" in path or "{{" in path else Pin.ABSENT
            yield Site(
                text.path, text.span(match.start(), match.start() + len(name)), Kind.CHART, name, Part.REPOSITORY, name, name, pin, role,
                key, syntax, extra_of(ref=name),
            )  # fmt: skip


def _everywhere(path: str) -> bool:
    # Go sources have their own reader, which looks at string literals only.
    return not path.endswith(".go")


def _extract(text: Text) -> Iterator[Site]:
    found = text_images(text, 0, len(text.text), syntax="image")
    return _told_apart(text, found) if text.path.endswith((".yaml", ".yml")) else found


def _told_apart(text: Text, sites: Iterator[Site]) -> Iterator[Site]:
    """The sites of a YAML file: a key and its value that are commented out are kept for later, and nothing runs by them today."""
    for site in sites:
        yield site._replace(role=Role.MENTION) if _COMMENTED_OUT.match(text.line_head(site.span.line)) else site


EXTRACTOR = Extractor("image", _everywhere, _extract)
