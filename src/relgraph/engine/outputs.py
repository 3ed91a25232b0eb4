"""The output files of one step: set aside before it runs, taken in when it succeeded, put back when it did not."""

import os
from collections.abc import Iterable, Mapping

from relgraph.engine.contents import Contents
from relgraph.engine.files import FOLDER, Files
from relgraph.engine.keys import ABSENT, Mark
from relgraph.engine.patterns import base_of, is_pattern, overlap
from relgraph.engine.traces import Output
from relgraph.errors import EnvironmentFailure
from relgraph.model.plan import Step

__all__ = ["Outputs", "repaired"]


class Outputs:
    """Where one step writes.

    What the step itself made before is removed before it runs again, so that what it no longer makes does not pass for made;
    not so where its inputs cover its outputs, since it then may read them, and never what was there before the step's first run.
    """

    def __init__(self, step: Step, files: Files, contents: Contents) -> None:
        self._step = step
        self._files = files
        self._contents = contents
        self._before: dict[str, Mark] = {}
        self._foreign: set[str] = set()

    def prepare(self, previous: Iterable[Output]) -> None:
        """Keep what is there, remove what the step made (``previous``) and make the folders that it writes into."""
        files, step = self._files, self._step
        if not step.outputs:
            return
        own = {path: mark for path, mark, made in previous if made}
        if own and any(overlap(output, path) for output in step.outputs for path in step.inputs):
            own = {}
        for path in self._present():
            mark = files.mark(path)
            if mark == ABSENT:
                continue
            self._before[path] = mark
            if mark != FOLDER and not self._contents.has(mark):
                self._contents.keep(files.base + path)
            if own.get(path) == mark:
                _remove(files.base + path)
            else:
                self._foreign.add(path)
        for output in step.outputs:
            folder = base_of(output) if is_pattern(output) else os.path.dirname(output)
            if folder and not os.path.isdir(files.base + folder):
                os.makedirs(files.base + folder, exist_ok=True)

    def take(self, previous: Iterable[Output]) -> tuple[Output, ...]:
        """What the step wrote, kept. Raises EnvironmentFailure for a file that it should have written and did not."""
        if not self._step.outputs:
            return ()
        files = self._files
        earlier = {path for path, _, made in previous if made}
        found: list[Output] = []
        problems = []
        for path in self._present():
            kept = self._contents.keep(files.base + path)
            if kept is None:
                mark = files.mark(path)
                if mark == ABSENT:
                    problems.append(f"it did not write '{path}'")
                elif mark == FOLDER:
                    problems.append(f"its output '{path}' is a folder; write '{path}/**' for all files in it")
                else:
                    problems.append(f"its output '{path}' is no file, or changes while nothing should write it")
                continue
            mark, status, began = kept
            files.learn(path, status, mark, began)
            found.append((path, mark, path in earlier or path not in self._foreign))
        if problems:
            raise EnvironmentFailure("; ".join(problems[:3]), details=tuple(problems[3:]))
        return tuple(found)

    def put_back(self) -> None:
        """Make the outputs what they were before the step ran; what cannot be put back is removed."""
        for path in {*self._present(), *self._before}:
            before = self._before.get(path, ABSENT)
            if before == FOLDER or self._files.mark(path) in (before, FOLDER):
                continue
            if before == ABSENT or not self._contents.restore(before, self._files.base + path):
                _remove(self._files.base + path)

    def _present(self) -> list[str]:
        paths: dict[str, None] = {}
        for output in self._step.outputs:
            if is_pattern(output):
                self._files.forget_listings()
                paths.update(dict.fromkeys(self._files.expand(output)))
            else:
                paths[output] = None
        return list(paths)


def repaired(outputs: Iterable[Output], files: Files, contents: Contents) -> Mapping[str, Mark] | None:
    """Put outputs back that are missing or hold something else: which were; None where one cannot be had."""
    bad = {path: mark for path, mark, _ in outputs if files.mark(path) != mark}
    if not all(map(contents.has, bad.values())):
        return None
    for path, mark in bad.items():
        if not contents.restore(mark, files.base + path):
            return None
    return bad


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        pass  # gone, or nothing that a step's output can be: then it is reported when outputs are taken
