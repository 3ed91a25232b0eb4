"""The command ``scan``: selection, formats, places, exit status. What is found is the business of the rules' own tests."""

import json
from datetime import date
from pathlib import Path

import pytest

import relgraph.scan
from gitworld import write_example
from invented import SAMPLE, floating, mismatch
from relgraph.cli.findings import select
from relgraph.cli.main import main
from relgraph.cli.trial import try_rule
from relgraph.model.finding import Finding, Report, Severity
from relgraph.rules.registry import RULES

CALLS = list[tuple[tuple[str, ...], tuple[str, ...], date | None]]
NOTE = floating("a.yaml", 1, severity=Severity.NOTE)
WARNING = mismatch("b.yaml", 2, "1.4.1", severity=Severity.WARNING)
ERROR = mismatch("c.yaml", 3, "1.4.1")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> CALLS:
    """What ``scan`` was called with; it finds an error, a warning and a note of two rules."""
    return finds(monkeypatch, NOTE, WARNING, ERROR)


def finds(monkeypatch: pytest.MonkeyPatch, *findings: Finding, folders: tuple[tuple[str, str], ...] = ()) -> CALLS:
    made: CALLS = []

    def scan(targets: tuple[str, ...], siblings: tuple[str, ...], as_of: date | None = None) -> Report:
        made.append((tuple(targets), tuple(siblings), as_of))
        return Report(findings, files=3, sites=3, seconds=0.5, folders=folders)

    monkeypatch.setattr(relgraph.scan, "scan", scan)
    return made


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    """The exit status, and the paths of the findings in the JSON report."""
    status = main(["scan", "--format", "json", *words])
    return status, [finding["site"]["path"] for finding in json.loads(capsys.readouterr().out)["findings"]]


def test_the_current_folder_is_the_target(calls: CALLS, capsys: pytest.CaptureFixture[str]) -> None:
    main(["scan"])
    assert calls == [((".",), (), None)]


def test_targets_siblings_and_the_day_are_handed_over(calls: CALLS, capsys: pytest.CaptureFixture[str]) -> None:
    main(["scan", "a", "b@v1", "--with", "c", "--with=d@main", "--as-of", "2026-02-28"])
    assert calls == [(("a", "b@v1"), ("c", "d@main"), date(2026, 2, 28))]


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "2026-2-1", ""])
def test_a_day_that_is_none_is_refused_before_anything_is_read(day: str, calls: CALLS, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "--as-of", day]) == 2
    assert capsys.readouterr().err.startswith(f"relgraph: error: --as-of cannot be '{day}'\nhint: a day as YYYY-MM-DD")
    assert calls == []


def test_an_error_is_status_1_and_a_warning_is_not(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for findings, status in (((), 0), ((NOTE,), 0), ((WARNING,), 0), ((NOTE, ERROR), 1)):
        finds(monkeypatch, *findings)
        assert main(["scan"]) == status


def test_programs_get_everything(calls: CALLS, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(capsys) == (1, ["a.yaml", "b.yaml", "c.yaml"])


def test_people_get_no_notes_but_their_number(calls: CALLS, capsys: pytest.CaptureFixture[str]) -> None:
    main(["scan"])
    shown = capsys.readouterr().out
    assert "a.yaml" not in shown
    assert "b.yaml" in shown
    assert shown.endswith("1 error, 1 warning (3 files, 3 references, 0.50 s; 1 note not listed)\n")


@pytest.mark.parametrize(
    ("lowest", "paths"), [("error", ["c.yaml"]), ("warning", ["b.yaml", "c.yaml"]), ("note", ["a.yaml", "b.yaml", "c.yaml"])]
)
def test_the_lowest_severity_can_be_chosen(lowest: str, paths: list[str], calls: CALLS, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(capsys, "--severity", lowest) == (1, paths)


def test_rules_can_be_chosen_by_code_or_name(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    known = floating("a.yaml", 1)._replace(rule=RULES[1].code)
    finds(monkeypatch, known, ERROR)
    assert listed(capsys, "--rule", RULES[1].code.lower()) == (0, ["a.yaml"])
    assert listed(capsys, "--rule", RULES[1].name) == (0, ["a.yaml"])
    assert listed(capsys, "--rule", RULES[0].code, "--rule", RULES[1].name) == (1, ["a.yaml", "c.yaml"])


def test_a_misspelt_rule_is_refused_with_a_suggestion(calls: CALLS, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "--rule", "RG1O1"]) == 2
    assert capsys.readouterr().err == "relgraph: error: no such rule: RG1O1\nhint: did you mean RG101?\n"
    assert calls == []


def test_places_are_relative_to_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for folder, shown in ((tmp_path / "here", "c.yaml:3:8"), (tmp_path, "../c.yaml:3:8"), (tmp_path / "sub", "../sub/c.yaml:3:8")):
        finds(monkeypatch, ERROR, folders=(("platform", str(folder)),))
        main(["scan"])
        assert f"  {shown}  1.4.1, should be" in capsys.readouterr().out


def test_two_repositories_of_one_name_are_not_mixed_up(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    finds(monkeypatch, ERROR, folders=(("platform", "/one/platform"), ("platform", "/two/platform")))
    main(["scan"])
    assert "  c.yaml:3:8  1.4.1" in capsys.readouterr().out


def test_the_report_can_go_to_a_file(calls: CALLS, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "report.sarif"
    assert main(["scan", "--format", "sarif", "--output", str(path)]) == 1
    assert json.loads(path.read_text("utf-8"))["version"] == "2.1.0"
    assert capsys.readouterr() == ("", "")


def test_a_file_that_cannot_be_written_is_status_3(calls: CALLS, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "missing" / "report"
    assert main(["scan", "--output", str(path)]) == 3
    assert f"cannot write {path}: No such file or directory" in capsys.readouterr().err


def test_a_dash_is_standard_output(calls: CALLS, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "--output", "-"]) == 1
    assert "1 error" in capsys.readouterr().out


def test_a_real_mistake_is_found_and_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule, example = next(
        (rule, example)
        for rule in RULES
        for example in rule.failing
        if any(finding.severity is Severity.ERROR for finding in try_rule(rule, example))
    )
    folders = write_example(tmp_path, example.commits, example.siblings)
    siblings = [f"--with={folder}" for name, folder in folders.items() if name != "platform"]
    status, paths = listed(capsys, str(folders["platform"]), *siblings, "--rule", rule.code)
    assert (status, set(paths)) == (1, {finding.place.path for finding in try_rule(rule, example)})


def test_selecting_keeps_the_rest_of_the_report() -> None:
    chosen = select(SAMPLE, {"RG301"}, Severity.NOTE)
    assert chosen == SAMPLE._replace(findings=SAMPLE.findings[2:])
