"""What is up to date: keys of steps from files, environment and what the steps before made."""

from collections.abc import Callable, Collection, Iterable, KeysView, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple, TypeAlias

from relgraph.engine.files import FOLDER, Files
from relgraph.engine.keys import ABSENT, Key, Mark, digest_of, key_of, made_of, words
from relgraph.engine.patterns import is_pattern, matcher, overlap
from relgraph.engine.prepare import Prepared
from relgraph.engine.traces import Output, Trace, unpack
from relgraph.errors import DeclarationError, EnvironmentFailure, RelgraphError
from relgraph.model.plan import Step

__all__ = ["Groups", "Look", "Situation", "wanted"]

#: What patterns match and the digest of it, by the patterns and those outputs of the step that they could match.
Groups: TypeAlias = dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[Sequence[tuple[str, Mark]], bytes]]


class Look(NamedTuple):
    """What a step's key was made of when it was looked at: marks of its named inputs, and what its patterns matched, with its digest."""

    key: Key
    marks: Sequence[Mark]
    matched: Sequence[tuple[str, Mark]]
    digest: bytes = b""


class Situation:
    """A prepared plan, its files, what earlier runs left, and what has come of its steps so far.

    ``results`` are, by step number, the trace of what it made, once that is known in this run.
    """

    def __init__(
        self, prepared: Prepared, files: Files, latest: Mapping[str, tuple[Key, bytes]], environment: Mapping[str, str]
    ) -> None:
        self.prepared = prepared
        self.files = files
        self.latest = latest
        self.environment = environment
        self.results: list[Trace | None] = [None] * len(prepared.plan.steps)
        self._made: dict[int, bytes] = {}

    def last(self, step: Step) -> Trace | None:
        """What the step made when it was last carried out."""
        row = self.latest.get(step.id)
        return None if row is None else unpack(*row)

    def last_named(self, name: str) -> Trace | None:
        """The same by the step's id."""
        row = self.latest.get(name)
        return None if row is None else unpack(*row)

    def made(self, index: int) -> bytes:
        """What a step that has ended made, as a digest."""
        made = self._made.get(index)
        if made is None:
            trace = self.results[index]
            assert trace is not None
            made = self._made[index] = made_of(trace.facts, {path: mark for path, mark, _ in trace.outputs})
        return made

    def values(self, step: Step) -> tuple[str | None, ...]:
        """The values of the step's environment names."""
        return tuple(self.environment.get(name) for name in step.environment)

    def needed(self, step: Step) -> tuple[int, ...]:
        """The numbers of the steps that it needs, in its own order."""
        return tuple(map(self._number, step.needs)) if step.needs else ()

    def look(
        self, index: int, mark: Callable[[str], Mark] | None = None, more: Iterable[str] = (), groups: Groups | None = None
    ) -> Look:
        """The key of a step whose needs have ended. ``mark`` looks at inputs, each of them anew by default; ``more`` are files that
        patterns may match and that are not there yet; ``groups`` keeps what patterns match, for as long as no file changes.

        Raises RelgraphError for a named input that is not there or is a folder.
        """
        prepared = self.prepared
        step = prepared.plan.steps[index]
        mark = mark or self.files.input_mark
        marks = list(map(mark, prepared.named[index]))
        if ABSENT in marks or FOLDER in marks:
            raise _unusable(step, prepared.named[index], marks)
        matched: Sequence[tuple[str, Mark]] = ()
        digest = b""
        if patterns := prepared.patterns[index]:
            # Steps that read by the same patterns and write elsewhere see the same.
            name = (patterns, tuple(one for one in step.outputs if any(overlap(one, pattern) for pattern in patterns)))
            group = None if groups is None else groups.get(name)
            if group is None:
                found = self.matching(index, mark, more)
                group = found, digest_of(found)
                if groups is not None:
                    groups[name] = group
            matched, digest = group
        key = key_of(
            prepared.heads[index],
            self.values(step) if step.environment else (),
            digest,
            marks,
            map(self.made, self.needed(step)) if step.needs else (),
        )
        return Look(key, marks, matched, digest)

    def matching(self, index: int, mark: Callable[[str], Mark] | None = None, more: Iterable[str] = ()) -> list[tuple[str, Mark]]:
        """The files that match the patterns of a step's inputs, but for its own outputs, with their marks."""
        patterns = self.prepared.patterns[index]
        own = self.prepared.plan.steps[index].outputs
        outputs = tuple(matcher(one) for one in own if any(overlap(one, pattern) for pattern in patterns))
        found = {path for pattern in patterns for path in (*self.files.expand(pattern), *filter(matcher(pattern), more))}
        mark = mark or self.files.input_mark
        if outputs:
            found = {path for path in found if not any(output(path) for output in outputs)}
        return [(path, mark(path)) for path in sorted(found)]

    def deep(self, index: int, look: Look | None, deeps: Sequence[Key]) -> Key:
        """The deep key: like the key, but of what other steps make, how *they* are decided enters and not what they made.

        ``deeps`` are the deep keys of the steps before it; ``look`` spares looking again. A file that is not there enters as such.
        """
        prepared = self.prepared
        step = prepared.plan.steps[index]
        terminal = prepared.terminal[index]
        if look is None:
            marks = [self.files.input_mark(path) for path in terminal]
            matched: Sequence[tuple[str, Mark]] = self.matching(index) if prepared.patterns[index] else ()
        else:
            named = prepared.named[index]
            matched = look.matched
            marks = list(look.marks)
            if terminal is not named:
                of = dict(zip(named, look.marks, strict=True))
                marks = [of[path] for path in terminal]
        digest = b"" if look is None else look.digest
        if matched:
            exact, patterns = self._outputs
            bare = [row for row in matched if row[0] not in exact and not (patterns and any(output(row[0]) for output in patterns))]
            if look is None or len(bare) < len(matched):
                digest = digest_of(bare)
        return sha256(
            b"deep"
            + key_of(
                prepared.heads[index],
                self.values(step) if step.environment else (),
                digest,
                marks,
                [deeps[before] for before in prepared.feeds[index]],
            )
        ).digest()

    def components(self, index: int, look: Look) -> dict[str, Any]:
        """What a step's key is made of, to say later what has changed."""
        step = self.prepared.plan.steps[index]
        files = {path: mark[:9] for path, mark in zip(self.prepared.named[index], look.marks, strict=True)}
        files.update((path, mark[:9]) for path, mark in look.matched)
        needs = {}
        for name, before in zip(step.needs, self.needed(step), strict=True):
            trace = self.results[before]
            needs[name] = {} if trace is None else {**trace.facts, **{path: mark.hex()[2:18] for path, mark, _ in trace.outputs}}
        return {
            "action": step.action,
            "recipe": step.recipe,
            "inputs": step.inputs,
            "outputs": step.outputs,
            "files": files,
            "environment": {
                name: None if value is None else sha256(words(value)).digest()[:8]
                for name, value in zip(step.environment, self.values(step), strict=True)
            },
            "needs": needs,
        }

    def superseded(self, step: Step, now: Iterable[Output]) -> list[Output]:
        """What a step made when it was last carried out and nobody makes any longer, when ``now`` are its outputs."""
        last = self.last(step)
        if last is None:
            return []
        kept = {path for path, _, _ in now}
        return [output for output in last.outputs if output[0] not in kept and not self.makers(output[0], but=step)]

    def makers(self, path: str, *, but: Step | None = None) -> bool:
        """Whether a step (other than this one) declares a file as its output."""
        exact, _ = self._outputs
        if path in exact and (but is None or path not in but.outputs):
            return True
        return any(pattern(path) for owner, pattern in self._output_patterns if but is None or owner != but.id)

    @cached_property
    def _output_patterns(self) -> tuple[tuple[str, Callable[[str], object]], ...]:
        return tuple((step.id, matcher(path)) for step in self.prepared.plan.steps for path in step.outputs if is_pattern(path))

    def _number(self, name: str) -> int:
        return self._numbers[name]

    @property
    def ids(self) -> KeysView[str]:
        """The ids of all steps, to look them up."""
        return self._numbers.keys()

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {step.id: index for index, step in enumerate(self.prepared.plan.steps)}

    @cached_property
    def _outputs(self) -> tuple[Collection[str], tuple[Callable[[str], object], ...]]:
        every = {path for step in self.prepared.plan.steps for path in step.outputs}
        return every, tuple(match for _, match in self._output_patterns)


def wanted(prepared: Prepared, only: Collection[str]) -> list[bool]:
    """By step, whether it is one of ``only`` or comes before one of them; all are where ``only`` is empty.

    Raises DeclarationError for a name that is no step.
    """
    steps = prepared.plan.steps
    if not only:
        return [True] * len(steps)
    unknown = set(only).difference(step.id for step in steps)
    if unknown:
        raise DeclarationError(f"no step is called '{min(unknown)}'")
    chosen = [step.id in only for step in steps]
    for index in range(len(steps) - 1, -1, -1):
        if chosen[index]:
            for before in prepared.waits[index]:
                chosen[before] = True
    return chosen


def _unusable(step: Step, paths: Sequence[str], marks: Sequence[Mark]) -> RelgraphError:
    for path, mark in zip(paths, marks, strict=True):
        if mark == FOLDER:
            return DeclarationError(
                f"input '{path}' of step '{step.id}' is a folder", hint=f"write '{path}/**' for all files in it"
            )
        if mark == ABSENT:
            return EnvironmentFailure(f"input '{path}' of step '{step.id}' does not exist, and no step makes it")
    raise AssertionError(step.id)
