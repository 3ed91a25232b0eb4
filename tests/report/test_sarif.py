"""The log against the JSON schema of SARIF 2.1.0.

``data/sarif-2.1.0-rtm.5.json`` is the official schema as Microsoft's npm package @microsoft/jest-sarif 1.0.0-beta.0 (MIT)
carries it, unchanged.
"""

import json
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import given

from invented import COMMIT, RULES, SAMPLE, floating, place, reports
from relgraph.model.finding import Finding, Report
from relgraph.report.sarif import document, render
from relgraph.report.view import View

VALIDATOR = jsonschema.Draft4Validator(json.loads((Path(__file__).parent / "data/sarif-2.1.0-rtm.5.json").read_text("utf-8")))
VIEW = View(folders={"platform": ""}, rules=RULES, version="1.2.3")


def run_of(report: Report, view: View = VIEW) -> dict[str, Any]:
    log = json.loads(render(report, view))
    VALIDATOR.validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


def result_of(finding: Finding, view: View = VIEW) -> dict[str, Any]:
    result: dict[str, Any] = run_of(Report((finding,)), view)["results"][0]
    return result


def test_a_result_says_where_and_what_would_settle_it() -> None:
    run = run_of(SAMPLE)
    assert run["columnKind"] == "unicodeCodePoints"
    region = {"startLine": 12, "startColumn": 8, "endLine": 12, "endColumn": 13}
    artifact = {"uri": "chart/values.yaml", "uriBaseId": "%SRCROOT%"}
    result = run["results"][0]
    assert result["locations"] == [
        {
            "physicalLocation": {"artifactLocation": artifact, "region": region},
            "logicalLocations": [{"fullyQualifiedName": "github.com/example/webservice"}],
        }
    ]
    assert result["fixes"][0]["artifactChanges"] == [
        {"artifactLocation": artifact, "replacements": [{"deletedRegion": region, "insertedContent": {"text": "1.4.2"}}]}
    ]
    assert result["partialFingerprints"] == {"relgraphSite/v1": SAMPLE.findings[0].fingerprint}
    assert (result["ruleId"], result["level"]) == ("RG101", "error")
    assert result["message"]["text"].startswith("webservice is 1.4.1 here and 1.4.2 in chart/Chart.yaml:5. platform deploys")


def test_rules_are_described_whether_they_found_something_or_not() -> None:
    driver = run_of(SAMPLE)["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("relgraph", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == ["RG101", "RG301", "RG401"]
    assert driver["rules"][0]["help"]["markdown"] == "At most *one* is right."
    assert driver["rules"][1]["defaultConfiguration"] == {"level": "warning"}


def test_results_point_to_their_rules() -> None:
    run = run_of(SAMPLE)
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_a_rule_that_nobody_described_is_still_named() -> None:
    assert run_of(SAMPLE, View())["tool"]["driver"]["rules"][0]["name"] == "reference-mismatch"


def test_every_base_is_declared() -> None:
    run = run_of(SAMPLE)
    assert set(run["originalUriBaseIds"]) == {"%SRCROOT%", "%webservice%"}
    assert run["results"][0]["relatedLocations"][1]["physicalLocation"]["artifactLocation"]["uriBaseId"] == "%webservice%"


def test_a_repository_in_a_folder_below_keeps_its_folder() -> None:
    result = result_of(floating("a.yaml", 1), View(folders={"platform": "clones/platform"}))
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "clones/platform/a.yaml", "uriBaseId": "%SRCROOT%"}


def test_a_repository_elsewhere_is_a_base_of_its_own() -> None:
    result = result_of(floating("a.yaml", 1), View(folders={"platform": "../platform"}))
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "a.yaml", "uriBaseId": "%platform%"}


def test_a_path_becomes_a_uri_byte_for_byte() -> None:
    result = result_of(floating("a b/50%:caf\udce9/é#?.yaml", 1))
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/50%25%3Acaf%E9/%C3%A9%23%3F.yaml"


def test_what_looks_like_a_link_is_none() -> None:
    text = result_of(floating("a.yaml", 1)._replace(message="see [here](http://example.com)"))["message"]["text"]
    assert text.startswith("see \\[here\\](http://example.com)")


def test_a_place_that_is_named_twice_is_listed_once() -> None:
    finding = floating("a.yaml", 1)._replace(related=(place("b.yaml", 1), place("b.yaml", 1)))
    assert len(result_of(finding)["relatedLocations"]) == 1


def test_the_revision_is_kept() -> None:
    finding = floating("a.yaml", 1)
    assert result_of(finding._replace(place=finding.place._replace(rev=COMMIT)))["properties"]["rev"] == COMMIT


def test_no_findings_is_a_valid_log_too() -> None:
    assert run_of(Report(()))["results"] == []


@given(reports)
def test_any_report_is_valid(report: Report) -> None:
    log = json.loads(render(report, VIEW))
    VALIDATOR.validate(log)
    assert log == document(report, VIEW)
