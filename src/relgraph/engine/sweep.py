"""The first look at a plan: which steps are up to date as they are, without anything being run or put back."""

from collections.abc import Collection, Mapping, Sequence

from relgraph.engine.executor import Executor
from relgraph.engine.state import Situation
from relgraph.errors import RelgraphError

__all__ = ["sweep"]


def sweep(situation: Situation, chosen: Sequence[bool], force: Collection[str], executors: Mapping[str, Executor]) -> None:
    """Enter into the situation's results what came of the steps that are up to date, as are all before them.

    Steps come after those that they wait for, so that one pass in order is enough.
    """
    results = situation.results
    for index, step in enumerate(situation.prepared.plan.steps):
        if not chosen[index] or not step.kept or step.id in force:
            continue
        if any(results[before] is None for before in situation.prepared.waits[index]):
            continue
        last = situation.last(step)
        if last is None:
            continue
        try:
            key = situation.look(index).key
        except RelgraphError:  # it is said when the step's turn comes
            continue
        if key != last.key or any(situation.files.mark(path) != mark for path, mark, _ in last.outputs):
            continue
        if executors[step.action].intact(step, last.facts):
            results[index] = last
