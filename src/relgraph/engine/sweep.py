"""The first look at a plan: which steps are up to date as they are, without anything being run or put back."""

from collections.abc import Collection, Mapping, Sequence

from relgraph.engine.executor import Executor
from relgraph.engine.files import Files
from relgraph.engine.keys import Mark
from relgraph.engine.state import Situation
from relgraph.errors import RelgraphError

__all__ = ["sweep"]


def sweep(situation: Situation, chosen: Sequence[bool], force: Collection[str], executors: Mapping[str, Executor]) -> None:
    """Enter into the situation's results what came of the steps that are up to date, as are all before them.

    Steps come after those that they wait for, so that one pass in order is enough.
    """
    results = situation.results
    files = situation.files
    seen = _Seen(files)
    look = seen.__getitem__
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
                key = situation.look(index, look).key
            except RelgraphError:  # it is said when the step's turn comes
                continue
            if key != last.key:
                continue
            for path, mark, _ in last.outputs:
                if seen[path] != mark and files.mark(path) != mark:
                    break
            else:
                if executors[step.action].intact(step, last.facts):
                    results[index] = last


class _Seen(dict[str, Mark]):
    """Marks of inputs; each file is looked at once, however many steps read it."""

    def __init__(self, files: Files) -> None:
        super().__init__()
        self._mark = files.input_mark

    def __missing__(self, path: str) -> Mark:
        mark = self[path] = self._mark(path)
        return mark
