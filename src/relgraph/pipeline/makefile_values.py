"""Values of a Makefile's variables, as a call of make without arguments has them."""

from collections.abc import Callable

from relgraph.model.world import Subject
from relgraph.pipeline.context import Context, Exhausted, Origin
from relgraph.pipeline.make import MakeRun
from relgraph.pipeline.shell import Shell
from relgraph.pipeline.state import State
from relgraph.pipeline.tools.table import TOOLS

__all__ = ["expander"]


def expander(subject: Subject, path: str) -> Callable[[str], str]:
    """What makes of a text what make would; what is not known is shown as its reason between angle brackets."""
    context = Context(subject, "v1.2.3")
    context.by_tag = context.at_tag = False
    text = subject.text(path)
    folder = path.rpartition("/")[0]
    state = State(context.files)
    state.cwd = folder
    if text is None:
        return str
    run: MakeRun | None
    try:
        run = MakeRun(Shell(context, state, Origin.file(text), TOOLS), path, folder, {})
    except (Exhausted, RecursionError):
        run = None

    def value(written: str) -> str:
        try:
            return str(context.value(run.expand(written))) if run is not None else written
        except (Exhausted, RecursionError):
            return written

    return value
