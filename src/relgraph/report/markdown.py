"""Findings as GitHub-flavoured Markdown, for pull request comments, job summaries and issues.

A table for each severity; the reasons fold away below it. Text from repositories stands in code spans or is escaped, so that
it can neither break the table nor mention anybody.
"""

import re

from relgraph.model.finding import Finding, Report, Severity
from relgraph.report.clean import visible
from relgraph.report.text import summary
from relgraph.report.view import View

__all__ = ["code", "escape", "render"]

_TITLES = {Severity.ERROR: "Errors", Severity.WARNING: "Warnings", Severity.NOTE: "Notes"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&@!])")
_BACKTICKS = re.compile("`+")


def render(report: Report, view: View) -> str:
    """The document; it starts with the summary."""
    lines = [f"**relgraph**: {escape(summary(report, view._replace(color=False)))}", ""]
    for severity, title in _TITLES.items():
        findings = [finding for finding in report.findings if finding.severity is severity]
        if not findings:
            continue
        lines += [f"### {title}", "", "| place | written | should be | what |", "| --- | --- | --- | --- |"]
        lines += [_row(finding, view) for finding in findings]
        lines.append("")
        reasons = [finding for finding in findings if finding.why or finding.related]
        if reasons:
            lines += ["<details><summary>Why</summary>", ""]
            lines += [line for finding in reasons for line in _reasons(finding, view)]
            lines += ["", "</details>", ""]
    return "\n".join(lines)


def escape(text: str) -> str:
    """Prose in which nothing is read as Markdown, HTML or a mention."""
    # A backslash does not stop a mention; a character reference does.
    return _SPECIAL.sub(lambda match: "&#64;" if match.group() == "@" else "\\" + match.group(), visible(text))


def code(text: str) -> str:
    """A code span (CommonMark 6.1) that is also safe in a table cell; a dash for no text."""
    shown = visible(text)
    if not shown.strip():
        return "–"
    if "|" in shown:
        # No span of backticks can hold a backslash and a bar in a table (GFM 4.10).
        return f"<code>{_SPECIAL.sub(lambda match: f'&#{ord(match.group())};', shown)}</code>"
    fence = "`" * (max(map(len, _BACKTICKS.findall(shown)), default=0) + 1)
    # A space next to a backtick, or one on both ends, is taken away by the reader of the span.
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _row(finding: Finding, view: View) -> str:
    span = finding.place.span
    cells = [
        code(f"{view.file(finding.place)}:{span.line}:{span.column}"),
        "" if finding.actual is None else code(finding.actual),
        "" if finding.expected is None else code(finding.expected),
        f"{escape(finding.message)} ({escape(finding.rule)})",
    ]
    return f"| {' | '.join(cells)} |"


def _reasons(finding: Finding, view: View) -> list[str]:
    span = finding.place.span
    lines = [f"- {code(f'{view.file(finding.place)}:{span.line}')}"]
    lines += [f"  - {escape(reason)}" for reason in finding.why]
    if finding.related:
        places = ", ".join(code(f"{place.repo}:{place.path}:{place.span.line}") for place in finding.related)
        lines.append(f"  - see {places}")
    return lines
