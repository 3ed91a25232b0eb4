"""The program: parse, call, print, exit.

Exit status: 0 clean or done, 1 findings of severity error or refused, 2 the command line or a declaration is wrong,
3 the environment failed or relgraph did; 130 when interrupted, as shells have it.
"""

import gc
import sys
from collections.abc import Sequence

from relgraph import __version__
from relgraph.cli.terminal import Terminal
from relgraph.effects.environment import inherited, variable
from relgraph.errors import RelgraphError

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line (that of the process by default) and return the exit status."""
    if argv is None:
        status = main(sys.argv[1:])
        # The process ends here. Looking for cycles among all that it made, which Python does then, takes longer than freeing it.
        gc.freeze()
        return status
    words = list(argv)
    terminal = Terminal.of_process(inherited("FORCE_COLOR", "NO_COLOR", "TERM"))
    try:
        return _run(words, terminal)
    except KeyboardInterrupt:
        terminal.complain("relgraph: interrupted")
        return 130
    except Exception as problem:  # noqa: BLE001 - the last door: whatever went wrong, a user sees lines and no traceback
        return _complain(problem, terminal)


def _run(words: Sequence[str], terminal: Terminal) -> int:
    # Every import here waits for its use: `--version` and shell completion answer while a person types.
    if words and words[0] in ("--version", "-V"):
        terminal.write(f"relgraph {__version__}\n")
        return 0

    from importlib import import_module

    from relgraph.cli.parse import parse
    from relgraph.cli.table import COMMANDS, HELP

    # A command makes many values and few cycles; looking for cycles among hundreds of thousands of values takes longer than the work.
    gc.set_threshold(200_000, 50, 1000)
    request = parse(words, COMMANDS, HELP)
    module, _, function = request.command.function.partition(":")
    status = int(getattr(import_module(module), function)(request.values, terminal))
    # Without words help was shown, but nothing was asked for: a script that forgot its command must notice.
    return status if words else 2


def _complain(problem: Exception, terminal: Terminal) -> int:
    from relgraph.report.clean import visible

    if variable("RELGRAPH_DEBUG"):
        import traceback

        terminal.complain("\n".join(map(visible, "".join(traceback.format_exception(problem)).splitlines())))
    if isinstance(problem, RelgraphError):
        message, hint, status = str(problem), problem.hint, problem.status
    elif isinstance(problem, MemoryError):
        message, hint, status = "out of memory", "give the process more, or look at fewer repositories at once", 3
    elif isinstance(problem, OSError) and problem.strerror:
        message = f"{problem.filename}: {problem.strerror}" if problem.filename else problem.strerror
        hint, status = "", 3
    else:
        message = f"internal error: {type(problem).__name__}: {problem}"
        hint = "this is a defect of relgraph; please report it with the output of the same command under RELGRAPH_DEBUG=1"
        status = 3
    terminal.complain(f"relgraph: error: {visible(' '.join(message.split()))}")
    for detail in getattr(problem, "details", ()):
        terminal.complain(f"  {visible(' '.join(detail.split()))}")
    if hint:
        terminal.complain(f"hint: {visible(' '.join(hint.split()))}")
    return status
