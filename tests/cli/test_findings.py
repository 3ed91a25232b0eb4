"""Findings on their way out: what is listed, where it goes, what is said beside it, and the status that follows."""

import io
from pathlib import Path

import pytest

from invented import floating, mismatch
from relgraph.cli.command import Values
from relgraph.cli.findings import select, show
from relgraph.cli.terminal import Terminal
from relgraph.errors import UsageError
from relgraph.model.finding import Report, Severity
from relgraph.rules.registry import RULES

ERROR = mismatch("c.yaml", 3, "1.4.1")
WARNING = mismatch("b.yaml", 2, "1.4.1", severity=Severity.WARNING)
NOTE = floating("a.yaml", 1, severity=Severity.NOTE)


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(report: Report, *, person: bool = False, **values: tuple[str, ...]) -> tuple[int, str, list[str]]:
    """Exit status, what went to standard output, and the lines on standard error."""
    out, err = (Screen(), Screen()) if person else (io.StringIO(), io.StringIO())
    status = show(report, Values(values), Terminal(out, err, {}), RULES)
    return status, out.getvalue(), err.getvalue().splitlines()


def test_the_status_is_that_of_the_worst_finding_whether_it_is_listed_or_not() -> None:
    assert shown(Report((NOTE, WARNING)))[0] == 0
    assert shown(Report((NOTE, WARNING, ERROR)), severity=("error",))[0] == 1
    assert shown(Report((ERROR,)), rule=(NOTE.rule,))[0] == 0  # what was not asked for was not judged


def test_the_last_line_counts_what_is_not_listed() -> None:
    assert "1 note not listed" in shown(Report((NOTE, WARNING)))[1]
    assert "1 warning, 1 note not listed" in shown(Report((NOTE, WARNING)), severity=("error",))[1]
    assert "not listed" not in shown(Report((NOTE, WARNING)), severity=("note",))[1]


def test_rules_that_are_named_twice_or_in_two_ways_count_once() -> None:
    rule = RULES[0]
    once = shown(Report((ERROR,)), format=("sarif",), rule=(rule.code,))
    assert shown(Report((ERROR,)), format=("sarif",), rule=(rule.code, rule.name.upper(), rule.code.lower())) == once
    with pytest.raises(UsageError, match="no such rule: RG999"):
        shown(Report(()), rule=("RG999",))


def test_a_file_gets_no_color_and_a_person_is_told_of_it(tmp_path: Path) -> None:
    path = tmp_path / "found.txt"
    status, out, err = shown(Report((ERROR,)), person=True, output=(str(path),))
    assert (status, out, err) == (1, "", [f"relgraph: 1 finding written to {path}"])
    assert "\x1b" not in path.read_text("utf-8")
    assert "\x1b" in shown(Report((ERROR,)), person=True)[1]


def test_nobody_is_told_where_nobody_looks(tmp_path: Path) -> None:
    assert shown(Report((ERROR,)), output=(str(tmp_path / "found.txt"),))[1:] == ("", [])


def test_a_dash_is_standard_output_without_color() -> None:
    status, out, _ = shown(Report((ERROR,)), person=True, output=("-",))
    assert status == 1
    assert "1 error" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("paths", "line"),
    [
        ("a", "1 file was not read: a"),
        ("a b c", "3 files were not read: a, b, c"),
        ("a b c d e", "5 files were not read: a, b, c, 2 more"),
    ],
)
def test_files_that_were_not_read_are_named_whatever_was_found(paths: str, line: str) -> None:
    status, out, err = shown(Report((), unread=tuple(("platform", path) for path in paths.split())))
    assert (status, err[0]) == (0, f"relgraph: warning: {line}")
    assert err[1].startswith("hint: larger than 4 MiB, ")
    assert out.startswith("nothing wrong")


def test_of_several_repositories_each_file_is_named_with_its_own() -> None:
    err = shown(Report((), unread=(("platform", "a"), ("engine", "a"))))[2]
    assert err[0] == "relgraph: warning: 2 files were not read: platform/a, engine/a"


def test_names_that_drive_a_terminal_are_escaped() -> None:
    err = shown(Report((), unread=(("platform", "\x1b[31m\n"),), lost=(("platform", "v1\u202e"),)))[2]
    assert err[0] == "relgraph: warning: 1 file was not read: \\x1b[31m\\n"
    assert err[2] == "relgraph: warning: 1 tag was not understood: v1\\u202e"


@pytest.mark.parametrize("name", ["json", "sarif", "junit", "github", "gitlab", "markdown"])
def test_programs_get_every_finding_unless_they_ask_for_less(name: str) -> None:
    everything, grave = Report((NOTE, WARNING, ERROR)), Report((ERROR,))
    assert "a.yaml" in shown(everything, format=(name,))[1]
    assert shown(everything, format=(name,), severity=("error",))[1].count("a.yaml") == shown(grave, format=(name,))[1].count(
        "a.yaml"
    )


def test_selecting_nothing_leaves_nothing() -> None:
    report = Report((NOTE, WARNING, ERROR), files=3)
    assert select(report, (), Severity.NOTE) == report._replace(findings=())
    assert select(report, {ERROR.rule, NOTE.rule}, Severity.ERROR).findings == (ERROR,)
