"""References in Makefiles: variables, what recipes run, files that variables name."""

import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.build import extra_of
from relgraph.sites.extractor import Extractor
from relgraph.sites.shell_commands import command_sites
from relgraph.sites.variable import value_sites
from relgraph.syntax.make import Assignment, read_makefile
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR"]

_PATH = re.compile(r"(?:.*/)?(?:GNU|BSD)?[Mm]akefile(?:[.-][\w.-]+)?$|.*\.(?:mk|mak|make)$")
_FILE = re.compile(
    r"(?:\./)?(?:[\w.-]+/)+[\w.-]+\.(?P<ext>sh|bash|py|txt|ya?ml|json|toml|go|md|tpl|cfg|ini|mod|tmpl|proto|sql|rb|js|ts)"
)


def _matches(path: str) -> bool:
    return _PATH.fullmatch(path) is not None


def _extract(text: Text) -> Iterator[Site]:
    makefile = read_makefile(text)
    for variable in makefile.variables:
        yield from _variable(text, variable)
    for rule in makefile.rules:
        key = f"target:{rule.targets[0]}"
        for line in rule.recipe:
            yield from command_sites(text, line.start, line.end, syntax="make", key=key)
    for include in makefile.includes:
        if not include.optional and "$" not in include.path and "*" not in include.path:
            yield Site(
                text.path, text.span(include.start, include.end), Kind.FILE, include.path.removeprefix("./"), Part.PATH, include.path,
                include.path, Pin.EXACT, Role.USES, "include", "make", extra_of(verb="read"),
            )  # fmt: skip


def _variable(text: Text, variable: Assignment) -> Iterator[Site]:
    start, end = variable.start, variable.end
    source = text.text
    if "define" in variable.modifiers or "\n" in source[start:end]:
        yield from command_sites(text, start, end, syntax="make", key=variable.name)
        return
    if end - start > 1 and source[start] == source[end - 1] and source[start] in "\"'":
        start, end = start + 1, end - 1
    role = Role.DEFAULT if variable.operator == "?=" else Role.USES
    if variable.operator == "!=" or "$(shell" in source[start:end]:
        yield from command_sites(text, start, end, syntax="make", key=variable.name)
    if (match := _FILE.fullmatch(source, start, end)) is not None:
        path = match.group()
        yield Site(
            text.path, text.span(start, end), Kind.FILE, path.removeprefix("./"), Part.PATH, path, path, Pin.EXACT, role, variable.name,
            "make", extra_of(verb="run" if match["ext"] in ("sh", "bash", "py") else "read", var=variable.name),
        )  # fmt: skip
        return
    if variable.operator == "+=":
        return  # a part of a value says no version by itself
    yield from value_sites(
        text, start, end, variable.name, syntax="make", scope="make", role=role, target=" ".join(variable.targets),
        condition=variable.conditions[-1] if variable.conditions else "",
    )  # fmt: skip


EXTRACTOR = Extractor("make", _matches, _extract)
