"""References in shell text: what commands name, and what variables hold.

:func:`command_sites` reads any stretch of shell (scripts, Make recipes, ``run:`` blocks, code fences, ``RUN``): it finds the
words that begin a command worth reading and reads that simple command, wherever it stands.
"""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites import shell_commands
from relgraph.sites.build import extra_of, image_sites, pin_of, template_of
from relgraph.sites.extractor import Extractor
from relgraph.sites.mangle import looks_like_version, named_for_version, unmangle
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR", "assignment_sites", "command_sites", "value_sites"]

_ASSIGNMENT = re.compile(
    r"(?<![\w$./%{-])(?P<name>[A-Za-z_][A-Za-z0-9_]*+)(?P<op>\+?=)"
    r"(?P<value>\"(?>[^\"\\\n]|\\.)*+\"|'[^'\n]*+'|(?>\$\{\{[^{}\n]*+\}\}|\$\([^()\n]*+(?:\([^()\n]*+\)[^()\n]*+)*+\)|\$\{[^{}\n]*+\}|[^\s;|&()<>`\"'])*+|`[^`\n]*+`)"
)
_DEFAULT = re.compile(r"\$\{(?P<name>[A-Za-z_]\w*+):?[-=](?P<value>[^{}\n]*+)\}")
_IMAGE_LIKE = re.compile(r"(?:[\w-]+(?:\.[\w-]+)+(?::\d+)?|localhost(?::\d+)?)/[\w./-]*[\w](?::[\w.+-]+|@sha256:[0-9a-f]{64})")
_SHELL_PATH = re.compile(r".*\.(?:sh|bash|zsh|ksh|bats|envrc|env)$|(?:.*/)?\.?env(?:\.[\w-]+)?$")
_SHEBANG = re.compile(r"#!\s*/\S*(?:/| )(?:env\s+(?:-S\s+)?)?(?:ba|z|k|da|a)?sh\b")


def command_sites(text: Text, start: int, end: int, *, syntax: str, key: str = "") -> Iterator[Site]:
    """The references that shell commands within ``text.text[start:end]`` make; URLs and images are left to their extractors."""
    return shell_commands.command_sites(text, start, end, syntax=syntax, key=key)


def value_sites(
    text: Text, start: int, end: int, name: str, *, syntax: str, scope: str, key: str = "", role: Role = Role.USES
) -> Iterator[Site]:
    """The site of a variable's value that fills ``text.text[start:end]``, where it says a version, a ref or an image.

    A literal image reference yields an IMAGE whose extra ``var`` is the variable; anything else yields a VARIABLE.
    """
    raw = text.text[start:end]
    if not raw or len(raw) > 300:
        return
    named = named_for_version(name)
    if _IMAGE_LIKE.fullmatch(raw):
        yield from image_sites(text, start, end, syntax=syntax, key=key or name, role=role, var=name, scope=scope)
        return
    templated = "$" in raw or "{{" in raw or raw[0] == "`"
    value = unmangle(raw)
    if templated:
        if not named:
            return
    elif not looks_like_version(value, named=named) and not (named and pin_of(value) in (Pin.MUTABLE, Pin.PLACEHOLDER, Pin.RANGE, Pin.DIGEST)):
        return
    names, form_text = template_of(raw) if templated else ("", "")
    computed = raw[0] == "`" or (raw.startswith("$(") and " " in raw)
    pin = Pin.COMPUTED if computed else pin_of(value)
    lowered = name.lower()
    part = Part.TAG if lowered.endswith("tag") else Part.REF if lowered.endswith(("ref", "branch", "rev")) else Part.VERSION
    if role is Role.USES and re.match(r"(?:.*_)?MIN(?:IMUM|IMAL)?(?:_|$)", name, re.IGNORECASE):
        role = Role.MINIMUM
    yield Site(
        text.path, text.span(start, end), Kind.VARIABLE, name, part, raw, value, pin, role, key or name, syntax,
        extra_of(scope=scope, vars=names, form_text=form_text),
    )  # fmt: skip


def assignment_sites(text: Text, start: int, end: int, *, syntax: str, scope: str = "shell", key: str = "") -> Iterator[Site]:
    """The sites of assignments (``X=1.2.3``, ``export``, ``local``, ...) and of defaults (``${X:-1.2.3}``) in a range of shell."""
    source = text.text
    for match in _ASSIGNMENT.finditer(source, start, end):
        first, last = match.span("value")
        if last - first > 1 and source[first] in "\"'" and source[last - 1] == source[first]:
            first, last = first + 1, last - 1
        if (default := _DEFAULT.fullmatch(source, first, last)) is not None and default["name"] == match["name"]:
            continue  # read below, as a default
        if first < last:
            yield from value_sites(text, first, last, match["name"], syntax=syntax, scope=scope, key=key)
    for match in _DEFAULT.finditer(source, start, end):
        if match["value"]:
            first, last = match.span("value")
            if last - first > 1 and source[first] in "\"'" and source[last - 1] == source[first]:
                first, last = first + 1, last - 1
            yield from value_sites(text, first, last, match["name"], syntax=syntax, scope=scope, key=key, role=Role.DEFAULT)


def _matches(path: str) -> bool:
    return _SHELL_PATH.fullmatch(path) is not None or "." not in path.rpartition("/")[2]


def _extract(text: Text) -> Iterator[Site]:
    if not _SHELL_PATH.fullmatch(text.path) and not _SHEBANG.match(text.text, 0, 200):
        return
    end = len(text.text)
    yield from assignment_sites(text, 0, end, syntax="shell")
    yield from command_sites(text, 0, end, syntax="shell")


EXTRACTOR = Extractor("shell", _matches, _extract)

