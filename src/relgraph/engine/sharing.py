"""Results that several machines share: what comes from elsewhere is held against its marks before it is relied on."""

import os
from collections.abc import Callable, Collection

from relgraph.effects import clock
from relgraph.engine.contents import Contents
from relgraph.engine.files import Files
from relgraph.engine.keys import ABSENT, Key
from relgraph.engine.outcome import Found, Remote
from relgraph.engine.patterns import is_pattern, matcher
from relgraph.engine.traces import Trace
from relgraph.errors import RelgraphError
from relgraph.model.plan import Step

__all__ = ["Sharing"]

_LINK = b"l"[0]


class Sharing:
    """A shared cache that may fail: then it knows nothing, and ``warn`` is told why."""

    def __init__(self, remote: Remote, warn: Callable[[str], None]) -> None:
        self._remote = remote
        self._warn = warn

    def get(self, step: Step, key: Key, files: Files, contents: Contents, own: Collection[str]) -> Trace | None:
        """What is known of a key, with its output files in place; the trace has no deep key. ``own`` are files that the step made before."""
        foreign: set[str] = set()
        try:
            found = self._remote.get(key)
            if found is None or not _fits(step, found):
                return None
            for path, mark in found.outputs.items():
                before = files.mark(path)
                if before != ABSENT and path not in own:
                    foreign.add(path)
                if before == mark:
                    continue
                if not contents.has(mark) and not self._fetch(mark, contents):
                    return None
                if not contents.restore(mark, files.base + path):
                    return None
        except RelgraphError as problem:
            self._warn(f"{step.id}: the shared cache is not used: {problem}")
            return None
        outputs = tuple((path, mark, path not in foreign) for path, mark in found.outputs.items())
        return Trace(key, b"", found.facts, outputs, 0.0, clock.now())

    def put(self, trace: Trace, files: Files) -> None:
        """Share a result; not one with symbolic links, which mean something else elsewhere."""
        if any(mark[0] == _LINK for _, mark, _ in trace.outputs):
            return
        try:
            self._remote.put(trace.key, trace.facts, {path: (mark, files.base + path) for path, mark, _ in trace.outputs})
        except RelgraphError as problem:
            self._warn(f"not shared: {problem}")

    def _fetch(self, mark: bytes, contents: Contents) -> bool:
        path = contents.room()
        try:
            if not self._remote.fetch(mark, path):
                return False
            kept = contents.keep(path)
            return kept is not None and kept[0][1:] == mark[1:]
        finally:
            if os.path.lexists(path):
                os.unlink(path)


def _fits(step: Step, found: Found) -> bool:
    """Whether a result is one that this step can have: all of its files, no other, and no links."""
    matchers = tuple(map(matcher, step.outputs))
    return (
        all(any(match(path) for match in matchers) and ".." not in path.split("/") for path in found.outputs)
        and all(output in found.outputs for output in step.outputs if not is_pattern(output))
        and all(len(mark) == len(ABSENT) and mark[0] != _LINK for mark in found.outputs.values())
    )
