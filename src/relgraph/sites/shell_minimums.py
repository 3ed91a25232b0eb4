"""Versions that scripts ask for: comparisons, calls of checking functions, sentences in comments and messages."""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Role, Site
from relgraph.sites.command import Reader
from relgraph.sites.mangle import looks_like_version, unmangle
from relgraph.sites.prose import prose_sites
from relgraph.syntax.shell import Word, read_command
from relgraph.syntax.text import Text

__all__ = ["minimum_sites"]

_COMPARED = re.compile(
    r"\$\{?(?P<name>[A-Za-z_]\w*)[^\s\"'\]=<>]{0,40}+[\"']?[ \t]+\\?(?P<op><=?|>=?|-lt|-le|-gt|-ge|-eq|==?|!=)[ \t]+[\"']?(?P<version>v?\d+\.\d+(?:\.\d+)*)(?![\w.])"
)
_CHECKS = re.compile(
    r"(?:check|require|ensure|verify|assert|need|is|has|min)(?:[_-]\w+)*?[_-]?(?:version|ver|installed|tool|command|cmd|dependency|prereq|minimum)\w*(?=[ \t]+[\w\"'$])"
)
_ASKED = re.compile(
    r"(?:(?P<name>[A-Za-z][\w .+-]*?)(?:[ -]|: ?))?(?:version:? ?)?:?(?P<op>>=|<=|==|<|>|~>)? ?(?P<version>v?\d+\.\d+(?:\.\d+){0,2}(?:-[A-Za-z][\w.]*)?)"
)
_NAME = re.compile(r"[A-Za-z][\w .+-]{0,30}")
_SPOKEN = re.compile(r"^[^\n]*?(?:#|\b(?:echo|printf|die|fail|error|warn|log|usage|abort|msg|fatal|err)\w*\b)")
_VERSIONED_NAME = re.compile(r"ver|release|^(?:got|have|want|min|current)", re.IGNORECASE)
_BELOW = frozenset("< <= -lt -le".split())


def minimum_sites(text: Text, start: int, end: int, *, syntax: str, key: str = "") -> Iterator[Site]:
    """Versions that shell within ``text.text[start:end]`` compares with or asks for: mostly of role MINIMUM."""
    source = text.text
    reader = Reader(text, start, end, syntax, key)
    for match in _COMPARED.finditer(source, start, end):
        # `[ $v < 1.2 ]` refuses what is below: either way the number is the least that is wanted.
        if not _VERSIONED_NAME.search(match["name"]):
            continue
        role = Role.MENTION if match["op"] in ("-eq", "=", "==", "!=") else Role.MINIMUM
        yield reader.make(
            Kind.VARIABLE, match["name"], Part.VERSION, match.start("version"), match["version"], role=role, scope="compare"
        )
    done = start
    for match in _CHECKS.finditer(source, start, end):
        if match.start() < done or (
            match.start() > start and (source[match.start() - 1].isalnum() or source[match.start() - 1] in "_-./$")
        ):
            continue
        words, done = read_command(source, match.end(), end)
        yield from _asked(reader, words)
    for site in prose_sites(text, start, end, syntax=syntax, key=key):
        if site.role is Role.MINIMUM and _SPOKEN.match(text.line_head(site.span.line)[: site.span.column]):
            yield site


def _asked(reader: Reader, words: list[Word]) -> Iterator[Site]:
    """The versions among the arguments of a checking function: one is the least, of two the second is the limit."""
    called = next((word.text for word in words if _NAME.fullmatch(word.text) and not looks_like_version(unmangle(word.text))), "")
    found = 0
    for word in words:
        match = _ASKED.fullmatch(word.text) if word.inner >= 0 else None
        if match is None:
            continue
        name = called or match["name"]
        if not name:
            continue
        found += 1
        upper = found > 1 or match["op"] in _BELOW
        yield reader.make(
            Kind.VARIABLE, name, Part.VERSION, word.inner + match.start("version"), match["version"],
            role=Role.MENTION if upper else Role.MINIMUM, scope="check", bound="upper" if upper else "",
        )  # fmt: skip
