"""Whether derived files are what their commands make: found out in a copy of the work tree that nobody sees and that leaves no trace."""

import os
from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from relgraph.derive.copies import copied_worktree, same_file
from relgraph.derive.executor import Derive, matching
from relgraph.derive.listing import files_named
from relgraph.derive.patterns import expression, with_name
from relgraph.derive.planner import read_recipe
from relgraph.derive.world import ACTION, Derivation, World
from relgraph.engine.events import QUIET, Ended, Started, State, Watch
from relgraph.engine.outcome import Outcome
from relgraph.engine.patterns import is_pattern, matcher
from relgraph.engine.run import run_plan
from relgraph.engine.state import wanted
from relgraph.git.command import Git
from relgraph.model.plan import Step
from relgraph.model.site import Span

__all__ = ["Checked", "Difference", "Kind", "check"]

_OWN = (".git", ".relgraph")
_LARGE = 1 << 20  # bytes; nobody reads the difference of two such files
_LONG = 1000  # lines
_AT_ONCE = 500  # paths on one command line


class Kind(Enum):
    """How a file in the work tree differs from what its command makes."""

    CHANGED = "changed"  #: it holds something else
    MISSING = "missing"  #: the command makes it, and it is not there
    EXTRA = "extra"  #: it is there, and the command takes it away
    MODE = "mode"  #: only one of the two may be executed, or is a link


class Difference(NamedTuple):
    """One file. ``diff`` leads from what is there to what is made, as unified diff; empty where it is no text, or too large.

    ``span`` is the first line that differs, in the file that is there (the first line of one that is not).
    """

    step: Step
    path: str
    kind: Kind
    diff: str
    span: Span

    @property
    def message(self) -> str:
        """What is wrong with the file, in words that follow its name."""
        return {
            Kind.CHANGED: f"is not what {self.step.node} makes of its inputs",
            Kind.MISSING: f"is made by {self.step.node}, and is not there",
            Kind.EXTRA: f"is no longer made by {self.step.node}",
            Kind.MODE: f"is made by {self.step.node} as another kind of file",
        }[self.kind]


class Checked(NamedTuple):
    """What was found in one repository.

    ``undeclared`` are files that some command changed and no node declares; ``left_over`` files that are named as outputs of a node with
    ``each``, and the missing file that each would be made from. What a command that failed would have made is unknown.
    """

    derivation: Derivation
    outcome: Outcome
    differences: tuple[Difference, ...]
    undeclared: tuple[str, ...]
    left_over: tuple[tuple[str, str], ...]


def check(
    world: World,
    only: Mapping[str, Collection[str]] | None,
    *,
    environment: Mapping[str, str],
    jobs: int,
    watch: Watch = QUIET,
) -> list[Checked]:
    """Make derived files from the start and compare; ``only`` are the ids of the steps that are wanted, by repository.

    What comes before a wanted step is made and compared as well. Files that git ignores are made where others need them, and not compared:
    they are in no commit. Raises EnvironmentFailure where there can be no copy.
    """
    found = []
    for derivation in world.derivations:
        if only is not None and derivation.repo not in only:
            continue
        one = _check(derivation, () if only is None else only[derivation.repo], environment, jobs, watch)
        found.append(one)
        if one.outcome.interrupted:
            break
    return found


def _check(derivation: Derivation, only: Collection[str], environment: Mapping[str, str], jobs: int, watch: Watch) -> Checked:
    prepared = derivation.prepared
    root = Path(derivation.root)
    steps = [step for step, one in zip(prepared.plan.steps, wanted(prepared, only), strict=True) if one]
    name = next((recipe.workdir for step in steps if (recipe := read_recipe(step)).workdir), "")
    inputs = matching(root, {path for step in steps for path in step.inputs})
    with copied_worktree(root, name, inputs) as folder:
        before = dict(_files(folder))
        executor = Derive()
        try:
            outcome = run_plan(
                prepared._replace(plan=prepared.plan._replace(root=str(folder))),
                {ACTION: executor},
                state=folder / ".relgraph",
                workers=jobs,
                environment=environment,
                keep_going=True,
                only=only,
                watch=_without_logs(watch),
            )
        finally:
            executor.close()
        made = [step for step in steps if outcome.results[step.id].state in (State.DONE, State.CACHED)]
        differences = [difference for step in made for difference in _differences(step, root, folder)]
        paths = {one.path for one in differences}
        ignored = _ignored(root, paths) | _ignored(folder, paths)
        return Checked(
            derivation,
            outcome,
            tuple(one for one in differences if one.path not in ignored),
            _undeclared(folder, before, [output for step in steps for output in step.outputs]),
            () if only else _left_over(derivation, root),
        )


def _without_logs(watch: Watch) -> Watch:
    """What is told, but for the names of logs: those lie in the copy, and are gone when somebody wants to read them."""
    return lambda event: watch(event._replace(log="") if isinstance(event, Ended | Started) else event)


def _differences(step: Step, root: Path, folder: Path) -> Iterable[Difference]:
    there, made = set(matching(root, step.outputs)), set(matching(folder, step.outputs))
    for path in sorted(there | made):
        if path in there and path in made and same_file(root / path, folder / path):
            continue
        before, after = _text(root / path), _text(folder / path)
        if path not in made:
            kind = Kind.EXTRA
        elif path not in there:
            kind = Kind.MISSING
        else:
            kind = Kind.MODE if _same_content(root / path, folder / path) else Kind.CHANGED
        yield Difference(step, path, kind, _diff(path, before, after), _first_line(before or "", after or ""))


def _diff(path: str, before: str | None, after: str | None) -> str:
    if before is None or after is None or before == after:
        return ""
    from difflib import unified_diff

    rows = list(unified_diff(before.splitlines(), after.splitlines(), f"{path} (as it is)", f"{path} (as it is made)", lineterm=""))
    if len(rows) > _LONG:
        rows[_LONG:] = [f"... and {len(rows) - _LONG} more lines"]
    return "\n".join(rows).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _first_line(before: str, after: str) -> Span:
    """The first line of a text that another text does not have there; the last one where the other goes on."""
    lines, others = before.split("\n"), after.split("\n")
    number = next((at for at, (one, other) in enumerate(zip(lines, others, strict=False)) if one != other), len(lines) - 1)
    start = sum(len(line.encode("utf-8", "surrogateescape")) + 1 for line in lines[:number])
    line = lines[number]
    end = start + len(line.encode("utf-8", "surrogateescape"))
    return Span(start, end, number + 1, 1, number + 1, len(line) + 1)


def _text(path: Path) -> str | None:
    """The text of a file, empty where there is none; None for what nobody could read."""
    if path.is_symlink():
        return os.readlink(path)
    try:
        data = path.read_bytes() if path.stat().st_size <= _LARGE else b"\0"
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return None if b"\0" in data else data.decode("utf-8", "surrogateescape")


def _same_content(one: Path, other: Path) -> bool:
    return one.is_symlink() == other.is_symlink() and one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def _ignored(folder: Path, paths: Iterable[str]) -> frozenset[str]:
    """Those that lie in the folder, and that git does not track there and ignores."""
    git = Git(str(folder))
    ordered = sorted(paths)
    found = b""
    for start in range(0, len(ordered), _AT_ONCE):
        some = ordered[start : start + _AT_ONCE]
        found += git.run("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", *some)
    return frozenset(os.fsdecode(path) for path in found.split(b"\0") if path)


def _undeclared(folder: Path, before: Mapping[str, tuple[int, int, int]], outputs: Iterable[str]) -> tuple[str, ...]:
    after = dict(_files(folder))
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    tests = [matcher(output) for output in outputs]
    changed = {path for path in changed if not any(test(path) for test in tests)}
    return tuple(sorted(changed - _ignored(folder, changed)))


def _left_over(derivation: Derivation, root: Path) -> tuple[tuple[str, str], ...]:
    steps = derivation.prepared.plan.steps
    ids = {step.id for step in steps}
    made = [matcher(output) for step in steps for output in step.outputs if is_pattern(output)]
    exact = {output for step in steps for output in step.outputs}
    found = {}
    for node, each, outputs in derivation.repeated:
        for output in outputs:
            for path in files_named(str(root), output):
                match = expression(output).fullmatch(path)
                if match is None or path in exact or f"{ACTION} {node}:{match['name']}" in ids:
                    continue
                if not any(test(path) for test in made):
                    found[path] = with_name(each, match["name"])
    ignored = _ignored(root, found)
    return tuple(sorted((path, source) for path, source in found.items() if path not in ignored))


def _files(folder: Path) -> Iterable[tuple[str, tuple[int, int, int]]]:
    """Every file below a folder, by what is known of it without reading it."""
    root = str(folder)
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        with os.scandir(f"{root}/{prefix}") as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _OWN:
                        waiting.append(f"{prefix}{entry.name}/")
                elif entry.name not in _OWN:
                    found = entry.stat(follow_symlinks=False)
                    yield prefix + entry.name, (found.st_mtime_ns, found.st_size, found.st_mode)
