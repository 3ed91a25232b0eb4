"""How a derived file is made: its command runs in the work tree, or in a copy of that whose folder has the name that it insists on."""

import os
import re
from _thread import allocate_lock  # threading takes as long to import as the rest of a run with nothing to do
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from relgraph.engine.executor import Job
from relgraph.engine.files import Files
from relgraph.engine.patterns import is_pattern
from relgraph.model.plan import Facts, Step

__all__ = ["Derive", "argv_of", "matching"]

# Words without a character that any shell reads, one blank apart.
_PLAIN = re.compile(r"[A-Za-z0-9_./+,:@%=-]+(?: [A-Za-z0-9_./+,:@%=-]+)*")
# POSIX's special and other built-in utilities, reserved words, and programs whose namesake in the shell differs.
_BUILTINS = frozenset(
    ". : alias bg break case cd command continue do done echo elif else esac eval exec exit export fc fg fi for function getopts hash if"
    " in jobs kill let local login logout newgrp printf pwd read readonly return set shift source test then time times trap type typeset"
    " ulimit umask unalias unset until wait while".split()
)


class Derive:
    """Carries out the steps of :func:`~relgraph.derive.planner.plan_derived`.

    The command is one of ``/bin/sh -e``, so that the first line that fails ends it. Copies are made when they are first needed, and go
    with :meth:`close`.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._lock = allocate_lock()
        self._copies: dict[str, Path] = {}

    def run(self, job: Job) -> Facts:
        """Make the step's files. Raises EnvironmentFailure."""
        from relgraph.derive.planner import read_recipe

        recipe = read_recipe(job.step)
        argv = argv_of(recipe.run, job.environment.get("PATH", os.defpath))
        if not recipe.workdir or str(job.root).endswith("/" + recipe.workdir):
            job.command(argv, str(job.root))
            return {}
        # One at a time (the step's pool): a copy is brought up to date before a command runs in it.
        folder = self._copy(job.root, recipe.workdir, job.step)
        _bring(job.root, folder, (*job.step.inputs, *job.step.outputs))
        job.command(argv, str(folder))
        _bring(folder, job.root, job.step.outputs)
        return {}

    def intact(self, step: Step, facts: Facts) -> bool:  # noqa: ARG002 - files are all that a step makes, and the engine sees to those
        """Always."""
        return True

    def close(self) -> None:
        """Remove the copies."""
        self._stack.close()

    def _copy(self, root: Path, workdir: str, step: Step) -> Path:
        from relgraph.derive.copies import copied_worktree

        with self._lock:
            if workdir not in self._copies:
                more = matching(root, step.inputs)
                self._copies[workdir] = self._stack.enter_context(copied_worktree(root, workdir, more))
            return self._copies[workdir]


def argv_of(command: str, path: str) -> tuple[str, ...]:
    """The arguments that carry a command out: those of a shell, or the command's own words where a shell would only pass them on.

    A program is started in half the time without a shell in between. As in make, what means anything to a shell is left to it.
    """
    from relgraph.effects.process import find_program

    words = tuple(command.split(" "))
    if _PLAIN.fullmatch(command) is not None and words[0] not in _BUILTINS and "=" not in words[0] and find_program(words[0], path):
        return words
    return ("/bin/sh", "-e", "-c", command)


def matching(root: Path, patterns: Iterable[str]) -> list[str]:
    """The files below a folder that match one of the patterns, sorted."""
    files = Files(str(root))
    found: set[str] = set()
    for pattern in patterns:
        if is_pattern(pattern):
            found.update(files.expand(pattern))
        elif os.path.islink(root / pattern) or os.path.isfile(root / pattern):
            found.add(pattern)
    return sorted(found)


def _bring(source: Path, target: Path, patterns: Iterable[str]) -> None:
    """Make what matches in ``target`` what it is in ``source``, each file in one step."""
    from relgraph.derive.copies import copy_file

    patterns = tuple(patterns)
    there = set(matching(source, patterns))
    for path in there:
        if not _unchanged(source / path, target / path):
            copy_file(source / path, target / path)
    for path in matching(target, patterns):
        if path not in there:
            (target / path).unlink(missing_ok=True)


def _unchanged(one: Path, other: Path) -> bool:
    # Copies have the times of what they are copied from.
    try:
        left, right = os.lstat(one), os.lstat(other)
    except OSError:
        return False
    return (left.st_mtime_ns, left.st_size, left.st_mode) == (right.st_mtime_ns, right.st_size, right.st_mode)
