"""One evaluation: the tree, the git tag, what was recorded so far, and how much work is left."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager

from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Artifact, Derived, Leak, Packaging, Problem, Push, Spot, Stamp
from relgraph.pipeline.kustomization import Built
from relgraph.pipeline.state import Files
from relgraph.pipeline.value import Holes, Value
from relgraph.syntax.make import Makefile
from relgraph.syntax.text import Text

__all__ = ["Context", "Exhausted", "Origin"]

_MODULE = re.compile(r"^module[ \t]+\"?github\.com/([\w.-]+/[\w.-]+)", re.MULTILINE)
_MAX_STEPS = 6_000
_MAX_STACK = 24
_MAX_PROBLEMS = 200


class Exhausted(Exception):
    """The evaluation did all the work that it may do."""


class Origin:
    """Where the text of a script stands, so that offsets into it can be shown: a whole file, lines of a block in a file, or
    (where positions are lost) one fixed place."""

    def __init__(self, text: Text | None, starts: list[tuple[int, int]], fixed: Spot | None = None) -> None:
        self._text = text
        self._starts = starts
        self._fixed = fixed

    @classmethod
    def file(cls, text: Text) -> "Origin":
        """Offsets into the script are offsets into the file."""
        return cls(text, [(0, 0)])

    @classmethod
    def block(cls, text: Text, starts: list[tuple[int, int]]) -> "Origin":
        """``starts`` pairs offsets into the script with offsets into the file, in order."""
        return cls(text, starts)

    @classmethod
    def fixed(cls, spot: Spot) -> "Origin":
        """Everything stands at one place."""
        return cls(None, [], spot)

    def spot(self, start: int, end: int) -> Spot | None:
        """The place of ``script[start:end]``."""
        if self._fixed is not None or self._text is None:
            return self._fixed
        first, last = self._offset(start), self._offset(max(start, end - 1)) + (1 if end > start else 0)
        limit = len(self._text.text)
        first, last = min(first, limit), min(max(first, last), limit)
        return Spot(self._text.path, self._text.span(first, last))

    def _offset(self, position: int) -> int:
        script, file = self._starts[max(0, bisect_right(self._starts, (position, 1 << 60)) - 1)]
        return file + position - script


class Context:
    """What all parts of one evaluation share."""

    def __init__(self, subject: Subject, tag: str) -> None:
        self.subject = subject
        self.files = Files(subject)
        self.tag = tag
        self.holes = Holes()
        self.artifacts: list[Artifact] = []
        self.stamps: list[Stamp] = []
        self.pushes: list[Push] = []
        self.packagings: list[Packaging] = []
        self.leaks: dict[tuple[str, str], Leak] = {}
        self.rewritten: set[str] = set()
        self.opaque: frozenset[str] = frozenset()
        self.derived: list[Derived] = []
        self.problems: list[Problem] = []
        self.by_tag = True  # what is recorded is a release of the tag
        self.at_tag = True  # the pipeline runs on the tag's commit, and git knows the tag
        self.stack: list[Spot] = []
        self.calls = 0
        self.built: Built | None = None  # the kustomization that was built last
        self.makefiles: dict[str, Makefile | None] = {}
        self.called = 0  # functions of Makefiles, all together
        self._steps = 0

    def spend(self, steps: int = 1) -> None:
        """Account for work; raises :class:`Exhausted` when there was too much."""
        self._steps += steps
        if self._steps > _MAX_STEPS:
            raise Exhausted

    @contextmanager
    def at(self, spot: Spot | None) -> Iterator[None]:
        """Everything recorded within is reached through this place."""
        if spot is None:
            yield
            return
        if len(self.stack) >= _MAX_STACK:
            raise Exhausted
        self.stack.append(spot)
        try:
            yield
        finally:
            self.stack.pop()

    def places(self, spot: Spot | None = None) -> tuple[Spot, ...]:
        """The way from the pipeline's file to here, outermost first."""
        return tuple(dict.fromkeys([*self.stack, *([spot] if spot is not None else [])]))

    def problem(self, message: str) -> None:
        """Note that something could not be evaluated."""
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(Problem(message, self.places()))

    def finished(self, files: Files) -> None:
        """Note which tracked files a job changed, or may have changed."""
        self.rewritten |= {path for path in files.written if path in self.subject.entries}
        self.opaque |= files.opaque

    def value(self, text: str) -> Value:
        """The text as a frozen value."""
        return self.holes.value(text)

    @property
    def repository(self) -> str:
        """``owner/repo`` of the judged repository, with a hole where it has no address."""
        for address in self.subject.repository.addresses:
            match = re.fullmatch(r"[^/]+/(.+/[^/]+)", address)
            if match is not None:
                return match[1]
        module = self.subject.text("go.mod")
        named = _MODULE.search(module.text) if module is not None else None
        if named is not None:
            return named[1]
        return f"{self.holes.mark('owner of the repository')}/{self.subject.name}"
