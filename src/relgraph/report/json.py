r"""Findings as JSON: the stable contract ``relgraph.dev/findings/v1``; its schema is :mod:`relgraph.report.schema`.

ASCII only, one finding a line, so that two reports can be compared with ``diff``. Bytes that are no UTF-8 stand as ``\xNN``.
"""

from json import dumps
from typing import Any

from relgraph.model.finding import Finding, Place, Report, Severity
from relgraph.report.clean import decodable
from relgraph.report.view import View

__all__ = ["SCHEMA", "document", "render"]

SCHEMA = "relgraph.dev/findings/v1"


def render(report: Report, view: View) -> str:  # noqa: ARG001 - every format has this signature
    """The document of :func:`document` as text, one finding a line."""
    # Written by hand around the findings: json's indentation would spread each of them over thirty lines, at a tenth of
    # the speed.
    content = document(report)
    findings = ",\n  ".join(dumps(finding) for finding in content["findings"])
    listed = f"[\n  {findings}\n ]" if findings else "[]"
    return f'{{"schema": {dumps(SCHEMA)},\n "findings": {listed},\n "summary": {dumps(content["summary"])}}}\n'


def document(report: Report) -> dict[str, Any]:
    """The report as the values that JSON has; lines and columns count from 1, columns in code points."""
    return {
        "schema": SCHEMA,
        "findings": [_finding(finding) for finding in report.findings],
        "summary": {
            **{severity.value: report.count(severity) for severity in Severity},
            "waived": report.waived,
            "files": report.files,
            "sites": report.sites,
            "seconds": round(report.seconds, 3),
        },
    }


def _finding(finding: Finding) -> dict[str, Any]:
    span, fix = finding.place.span, finding.fix
    return {
        "rule": decodable(finding.rule),
        "name": decodable(finding.name),
        "severity": finding.severity.value,
        "node": decodable(finding.node),
        "message": decodable(finding.message),
        "expected": None if finding.expected is None else decodable(finding.expected),
        "actual": None if finding.actual is None else decodable(finding.actual),
        "why": [decodable(reason) for reason in finding.why],
        "fingerprint": decodable(finding.fingerprint),
        "site": {**_place(finding.place), "end_line": span.end_line, "end_column": span.end_column},
        "related": [_place(place) for place in finding.related],
        "fix": None if fix is None else {"replace": decodable(fix.replace), "with": decodable(fix.replacement)},
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "repo": decodable(place.repo),
        "rev": decodable(place.rev),
        "path": decodable(place.path),
        "line": place.span.line,
        "column": place.span.column,
    }
