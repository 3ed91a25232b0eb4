"""Findings on their way out: selected, rendered, written; and the exit status that follows from them."""

import os
from collections.abc import Collection, Sequence

from relgraph import __version__
from relgraph.cli.command import Values
from relgraph.cli.output import write_file
from relgraph.cli.terminal import Terminal
from relgraph.model.finding import Report, Severity
from relgraph.report.clean import visible
from relgraph.report.registry import render
from relgraph.report.view import View
from relgraph.rules.rule import Rule
from relgraph.sites.readable import LARGEST

__all__ = ["select", "show"]

_SHOWN = 3


def show(found: Report, values: Values, terminal: Terminal, applied: tuple[Rule, ...]) -> int:
    """Print a report of the rules that were applied as the command line says; 1 where an error was found, whatever is listed."""
    from relgraph.cli.rules import about, find_rule

    rules = tuple({rule.code: rule for rule in map(find_rule, values.many("rule"))}.values()) or applied
    codes = {rule.code for rule in rules}
    format_name = values.get("format") or "text"
    # People read text, and start with what is wrong; programs get everything and choose for themselves.
    lowest = Severity(values.get("severity") or ("warning" if format_name == "text" else "note"))
    judged = select(found, codes, Severity.NOTE)
    listed = select(judged, codes, lowest)

    output = values.get("output")
    view = View(
        color=terminal.color and output is None,
        width=terminal.width,
        folders=_folders(found),
        rules=tuple(about(rule) for rule in rules),
        unlisted={severity: judged.count(severity) - listed.count(severity) for severity in Severity},
        version=__version__,
    )
    text = render(format_name, listed, view)
    if output is None or output == "-":
        terminal.write(text)
    else:
        write_file(output, text)
        count = len(listed.findings)
        terminal.say(f"relgraph: {count} finding{'' if count == 1 else 's'} written to {output}")
    if found.unread:
        hint = f"larger than {LARGEST >> 20} MiB, not permitted, changed during the scan, or damaged in git (`git fsck`)"
        _complain(found.unread, "file", "not read", hint, terminal)
    if found.lost:
        _complain(found.lost, "tag", "not understood", "an object is missing or damaged; `git fsck` says more", terminal)
    return 1 if judged.count(Severity.ERROR) else 0


def select(report: Report, codes: Collection[str], lowest: Severity) -> Report:
    """The report with the findings of these rules and at least this severity only."""
    chosen = tuple(finding for finding in report.findings if finding.rule in codes and finding.severity.rank <= lowest.rank)
    return report._replace(findings=chosen)


def _complain(unknown: Sequence[tuple[str, str]], noun: str, fate: str, hint: str, terminal: Terminal) -> None:
    """Say which files or tags, by repository and name, nothing is known of: a clean report must not be taken for more than it is."""
    several = len({repo for repo, _ in unknown}) > 1
    shown = [visible(f"{repo}/{name}" if several else name) for repo, name in unknown[:_SHOWN]]
    if len(unknown) > _SHOWN:
        shown.append(f"{len(unknown) - _SHOWN} more")
    number = f"1 {noun} was" if len(unknown) == 1 else f"{len(unknown)} {noun}s were"
    terminal.complain(f"relgraph: warning: {number} {fate}: {', '.join(shown)}")
    terminal.complain(f"hint: {hint}")


def _folders(report: Report) -> dict[str, str]:
    """Where the files of each repository lie, as the reader would write it; two of one name cannot be told apart."""
    by_name: dict[str, set[str]] = {}
    for name, folder in report.folders:
        by_name.setdefault(name, set()).add(folder)
    return {name: _shown(folders.pop()) for name, folders in by_name.items() if len(folders) == 1}


def _shown(folder: str) -> str:
    """A folder as the reader would write it: empty for the current one, relative where that is shorter."""
    try:
        relative = os.path.relpath(folder)
    except FileNotFoundError:  # the current folder is gone
        return folder
    return "" if relative == "." else min(relative, folder, key=len)
