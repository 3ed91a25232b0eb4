"""``derive``: derived files made again, or held against what their commands make."""

from collections.abc import Collection, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from relgraph.cli.command import Values
from relgraph.cli.terminal import Terminal
from relgraph.cli.words import repos_folder, workers_of
from relgraph.derive.opening import Opened, open_derivations
from relgraph.effects.environment import inherited
from relgraph.errors import EnvironmentFailure, UsageError

if TYPE_CHECKING:
    from relgraph.derive.check import Checked, Difference
    from relgraph.derive.world import Derivation
    from relgraph.engine.events import Event, Watch
    from relgraph.engine.outcome import Outcome, Remote, Result

__all__ = ["run"]

_SCHEMA = "relgraph.dev/derive/v1"


def run(values: Values, terminal: Terminal) -> int:
    """Bring derived files up to date, say what would be done, or check them."""
    _refuse_contradictions(values)
    opened = open_derivations(Path.cwd(), values.get("graph"), repos_folder(values))
    only = None
    if words := values.many("node"):
        from relgraph.derive.choosing import choose_steps

        only = choose_steps(opened.world, words)
    else:
        _say_missing(opened, terminal)
    if (word := values.get("why")) is not None:
        from relgraph.cli.commands.derive_preview import why

        return why(opened, word, values, terminal)
    if values.flag("dry-run"):
        from relgraph.cli.commands.derive_preview import preview

        return preview(opened, only, values, terminal)
    return (_check if values.flag("check") else _derive)(opened, only, values, terminal)


def _refuse_contradictions(values: Values) -> None:
    asked = [f"--{name}" for name in ("check", "dry-run", "why") if name in values.given]
    if len(asked) > 1:
        raise UsageError(f"{asked[0]} and {asked[1]} are two different questions", hint="ask one at a time")
    if values.get("format") not in (None, "text", "json") and not values.flag("check"):
        raise UsageError(f"--format {values.get('format')} is for findings", hint="there are some with --check only")


def _say_missing(opened: Opened, terminal: Terminal) -> None:
    missing = opened.world.missing
    if missing and not opened.world.derivations:
        raise EnvironmentFailure(
            f"{', '.join(missing)}: no work tree here for derived files", hint="give the folder of clones with --repos"
        )
    for repo in missing:
        terminal.complain(f"relgraph: warning: {repo} has no work tree here; its derived files are left out")


@contextmanager
def _watching(terminal: Terminal) -> Generator["Watch", None, None]:
    """The board, from the first event on of which there is something to show."""
    from relgraph.engine.events import Begun, Finished

    with ExitStack() as stack:
        board: Watch | None = None

        def watch(event: "Event") -> None:
            nonlocal board
            if board is None:
                if isinstance(event, Finished) or (isinstance(event, Begun) and not event.steps):
                    return
                from relgraph.cli.board import watching

                board = stack.enter_context(watching(terminal, outputs=True))
            board(event)

        yield watch


def _derive(opened: Opened, only: Mapping[str, Collection[str]] | None, values: Values, terminal: Terminal) -> int:
    from relgraph.derive.run import derive

    with _watching(terminal) as watch, _shared(opened, values) as remote:
        outcomes = derive(
            opened,
            only,
            environment=inherited("*"),
            jobs=workers_of(values, "jobs"),
            keep_going=values.flag("keep-going"),
            watch=watch,
            remote=remote,
        )
    if not all(outcome.ok for _, outcome in outcomes):
        opened.forget()
    if values.get("format") == "json":
        rows = [_row(derivation, step, result) for derivation, outcome in outcomes for step, result in _told(outcome)]
        _write(terminal, {"schema": _SCHEMA, "graph": opened.world.graph, "steps": rows, "summary": _counts(outcomes)})
    else:
        terminal.write(_summary(outcomes) + "\n")
    return _status(outcomes)


@contextmanager
def _shared(opened: Opened, values: Values) -> Generator["Remote | None", None, None]:
    """The cache that several machines share, where one is given."""
    reference = values.get("cache")
    if reference is None:
        yield None
        return
    from relgraph.git.state import private_folder
    from relgraph.oci.layout import Layout
    from relgraph.oci.reference import parse_reference
    from relgraph.oci.stores import Stores
    from relgraph.release.sharing import SharedCache

    with Stores() as stores:
        repository = stores.open(parse_reference(reference), create=not values.flag("cache-read-only"))
        store = Layout(private_folder(opened.root) / "store", create=True)
        yield SharedCache(repository, store, read_only=values.flag("cache-read-only"))


def _check(opened: Opened, only: Mapping[str, Collection[str]] | None, values: Values, terminal: Terminal) -> int:
    from relgraph.derive.check import check

    with _watching(terminal) as watch:
        found = check(opened.world, only, environment=inherited("*"), jobs=workers_of(values, "jobs"), watch=watch)
    outcomes = [(one.derivation, one.outcome) for one in found]
    differences = [(one, difference) for one in found for difference in one.differences]
    if values.get("format") == "json":
        _write(
            terminal,
            {
                "schema": "relgraph.dev/derive-check/v1",
                "graph": opened.world.graph,
                "differences": [_difference_row(one, difference) for one, difference in differences],
                "undeclared": [{"repo": one.derivation.repo, "path": path} for one in found for path in one.undeclared],
                "left_over": [
                    {"repo": one.derivation.repo, "path": path, "source": source} for one in found for path, source in one.left_over
                ],
                "failed": [
                    _row(derivation, step, result)
                    for derivation, outcome in outcomes
                    for step, result in _told(outcome)
                    if result.state.value != "done"
                ],
                "summary": _counts(outcomes) | {"differences": len(differences)},
            },
        )
    elif values.get("format") == "text":
        _show_differences(found, terminal)
    else:
        from relgraph.cli.findings import show
        from relgraph.cli.rules import find_rule
        from relgraph.derive.findings import CODE, report_of

        show(report_of(found), values, terminal, (find_rule(CODE),))
    return _status(outcomes) or (1 if differences else 0)


def _show_differences(found: "list[Checked]", terminal: Terminal) -> None:
    from relgraph.report.clean import visible

    for one in found:
        for difference in one.differences:
            terminal.write(f"{visible(difference.path)}: {difference.message}\n")
            for line in difference.diff.splitlines():
                terminal.write(f"    {visible(line)}\n")
        for path in one.undeclared:
            terminal.complain(f"relgraph: note: {visible(path)}: a command changes it, and no node has it among its outputs")
        for path, source in one.left_over:
            terminal.complain(f"relgraph: note: {visible(path)}: nothing makes it any more, since there is no {visible(source)}")
    count = sum(len(one.differences) for one in found)
    total = sum(len(one.outcome.results) for one in found)
    if count:
        files = "1 derived file is" if count == 1 else f"{count} derived files are"
        terminal.write(f"{files} not what is made; `relgraph derive` makes them\n")
    elif all(one.outcome.ok for one in found):
        terminal.write(f"all derived files are what is made ({total} {'command' if total == 1 else 'commands'})\n")


def _difference_row(one: "Checked", difference: "Difference") -> dict[str, object]:
    return {
        "repo": one.derivation.repo,
        "path": difference.path,
        "node": difference.step.node,
        "step": difference.step.id,
        "kind": difference.kind.value,
        "message": f"{difference.path} {difference.message}",
        "diff": difference.diff,
    }


def _told(outcome: "Outcome") -> "list[tuple[str, Result]]":
    """What is worth a line: all that was not up to date."""
    return [(step, result) for step, result in outcome.results.items() if result.state.value != "cached" or result.why]


def _row(derivation: "Derivation", step: str, result: "Result") -> dict[str, object]:
    return {
        "repo": derivation.repo,
        "step": step,
        "state": result.state.value,
        "seconds": round(result.seconds, 3),
        "why": result.why,
        "outputs": [path for path, _, _ in result.outputs],
    }


def _counts(outcomes: "list[tuple[Derivation, Outcome]]") -> dict[str, int]:
    counts = dict.fromkeys(("done", "cached", "failed", "skipped", "cancelled"), 0)
    for _, outcome in outcomes:
        for result in outcome.results.values():
            counts[result.state.value] += 1
    return counts


def _summary(outcomes: "list[tuple[Derivation, Outcome]]") -> str:
    counts = _counts(outcomes)
    total = sum(counts.values())
    if counts["cached"] == total:
        put_back = sum(bool(result.why) for _, outcome in outcomes for result in outcome.results.values())
        return f"up to date ({total})" if not put_back else f"{put_back} put back, {total - put_back} up to date"
    words = {"done": "made", "cached": "up to date", "failed": "failed", "skipped": "not begun", "cancelled": "ended early"}
    return ", ".join(f"{counts[state]} {word}" for state, word in words.items() if counts[state])


def _status(outcomes: "list[tuple[Derivation, Outcome]]") -> int:
    for _, outcome in outcomes:
        if outcome.interrupted:
            return 128 + outcome.interrupted
    return 0 if all(outcome.ok for _, outcome in outcomes) else 3


def _write(terminal: Terminal, value: object) -> None:
    import json

    terminal.write(json.dumps(value, indent=1) + "\n")
