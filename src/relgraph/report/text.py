"""Findings made to be read on a terminal.

What is wrong comes first, then the places where it is: findings of one rule about one node stand together, so that a
mistake made in nine files is explained once. Every place is ``path:line:column`` at the start of its line, which
terminals and editors open. The gravest come first; the count is the last line.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from relgraph.model.finding import Finding, Place, Report, Severity
from relgraph.report.clean import visible
from relgraph.report.style import paint
from relgraph.report.view import View

__all__ = ["blocks", "render", "summary"]

_RELATED = 4


def render(report: Report, view: View) -> str:
    """The report as text, ending with the line that :func:`summary` gives."""
    lines: list[str] = []
    sections = list(_sections(report.findings))
    for (repo, rev), findings in sections:
        if len(sections) > 1 or rev != "worktree":
            lines += [paint("bold", f"{visible(repo)} at {_revision(rev)}", view.color), ""]
        lines += blocks(findings, view)
    return "\n".join([*lines, summary(report, view), ""])


def blocks(findings: Iterable[Finding], view: View) -> list[str]:
    """The lines of findings in one tree; an empty line ends each group."""
    return [line for group in _groups(findings) for line in (*_group(group, view), "")]


def summary(report: Report, view: View) -> str:
    """One line: how many findings of each severity, what was read, how long it took."""
    counts = [(severity, report.count(severity)) for severity in Severity]
    said = [paint(severity, _number(count, severity), view.color) for severity, count in counts if count]
    unlisted = [_number(count, severity) for severity, count in view.unlisted.items() if count]
    head = ", ".join(said) if said else "nothing to list" if unlisted else "nothing wrong"
    notes = [f"{_number(report.files, 'file')}, {_number(report.sites, 'reference')}, {report.seconds:.2f} s"]
    if report.waived:
        notes.append(f"{report.waived} waived")
    if unlisted:
        notes.append(f"{', '.join(unlisted)} not listed")
    return f"{head} ({'; '.join(notes)})"


def _sections(findings: Iterable[Finding]) -> Iterator[tuple[tuple[str, str], list[Finding]]]:
    def key(finding: Finding) -> tuple[str, str]:
        return finding.place.repo, finding.place.rev

    for where, found in groupby(sorted(findings, key=key), key):
        yield where, list(found)


def _groups(findings: Iterable[Finding]) -> list[list[Finding]]:
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: finding.order):
        groups.setdefault((finding.severity, finding.rule, finding.node), []).append(finding)
    # A stable sort keeps groups of one severity in the order of their first place.
    return sorted(groups.values(), key=lambda group: group[0].severity.rank)


def _group(group: Sequence[Finding], view: View) -> list[str]:
    first = group[0]
    lines = [
        f"{paint(first.severity, first.severity, view.color)}  {paint('bold', visible(first.node), view.color)}  "
        + paint("dim", f"{visible(first.rule)} {visible(first.name)}", view.color)
    ]
    shared_message = all(finding.message == first.message for finding in group)
    shared_reasons = all((finding.why, finding.related) == (first.why, first.related) for finding in group)
    if shared_message:
        lines += _prose(first.message, view, "  ")
    addresses = [_address(finding.place, first.place, view) for finding in group]
    column = max((len(address) for address in addresses if len(address) <= 60), default=0)
    for finding, address in zip(group, addresses, strict=True):
        lines += _place_lines(f"  {address:{column}}  ", finding, view)
        if not shared_message:
            lines += _prose(finding.message, view, "    ")
        if not shared_reasons:
            lines += _reasons(finding, view, "    ")
    if shared_reasons:
        lines += _reasons(first, view, "  ")
    return lines


def _place_lines(start: str, finding: Finding, view: View) -> list[str]:
    """The place, what is written there and what should be, on one line where that is not too long."""
    actual = None if finding.actual is None else _value(finding.actual)
    expected = None if finding.expected is None else _value(finding.expected)
    written = "" if actual is None else paint("actual", actual, view.color)
    wanted = "" if expected is None else f"should be {paint('expected', expected, view.color)}"
    if not (written and wanted):
        return [f"{start}{written}{wanted}".rstrip()]
    if len(f"{start}{actual}, should be {expected}") <= view.width:
        return [f"{start}{written}, {wanted}"]
    indent = len(start) if len(f"{start}should be {expected}") <= view.width else 4
    return [f"{start}{written},", f"{' ' * indent}{wanted}"]


def _value(value: str) -> str:
    return visible(value) or '""'


def _reasons(finding: Finding, view: View, indent: str) -> list[str]:
    lines = []
    if finding.why:
        lines += _prose(f"because {'; '.join(finding.why)}", view, indent, style="dim")
    if finding.related:
        shown = [_address(place, finding.place, view) for place in finding.related[:_RELATED]]
        more = len(finding.related) - len(shown)
        lines += _prose(f"see {', '.join(shown)}{f' and {more} more' if more else ''}", view, indent, style="dim")
    return lines


def _address(place: Place, near: Place, view: View) -> str:
    """The place as a reader standing at ``near`` would look it up."""
    position = f"{place.span.line}:{place.span.column}"
    if (place.repo, place.rev) == (near.repo, near.rev) or (place.rev == "worktree" and place.repo in view.folders):
        return f"{view.file(place)}:{position}"
    return f"{visible(place.repo)}@{_revision(place.rev)}:{visible(place.path)}:{position}"


def _revision(rev: str) -> str:
    is_commit = len(rev) in (40, 64) and all(digit in "0123456789abcdef" for digit in rev)
    return rev[:10] if is_commit else visible(rev)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _prose(text: str, view: View, indent: str, *, style: str = "") -> list[str]:
    lines = wrap(
        visible(" ".join(text.split())),
        max(view.width, 40),
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return [indent + (paint(style, line[len(indent) :], view.color) if style else line[len(indent) :]) for line in lines]
