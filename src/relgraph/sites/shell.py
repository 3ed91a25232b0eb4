"""References in shell scripts: what commands name, what variables hold, what versions are asked for."""

import re
from collections.abc import Iterator

from relgraph.model.site import Role, Site
from relgraph.sites.extractor import Extractor
from relgraph.sites.shell_commands import command_sites
from relgraph.sites.shell_minimums import minimum_sites
from relgraph.sites.variable import value_sites
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR", "assignment_sites", "command_sites"]

_ASSIGNMENT = re.compile(
    r"(?<![\w$./%{?-])(?<![\w=]&)(?P<name>[A-Za-z_][A-Za-z0-9_]*+)="
    r"(?P<value>\"(?>[^\"\\\n$]|\\.|\$\((?:[^()\n]|\([^()\n]*+\))*+\)|\$)*+\"|'[^'\n]*+'|`[^`\n]*+`"
    r"|(?>\$?\{\{[^{}\n]*+\}\}|\$\((?:[^()\n]|\((?:[^()\n]|\([^()\n]*+\))*+\))*+\)|\$\{[^{}\n]*+\}|\$(?!\()|[^\s;|&()<>`\"'$])*+)"
)
_DEFAULT = re.compile(r"\$\{(?P<name>[A-Za-z_]\w*+|\d++):?[-=](?P<value>\$\{[^{}\n]*+\}|[^{}\n]*+)\}")
_SHELL_PATH = re.compile(r".*\.(?:sh|bash|zsh|ksh|bats|envrc|env)|(?:.*/)?\.?env(?:\.[\w-]+)?", re.DOTALL)
_SHEBANG = re.compile(r"#!\s*/\S*(?:/| )(?:env\s+(?:-S\s+)?)?(?:ba|z|k|da|a)?sh\b")


def assignment_sites(text: Text, start: int, end: int, *, syntax: str, scope: str = "shell", key: str = "") -> Iterator[Site]:
    """The sites of assignments (``X=1.2.3``, ``export``, ``local``, ...) and of defaults (``${X:-1.2.3}``) in a range of shell."""
    source = text.text
    for match in _ASSIGNMENT.finditer(source, start, end):
        first, last = match.span("value")
        if last - first < 1:
            continue
        if source[first] in "\"'" and source[last - 1] == source[first]:
            first, last = first + 1, last - 1
        default = _DEFAULT.fullmatch(source, first, last)
        if default is not None and default["name"].isdigit():
            # What an argument is when it is not given is the variable's default: X="${1:-1.2.3}".
            yield from _default_sites(text, *default.span("value"), match["name"], syntax=syntax, scope=scope, key=key)
            continue
        if default is not None and default["name"] == match["name"]:
            continue  # read below, as a default
        for site in value_sites(text, first, last, match["name"], syntax=syntax, scope=scope, key=key):
            if "$" not in site.raw or _opens_string(source, start, match.start()):
                yield site
    for match in _DEFAULT.finditer(source, start, end):
        if not match["name"].isdigit():
            yield from _default_sites(text, *match.span("value"), match["name"], syntax=syntax, scope=scope, key=key)


def _default_sites(text: Text, first: int, last: int, name: str, *, syntax: str, scope: str, key: str) -> Iterator[Site]:
    source = text.text
    if last - first > 1 and source[first] in "\"'" and source[last - 1] == source[first]:
        first, last = first + 1, last - 1
    if first < last:
        yield from value_sites(text, first, last, name, syntax=syntax, scope=scope, key=key, role=Role.DEFAULT)


def _opens_string(source: str, start: int, offset: int) -> bool:
    """Whether ``offset`` lies outside of strings, or at the very beginning of one: within, ``x=$y`` is mere text."""
    line = max(source.rfind("\n", start, offset) + 1, start, offset - 400)
    before = source[line:offset]
    return before[-1:] in ('"', "'") or not (before.count('"') % 2 or before.count("'") % 2)


def _matches(path: str) -> bool:
    return _SHELL_PATH.fullmatch(path) is not None or "." not in path.rpartition("/")[2]


def _extract(text: Text) -> Iterator[Site]:
    if _SHELL_PATH.fullmatch(text.path) is None and _SHEBANG.match(text.text, 0, 200) is None:
        return
    end = len(text.text)
    # Commands first: what an option sets (--set X=1) is told better by the command than by the shape of an assignment.
    yield from command_sites(text, 0, end, syntax="shell")
    yield from assignment_sites(text, 0, end, syntax="shell")
    yield from minimum_sites(text, 0, end, syntax="shell")


EXTRACTOR = Extractor("shell", _matches, _extract)
