"""From a plan as it was drawn up to one that can be run: checked, in order, with the needs that follow from files."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from relgraph.engine.keys import head_of
from relgraph.engine.patterns import is_pattern, overlap, start_of
from relgraph.errors import DeclarationError
from relgraph.model.plan import Plan, Step

__all__ = ["Prepared", "prepare", "with_file_needs"]


class Prepared(NamedTuple):
    """A plan with what :func:`prepare` worked out once, by step.

    ``heads`` are the heads of the keys; ``waits`` the numbers of the steps it waits for, ``feeds`` of those whose result decides
    its own (it needs them, or they make its input files); ``named`` the inputs that name one file, ``terminal`` those of them that no step
    makes, ``patterns`` the other inputs.
    """

    plan: Plan
    heads: tuple[bytes, ...]
    waits: tuple[tuple[int, ...], ...]
    feeds: tuple[tuple[int, ...], ...]
    named: tuple[tuple[str, ...], ...]
    terminal: tuple[tuple[str, ...], ...]
    patterns: tuple[tuple[str, ...], ...]


def prepare(plan: Plan) -> Prepared:
    """Check a plan and put it into order. Raises DeclarationError as :func:`with_file_needs` does."""
    ordered = with_file_needs(plan).steps
    makers = _Makers(ordered)
    number = {step.id: index for index, step in enumerate(ordered)}
    named, patterns, terminal, feeds = [], [], [], []
    for step in ordered:
        some = tuple(path for path in step.inputs if is_pattern(path))
        exact = tuple(path for path in step.inputs if not is_pattern(path)) if some else step.inputs
        bare = tuple(path for path in exact if not makers.of(path))
        named.append(exact)
        patterns.append(some)
        terminal.append(exact if bare == exact else bare)
        feeds.append(tuple(sorted({number[name] for name in (*step.needs, *makers.feeding(step))})))
    waits = tuple(tuple(sorted({number[name] for name in (*step.needs, *step.after)})) for step in ordered)
    return Prepared(
        Plan(plan.name, plan.root, ordered),
        tuple(map(head_of, ordered)),
        tuple(one if one != other else other for one, other in zip(waits, feeds, strict=True)),
        tuple(feeds),
        tuple(named),
        tuple(terminal),
        tuple(patterns),
    )


def with_file_needs(plan: Plan) -> Plan:
    """The plan in which every step comes *after* those that make its input files, in an order that fits.

    What a step itself makes is no input that it would wait for. Steps keep the order they had where nothing is said about it.
    Raises DeclarationError for two steps of one name or one output, for a need that is no step, for paths that leave the
    root, and for steps that wait for each other, with the path from one to the next.
    """
    steps = plan.steps
    problems = [*_bad_names(steps), *_bad_paths(steps)]
    if not problems:
        makers = _Makers(steps)
        problems = makers.problems
        if not problems:
            steps = tuple(step._replace(after=(*step.after, *more)) if (more := makers.before(step)) else step for step in steps)
            return plan._replace(steps=_ordered(steps))
    raise DeclarationError(problems[0], details=tuple(problems[1:]))


def _bad_names(steps: Sequence[Step]) -> list[str]:
    known: set[str] = set()
    problems = []
    for step in steps:
        if step.id in known:
            problems.append(f"two steps are called '{step.id}'")
        known.add(step.id)
    problems += [
        f"step '{step.id}' needs '{name}', which is no step"
        for step in steps
        for name in (*step.needs, *step.after)
        if name not in known
    ]
    return problems


def _bad_paths(steps: Sequence[Step]) -> list[str]:
    return [
        f"step '{step.id}': '{path}' is no path below the root"
        for step in steps
        for path in (*step.inputs, *step.outputs)
        if not path
        or path[0] == "/"
        or "//" in path
        or "\0" in path
        or path[-1] == "/"
        or not {"", ".", ".."}.isdisjoint(path.split("/"))
    ]


class _Makers:
    """Which step makes which file."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.problems: list[str] = []
        self._exact: dict[str, str] = {}
        patterns: list[tuple[str, str]] = []
        for step in steps:
            for path in step.outputs:
                if is_pattern(path):
                    patterns.append((path, step.id))
                elif (other := self._exact.setdefault(path, step.id)) != step.id:
                    self.problems.append(f"steps '{other}' and '{step.id}' both write '{path}'")
                if path in step.inputs:
                    self.problems.append(f"step '{step.id}' both reads and writes '{path}'")
        self._sorted = sorted(self._exact)
        self._starts: dict[str, list[tuple[str, str]]] = {}
        self._sorted_starts: list[str] = []
        for pattern, owner in patterns:
            for path, other in (*self._matching(pattern), *self._alike(pattern)):
                if other != owner:
                    self.problems.append(f"steps '{other}' and '{owner}' may both write '{path}'")
            start = start_of(pattern)
            if start not in self._starts:
                insort(self._sorted_starts, start)
            self._starts.setdefault(start, []).append((pattern, owner))

    def of(self, path: str) -> tuple[str, ...]:
        """The steps that make a file, or may make files of a pattern."""
        if is_pattern(path):
            exact = dict.fromkeys(maker for _, maker in self._matching(path))
        else:
            maker = self._exact.get(path)
            if not self._starts:
                return () if maker is None else (maker,)
            exact = {} if maker is None else {maker: None}
        return tuple(exact | dict.fromkeys(maker for _, maker in self._alike(path)))

    def feeding(self, step: Step) -> tuple[str, ...]:
        """The other steps that make a step's inputs."""
        return tuple(dict.fromkeys(maker for path in step.inputs for maker in self.of(path) if maker != step.id))

    def before(self, step: Step) -> tuple[str, ...]:
        """Those of them that it does not name."""
        found = self.feeding(step)
        if not found:
            return ()
        named = {*step.needs, *step.after}
        return tuple(name for name in found if name not in named)

    def _matching(self, pattern: str) -> Iterator[tuple[str, str]]:
        """The named outputs that match a pattern, with their makers."""
        for path in _beginning_with(start_of(pattern), self._sorted):
            if overlap(path, pattern):
                yield path, self._exact[path]

    def _alike(self, path: str) -> Iterator[tuple[str, str]]:
        """The output patterns that overlap a path or pattern, with their makers."""
        start = start_of(path)
        starts = [start[:size] for size in range(len(start)) if start[:size] in self._starts]
        for one in (*starts, *_beginning_with(start, self._sorted_starts)):
            for pattern, maker in self._starts[one]:
                if overlap(pattern, path):
                    yield pattern, maker


def _beginning_with(start: str, ordered: Sequence[str]) -> Iterator[str]:
    for index in range(bisect_left(ordered, start), len(ordered)):
        if not ordered[index].startswith(start):
            return
        yield ordered[index]


def _ordered(steps: Sequence[Step]) -> tuple[Step, ...]:
    number = {step.id: index for index, step in enumerate(steps)}
    waiting = [len({*step.needs, *step.after}) for step in steps]
    followers: list[list[int]] = [[] for _ in steps]
    for index, step in enumerate(steps):
        for name in {*step.needs, *step.after}:
            followers[number[name]].append(index)
    ready = [index for index, count in enumerate(waiting) if not count]
    heapify(ready)
    order: list[int] = []
    while ready:
        index = heappop(ready)
        order.append(index)
        for follower in followers[index]:
            waiting[follower] -= 1
            if not waiting[follower]:
                heappush(ready, follower)
    if len(order) < len(steps):
        raise DeclarationError(
            f"steps wait for each other: {' -> '.join(_cycle(steps, {index for index in range(len(steps)) if waiting[index]}))}"
        )
    return tuple(steps[index] for index in order) if order != sorted(order) else tuple(steps)


def _cycle(steps: Sequence[Step], stuck: set[int]) -> list[str]:
    # Whoever is stuck waits for one that is stuck: following that leads into a circle.
    by_name = {steps[index].id: steps[index] for index in stuck}
    path: list[str] = []
    name = steps[min(stuck)].id
    while name not in path:
        path.append(name)
        name = next(other for other in (*by_name[name].needs, *by_name[name].after) if other in by_name)
    return [*path[path.index(name) :], name]
