"""The first look at a plan: which steps are up to date as they are, without anything being run or put back."""

from collections.abc import Collection, Mapping, Sequence

from relgraph.engine.executor import Executor
from relgraph.engine.files import Files
from relgraph.engine.keys import Mark
from relgraph.engine.state import Groups, Situation
from relgraph.engine.traces import Trace
from relgraph.errors import RelgraphError

__all__ = ["sweep"]


def sweep(situation: Situation, chosen: Sequence[bool], force: Collection[str], executors: Mapping[str, Executor]) -> None:
    """Enter into the situation's results what came of the steps that are up to date, as are all before them.

    Steps come after those that they wait for, so that one pass in order is enough.
    """
    results = situation.results
    seen = _Seen(situation.files)
    for index, step in enumerate(situation.prepared.plan.steps):
        if not chosen[index] or not step.kept or step.id in force:
            continue
        for before in situation.prepared.waits[index]:
            if results[before] is None:
                break
        else:
            last = situation.last(step)
            if last is None:
                continue
            try:
                if _holds(situation, index, last, seen) and executors[step.action].intact(step, last.facts):
                    results[index] = last
            except (RelgraphError, OSError):  # it is said when the step's turn comes
                continue


def _holds(situation: Situation, index: int, last: Trace, seen: "_Seen") -> bool:
    if situation.look(index, seen.__getitem__, groups=seen.groups).key != last.key:
        return False
    for path, mark, _ in last.outputs:  # noqa: SIM110 - a generator for each step takes longer than all else here
        if seen[path] != mark and situation.files.mark(path) != mark:
            return False
    return True


class _Seen(dict[str, Mark]):
    """Marks of inputs; each file is looked at once, however many steps read it."""

    def __init__(self, files: Files) -> None:
        super().__init__()
        self._mark = files.input_mark
        self.groups: Groups = {}

    def __missing__(self, path: str) -> Mark:
        mark = self[path] = self._mark(path)
        return mark
