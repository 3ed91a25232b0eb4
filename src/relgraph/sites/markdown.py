"""References in documents: commands in code fences, versions in sentences and tables, links to files."""

import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.build import extra_of
from relgraph.sites.extractor import Extractor
from relgraph.sites.fenced_yaml import fenced_sites
from relgraph.sites.image_text import text_images
from relgraph.sites.mangle import looks_like_version, unmangle
from relgraph.sites.prose import prose_sites
from relgraph.sites.shell import assignment_sites, command_sites
from relgraph.sites.shell_commands import module_sites
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR"]

_PATH = re.compile(
    r".*\.(?:md|mdx|markdown|rst|adoc|asciidoc)|(?:.*/)?(?:README|CONTRIBUTING|INSTALL|NEWS|CHANGES|HISTORY)(?:\.txt)?|(?:.*/)?docs?/.*\.txt",
    re.DOTALL,
)
_HISTORY = re.compile(
    r"(?:.*/)?(?:ISSUE_TEMPLATE|change(?:s|[-_]?log)|history|news|release[-_ ]?notes?)(?:[-_.][\w.-]*)?(?:/.*)?",
    re.IGNORECASE | re.DOTALL,
)
# Literal beginnings make these searches fast; that a fence begins its line is checked afterwards.
_FENCE = re.compile(r"(?P<mark>```+|~~~+)[ \t]*(?P<info>[^\n`]*)$", re.MULTILINE)
_PROMPT = re.compile(r"\n[ \t]*\$ ")
_SHELL = frozenset("sh bash shell zsh console shell-session terminal sh-session shellsession".split())
_YAML = frozenset(("yaml", "yml"))
_STRUCTURED = frozenset(
    "yaml yml json toml dockerfile docker makefile make hcl ini go golang python py js ts typescript javascript".split()
)
_INLINE = re.compile(r"`(?P<code>[^`\n]{4,300})`")
_INDENTED = re.compile(r"\n(?:    |\t)[ \t]*(?:\$ )?(?=[a-z])[^\n]*(?<!\\)(?:\\\n[^\n]*)*")
_HEADING = re.compile(r"[ \t]*(?:#{1,6}[ \t]|={1,6}[ \t])")
_LINK = re.compile(r"\]\([ \t]*<?(?P<path>[^()\s<>]+)>?(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'))?[ \t]*\)")
_DEFINITION = re.compile(r"\n[ ]{0,3}\[[^\]\n]+\]:[ \t]*<?(?P<path>[^\s<>]+)")
_SOURCE = re.compile(r"src=[\"'](?P<path>[^\"'\s]+)[\"']")
_INCLUDE = re.compile(r"include(?:-markdown)?[ \t]+[\"'](?P<path>[^\"'\n]+)[\"']")
_MACRO = re.compile(r"(?:link|image|include|xref):{1,2}(?P<path>[\w./-]+\.\w+)(?:#[\w-]*)?\[")
_FOREIGN = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#|/|\{|\$|<|~")
_ROW = re.compile(r"\n[ \t]*\|(?P<cells>[^\n]*)")
_DOTTED = re.compile(r"\d\.\d")
_CELL = re.compile(r"[^|]+")
_ASSIGNED = re.compile(r"(?:VERSION|TAG|RELEASE)(?:=|:[ \t]*)[\"'`]?(?P<value>v?\d[\w.+-]*\w)")
_NAME_BACKWARDS = re.compile(r"[A-Z0-9_]*")


class _Block(NamedTuple):
    """A fence's content: bounds, language (empty where none is told), and whether its commands stand behind a prompt."""

    start: int
    end: int
    language: str
    prompted: bool


def _matches(path: str) -> bool:
    return _PATH.fullmatch(path) is not None and not path.endswith("requirements.txt")


def _extract(text: Text) -> Iterator[Site]:
    return _Document(text).read()


class _Document:
    def __init__(self, text: Text) -> None:
        self.text = text
        self.source = text.text
        self.blocks: list[_Block] = []
        self._starts: list[int] = []
        self.role = Role.MENTION if _HISTORY.fullmatch(text.path) else Role.USES

    def read(self) -> Iterator[Site]:
        self.blocks = list(self._fences())
        self._starts = [block.start for block in self.blocks]
        for block in self.blocks:
            if block.language in _SHELL or not block.language:
                key = f"fence:{block.language}" if block.language else "fence"
                for reader in (command_sites, assignment_sites):
                    for site in reader(self.text, block.start, block.end, syntax="markdown", key=key):
                        yield self._as_told(site, block)
            if block.language in _YAML or not block.language:
                for site in fenced_sites(self.text, block.start, block.end):
                    yield self._in_time(site)
        size = len(self.source)
        for match in _INLINE.finditer(self.source):
            if " " in match["code"] and self._block(match.start()) is None:
                yield from self._commands(*match.span("code"), "code")
        for match in _INDENTED.finditer(self.source):
            if self._block(match.start() + 1) is None:
                yield from self._commands(*match.span(), "block")
        yield from self._images(size)
        for site in module_sites(self.text, 0, size, syntax="markdown"):
            yield self._in_time(site)
        yield from self._links()
        yield from self._rows()
        yield from self._assignments()
        yield from self._sentences(size)

    def _fences(self) -> Iterator[_Block]:
        opening: re.Match[str] | None = None
        for match in _FENCE.finditer(self.source):
            line = self.source.rfind("\n", 0, match.start()) + 1
            if self.source[line : match.start()].strip(" \t>-*0123456789."):
                continue
            if opening is None:
                opening = match
            elif match["mark"].startswith(opening["mark"]) and not match["info"].strip():
                yield self._fenced(opening, match.start())
                opening = None
        if opening is not None:
            yield self._fenced(opening, len(self.source))

    def _fenced(self, opening: re.Match[str], end: int) -> _Block:
        start = opening.end()
        return _Block(start, end, _language(opening["info"]), _PROMPT.search(self.source, start, end) is not None)

    def _block(self, offset: int) -> _Block | None:
        """The code block that holds the offset."""
        index = bisect_right(self._starts, offset) - 1
        return self.blocks[index] if index >= 0 and offset < self.blocks[index].end else None

    def _offset(self, site: Site) -> int:
        return self.text.line_starts[site.span.line - 1] + site.span.column - 1

    def _in_time(self, site: Site) -> Site:
        """The site as a document of the past tells it."""
        return site if self.role is Role.USES else site._replace(role=self.role)

    def _as_told(self, site: Site, block: _Block) -> Site:
        """A site of a fence, as a mention where it stands in what a command has printed."""
        shown = False
        if block.language not in _STRUCTURED:
            if block.prompted:
                line = self.text.line_head(site.span.line).lstrip()
                shown = not line.startswith("$ ") and not self.text.line_text(site.span.line - 1).endswith("\\")
            # In a fence of unknown language, an image that no command names is output.
            elif block.language not in _SHELL:
                shown = site.kind in (Kind.IMAGE, Kind.CHART) and not site.get("verb") and site.part is not Part.VERSION
        return site._replace(role=Role.MENTION) if shown else self._in_time(site)

    def _commands(self, start: int, end: int, key: str) -> Iterator[Site]:
        for site in command_sites(self.text, start, end, syntax="markdown", key=key):
            yield self._in_time(site)

    def _images(self, size: int) -> Iterator[Site]:
        for site in text_images(self.text, 0, size, syntax="markdown"):
            block = self._block(self._offset(site))
            yield self._in_time(site) if block is None else self._as_told(site._replace(key="fence"), block)

    def _sentences(self, size: int) -> Iterator[Site]:
        for site in prose_sites(self.text, 0, size, syntax="markdown"):
            if self._block(self._offset(site)) is not None:
                continue
            # A version in a heading says when something happened.
            if site.role is Role.USES and _HEADING.match(self.text.line_head(site.span.line)):
                yield site._replace(role=Role.MENTION)
            else:
                yield self._in_time(site)

    def _assignments(self) -> Iterator[Site]:
        """``SOME_VERSION=1.2.3`` in running text."""
        for match in _ASSIGNED.finditer(self.source):
            raw = match["value"]
            value = unmangle(raw)
            if not looks_like_version(value, named=True) or self._block(match.start()) is not None:
                continue
            before = _NAME_BACKWARDS.match(self.source[max(0, match.start() - 60) : match.start()][::-1])
            begin = match.start() - (before.end() if before is not None else 0)
            if self.source[begin - 1 : begin] in ("$", "{", ".", "/", "%", "-"):
                continue
            name = re.split("[=:]", self.source[begin : match.end()], maxsplit=1)[0]
            yield Site(
                self.text.path, self.text.span(*match.span("value")), Kind.VARIABLE, name, Part.VERSION, raw, value, Pin.EXACT,
                self.role, name, "markdown", extra_of(scope="prose"),
            )  # fmt: skip

    def _links(self) -> Iterator[Site]:
        adoc = self.text.path.endswith((".adoc", ".asciidoc"))
        for pattern in (_MACRO,) if adoc else (_LINK, _DEFINITION, _SOURCE, _INCLUDE):
            for match in pattern.finditer(self.source):
                if self._block(match.start("path")) is None:
                    yield from self._link(match.start("path"), match["path"])

    def _link(self, start: int, written: str) -> Iterator[Site]:
        path, _, anchor = written.partition("#")
        path = path.partition("?")[0]
        if not path or _FOREIGN.match(path) or "{" in path or "*" in path or "..." in path:
            return
        if "." not in path.rpartition("/")[2] and "/" not in path:
            return  # a name of a page in some site's own scheme
        resolved = posixpath.normpath(posixpath.join(posixpath.dirname(self.text.path), unquote(path)))
        outside = resolved.startswith("..")
        yield Site(
            self.text.path, self.text.span(start, start + len(path)), Kind.FILE, path if outside else resolved, Part.PATH, path, path,
            Pin.EXACT, self.role, "link", "markdown", extra_of(verb="read", resolved="" if outside else resolved, anchor=anchor),
        )  # fmt: skip

    def _rows(self) -> Iterator[Site]:
        """Rows of tables whose first cell is a name and another cell a version and nothing else."""
        for row in _ROW.finditer(self.source):
            if _DOTTED.search(row["cells"]) is None or self._block(row.start() + 1) is not None:
                continue
            cells = list(_CELL.finditer(self.source, *row.span("cells")))
            if len(cells) < 2:
                continue
            name = re.sub(r"\[([^\]]*)\]\([^)]*\)|[*`]", r"\1", cells[0].group()).strip(" \t_")
            if not re.fullmatch(r"[A-Za-z][\w .+/-]{1,40}(?: ?\([\w .-]+\))?", name) or looks_like_version(name, named=True):
                continue
            for cell in cells[1:]:
                inner = re.search(r"[^\s*`_~]+(?=[\s*`_~]*\Z)", cell.group())
                if inner is None or cell.group()[: inner.start()].strip("*`_~ \t"):
                    continue
                raw = inner.group().rstrip("+")
                value = unmangle(raw)
                if looks_like_version(value, named=True) and "." in value:
                    minimum = inner.group().endswith("+")
                    at = cell.start() + inner.start()
                    yield Site(
                        self.text.path, self.text.span(at, at + len(raw)), Kind.VARIABLE, name, Part.VERSION, raw, value, Pin.EXACT,
                        Role.MINIMUM if minimum and self.role is Role.USES else self.role, "table", "markdown", extra_of(scope="prose"),
                    )  # fmt: skip


def _language(info: str) -> str:
    words = re.split(r"[\s{},:]+", info.strip().lower().lstrip("{."))
    return words[0] if words else ""


EXTRACTOR = Extractor("markdown", _matches, _extract)
