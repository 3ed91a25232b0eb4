import json
from pathlib import Path

import jsonschema
from hypothesis import given

from invented import COMMIT, SAMPLE, mismatch, reports
from relgraph.model.finding import Report
from relgraph.report.json import document, render
from relgraph.report.schema import findings_schema
from relgraph.report.view import View

VALIDATOR = jsonschema.Draft202012Validator(findings_schema())
PUBLISHED = Path(__file__).parents[2] / "docs/schema/findings-v1.json"


def test_the_contract_to_the_letter() -> None:
    finding = mismatch("chart/values.yaml", 12, "1.4.1")
    report = Report((finding,), waived=2, files=622, sites=385, seconds=0.21498)
    assert json.loads(render(report, View())) == {
        "schema": "relgraph.dev/findings/v1",
        "findings": [
            {
                "rule": "RG101",
                "name": "reference-mismatch",
                "severity": "error",
                "node": "github.com/example/webservice",
                "message": "webservice is 1.4.1 here and 1.4.2 in chart/Chart.yaml:5",
                "expected": "1.4.2",
                "actual": "1.4.1",
                "why": ["platform deploys webservice by its chart", "chart/Chart.yaml:5 says 1.4.2"],
                "fingerprint": finding.fingerprint,
                "site": {
                    "repo": "platform",
                    "rev": "worktree",
                    "path": "chart/values.yaml",
                    "line": 12,
                    "column": 8,
                    "end_line": 12,
                    "end_column": 13,
                },
                "related": [
                    {"repo": "platform", "rev": "worktree", "path": "chart/Chart.yaml", "line": 5, "column": 13},
                    {"repo": "webservice", "rev": COMMIT, "path": "go.mod", "line": 9, "column": 34},
                ],
                "fix": {"replace": "1.4.1", "with": "1.4.2"},
            }
        ],
        "summary": {"error": 1, "warning": 0, "note": 0, "waived": 2, "files": 622, "sites": 385, "seconds": 0.215},
    }


def test_a_finding_is_a_line() -> None:
    shown = render(SAMPLE, View()).splitlines()
    assert len(shown) == len(SAMPLE.findings) + 4
    assert json.loads(shown[2].removesuffix(","))["rule"] == "RG101"


def test_no_findings_is_an_empty_list() -> None:
    assert render(Report(()), View()).splitlines()[1] == ' "findings": [],'


def test_the_published_schema_is_the_one_in_code() -> None:
    assert json.loads(PUBLISHED.read_text("utf-8")) == findings_schema()


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(findings_schema())


def test_every_property_is_in_the_schema() -> None:
    schema = findings_schema()
    finding = document(SAMPLE)["findings"][0]
    described = schema["properties"]["findings"]["items"]
    assert set(described["properties"]) == set(described["required"]) == set(finding)
    assert set(described["properties"]["site"]["properties"]) == set(finding["site"])
    assert set(schema["properties"]["summary"]["properties"]) == set(document(SAMPLE)["summary"])


def test_bytes_that_are_no_utf8_stay_readable_for_strict_readers() -> None:
    finding = mismatch("caf\udce9.yaml", 1, "1.4.1")
    text = render(Report((finding,)), View())
    assert text.isascii()
    assert json.loads(text)["findings"][0]["site"]["path"] == "caf\\xe9.yaml"


@given(reports)
def test_any_report_keeps_the_contract(report: Report) -> None:
    text = render(report, View())
    read = json.loads(text)
    VALIDATOR.validate(read)
    assert read == document(report)
    assert "\\ud8" not in text or json.dumps(read).encode("utf-8")
