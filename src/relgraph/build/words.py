"""The words of a ``build`` field: checked against what a builder takes."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import cast

from relgraph.build.builder import Target
from relgraph.errors import DeclarationError

__all__ = ["Words", "alike", "choose_node"]

# What the planner reads, whichever builder it is.
_COMMON = frozenset(("limit", "retries", "versioned", ""))


class Words:
    """What a node's ``build`` field says to one builder.

    ``taken`` are the words that this builder knows beside its own. Raises :class:`~relgraph.errors.DeclarationError` for others.
    """

    def __init__(self, target: Target, builder: str, taken: Iterable[str]) -> None:
        known = {builder, *taken} | _COMMON
        for word in sorted(target.options.keys() - known):
            raise DeclarationError(
                f"{target.node.origin}: {target.node.id}: {builder!r} has no use for {word!r}",
                hint=f"beside itself it takes {', '.join(sorted(known - _COMMON - {builder}))}",
            )
        self._target = target
        self.own = self.text(builder)

    def text(self, word: str, default: str = "") -> str:
        """A word's value as it is written."""
        found = self._target.options.get(word)
        return default if found is None else str(found)

    def texts(self, word: str) -> tuple[str, ...]:
        """The values of a list."""
        found = self._target.options.get(word)
        return () if found is None else tuple(map(str, cast("Iterable[object]", found)))

    def pairs(self, word: str) -> dict[str, str]:
        """A mapping whose keys are the user's own."""
        found = self._target.options.get(word)
        return {} if found is None else {str(key): str(value) for key, value in cast("Mapping[object, object]", found).items()}

    @property
    def versioned(self) -> bool:
        """Whether version and commit are written into the artifact."""
        return self._target.options.get("versioned") is not False


def choose_node(target: Target, word: str) -> str | None:
    """The node of ``uses`` that a word names, by its id or by a name that only one has; None where it names none."""
    if word in target.uses:
        return word
    found = [node for node in target.uses if node.partition(".")[2] == word]
    return found[0] if len(found) == 1 else None


def alike(word: str, known: Iterable[str]) -> str:
    """``: did you mean X?`` where something known looks like the word, else nothing."""
    found = get_close_matches(word, tuple(known), n=1, cutoff=0.6)
    return f": did you mean {found[0]}?" if found else ""
