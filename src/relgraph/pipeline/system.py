"""What a system of pipelines is, besides GitHub's workflows: which files are its own, and how one of them is followed."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from relgraph.pipeline.context import Context
from relgraph.pipeline.shell import Tool

__all__ = ["System"]

Run: TypeAlias = Callable[[Context, str, Mapping[str, Tool]], tuple[str, ...]]


class System(NamedTuple):
    """One system.

    ``path`` tells a pipeline's file by its path, ``publishes`` by its text whether it may publish in ways of this system's own
    (commands that publish anywhere need not be repeated). ``run`` follows one for the context's git tag, records what it would publish, and
    returns the events that start it (see :class:`~relgraph.pipeline.artifacts.Trigger`), none where the tag does not concern it.
    """

    name: str
    path: re.Pattern[str]
    publishes: re.Pattern[str]
    run: Run
