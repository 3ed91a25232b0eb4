"""Findings as workflow commands of GitHub Actions, which become annotations in a pull request.

Source: GitHub's documentation, "Workflow commands for GitHub Actions"; the escaping is that of the actions toolkit. GitHub shows
ten annotations of a kind a step, so the gravest come first.
"""

from relgraph.model.finding import Finding, Report
from relgraph.report.clean import visible
from relgraph.report.view import View

__all__ = ["render"]

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(report: Report, view: View) -> str:
    """One command a line; nothing where there is no finding."""
    ordered = sorted(report.findings, key=lambda finding: finding.severity.rank)
    return "".join(f"{_command(finding, view)}\n" for finding in ordered)


def _command(finding: Finding, view: View) -> str:
    span = finding.place.span
    properties = {"file": view.file(finding.place), "line": str(span.line), "endLine": str(span.end_line)}
    if span.line == span.end_line:
        # Columns are taken for a single line only; the end is inclusive there.
        properties |= {"col": str(span.column), "endColumn": str(max(span.end_column - 1, span.column))}
    properties["title"] = visible(f"{finding.rule} {finding.name}")
    body = [finding.message]
    if finding.actual is not None and finding.expected is not None:
        body.append(f"{finding.actual}, should be {finding.expected}")
    body += [f"because {reason}" for reason in finding.why]
    listed = ",".join(f"{name}={value.translate(_PROPERTY)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {listed}::{chr(10).join(map(visible, body)).translate(_DATA)}"
