"""Versions in addresses of no git host: documentation, downloads of toolchains, module pages, package CDNs, mangled hosts."""

import re
from collections.abc import Iterator
from functools import cached_property

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.model.version import parse_version
from relgraph.sites.build import extra_of, pin_of, template_of
from relgraph.sites.mangle import looks_like_version, unmangle
from relgraph.syntax.text import Text

__all__ = ["Url", "other_sites", "worth_reading"]

_CDN = re.compile(r"/(?:npm/|gh/(?P<owner>[\w.-]+)/)?(?P<name>(?:@[\w.-]+/)?[\w.-]+)@(?P<version>[^/?#]+)")
_MODULE = re.compile(r"/(?P<module>[\w.-]+\.[\w-]+(?:/[\w.~-]+)*)@(?P<version>v[\w.+-]+)")
_VERSIONED = re.compile(r"/(?P<raw>(?:[a-z][a-z0-9]*-)?v?\d+[.-]\d+(?:[.-]\d+)?(?:-?(?:alpha|beta|rc)[.-]?\d*)?)(?=/|$)")
_VERSIONED_HOST = re.compile(r"(?:[a-z][a-z0-9]*-)*(?P<raw>v?\d+-\d+-\d+(?:-(?:rc|alpha|beta)-?\d+)?)--(?P<rest>.+)")
_TEMPLATED_HOST = re.compile(r"[a-z-]*?(?P<raw>v?(?:\$\{\w+\}|\$\{\{[^{}\n]*\}\}|\{\{[^{}\n]*\}\}|\$\w+))--(?P<rest>[\w.-]+)")
_TOOLCHAIN = re.compile(
    r"(?:go\.dev/dl|golang\.org/dl|dl\.google\.com/go|storage\.googleapis\.com/golang)/go(?P<go>\d+\.\d+(?:\.\d+)?(?:rc\d+)?)\."
    r"|nodejs\.org/(?:dist|download/release)/(?P<node>v\d+\.\d+\.\d+)/|python\.org/ftp/python/(?P<python>\d+\.\d+\.\d+)/"
)
_FILE = re.compile(
    r"/(?P<stem>[A-Za-z][\w+]*(?:-[A-Za-z][\w+]*)*)[-_](?P<version>v?\d+\.\d+(?:\.\d+)*(?:-(?:alpha|beta|rc)[.-]?\d*)?)(?:[-_.][\w.-]*)?"
    r"\.(?:tar\.\w+|t[gx]z|zip|deb|rpm|jar|whl|exe|dmg|AppImage)(?=[?#]|$)"
)
_DIGITS = re.compile(r"\d[.-]\d|/-/")
_CDNS = frozenset(("unpkg.com", "cdn.jsdelivr.net", "esm.sh", "cdn.skypack.dev"))
_PAGES = frozenset(("pkg.go.dev", "godoc.org"))


class Url:
    """One URL in a text: ``separator`` is where its scheme ends (or where it begins without one), ``at`` where its path begins."""

    def __init__(self, text: Text, syntax: str, key: str, role: Role, separator: int, at: int, path: str) -> None:
        self.text, self.syntax, self.key, self.role, self.at, self.path = text, syntax, key, role, at, path
        self._separator = separator

    @cached_property
    def url(self) -> str:
        """The URL as written, scheme included."""
        source, start = self.text.text, self._separator
        while start > 0 and (source[start - 1].isalpha() or source[start - 1] == "+") and self._separator - start < 12:
            start -= 1
        return source[start : self.at + len(self.path)]

    def make(self, kind: Kind, name: str, part: Part, start: int, raw: str, value: str, pin: Pin, **facts: str) -> Site:
        """A site whose text begins ``start`` characters into the path (before it where negative)."""
        names, form_text = template_of(raw) if ("$" in raw or "{{" in raw) else ("", "")
        first = self.at + start
        return Site(
            self.text.path, self.text.span(first, first + len(raw)), kind, name, part, raw, value, pin, self.role, self.key, self.syntax,
            extra_of(url=self.url, vars=names, form_text=form_text, **facts),
        )  # fmt: skip


def worth_reading(host: str, path: str) -> bool:
    """Whether an address can hold a version at all; cheap, because most cannot."""
    return "--" in host or "@" in path or _DIGITS.search(path) is not None


def other_sites(url: Url, host: str, host_at: int) -> Iterator[Site]:
    """The version in an address of ``host``, which is written at ``host_at``: at most one."""
    path = url.path
    if "--" in host and (hole := _TEMPLATED_HOST.match(url.text.text, host_at)) is not None:
        raw = hole["raw"]
        yield url.make(
            Kind.VARIABLE, hole["rest"].lower(), Part.VERSION, hole.start("raw") - url.at, raw, raw, Pin.TEMPLATED, scope="url", form="host"
        )  # fmt: skip
    elif "--" in host and (label := _VERSIONED_HOST.fullmatch(host)) is not None:
        raw = label["raw"]
        at = host_at + label.start("raw") - url.at
        value = unmangle(raw)
        yield url.make(Kind.VARIABLE, label["rest"], Part.VERSION, at, raw, value, pin_of(value), scope="url", form="host")
    elif host in _PAGES:
        if (module := _MODULE.match(path)) is not None:
            version = module["version"]
            yield url.make(
                Kind.MODULE, module["module"], Part.VERSION, module.start("version"), version, version, pin_of(version), form="page"
            )  # fmt: skip
    elif host in _CDNS:
        if (package := _CDN.match(path)) is not None:
            yield _package(url, package)
    elif (tool := _TOOLCHAIN.search(host + path)) is not None:
        name = tool.lastgroup or "go"
        yield url.make(
            Kind.TOOLCHAIN, name, Part.VERSION, tool.start(name) - len(host), tool[name], tool[name], Pin.EXACT, form="download"
        )  # fmt: skip
    elif (file := _FILE.search(path)) is not None:
        at = file.start("version")
        name = host + path[: file.end("stem")]
        yield url.make(
            Kind.VARIABLE, name, Part.VERSION, at, file["version"], file["version"], pin_of(file["version"]), scope="url", form="asset"
        )  # fmt: skip
    elif (match := _VERSIONED.search(path)) is not None:
        raw, value = match["raw"], unmangle(match["raw"])
        if "licen" not in path.lower() and looks_like_version(value, named=True) and not _dated(value):
            written = value if value in raw else raw
            at = match.start("raw") + raw.find(written)
            name = host + path[: match.start()]
            yield url.make(Kind.VARIABLE, name, Part.VERSION, at, written, value, pin_of(value), scope="url", form="path")


def _package(url: Url, match: re.Match[str]) -> Site:
    version, at = match["version"], match.start("version")
    if match["owner"]:
        name = f"github.com/{match['owner']}/{match['name']}"
        rest = url.path[match.end() :].strip("/")
        return url.make(Kind.GIT, name, Part.REF, at, version, version, pin_of(version), form="raw", path=rest)
    return url.make(Kind.PACKAGE, f"npm:{match['name']}", Part.VERSION, at, version, version, pin_of(version), form="page")


def _dated(value: str) -> bool:
    version = parse_version(value)
    return version is not None and 1990 <= version.release[0] <= 2100
