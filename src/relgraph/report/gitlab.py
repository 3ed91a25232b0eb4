"""Findings as a GitLab Code Quality report.

Source: GitLab's documentation, "Code Quality", section "Import Code Quality results": a list of objects with description,
check_name, fingerprint (unique), severity (info, minor, major, critical, blocker) and location.
"""

from collections import Counter
from hashlib import sha256
from json import dumps

from relgraph.model.finding import Finding, Report
from relgraph.report.clean import visible
from relgraph.report.view import View

__all__ = ["render"]

_SEVERITIES = {"error": "critical", "warning": "minor", "note": "info"}


def render(report: Report, view: View) -> str:
    """The JSON document, one finding a line."""
    seen: Counter[str] = Counter()
    lines = []
    for finding in report.findings:
        print_of = finding.fingerprint or f"{finding.rule}\0{finding.node}\0{view.file(finding.place)}\0{finding.message}"
        seen[print_of] += 1
        lines.append(dumps(_issue(finding, _unique(print_of, seen[print_of]), view)))
    listed = ",\n ".join(lines)
    return f"[\n {listed}\n]\n" if lines else "[]\n"


def _unique(fingerprint: str, occurrence: int) -> str:
    # Two findings in the same surroundings share a fingerprint; GitLab would drop the second.
    return sha256(f"{fingerprint}\0{occurrence}".encode("utf-8", "backslashreplace")).hexdigest()


def _issue(finding: Finding, fingerprint: str, view: View) -> dict[str, object]:
    span = finding.place.span
    return {
        "description": visible(finding.message),
        "check_name": visible(f"{finding.rule} {finding.name}"),
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": view.file(finding.place),
            "positions": {
                "begin": {"line": span.line, "column": span.column},
                "end": {"line": span.end_line, "column": span.end_column},
            },
        },
    }
