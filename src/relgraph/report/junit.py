"""Findings as JUnit XML, for what shows test results.

A rule is a suite; each finding is a test case of it, one that failed where the severity is error, so that the file says
what the exit status says. Warnings and notes pass and carry their text as output. A rule without findings is one test
case that passed. There is no standard; elements and attributes are those that Jenkins, GitLab and GitHub's viewers read.
"""

from collections import Counter

from relgraph.model.finding import Finding, Report, Severity
from relgraph.report.clean import visible
from relgraph.report.view import About, View

__all__ = ["render"]

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})


def render(report: Report, view: View) -> str:
    """The XML document."""
    by_rule: dict[str, list[Finding]] = {about.code: [] for about in view.rules}
    for finding in report.findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    known = {about.code: about for about in view.rules}
    tests = sum(max(len(found), 1) for found in by_rule.values())
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="relgraph" tests="{tests}" failures="{report.count(Severity.ERROR)}" errors="0" time="{report.seconds:.3f}">',
    ]
    for code in sorted(by_rule):
        lines += _suite(code, by_rule[code], known.get(code), view)
    return "\n".join([*lines, "</testsuites>", ""])


def _suite(code: str, findings: list[Finding], about: About | None, view: View) -> list[str]:
    name = _xml(f"{code} {findings[0].name if about is None else about.name}")
    failures = sum(finding.severity is Severity.ERROR for finding in findings)
    lines = [f'  <testsuite name="{name}" tests="{max(len(findings), 1)}" failures="{failures}" errors="0" skipped="0">']
    if not findings:
        lines.append(f'    <testcase classname="{name}" name="nothing found"/>')
    seen: Counter[str] = Counter()
    for finding in findings:
        title = f"{view.file(finding.place)}: {finding.message}"
        seen[title] += 1
        # Viewers take two cases of one name for one; the line is no part of the name, since it moves.
        lines += _case(finding, f"{title} ({seen[title]})" if seen[title] > 1 else title, name, view)
    return [*lines, "  </testsuite>"]


def _case(finding: Finding, title: str, suite: str, view: View) -> list[str]:
    span, path = finding.place.span, view.file(finding.place)
    body = [f"{path}:{span.line}:{span.column}"]
    if finding.actual is not None:
        body.append(f"written:   {finding.actual}")
    if finding.expected is not None:
        body.append(f"should be: {finding.expected}")
    body += [f"because {reason}" for reason in finding.why]
    text = "\n".join(map(_xml, body))
    head = f'    <testcase classname="{suite}" name="{_xml(title)}" file="{_xml(path)}" line="{span.line}">'
    if finding.severity is Severity.ERROR:
        content = f'      <failure type="{_xml(finding.rule)}" message="{_xml(finding.message)}">{text}</failure>'
    else:
        content = f"      <system-out>{_xml(finding.severity)}: {_xml(finding.message)}\n{text}</system-out>"
    return [head, content, "    </testcase>"]


def _xml(text: str) -> str:
    return visible(text).translate(_ENTITIES)
