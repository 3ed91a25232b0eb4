"""The builders there are. To add one, add a module with a ``BUILDER`` and list it here, or bring it by an entry point."""

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from relgraph.build.builder import Builder
from relgraph.errors import DeclarationError, EnvironmentFailure

__all__ = ["GROUP", "by_name", "names"]

#: The entry point group in which other distributions name theirs: ``word = "package.module:BUILDER"``.
GROUP = "relgraph.builders"

_OWN: dict[str, str] = {
    "helm": "relgraph.build.helm",
    "bundle": "relgraph.build.bundle",
    "ko": "relgraph.build.ko",
    "docker": "relgraph.build.docker",
    "python": "relgraph.build.python",
    "command": "relgraph.build.command",
}


def names() -> tuple[str, ...]:
    """The words of all builders, relgraph's own first."""
    return (*_OWN, *sorted(_brought().keys() - _OWN.keys()))


@cache
def by_name(name: str) -> Builder:
    """The builder of that word. Raises DeclarationError where there is none, EnvironmentFailure where it cannot be loaded."""
    if name in _OWN:
        found = import_module(_OWN[name]).BUILDER
    elif name in (brought := _brought()):
        try:
            found = brought[name].load()
        except Exception as problem:
            raise EnvironmentFailure(f"builder {name}: {brought[name].value} cannot be loaded: {problem}") from problem
    else:
        raise DeclarationError(f"there is no builder {name!r}", hint=f"there are {', '.join(names())}")
    if not isinstance(found, Builder):
        raise EnvironmentFailure(f"builder {name}: what its entry point names is no Builder")
    return found


@cache
def _brought() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}
