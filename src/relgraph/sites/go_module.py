"""References in ``go.mod`` and ``go.work``: the toolchain, required and replacing modules."""

import posixpath
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.build import extra_of, pin_of
from relgraph.sites.extractor import Extractor
from relgraph.sites.mangle import unmangle
from relgraph.syntax.gomod import Directive, pseudo_commit, read_gomod
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR"]


def _matches(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith((".mod", ".work")) and (name.startswith("go.") or name.count(".") == 1)


def _extract(text: Text) -> Iterator[Site]:
    gomod = read_gomod(text)
    if gomod.go is not None:
        yield _toolchain(text, gomod.go, Role.MINIMUM, "go")
    if gomod.toolchain is not None and gomod.toolchain.value != "default":
        yield _toolchain(text, gomod.toolchain, Role.USES, "toolchain")
    for need in gomod.requires:
        yield _module(text, need.module, need.version, need.start, need.end, "require", indirect="1" if need.indirect else "")
    for swap in gomod.replaces:
        if swap.local:
            yield _folder(text, Directive(swap.new, swap.start, swap.end), "replace", replaces=swap.old)
        else:
            yield _module(
                text, swap.new, swap.version, swap.start, swap.end, "replace", replaces=swap.old, replaces_version=swap.old_version
            )  # fmt: skip
    for use in gomod.uses:
        yield _folder(text, use, "use")


def _toolchain(text: Text, directive: Directive, role: Role, key: str) -> Site:
    raw, value = directive.value, unmangle(directive.value)
    span = text.span(directive.start, directive.end)
    return Site(text.path, span, Kind.TOOLCHAIN, "go", Part.VERSION, raw, value, pin_of(value), role, key, "gomod")


def _module(text: Text, module: str, version: str, start: int, end: int, key: str, **facts: str) -> Site:
    extra = extra_of(pseudo=pseudo_commit(version), **facts)
    return Site(
        text.path, text.span(start, end), Kind.MODULE, module, Part.VERSION, version, version, pin_of(version), Role.USES, key, "gomod", extra
    )  # fmt: skip


def _folder(text: Text, folder: Directive, key: str, **facts: str) -> Site:
    # Relative to the file, and often outside of the repository: then there is nothing to resolve.
    resolved = posixpath.normpath(posixpath.join(posixpath.dirname(text.path), folder.value))
    outside = folder.value.startswith("/") or resolved.startswith("..")
    return Site(
        text.path, text.span(folder.start, folder.end), Kind.FILE, folder.value if outside else resolved, Part.PATH, folder.value,
        folder.value, Pin.EXACT, Role.USES, key, "gomod", extra_of(verb="read", resolved="" if outside else resolved, **facts),
    )  # fmt: skip


EXTRACTOR = Extractor("gomod", _matches, _extract)
