"""The output files of one step: set aside before it runs, taken in when it succeeded, put back when it did not."""

import os
from collections.abc import Iterable, Mapping

from relgraph.engine.contents import Contents
from relgraph.engine.files import FOLDER, Files
from relgraph.engine.keys import ABSENT, Mark
from relgraph.engine.patterns import base_of, is_pattern, matcher, overlap
from relgraph.engine.traces import Output
from relgraph.errors import EnvironmentFailure
from relgraph.model.plan import Step

__all__ = ["Outputs", "own_of", "put_back", "remove_own", "repaired"]


class Outputs:
    """Where one step writes; ``previous`` is what it wrote when it was last carried out.

    What the step itself made before is removed before it runs again, whatever has become of it, so that what it no longer makes does
    not pass for made; not so where its inputs cover its outputs, since it then may read them, and never what was there before the step's first run.
    """

    def __init__(self, step: Step, previous: Iterable[Output], files: Files, contents: Contents) -> None:
        self._step = step
        self._own = {path for path, _, made in previous if made}
        self._files = files
        self._contents = contents
        self._foreign: set[str] = set()
        self.before: dict[str, Mark] = {}

    def look(self) -> None:
        """Find what is there, and keep it."""
        files, contents = self._files, self._contents
        kept = False
        for path in _present(self._step.outputs, files):
            mark = files.mark(path)
            if mark == ABSENT:
                continue
            self.before[path] = mark
            if mark != FOLDER and not contents.has(mark):
                contents.keep(files.base + path)
                kept = True
        if kept:
            contents.flush()  # whoever kills us now finds it again

    def clear(self) -> None:
        """Remove what the step made, and make the folders that it writes into."""
        step, files = self._step, self._files
        reads = bool(self._own) and any(overlap(output, path) for output in step.outputs for path in step.inputs)
        for path, mark in self.before.items():
            # What is too large to be kept could not be put back.
            if path in self._own and not reads and self._contents.has(mark):
                _remove(files.base + path)
            else:
                self._foreign.add(path)
        for output in step.outputs:
            folder = base_of(output) if is_pattern(output) else os.path.dirname(output)
            if folder and not os.path.isdir(files.base + folder):
                os.makedirs(files.base + folder, exist_ok=True)

    def take(self) -> tuple[Output, ...]:
        """What the step wrote, kept. Raises EnvironmentFailure for a file that it should have written and did not."""
        files = self._files
        found: list[Output] = []
        problems = []
        for path in _present(self._step.outputs, files):
            kept = self._contents.keep(files.base + path)
            if kept is not None:
                mark, status, began = kept
                files.learn(path, status, mark, began)
                found.append((path, mark, path in self._own or path not in self._foreign))
                continue
            mark = files.mark(path)
            if mark == ABSENT:
                problems.append(f"it did not write '{path}'")
            elif mark == FOLDER:
                problems.append(f"its output '{path}' is a folder; write '{path}/**' for all files in it")
            else:
                problems.append(f"its output '{path}' is no file, or something still writes it")
        if problems:
            raise EnvironmentFailure("; ".join(problems[:3]), details=tuple(problems[3:]))
        return tuple(found)

    def put_back(self) -> None:
        """Make them what they were before the step ran; what cannot be put back is removed."""
        put_back(self._step.outputs, self.before, self._files, self._contents)


def put_back(outputs: Iterable[str], before: Mapping[str, Mark], files: Files, contents: Contents) -> None:
    """Make output files what they were; ``before`` are the marks of those that were there."""
    for path in {*_present(outputs, files), *before}:
        earlier = before.get(path, ABSENT)
        if earlier == FOLDER or files.mark(path) in (earlier, FOLDER):
            continue
        if earlier == ABSENT or not contents.restore(earlier, files.base + path):
            _remove(files.base + path)


def repaired(outputs: Iterable[Output], files: Files, contents: Contents) -> tuple[str, ...] | None:
    """Put outputs back that are missing or hold something else: which; None where one cannot be had."""
    bad = {path: mark for path, mark, _ in outputs if files.mark(path) != mark}
    if not all(map(contents.has, bad.values())):
        return None
    for path, mark in bad.items():
        if not contents.restore(mark, files.base + path):
            return None
    return tuple(bad)


def remove_own(previous: Iterable[Output], keep: Iterable[str], files: Files, *, declared: Iterable[str] = ()) -> None:
    """Remove :func:`own_of`."""
    for path in own_of(previous, keep, files, declared=declared):
        _remove(files.base + path)


def own_of(previous: Iterable[Output], keep: Iterable[str], files: Files, *, declared: Iterable[str] = ()) -> tuple[str, ...]:
    """The files that a step made, but for the paths to keep.

    What is no longer as the step made it has become somebody's own, and is left out; not so among ``declared`` outputs, where it would
    pass for made by the step.
    """
    kept = set(keep)
    matchers = tuple(map(matcher, declared))
    return tuple(
        path
        for path, mark, made in previous
        if made and path not in kept and (any(match(path) for match in matchers) or files.mark(path) == mark)
    )


def _present(outputs: Iterable[str], files: Files) -> list[str]:
    paths: dict[str, None] = {}
    for output in outputs:
        if is_pattern(output):
            files.forget_listings()
            paths.update(dict.fromkeys(files.expand(output)))
        else:
            paths[output] = None
    return list(paths)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        pass  # gone, or nothing that a step's output can be: then it is reported when outputs are taken
