"""From derived nodes to a plan: one step for every command.

What comes after what follows from the files: the engine lets a step wait for those that make its inputs.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from relgraph.derive.patterns import PLAIN, expression, named, with_name
from relgraph.derive.world import ACTION
from relgraph.errors import DeclarationError
from relgraph.model.graph import Node
from relgraph.model.plan import Plan, Step

__all__ = ["Recipe", "plan_derived", "read_recipe", "shown"]

_MARKS = ("*", "?")
_NEVER = (".git", ".relgraph")


class Recipe(NamedTuple):
    """What a step's recipe says: the command, and the end of the folder's path that it insists on, or nothing."""

    run: str
    workdir: str = ""


def plan_derived(
    name: str,
    root: str,
    nodes: Sequence[Node],
    found: Mapping[str, Sequence[str]],
    is_folder: Callable[[str], bool] = lambda path: False,
) -> Plan:
    """The plan of all derived nodes of one repository, whose files lie in ``root``.

    ``found`` has, for every ``each``, the files that it matches. Files that other steps make count as well, whether they are there yet
    or not. ``is_folder`` says which paths are folders, whose names cover what is in them. Raises DeclarationError, with all problems.
    """
    planner = _Planner(found, is_folder)
    repeated = [node for node in nodes if node.get("each")]
    steps = [planner.step(node, "") for node in nodes if not node.get("each")]
    steps += planner.repeated(repeated, steps)
    problems = tuple(dict.fromkeys(planner.problems))
    if problems:
        raise DeclarationError(
            problems[0] if len(problems) == 1 else f"{len(problems)} problems with derived files",
            details=problems if len(problems) > 1 else (),
        )
    return Plan(name, root, tuple(steps))


def read_recipe(step: Step) -> Recipe:
    """What a step of :func:`plan_derived` runs."""
    return Recipe(**json.loads(step.recipe))


def shown(step: Step) -> str:
    """What messages call a step: its node, and the name that it is repeated for."""
    return step.id.removeprefix(f"{ACTION} ")


class _Planner:
    def __init__(self, found: Mapping[str, Sequence[str]], is_folder: Callable[[str], bool]) -> None:
        self.problems: list[str] = []
        self._found = found
        self._is_folder = is_folder

    def step(self, node: Node, name: str) -> Step:
        """A node's step, for one name of its ``each``."""
        run: str = node.get("run")
        recipe = {"run": with_name(run, name) if name else run}
        if workdir := str(node.get("workdir") or "").strip("/"):
            recipe["workdir"] = workdir
            if not {"", ".", ".."}.isdisjoint(workdir.split("/")):
                self.problems.append(f"{node.origin}: {node.id}: '{workdir}' is no name of a folder")
        return Step(
            f"{ACTION} {node.id}:{name}" if name else f"{ACTION} {node.id}",
            ACTION,
            json.dumps(recipe, separators=(",", ":"), sort_keys=True),
            inputs=self._paths(node, "inputs", name),
            outputs=self._paths(node, "outputs", name),
            environment=tuple(sorted(node.get("environment") or ())),
            node=node.id,
            limit=float(node.get("limit") or 0),
            retries=int(node.get("retries") or 0),
            # Commands that run in one copy of the work tree take turns.
            pool=f"workdir {workdir}" if workdir else "",
        )

    def repeated(self, nodes: Sequence[Node], others: Sequence[Step]) -> list[Step]:
        """The steps of nodes with ``each``: in rounds, since one may make the files that another is repeated for."""
        for node in nodes:
            if not any(named(one) for one in node.get("outputs")):
                self._refuse(node, "without {name} in 'outputs' all that 'each' matches would make the same files")
            if not named(node.get("each")):
                self._refuse(node, "'each' has no {name}, as in src/{name}.txt")
        steps: dict[tuple[str, str], Step] = {}
        fresh: Sequence[Step] = others
        for number in range(len(nodes) + 1):
            made: list[Step] = []
            for node in nodes if not self.problems else ():
                paths = list(self._found.get(node.get("each"), ())) if number == 0 else []
                paths += [path for step in fresh if step.node != node.id for path in step.outputs if not _is_pattern(path)]
                for name in self._names(node, paths):
                    if (node.id, name) not in steps:
                        steps[node.id, name] = step = self.step(node, name)
                        made.append(step)
            if not made:
                return list(steps.values())
            fresh = made
        self._refuse(nodes[0], "what its 'each' makes leads to ever more files")
        return []

    def _names(self, node: Node, paths: Iterable[str]) -> list[str]:
        (pattern,) = self._normal(node, "each", (node.get("each"),))
        wanted = expression(pattern)
        # What it makes itself is no source, even where it looks like one: {name}.gen.txt beside {name}.txt.
        own = [expression(one) for one in node.get("outputs")]
        names: dict[str, str] = {}
        for path in paths:
            match = wanted.fullmatch(path)
            if match is None or any(one.fullmatch(path) for one in own):
                continue
            name = match["name"]
            if PLAIN.fullmatch(name) is None:
                self._refuse(node, f"a command cannot be given the name of {path!r} safely")
            elif names.setdefault(name, path) != path:
                self._refuse(node, f"{names[name]} and {path} are both '{name}' to 'each'")
        return sorted(names)

    def _paths(self, node: Node, field: str, name: str) -> tuple[str, ...]:
        written: Sequence[str] = node.get(field)
        filled = [with_name(one, name) for one in written] if name else written
        return tuple(dict.fromkeys(self._normal(node, field, filled)))

    def _normal(self, node: Node, field: str, paths: Iterable[str]) -> list[str]:
        result = []
        for path in paths:
            parts = [part for part in path.split("/") if part not in ("", ".")]
            if not parts or path.startswith("/") or ".." in parts or "\0" in path or (parts[0] in _NEVER and field != "inputs"):
                self._refuse(node, f"'{path}' in '{field}' is no path below the repository's folder")
                continue
            plain = "/".join(parts)
            folder = path.endswith("/") or (not _is_pattern(plain) and self._is_folder(plain))
            result.append(f"{plain}/**" if folder else plain)
        return result

    def _refuse(self, node: Node, what: str) -> None:
        self.problems.append(f"{node.origin}: {node.id}: {what}")


def _is_pattern(path: str) -> bool:
    return any(mark in path for mark in _MARKS)
