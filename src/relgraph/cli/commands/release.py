"""``plan``, ``build``, ``push`` and ``release``."""

import json
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from relgraph.cli.command import Values
from relgraph.cli.output import check_writable, write_bytes
from relgraph.cli.registries import Stores
from relgraph.cli.terminal import Terminal
from relgraph.cli.words import workers_of
from relgraph.cli.workspace import find_node, request_of, workspace_of
from relgraph.errors import DeclarationError, Refused, UsageError
from relgraph.model.repository import INDEX, WORKTREE

if TYPE_CHECKING:
    from relgraph.model.finding import Finding
    from relgraph.model.record import Record
    from relgraph.release.prepare import Prepared, Wish
    from relgraph.release.run import Ran
    from relgraph.release.signing import Signer

__all__ = ["build", "plan", "prepared_of", "push", "release", "signer_of"]


def plan(values: Values, terminal: Terminal) -> int:
    """Print the plan."""
    with ExitStack() as stack:
        wish = _wish(values, release=values.flag("release"), push=values.flag("release"))
        prepared = _prepare(values, terminal, wish, stack)
        if values.many("what-if"):
            return _what_if(prepared, values, terminal)
        return _show_plan(prepared, values, terminal)


def _what_if(prepared: "Prepared", values: Values, terminal: Terminal) -> int:
    """Print what a change of some files would reach."""
    from relgraph.release.reach import reach

    found = reach(prepared, values.many("what-if"))
    if values.get("format") == "json":
        rows = [{"node": one.node, "because": one.because, "built": one.built} for one in found]
        terminal.write(json.dumps({"schema": "relgraph.dev/reach/v1", "reached": rows}, indent=1) + "\n")
        return 0
    for one in found:
        terminal.write(f"{'builds again' if one.built else 'has to follow'}  {one.node}  {one.because}\n")
    built = sum(one.built for one in found)
    terminal.write(f"{built} to build again, {len(found) - built} to follow\n")
    return 0


def build(values: Values, terminal: Terminal) -> int:
    """Build, and report what verify finds wrong with what is built."""
    with ExitStack() as stack:
        prepared = _prepare(values, terminal, _wish(values), stack)
        status = _run(prepared, stack.enter_context(Stores(values, terminal)), values, terminal)
        if mismatches := _mismatches(prepared, values, terminal):
            terminal.complain(
                f"relgraph: warning: {_count(mismatches)}, so that `push` and `release` would refuse this; `relgraph verify` says more"
            )
        return status


def push(values: Values, terminal: Terminal) -> int:
    """Build and push; what verify finds wrong is not pushed."""
    with ExitStack() as stack:
        prepared = _prepare(values, terminal, _wish(values, push=True), stack)
        _refuse_nothing(prepared)
        if prepared.scope.release.commit in (WORKTREE, INDEX):
            raise Refused(
                f"{prepared.repo.name} has changes that are not committed, and {prepared.version} would name many things",
                hint="commit them, or say what to build with --tag; `relgraph build` builds what is there",
            )
        mismatches = _mismatches(prepared, values, terminal)
        if mismatches:
            raise Refused(
                f"{prepared.repo.name} is not pushed: {_count(mismatches)}",
                details=tuple(f"{one.rule} {one.place.path}:{one.place.span.line}: {one.message}" for one in mismatches),
                hint="`relgraph verify --fix` repairs what can be repaired",
            )
        return _run(prepared, stack.enter_context(Stores(values, terminal)), values, terminal, to=values.get("to") or "")


def _mismatches(prepared: "Prepared", values: Values, terminal: Terminal) -> "list[Finding]":
    from relgraph.release.preflight import wrong
    from relgraph.release.prepare import release_request

    request, tag = request_of(values, terminal), prepared.scope.release.tag
    return wrong(prepared, release_request(request, prepared.repo, tag) if tag else request)


def _count(mismatches: "list[Finding]") -> str:
    return "one reference is wrong" if len(mismatches) == 1 else f"{len(mismatches)} references are wrong"


def release(values: Values, terminal: Terminal) -> int:
    """Release."""
    from relgraph.release.destinations import destination
    from relgraph.release.executors import opener
    from relgraph.release.preflight import preflight
    from relgraph.release.prepare import release_request
    from relgraph.release.recording import keep_record, record_home
    from relgraph.release.run import is_released, known_record
    from relgraph.workspace.record import find_record, record_path, write_record

    to = values.get("to") or ""
    signer = signer_of(values)
    with ExitStack() as stack:
        prepared = _prepare(values, terminal, _wish(values, release=True, push=True, sign=signer is not None), stack)
        _refuse_nothing(prepared)
        repo, tag = prepared.repo, prepared.scope.release.tag
        if repo.get("signed", False) and signer is None:
            raise UsageError(f"{repo.id} is declared as signed", hint="give the key with --key FILE")
        stores = stack.enter_context(Stores(values, terminal))
        open_store = opener(stores)
        home = record_home(prepared.workspace.graph, repo.id)
        root = prepared.workspace.root
        record = known_record(root, repo.name, prepared.version, home, open_store, to=to, signer=signer)
        if record is not None and record.withdrawn is not None:
            raise Refused(f"{repo.name} {tag} was withdrawn: {record.withdrawn.reason}", hint="release under a new version")
        if (
            record is not None
            and record.commit == prepared.scope.release.commit
            and is_released(record, prepared.destinations, open_store, home_at=str(destination(home, to)))
        ):
            if values.flag("dry-run"):
                return _show_nothing(prepared, record, values, terminal)
            keep_record(record_path(root, repo.name, prepared.version), write_record(record).encode())
            return _report_released(prepared, record, values, terminal) or _announce(prepared, record, values, terminal)
        if record is not None and record.commit == prepared.scope.release.commit:
            # Others may have released since, and it is gone on with as it was begun.
            wish = _wish(values, release=True, push=True, sign=signer is not None)
            prepared = _prepare(values, terminal, wish._replace(recorded=record), stack)
        request = release_request(request_of(values, terminal), repo, tag)
        problems = preflight(prepared, request, open_store, record, offline=values.flag("offline"))
        if problems:
            head = f"{repo.name} {tag} cannot be released"
            raise Refused(
                f"{head}: {problems[0]}" if len(problems) == 1 else f"{head}, for {len(problems)} reasons",
                details=tuple(problems) if len(problems) > 1 else (),
                hint="nothing was built or published",
            )
        if values.flag("dry-run"):
            return _show_plan(prepared, values, terminal)
        status = _run(prepared, stores, values, terminal, to=to, signer=signer)
        if status:
            return status
        record = find_record(prepared.workspace.root, repo.name, prepared.version)
        return _announce(prepared, record, values, terminal)


def _refuse_nothing(prepared: "Prepared") -> None:
    if not prepared.scope.units and not prepared.scope.unbuilt:
        raise DeclarationError(
            f"{prepared.repo.origin}: {prepared.repo.id} publishes nothing",
            hint="say where what is built from it is published, with 'ref'; `relgraph explain graph` lists the fields",
        )


def _announce(prepared: "Prepared", record: "Record | None", values: Values, terminal: Terminal) -> int:
    """Write the notes where they are wanted, and say who has to follow."""
    from relgraph.release.announce import announce, dependants

    if record is not None and (path := values.get("notes")) is not None:
        write_bytes(path, announce(prepared, record).encode(), hint="--notes takes a file in an existing, writable folder")
    if values.get("format") != "json":
        for name, nodes in sorted(dependants(prepared).items()):
            text = f"{name} refers to what was released ({', '.join(nodes)}); `relgraph impact {prepared.repo.id}` shows where"
            terminal.complain(_screenful(text, terminal))
    return 0


def _screenful(text: str, terminal: Terminal) -> str:
    """A line for standard error; on a terminal it is broken between words."""
    from textwrap import fill

    return fill(text, terminal.screen.columns - 1, subsequent_indent="    ") if terminal.interactive else text


def _wish(values: Values, *, push: bool = False, release: bool = False, sign: bool = False) -> "Wish":
    from relgraph.release.prepare import Wish

    return Wish(
        values.get("repo") or "",
        values.get("tag") or "",
        tuple(values.many("node")),
        push,
        release,
        sign,
        values.get("to") or "",
    )


def prepared_of(values: Values, terminal: Terminal, stack: ExitStack) -> "Prepared":
    """What a build needs: repositories opened, versions read, builders asked."""
    return _prepare(values, terminal, _wish(values), stack)


def _prepare(values: Values, terminal: Terminal, wish: "Wish", stack: ExitStack) -> "Prepared":
    from relgraph.release.prepare import prepare

    # A slip on the command line is told before anybody is asked for anything.
    workers_of(values, "steps")
    for name in ("chrome-trace", "notes"):
        if (path := values.get(name)) is not None:
            check_writable(path, hint=f"--{name} takes a file in an existing, writable folder")
    workspace = workspace_of(values)
    nodes = tuple(find_node(workspace.graph, word).id for word in wish.nodes)
    return prepare(workspace, request_of(values, terminal), wish._replace(nodes=nodes), stack)


def signer_of(values: Values) -> "Signer | None":
    """The key of ``--key``, with the forms of ``--scheme``; None without a key."""
    if values.get("key") is None:
        return None
    from relgraph.cli.commands.trust import private_key, schemes
    from relgraph.release.signing import Signer

    return Signer(private_key(values), schemes(values))


def _run(
    prepared: "Prepared", stores: Any, values: Values, terminal: Terminal, *, to: str = "", signer: "Signer | None" = None
) -> int:
    from relgraph.cli.board import summary_lines, watching
    from relgraph.engine.events import State, both
    from relgraph.engine.timeline import Timeline
    from relgraph.release.run import Settings, run

    workers = workers_of(values, "steps")
    timeline = Timeline()
    with watching(terminal) as watch:
        settings = Settings(
            workers,
            values.flag("keep-going"),
            both(watch, timeline),
            values.get("cache") or "",
            values.flag("cache-read-only"),
        )
        ran = run(prepared, stores, settings, to=to, signer=signer)
    if (path := values.get("chrome-trace")) is not None:
        write_bytes(path, timeline.chrome_trace().encode(), hint="--chrome-trace takes a file in an existing, writable folder")
    if values.flag("times"):
        for line in summary_lines(timeline.summary()):
            terminal.complain(_screenful(line, terminal))
    if ran.status and ran.outcome.first_failed:
        failed = sum(result.state is State.FAILED for result in ran.outcome.results.values())
        terminal.complain(f"relgraph: error: {ran.outcome.first_failed} failed{' first' if failed > 1 else ''}")
        if ran.hint:
            terminal.complain(f"hint: {ran.hint}")
    return _report(prepared, ran, values, terminal)


def _report_released(prepared: "Prepared", record: "Record", values: Values, terminal: Terminal) -> int:
    """Say that all of it is there."""
    rows = [(item.node, item.tag, item.digest, "released") for item in record.items]
    return _tell(prepared, rows, None, values, terminal)


def _report(prepared: "Prepared", ran: "Ran", values: Values, terminal: Terminal) -> int:
    """Say what came of it; 0 where everything was done."""
    rows = []
    for node, one in sorted(prepared.planned.items()):
        made = ran.outcome.results[f"build {node}"]
        rows.append((node, one.unit.part.tag, made.facts.get("digest", ""), _state(prepared, ran, node)))
    return _tell(prepared, rows, ran, values, terminal)


def _state(prepared: "Prepared", ran: "Ran", node: str) -> str:
    """What became of a node: what is built and then not published is not done."""
    from relgraph.engine.events import State

    states = [ran.outcome.results[step.id].state for step in prepared.plan.steps if step.node == node]
    return next((one for one in (State.FAILED, State.CANCELLED, State.SKIPPED) if one in states), states[0]).value


def _tell(
    prepared: "Prepared", rows: "list[tuple[str, str, str, str]]", ran: "Ran | None", values: Values, terminal: Terminal
) -> int:
    outcome = ran.outcome if ran is not None else None
    if values.get("format") == "json":
        fields = {
            "schema": "relgraph.dev/run/v1",
            "repo": prepared.repo.name,
            "version": prepared.version,
            "tag": prepared.scope.release.tag,
            "commit": prepared.scope.release.commit,
            "artifacts": [
                {"node": node, "to": prepared.destinations[node], "tag": tag, "digest": digest, "state": state}
                for node, tag, digest, state in rows
            ],
        }
        if outcome is not None:
            fields["steps"] = [
                {"step": step, "state": result.state.value, "seconds": round(result.seconds, 3)}
                for step, result in outcome.results.items()
            ]
        terminal.write(json.dumps(fields, indent=1) + "\n")
    else:
        for node, tag, digest, state in rows:
            terminal.write(_row(state, node, _place(prepared, node, tag, digest), terminal))
    return 0 if ran is None else ran.status


def _place(prepared: "Prepared", node: str, tag: str, digest: str) -> str:
    """Where an artifact is: where it is published or, of builds alone, in the workspace's own store."""
    if any(step.action == "push" for step in prepared.plan.steps):
        return f"{prepared.destinations[node]}:{tag}{'@' + digest if digest else ''}"
    if not digest:
        return tag
    from relgraph.release.destinations import layout_name

    store = os.path.relpath(prepared.workspace.root / ".relgraph" / "store")
    return f"layout:{store}//{layout_name(prepared.planned[node].unit.part.reference)}@{digest}"


def _row(state: str, node: str, place: str, terminal: Terminal) -> str:
    from relgraph.report.style import paint

    style = {"failed": "error", "cancelled": "warning", "skipped": "warning", "done": "expected"}.get(state, "")
    word = paint(style, state, terminal.color) if style else state
    text = f"{word}{' ' * (9 - len(state))}  {node}  "
    if not terminal.seen or len(state) + len(text) - len(word) + len(place) <= terminal.width:
        return f"{text}{place}\n"
    # What would be broken by the edge of the screen, and could not be copied then, has lines of its own.
    name, at, digest = place.partition("@")
    return f"{text.rstrip()}\n    {name}\n" + (f"    {at}{digest}\n" if at else "")


def _show_nothing(prepared: "Prepared", record: "Record", values: Values, terminal: Terminal) -> int:
    """The plan of a release that is complete: no step."""
    if values.get("format") != "json":
        return _report_released(prepared, record, values, terminal)
    from relgraph.cli.forecast import show_forecast

    return show_forecast(prepared.plan.name, (), terminal, as_json=True)


def _show_plan(prepared: "Prepared", values: Values, terminal: Terminal) -> int:
    """Print what would become of every step, in their order, or why of one."""
    from relgraph.cli.forecast import show_forecast, why_step
    from relgraph.release.run import foresee

    as_json = values.get("format") == "json"
    if (word := values.get("why")) is not None:
        node = next((node for node in prepared.planned if word in (node, node.partition(".")[2])), "")
        return why_step(f"build {node}" if node else word, foresee(prepared), terminal, as_json=as_json)
    return show_forecast(prepared.plan.name, foresee(prepared), terminal, as_json=as_json)
