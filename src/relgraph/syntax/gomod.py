"""``go.mod`` and ``go.work`` with positions, after the Go modules reference (https://go.dev/ref/mod#go-mod-file)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from relgraph.syntax.text import Text

__all__ = ["Directive", "GoMod", "Replacement", "Requirement", "pseudo_commit", "read_gomod"]

_LINE = re.compile(r"^[ \t]*(?P<code>(?:\"[^\"\n]*\"|`[^`\n]*`|(?!//)[^\n\"`])*)(?://(?P<comment>[^\n]*))?$", re.MULTILINE)
_WORD = re.compile(r"\"[^\"\n]*\"|`[^`\n]*`|[^\s\"`]+")
_PSEUDO = re.compile(r"v\d+\.\d+\.\d+-(?:[0-9A-Za-z.-]+\.)?\d{14}-(?P<commit>[0-9a-f]{12})(?:\+incompatible)?")
_BLOCKS = frozenset("require replace exclude retract tool use ignore godebug".split())


class Directive(NamedTuple):
    """One value, unquoted, and its bounds in the text."""

    value: str
    start: int
    end: int


class Requirement(NamedTuple):
    """One required module; the bounds are those of its version."""

    module: str
    version: str
    start: int
    end: int
    indirect: bool


class Replacement(NamedTuple):
    """One replacement: ``old`` (at ``old_version``, or at all when empty) by ``new`` at ``version``.

    A replacement by a folder has no version; the bounds are those of the version, or of the folder's path.
    """

    old: str
    old_version: str
    new: str
    version: str
    start: int
    end: int

    @property
    def local(self) -> bool:
        """Whether the replacement is a folder."""
        return not self.version


class GoMod(NamedTuple):
    """What a ``go.mod`` or ``go.work`` says; ``module`` is empty where it names none. ``uses`` are the folders of a ``go.work``."""

    module: str
    go: Directive | None
    toolchain: Directive | None
    requires: tuple[Requirement, ...]
    replaces: tuple[Replacement, ...]
    tools: tuple[Directive, ...]
    uses: tuple[Directive, ...]


def pseudo_commit(version: str) -> str:
    """The twelve hexadecimal digits of the commit that a pseudo-version names, or the empty string for any other version."""
    match = _PSEUDO.fullmatch(version)
    return match["commit"] if match is not None else ""


def read_gomod(text: Text) -> GoMod:
    """Read a ``go.mod`` or ``go.work``; lines that make no sense are skipped, and nothing raises."""
    module = ""
    single: dict[str, Directive] = {}
    requires: list[Requirement] = []
    replaces: list[Replacement] = []
    tools: list[Directive] = []
    uses: list[Directive] = []
    for verb, words, comment in _statements(text.text):
        if verb == "module" and words:
            module = words[0].value
        elif verb in ("go", "toolchain") and words:
            single.setdefault(verb, words[0])
        elif verb == "require" and len(words) >= 2:
            indirect = comment.strip().startswith("indirect")
            requires.append(Requirement(words[0].value, words[1].value, words[1].start, words[1].end, indirect))
        elif verb == "replace":
            values = [word.value for word in words]
            if "=>" in values and (arrow := values.index("=>")) and len(words) > arrow + 1:
                last = words[-1]
                version = last.value if len(words) > arrow + 2 else ""
                old_version = values[1] if arrow > 1 else ""
                replaces.append(Replacement(values[0], old_version, values[arrow + 1], version, last.start, last.end))
        elif verb == "tool" and words:
            tools.append(words[0])
        elif verb == "use" and words:
            uses.append(words[0])
    return GoMod(module, single.get("go"), single.get("toolchain"), tuple(requires), tuple(replaces), tuple(tools), tuple(uses))


def _statements(source: str) -> Iterator[tuple[str, list[Directive], str]]:
    """Verb, words and comment of each line, lines of a block under the block's verb."""
    block = ""
    for line in _LINE.finditer(source):
        words = [_unquoted(match) for match in _WORD.finditer(source, *line.span("code"))]
        if not words:
            continue
        first = words[0].value
        if block:
            if first == ")":
                block = ""
            else:
                yield block, words, line["comment"] or ""
        elif first in _BLOCKS and len(words) > 1 and words[1].value == "(":
            block = first
        else:
            yield first, words[1:], line["comment"] or ""


def _unquoted(match: re.Match[str]) -> Directive:
    written = match.group()
    if written[0] in '"`':
        return Directive(written[1:-1], match.start() + 1, match.end() - 1)
    return Directive(written, match.start(), match.end())
