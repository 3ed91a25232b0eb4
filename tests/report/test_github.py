import re

from hypothesis import given

from invented import floating, mismatch, reports
from relgraph.model.finding import Report, Severity
from relgraph.model.site import Span
from relgraph.report.github import render
from relgraph.report.view import View

COMMAND = re.compile(r"::(error|warning|notice) (?:[a-zA-Z]+=[^,:\r\n]*,?)+::[^\r\n]*")


def test_a_finding_is_a_command() -> None:
    assert render(Report((mismatch("chart/values.yaml", 12, "1.4.1"),)), View()) == (
        "::error file=chart/values.yaml,line=12,endLine=12,col=8,endColumn=12,title=RG101 reference-mismatch::"
        "webservice is 1.4.1 here and 1.4.2 in chart/Chart.yaml:5%0A1.4.1, should be 1.4.2%0A"
        "because platform deploys webservice by its chart%0Abecause chart/Chart.yaml:5 says 1.4.2\n"
    )


def test_severities_are_those_of_the_service() -> None:
    found = Report((floating("a", 1, severity=Severity.NOTE), floating("b", 1), mismatch("c", 1, "1.0.0")))
    assert [line.split()[0] for line in render(found, View()).splitlines()] == ["::error", "::warning", "::notice"]


def test_separators_within_values_are_escaped() -> None:
    line = render(Report((floating("100%/a:b,c.yaml", 1)._replace(message="50% :: done"),)), View())
    assert "file=100%25/a%3Ab%2Cc.yaml," in line
    assert "::50%25 :: done%0A" in line


def test_a_repository_cannot_speak_to_the_runner() -> None:
    text = "x\n::set-env name=PATH::/tmp\r\n::stop-commands::y"
    finding = floating("a.yaml", 1)._replace(message=text, node=text, actual=text, why=(text,))
    assert len(render(Report((finding,)), View()).splitlines()) == 1


def test_columns_are_left_out_where_the_place_has_several_lines() -> None:
    finding = floating("a.yaml", 1)
    over_lines = finding._replace(place=finding.place._replace(span=Span(0, 9, 1, 3, 2, 4)))
    assert "line=1,endLine=2,title=" in render(Report((over_lines,)), View())


def test_places_lie_below_the_folder_of_the_checkout() -> None:
    assert "file=clones/platform/a.yaml," in render(Report((floating("a.yaml", 1),)), View(folders={"platform": "clones/platform"}))


def test_nothing_found_is_nothing_said() -> None:
    assert render(Report(()), View()) == ""


@given(reports)
def test_any_report_is_one_command_a_finding(report: Report) -> None:
    shown = render(report, View())
    assert len(shown.split("\n")) == len(report.findings) + 1
    assert all(COMMAND.fullmatch(line) for line in shown.split("\n")[:-1])
