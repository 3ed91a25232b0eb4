"""From a scope to a plan: what is built, pushed, signed and named, in which order. Pure.

Everything is built before anything is pushed, everything is pushed and signed before anything is named, channels move when
every name has been read back, and the record is written when all is done: what ends early has published digests that nobody refers to.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from relgraph.build.builder import Recipe
from relgraph.errors import DeclarationError
from relgraph.model.plan import Plan, Step
from relgraph.release.scope import Scope, Unit

__all__ = ["FORMAT", "Goal", "Planned", "build_step", "deep_keys", "plan_of"]

#: Part of every build's key: raised when the same recipe comes to something else.
FORMAT = 1
_MANY_FILES = 400


class Goal(NamedTuple):
    """How far to go: up to built, pushed, or released (named, signed, recorded), and where to; ``destinations`` by node id.

    ``recorded`` are digests, by node id, that an earlier run of the release recorded.
    """

    push: bool = False
    release: bool = False
    sign: bool = False
    destinations: Mapping[str, str] = {}
    recorded: Mapping[str, str] = {}


class Planned(NamedTuple):
    """A unit with what decides its result: its recipe, and by path the content of the files that the recipe names."""

    unit: Unit
    recipe: Recipe
    content: Mapping[str, str]


def build_step(node: str) -> str:
    """The id of the step that builds a node."""
    return f"build {node}"


def plan_of(scope: Scope, planned: Sequence[Planned], goal: Goal, *, root: str, tools: Mapping[str, str]) -> Plan:
    """The plan; ``tools`` are versions of the programs that recipes name. Raises DeclarationError for builds in a cycle."""
    builds = [_build(one, tools) for one in _ordered(planned)]
    steps = list(builds)
    if goal.push or goal.release:
        steps += [_check(one.unit, goal, tuple(step.id for step in builds)) for one in planned]
    checks = tuple(step.id for step in steps)
    if goal.push or goal.release:
        pushes = [_push(one.unit, goal, checks) for one in planned]
        signatures = [_sign(one.unit, goal) for one in planned] if goal.sign else []
        steps += [*pushes, *signatures]
        ready = tuple(step.id for step in (*pushes, *signatures))
        names = [_name(one.unit, goal, ready) for one in planned]
        steps += names
        if goal.release:
            moves = [_channel(one.unit, goal, tuple(step.id for step in names)) for one in planned if one.unit.channels]
            # The record comes last: whoever finds one finds all that it speaks of.
            steps += [*moves, _record(scope, planned, goal, tuple(step.id for step in (*names, *moves)))]
    return Plan(f"{scope.release.repo} {scope.release.tag or scope.release.commit[:12]}", root, tuple(steps))


def deep_keys(plan: Plan) -> dict[str, str]:
    """What decides each build, all the way down (SHA-256, hex), by node id: nothing has to be built to know it."""
    found: dict[str, str] = {}
    for step in plan.steps:
        if step.action == "build":
            below = [found[need.removeprefix("build ")] for need in step.needs]
            found[step.node] = sha256("\0".join([step.recipe, *below]).encode()).hexdigest()
    return found


def _build(one: Planned, tools: Mapping[str, str]) -> Step:
    unit, recipe = one.unit, one.recipe
    options = unit.target.options
    text = _text(
        {
            "builder": unit.builder,
            "format": FORMAT,
            # Each by itself, so that a plan can say which of them changed.
            **dict(_flat("fact", recipe.facts)),
            **{f"version of {name}": tools.get(name, "") for name in recipe.tools},
            **_content(one.content),
            "time": unit.target.release.time,
        }
    )
    return Step(
        build_step(unit.id),
        "build",
        text,
        needs=tuple(build_step(node) for node in recipe.needs),
        environment=recipe.environment,
        node=unit.id,
        limit=float(options.get("limit") or 0),  # type: ignore[arg-type]  # read as a whole number
        retries=int(options.get("retries") or 0),  # type: ignore[call-overload]  # read as a whole number
        pool=recipe.pool,
    )


def _check(unit: Unit, goal: Goal, after: tuple[str, ...]) -> Step:
    recipe = {"to": goal.destinations[unit.id], "tag": unit.part.tag, "recorded": goal.recorded.get(unit.id, "")}
    return Step(f"check {unit.id}", "check", _text(recipe), (build_step(unit.id),), after=after, node=unit.id, kept=False)


def _flat(name: str, value: object) -> Iterator[tuple[str, object]]:
    """Facts within facts, each by itself: ``fact stamp said version``."""
    if isinstance(value, Mapping) and value:
        for key in sorted(value, key=str):
            yield from _flat(f"{name} {key}", value[key])
    else:
        yield name, value


def _content(files: Mapping[str, str]) -> dict[str, str]:
    """What the files are: each by itself or, where there are many, by the folders at the top."""
    if len(files) <= _MANY_FILES:
        return {f"file {path}": content for path, content in files.items()}
    folders: dict[str, list[str]] = {}
    for path, content in files.items():
        folders.setdefault(path.partition("/")[0], []).append(f"{path} {content}")
    return {
        f"files of {folder}": sha256("\0".join(rows).encode("utf-8", "surrogateescape")).hexdigest()
        for folder, rows in folders.items()
    }


def _push(unit: Unit, goal: Goal, after: tuple[str, ...]) -> Step:
    recipe = {"to": goal.destinations[unit.id], "tag": unit.part.tag}
    return Step(f"push {unit.id}", "push", _text(recipe), (build_step(unit.id),), after=after, node=unit.id, kept=False)


def _sign(unit: Unit, goal: Goal) -> Step:
    recipe = {"to": goal.destinations[unit.id], "tag": unit.part.tag}
    return Step(f"sign {unit.id}", "sign", _text(recipe), (build_step(unit.id),), (f"push {unit.id}",), node=unit.id, kept=False)


def _name(unit: Unit, goal: Goal, after: tuple[str, ...]) -> Step:
    recipe = {"to": goal.destinations[unit.id], "tag": unit.part.tag}
    return Step(f"tag {unit.id}", "tag", _text(recipe), (build_step(unit.id),), after, node=unit.id, kept=False)


def _channel(unit: Unit, goal: Goal, after: tuple[str, ...]) -> Step:
    recipe = {"to": goal.destinations[unit.id], "tag": unit.part.tag, "channels": list(unit.channels)}
    return Step(f"move {unit.id}", "move", _text(recipe), (build_step(unit.id),), after, node=unit.id, kept=False)


def _record(scope: Scope, planned: Sequence[Planned], goal: Goal, after: tuple[str, ...]) -> Step:
    recipe = {"repo": scope.release.repo, "tag": scope.release.tag, "to": dict(goal.destinations)}
    builds = tuple(build_step(one.unit.id) for one in planned)
    return Step("record", "record", _text(recipe), builds, after, node=scope.release.repo, kept=False)


def _ordered(planned: Sequence[Planned]) -> list[Planned]:
    """Each after those whose digests it needs; ties as they stand. Needs outside of the scope are refused."""
    left = {one.unit.id: one for one in planned}
    done: list[Planned] = []
    known = set(left)
    problems = [
        f"{one.unit.target.node.origin}: {one.unit.id} needs the digest of {need}, which this release does not build"
        for one in planned
        for need in one.recipe.needs
        if need not in known
    ]
    if problems:
        raise DeclarationError(
            problems[0] if len(problems) == 1 else f"{len(problems)} digests are needed that this release does not build",
            details=tuple(problems) if len(problems) > 1 else (),
            hint="refer to what other repositories publish by version, or by a digest written out",
        )
    while left:
        free = [node for node, one in left.items() if not any(need in left for need in one.recipe.needs)]
        if not free:
            raise DeclarationError(f"builds that wait for each other: {' -> '.join(_cycle(left))}")
        done += [left.pop(node) for node in free]
    return done


def _cycle(left: Mapping[str, Planned]) -> list[str]:
    path: list[str] = []
    at = min(left)
    while at not in path:
        path.append(at)
        at = next(need for need in left[at].recipe.needs if need in left)
    return [*path[path.index(at) :], at]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
