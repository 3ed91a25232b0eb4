"""``verify``: judge a workspace's repositories by its declared graph, repair what can be, and print what was found."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from relgraph.cli.command import Values
from relgraph.cli.findings import select, show
from relgraph.cli.terminal import Terminal
from relgraph.cli.workspace import named_revisions, request_of, workspace_of
from relgraph.errors import UsageError
from relgraph.model.finding import Finding, Report, Severity
from relgraph.model.published import Published
from relgraph.report.clean import visible
from relgraph.rules.registry import RULES
from relgraph.verify import Request, Workspace, verify

__all__ = ["run"]

_SHOWN = 5
#: What keeps of a report what is asked for.
_News: TypeAlias = Callable[[Report], Report]


def run(values: Values, terminal: Terminal) -> int:
    """Verify, select, repair, print; 1 where something of severity error was found, whatever is listed."""
    _check(values)
    workspace, request = workspace_of(values), request_of(values, terminal)
    news = _news(workspace, request, values, terminal)
    if values.flag("fix") or values.flag("diff"):
        return _repair(workspace, request, news, values, terminal)
    published = _published(workspace, request, values, terminal) if values.flag("published") else None
    return show(news(verify(workspace, request, published)), values, terminal, RULES)


def _published(workspace: Workspace, request: Request, values: Values, terminal: Terminal) -> Published:
    """What registries answer."""
    from relgraph.cli.registries import Stores
    from relgraph.cli.trusting import read_file
    from relgraph.release.executors import opener
    from relgraph.release.observe import observe
    from relgraph.release.rebuild import Rebuilder
    from relgraph.trust.keys import read_public

    keys = [read_public(read_file(Path(path)), what=path) for path in values.many("key")]
    with Stores(values, terminal) as stores, Rebuilder(workspace, request) as rebuilder:
        found = observe(workspace, request, opener(stores), to=values.get("to") or "", keys=keys, rebuild=rebuilder.differs)
    signers = {signer for one in found.seen if one.record is not None for signer in one.record.signed_by}
    if not keys and signers:
        terminal.say("relgraph: signatures were not looked at: give the public keys with --key")
    for path, key in zip(values.many("key"), keys, strict=True):
        if key.fingerprint not in signers:
            # Without a word, "nothing wrong" would read as if it had signed everything.
            terminal.complain(f"relgraph: warning: {path}: no recorded release was signed with this key, so that it checks nothing")
    return found


def _news(workspace: Workspace, request: Request, values: Values, terminal: Terminal) -> _News:
    """What keeps of a report the findings that ``--since`` asks for."""
    if not values.many("since"):
        return lambda report: report
    from relgraph.since import Earlier, without

    earlier = Earlier(workspace, request, named_revisions(values, "since"))

    def news(report: Report) -> Report:
        new = without(report, earlier.report)
        if earlier.problem:
            terminal.complain(f"relgraph: {earlier.problem}")
            earlier.problem = ""
        return new

    return news


def _repair(workspace: Workspace, request: Request, news: _News, values: Values, terminal: Terminal) -> int:
    from relgraph.cli.rules import find_rule
    from relgraph.fixing import difference, fix, write

    lowest = Severity(values.get("severity") or "warning")
    codes = {find_rule(word).code for word in values.many("rule")} or {rule.code for rule in RULES}
    fixed = fix(
        workspace,
        request,
        lambda report: select(news(report), codes, lowest),
        dirty=values.flag("allow-dirty"),
    )
    _complain_of_left(fixed.left, terminal)
    _complain_of_others(fixed.elsewhere, terminal)
    if values.flag("diff"):
        terminal.write(difference(fixed.changes, Path.cwd()), exact=True)
        return 1 if fixed.changes else 0
    write(fixed.changes)
    if fixed.changes:
        places, files = len(fixed.settled), len(fixed.changes)
        terminal.complain(f"relgraph: fixed {places} finding{'s'[: places > 1]} in {files} file{'s'[: files > 1]}")
    return show(news(fixed.report), values, terminal, RULES)


def _complain_of_left(left: tuple[tuple[Finding, str], ...], terminal: Terminal) -> None:
    by_reason: dict[str, list[str]] = {}
    for finding, reason in left:
        place = visible(f"{finding.place.repo}/{finding.place.path}:{finding.place.span.line}")
        by_reason.setdefault(reason, []).append(f"{place} ({finding.rule})")
    for reason, places in by_reason.items():
        more = [f"{len(places) - _SHOWN} more"] if len(places) > _SHOWN else []
        terminal.complain(f"relgraph: warning: not fixed, {reason}: {', '.join([*places[:_SHOWN], *more])}")
        if reason == "the file has uncommitted changes":
            terminal.complain("hint: commit them first, or give --allow-dirty")


def _complain_of_others(places: tuple[tuple[str, str, int, str], ...], terminal: Terminal) -> None:
    by_text: dict[tuple[str, str, str], list[str]] = {}
    for name, path, line, text in places:
        by_text.setdefault((name, path, text), []).append(str(line))
    for (name, path, text), lines in by_text.items():
        more = [f"{len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        where = f"line{'s'[: len(lines) > 1]} {', '.join([*lines[:_SHOWN], *more])}"
        terminal.complain(f"relgraph: warning: {visible(f'{name}/{path}')} still says {visible(text)} in {where}")


def _check(values: Values) -> None:
    if values.flag("fix") and values.flag("diff"):
        raise UsageError("--fix and --diff are two things", hint="--diff shows what --fix would do")
    if values.flag("allow-dirty") and not (values.flag("fix") or values.flag("diff")):
        raise UsageError("--allow-dirty goes with --fix or --diff")
    if values.flag("published") and (values.flag("fix") or values.flag("diff") or values.many("since")):
        raise UsageError("--published looks at what is released, which no edit changes", hint="leave out --fix, --diff and --since")
    if (values.get("to") is not None or values.many("key")) and not values.flag("published"):
        raise UsageError("--to and --key go with --published")
    if values.flag("diff") and (values.get("format") not in (None, "text") or values.get("output") is not None):
        raise UsageError("--diff prints a diff, in no other format", hint="leave out --format and --output")
    if (values.flag("fix") or values.flag("diff")) and values.get("as-of") is not None:
        raise UsageError("another day's files cannot be changed", hint="leave out --as-of")
