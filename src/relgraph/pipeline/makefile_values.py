"""Values of a Makefile's variables, as a call of make without arguments has them."""

from collections.abc import Callable
from weakref import WeakKeyDictionary

from relgraph.model.world import Subject
from relgraph.pipeline.context import Context, Exhausted, Origin
from relgraph.pipeline.make import MakeRun
from relgraph.pipeline.shell import Shell
from relgraph.pipeline.state import State
from relgraph.pipeline.tools.table import TOOLS

__all__ = ["expander", "makefile_run"]

# A subject is a value that does not change, and reading a Makefile with its $(shell) calls costs more than what is asked of it.
_RUNS: WeakKeyDictionary[Subject, dict[str, MakeRun | None]] = WeakKeyDictionary()


def makefile_run(subject: Subject, path: str) -> MakeRun | None:
    """The Makefile of a tree with its variables and rules taken in, nothing made; None where it is not there."""
    known = _RUNS.setdefault(subject, {})
    if path not in known:
        known[path] = _read(subject, path)
    return known[path]


def _read(subject: Subject, path: str) -> MakeRun | None:
    text = subject.text(path)
    if text is None:
        return None
    context = Context(subject, "v1.2.3")
    context.by_tag = context.at_tag = False
    folder = path.rpartition("/")[0]
    state = State(context.files)
    state.cwd = folder
    try:
        return MakeRun(Shell(context, state, Origin.file(text), TOOLS), path, folder, {})
    except (Exhausted, RecursionError):
        return None


def expander(subject: Subject, path: str) -> Callable[[str], str]:
    """What makes of a text what make would; what is not known is shown as its reason between angle brackets."""
    run = makefile_run(subject, path)
    if run is None:
        return str
    made = run

    def value(written: str) -> str:
        try:
            return str(made.shell.context.value(made.expand(written)))
        except (Exhausted, RecursionError):
            return written

    return value
