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

# What follows the equals sign; the name is found backwards from it, since signs are rare and letters are not.
_VALUE = re.compile(
    r"(?:\"(?>[^\"\\\n$]|\\.|\$\((?:[^()\n]|\([^()\n]*+\))*+\)|\$)*+\"|'[^'\n]*+'|`[^`\n]*+`"
    r"|(?>\$?\{\{[^{}\n]*+\}\}|\$\((?:[^()\n]|\((?:[^()\n]|\([^()\n]*+\))*+\))*+\)|\$\{[^{}\n]*+\}|\$(?!\()|[^\s;|&()<>`\"'$])*+)"
)
_NAME = re.compile(r"[A-Za-z0-9_]*+(?<=[A-Za-z_])(?![\w$./%{?-])(?!&[\w=])")
_NAME_END = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_DEFAULT = re.compile(r"\$\{(?P<name>[A-Za-z_]\w*+|\d++):?[-=](?P<value>\$\{[^{}\n]*+\}|[^{}\n]*+)\}")
_LONGEST = 256
_SHELL_PATH = re.compile(r".*\.(?:sh|bash|zsh|ksh|bats|envrc|env)|(?:.*/)?\.?env(?:\.[\w-]+)?", re.DOTALL)
_SHEBANG = re.compile(r"#!\s*/\S*(?:/| )(?:env\s+(?:-S\s+)?)?(?:ba|z|k|da|a)?sh\b")


def assignment_sites(text: Text, start: int, end: int, *, syntax: str, scope: str = "shell", key: str = "") -> Iterator[Site]:
    """The sites of assignments (``X=1.2.3``, ``export``, ``local``, ...) and of defaults (``${X:-1.2.3}``) in a range of shell."""
    source = text.text
    for begin, name, first, last in _assignments(source, start, end):
        if source[first] in "\"'" and source[last - 1] == source[first]:
            first, last = first + 1, last - 1
        default = _DEFAULT.fullmatch(source, first, last)
        if default is not None and default["name"].isdigit():
            # What an argument is when it is not given is the variable's default: X="${1:-1.2.3}".
            yield from _default_sites(text, *default.span("value"), name, syntax=syntax, scope=scope, key=key)
            continue
        if default is not None and default["name"] == name:
            continue  # read below, as a default
        for site in value_sites(text, first, last, name, syntax=syntax, scope=scope, key=key):
            if "$" not in site.raw or _opens_string(source, start, begin):
                yield site
    for match in _DEFAULT.finditer(source, start, end):
        if not match["name"].isdigit():
            yield from _default_sites(text, *match.span("value"), match["name"], syntax=syntax, scope=scope, key=key)


def _assignments(source: str, start: int, end: int) -> Iterator[tuple[int, str, int, int]]:
    """``NAME=VALUE``, where it begins a word: its start, the name, and the bounds of a value that is not empty."""
    floor = start  # names do not reach into the value before
    at = source.find("=", start, end)
    while at >= 0:
        resume = at + 1
        if at > floor and source[at - 1] in _NAME_END:
            # Backwards, with two characters more than the range may give: a name does not count as part of a longer word.
            name = _NAME.match(source[max(0, floor - 2, at - _LONGEST) : at][::-1])
            begin = at if name is None else at - name.end()
            value = _VALUE.match(source, at + 1, end) if max(floor, at - _LONGEST + 1) <= begin < at else None
            if value is not None:
                floor = resume = value.end()
                if value.end() > value.start():
                    yield begin, source[begin:at], *value.span()
        at = source.find("=", resume, end)


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
