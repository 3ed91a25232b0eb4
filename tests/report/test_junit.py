from xml.etree import ElementTree as ET

from hypothesis import given

from invented import RULES, SAMPLE, floating, mismatch, reports
from relgraph.model.finding import Report, Severity
from relgraph.report.junit import render
from relgraph.report.view import View

VIEW = View(rules=RULES)


def parsed(report: Report, view: View = VIEW) -> ET.Element:
    return ET.fromstring(render(report, view).encode("utf-8"))


def test_a_rule_is_a_suite_and_a_finding_a_case() -> None:
    assert render(Report((mismatch("chart/values.yaml", 12, "1.4.1"),), seconds=0.5), View(rules=RULES[:1])) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<testsuites name="relgraph" tests="1" failures="1" errors="0" time="0.500">\n'
        '  <testsuite name="RG101 reference-mismatch" tests="1" failures="1" errors="0" skipped="0">\n'
        '    <testcase classname="RG101 reference-mismatch" name="chart/values.yaml: webservice is 1.4.1 here and 1.4.2 in '
        'chart/Chart.yaml:5" file="chart/values.yaml" line="12">\n'
        '      <failure type="RG101" message="webservice is 1.4.1 here and 1.4.2 in chart/Chart.yaml:5">'
        "chart/values.yaml:12:8\nwritten:   1.4.1\nshould be: 1.4.2\nbecause platform deploys webservice by its chart\n"
        "because chart/Chart.yaml:5 says 1.4.2</failure>\n"
        "    </testcase>\n  </testsuite>\n</testsuites>\n"
    )


def test_only_errors_fail_as_only_errors_change_the_exit_status() -> None:
    root = parsed(SAMPLE)
    assert root.get("failures") == "2"
    assert len(root.findall(".//failure")) == 2
    assert root.findall(".//system-out")[0].text == (
        "warning: the tag latest moves: two installations of one release may run different programs\n"
        "deploy/sidecar.yaml:7:12\nwritten:   latest\nbecause latest is no version"
    )


def test_a_rule_without_findings_is_a_case_that_passed() -> None:
    suite = next(suite for suite in parsed(SAMPLE) if suite.get("name") == "RG401 never-found")
    assert [(case.get("name"), len(case)) for case in suite] == [("nothing found", 0)]


def test_two_findings_never_share_a_name() -> None:
    root = parsed(Report((floating("a.yaml", 1), floating("a.yaml", 9))))
    names = [case.get("name", "") for case in root.iter("testcase") if case.get("file")]
    assert len(set(names)) == 2
    assert names[1].endswith("(2)")


def test_what_xml_forbids_is_shown_as_an_escape() -> None:
    case = parsed(Report((floating("a\x00<&>\"'\udcff\ufffe.yaml", 1),)))[1][0]
    assert case.get("file") == "a\\x00<&>\"'\\xff\\ufffe.yaml"


@given(reports)
def test_any_report_parses_and_counts_right(report: Report) -> None:
    root = parsed(report)
    assert root.get("tests") == str(len(root.findall(".//testcase")))
    assert root.get("failures") == str(len(root.findall(".//failure"))) == str(report.count(Severity.ERROR))
