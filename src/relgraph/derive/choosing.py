"""Which steps are meant by the words on a command line."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

from relgraph.derive.planner import shown
from relgraph.derive.world import ACTION, Derivation, World
from relgraph.engine.patterns import overlap
from relgraph.errors import EnvironmentFailure, UsageError
from relgraph.model.plan import Step

__all__ = ["choose_steps", "find_step"]


def choose_steps(world: World, words: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """By repository, the ids of the steps that the words name.

    A word is a derived node, by id or name, one of its steps, a repository (all that is derived in it), or another node: the derived files among
    its own. Raises UsageError for a word that names none of these, EnvironmentFailure for a repository without a work tree here.
    """
    chosen: dict[str, list[str]] = {}
    for word in words:
        found = [(one.repo, step.id) for one in world.derivations for step in _meant(one, word)]
        if not found:
            _refuse(world, word)
        for repo, step in found:
            chosen.setdefault(repo, []).append(step)
    return {repo: tuple(dict.fromkeys(steps)) for repo, steps in chosen.items()}


def find_step(world: World, word: str) -> tuple[Derivation, Step]:
    """The one step that a word names. Raises UsageError where there is none, or several."""
    found = [(one, step) for one in world.derivations for step in _meant(one, word)]
    if not found:
        _refuse(world, word)
    if len(found) > 1:
        raise UsageError(f"'{word}' names {len(found)} steps", hint=f"name one, as {shown(found[0][1])}")
    return found[0]


def _meant(derivation: Derivation, word: str) -> Sequence[Step]:
    steps = derivation.prepared.plan.steps
    if word in (derivation.repo, derivation.repo.partition(".")[2]):
        return steps
    nodes = (word, f"derived.{word}")
    found = [step for step in steps if step.node in nodes or step.id in (word, f"{ACTION} {word}", f"{ACTION} derived.{word}")]
    if found:
        return found
    patterns = [pattern for node, path in derivation.places if node == word for pattern in (path, f"{path}/**")]
    return [step for step in steps if any(overlap(output, pattern) for output in step.outputs for pattern in patterns)]


def _refuse(world: World, word: str) -> NoReturn:
    if word in world.missing:
        raise EnvironmentFailure(f"{word} has no work tree here", hint="give the folder of clones with --repos")
    from difflib import get_close_matches

    known = sorted({step.node for one in world.derivations for step in one.prepared.plan.steps})
    if any(word == node for one in world.derivations for node, _ in one.places):
        raise UsageError(f"no derived files are among those of {word}", hint=f"derived are {', '.join(known)}")
    close = get_close_matches(word, [*known, *(node.partition(".")[2] for node in known)], n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"derived are {', '.join(known)}" if known else "the graph declares none"
    raise UsageError(f"no derived files are called '{word}'", hint=hint)
