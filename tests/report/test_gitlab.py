import json

from hypothesis import given

from invented import SAMPLE, floating, mismatch, reports
from relgraph.model.finding import Report, Severity
from relgraph.report.gitlab import render
from relgraph.report.view import View


def test_a_finding_is_an_issue() -> None:
    (issue,) = json.loads(render(Report((mismatch("chart/values.yaml", 12, "1.4.1"),)), View()))
    assert len(issue.pop("fingerprint")) == 64
    assert issue == {
        "description": "webservice is 1.4.1 here and 1.4.2 in chart/Chart.yaml:5",
        "check_name": "RG101 reference-mismatch",
        "severity": "critical",
        "location": {
            "path": "chart/values.yaml",
            "positions": {"begin": {"line": 12, "column": 8}, "end": {"line": 12, "column": 13}},
        },
    }


def test_severities_are_those_of_the_service() -> None:
    found = Report((mismatch("a", 1, "1.0.0"), floating("b", 1), floating("c", 1, severity=Severity.NOTE)))
    assert [issue["severity"] for issue in json.loads(render(found, View()))] == ["critical", "minor", "info"]


def test_issues_in_the_same_surroundings_are_told_apart() -> None:
    issues = json.loads(render(Report((floating("a.yaml", 1), floating("a.yaml", 9))), View()))
    assert issues[0]["fingerprint"] != issues[1]["fingerprint"]


def test_an_issue_keeps_its_fingerprint_when_its_line_moves() -> None:
    before = json.loads(render(Report((floating("a.yaml", 1),)), View()))
    after = json.loads(render(Report((floating("a.yaml", 30),)), View()))
    assert before[0]["fingerprint"] == after[0]["fingerprint"]


def test_nothing_found_is_an_empty_list() -> None:
    assert json.loads(render(Report(()), View())) == []


def test_an_issue_is_a_line() -> None:
    assert len(render(SAMPLE, View()).splitlines()) == len(SAMPLE.findings) + 2


@given(reports)
def test_any_report_can_be_read_and_its_fingerprints_are_unique(report: Report) -> None:
    issues = json.loads(render(report, View()))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == len(report.findings)
