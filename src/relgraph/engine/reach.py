"""What a change would reach: the steps that may come to something else, without a look at any file."""

from collections.abc import Collection

from relgraph.engine.patterns import overlap
from relgraph.engine.prepare import Prepared

__all__ = ["reached"]


def reached(prepared: Prepared, *, files: Collection[str] = (), steps: Collection[str] = ()) -> tuple[str, ...]:
    """The ids of steps, in the plan's order, that read one of ``files`` (paths or patterns), are one of ``steps``, or come of those.

    A file that a step makes counts as changed by hand: the step that makes it is not reached by that.
    """
    paths = tuple(files)
    changed: set[int] = set()
    found = []
    for index, step in enumerate(prepared.plan.steps):
        if (
            step.id in steps
            or not changed.isdisjoint(prepared.feeds[index])
            or any(overlap(one, path) for one in step.inputs for path in paths)
        ):
            changed.add(index)
            found.append(step.id)
    return tuple(found)
