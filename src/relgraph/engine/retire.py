"""Steps that a plan had and has no longer: what only they had made would pass for made, and be read by others."""

from collections.abc import Iterable, Mapping

from relgraph.engine.files import Files, Row
from relgraph.engine.keys import ABSENT, Mark
from relgraph.engine.outputs import remove_own
from relgraph.engine.state import Situation
from relgraph.engine.traces import Traces, unpack

__all__ = ["FilesWithout", "retire", "retired"]


def retired(situation: Situation, owns: str) -> Mapping[str, tuple[str, ...]]:
    """By step, those of its files that a run would remove.

    ``owns`` is how the ids of the plan's steps begin: other plans may keep their steps in the same state. A file that was there before the
    step first ran, that is not as the step left it, or that another step makes now, stays.
    """
    latest = situation.latest
    known = {step.id for step in situation.prepared.plan.steps}
    found = {}
    for name in latest:
        if name not in known and name.startswith(owns):
            outputs = unpack(*latest[name]).outputs
            found[name] = tuple(
                path for path, mark, made in outputs if made and not situation.makers(path) and situation.files.mark(path) == mark
            )
    return found


def retire(situation: Situation, traces: Traces, owns: str) -> Mapping[str, tuple[str, ...]]:
    """Remove these files, and forget the steps; what was removed, by step."""
    gone = retired(situation, owns)
    for name, paths in gone.items():
        wanted = [output for output in unpack(*situation.latest[name]).outputs if output[0] in paths]
        remove_own(wanted, (), situation.files)
    if gone:
        traces.drop(gone)
        situation.files.forget_listings()
    return gone


class FilesWithout(Files):
    """Files as they will be when some are removed."""

    def __init__(self, root: str, known: Mapping[str, Row] | None = None) -> None:
        super().__init__(root, known)
        self.without: frozenset[str] = frozenset()

    def leave_out(self, paths: Iterable[str]) -> None:
        """From now on these are not there."""
        self.without = frozenset(paths)
        self.forget_listings()

    def mark(self, path: str) -> Mark:
        """As ever, but for what will be gone."""
        return ABSENT if path in self.without else super().mark(path)

    def expand(self, pattern: str) -> list[str]:
        """As ever, but for what will be gone."""
        return [path for path in super().expand(pattern) if path not in self.without]
