"""Parts that extractors share: reading one image reference, one version-like value, one template."""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.model.version import parse_version
from relgraph.sites.mangle import unmangle
from relgraph.syntax.text import Text

__all__ = ["IMAGE", "canonical_image", "extra_of", "image_sites", "pin_of", "template_of"]

# The grammar of the distribution specification's reference package, with templates allowed where values stand.
_TEMPLATE = r"\{\{[^{}\n]*\}\}|\$\{\{[^{}\n]*\}\}|\$\{[^{}\n]*\}|\$\([\w.-]+\)|\$\w+"
IMAGE = re.compile(
    rf"(?P<repository>(?>{_TEMPLATE}|[A-Za-z0-9._-])++(?::\d+(?=/))?(?:/(?>{_TEMPLATE}|[A-Za-z0-9._-])++)*+)"
    rf"(?::(?P<tag>(?>{_TEMPLATE}|[A-Za-z0-9._+-])++))?"
    r"(?:@(?P<digest>[a-z0-9]+:[0-9a-fA-F]{32,}))?"
)
_VARIABLE = re.compile(
    r"\{\{-?\s*(?P<go>[^{}\n]*?)\s*-?\}\}|\$\{\{\s*(?P<gha>[^{}\n]*?)\s*\}\}|\$\{(?P<brace>\w+)(?:(?::?[-=?+]|[#%/])[^{}]*)?\}"
    r"|\$\((?P<make>[\w.-]+)\)|\$(?P<plain>\w+)"
)
_GO_FIELD = re.compile(r"\$?\.[A-Za-z_][\w.]*")
# Jinja's plain names, alone or before a filter; what stands so in Go's templates is a keyword.
_JINJA_NAME = re.compile(r"(?!(?:end|else)\b)([A-Za-z_]\w*)\s*(?:\||$)")
_MUTABLE = frozenset(
    "latest stable edge main master dev develop devel nightly canary unstable head HEAD lts current rolling testing snapshot".split()
)
_PLACEHOLDER = re.compile(
    r"<[^<>]+>|.*placeholder.*|.*replaced?[ _-].*|.*\bTBD\b.*|x+\.y+(\.z+)?|v?X\.Y(\.Z)?|v?(?:tag|version)|[A-Z][A-Z0-9]*_(?:VERSION|TAG)|__\w+__|@\w+@|%%?\w+%%?"
    r"|.*will[ _-]be[ _-].*|[a-z]+(?:_[a-z]+){2,}|0\.0\.0(-dev|-snapshot|-SNAPSHOT)?",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s*(?:[<>=~^!]{1,2}|>=)\s*v?\d.*|v?\d+(?:\.\d+)*\.[x*](?:\.[x*])*|.*\|\|.*|v?\d[\w.]*\s+-\s+v?\d.*")
_HEX = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def pin_of(value: str) -> Pin:
    """The pin class of a value as it is written, where nothing but the value is known."""
    if not value:
        return Pin.ABSENT
    if "{{" in value or "$" in value:
        return Pin.TEMPLATED
    if _HEX.fullmatch(value) or value.startswith(("sha256:", "sha512:")):
        return Pin.DIGEST
    if parse_version(value) is not None:
        return Pin.EXACT
    if value in _MUTABLE:
        return Pin.MUTABLE
    if _PLACEHOLDER.fullmatch(value):
        return Pin.PLACEHOLDER
    if _RANGE.fullmatch(value):
        return Pin.RANGE
    return Pin.EXACT


def template_of(raw: str) -> tuple[str, str]:
    """Names of the variables in ``raw``, separated by spaces, and ``raw`` with each template replaced by ``{}``.

    A Go template's fields keep their dot (``.Values.tag``), a workflow expression its context (``env.TAG``); a Jinja name is bare.
    """
    names: list[str] = []
    for match in _VARIABLE.finditer(raw):
        if (go := match["go"]) is not None:
            fields = [field.lstrip("$") for field in _GO_FIELD.findall(go)]
            if not fields and (name := _JINJA_NAME.match(go)) is not None:
                fields = [name[1]]
            names += fields
        elif (gha := match["gha"]) is not None:
            names.append(gha)
        else:
            names.append(match["brace"] or match["make"] or match["plain"])
    return " ".join(dict.fromkeys(names)), _VARIABLE.sub("{}", raw)


def extra_of(**facts: str) -> tuple[tuple[str, str], ...]:
    """The pairs of :attr:`Site.extra`, sorted, empty values left out."""
    return tuple(sorted((name, value) for name, value in facts.items() if value))


def canonical_image(repository: str) -> str:
    """``registry/repository`` with Docker Hub's short names written out: ``golang`` is ``docker.io/library/golang``."""
    first, slash, rest = repository.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost" or "{" in first or "$" in first):
        hub = first in ("docker.io", "index.docker.io", "registry-1.docker.io")
        return (f"docker.io/{rest}" if "/" in rest else f"docker.io/library/{rest}") if hub else repository
    return f"docker.io/{repository}" if slash else f"docker.io/library/{repository}"


def image_sites(
    text: Text, start: int, end: int, *, syntax: str, key: str = "", role: Role = Role.USES, **facts: str
) -> Iterator[Site]:
    """The sites of one image reference that is known to fill ``text.text[start:end]``; nothing where it is none."""
    match = IMAGE.fullmatch(text.text, start, end)
    if match is None:
        return
    reference, repository = match.group(), match["repository"]
    name = canonical_image(repository)
    for part in ("tag", "digest"):
        raw = match[part]
        if raw is None:
            continue
        names, form = template_of(raw) if ("$" in raw or "{{" in raw) else ("", "")
        yield Site(
            text.path, text.span(*match.span(part)), Kind.IMAGE, name, Part(part), raw, unmangle(raw),
            Pin.DIGEST if part == "digest" else pin_of(raw), role, key, syntax,
            extra_of(ref=reference, vars=names, form_text=form, **facts),
        )  # fmt: skip
    if match["tag"] is None and match["digest"] is None:
        names, form = template_of(reference) if ("$" in reference or "{{" in reference) else ("", "")
        yield Site(
            text.path, text.span(start, end), Kind.IMAGE, name, Part.REPOSITORY, reference, reference,
            Pin.TEMPLATED if names or form else Pin.ABSENT, role, key, syntax,
            extra_of(ref=reference, vars=names, form_text=form, **facts),
        )  # fmt: skip
