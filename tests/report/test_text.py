from hypothesis import given
from hypothesis import strategies as st

from invented import COMMIT, SAMPLE, floating, mismatch, place, reports
from relgraph.model.finding import Finding, Report, Severity
from relgraph.report.text import render, summary
from relgraph.report.view import View

EXPECTED = """\
error  github.com/example/webservice  RG101 reference-mismatch
  chart/values.yaml:12:8  1.4.1, should be 1.4.2
    webservice is 1.4.1 here and 1.4.2 in chart/Chart.yaml:5
  docs/install.md:40:31   1.4.0, should be 1.4.2
    webservice is 1.4.0 here and 1.4.2 in chart/Chart.yaml:5
  because platform deploys webservice by its chart; chart/Chart.yaml:5 says 1.4.2
  see chart/Chart.yaml:5:13, webservice@3f2a9c1d0b:go.mod:9:34

warning  image:quay.io/acme/sidecar  RG301 floating-reference
  the tag latest moves: two installations of one release may run different programs
  deploy/sidecar.yaml:7:12  latest
  because latest is no version

2 errors, 1 warning (622 files, 385 references, 0.21 s; 1 waived; 3 notes not listed)
"""


UNLISTED = {Severity.NOTE: 3}


def lines(*findings: Finding, view: View = View()) -> list[str]:
    return render(Report(findings), view).splitlines()


def test_a_mistake_made_in_several_files_is_explained_once() -> None:
    assert render(SAMPLE, View(unlisted=UNLISTED)) == EXPECTED


def test_color_changes_nothing_but_color() -> None:
    colored = render(SAMPLE, View(color=True, unlisted=UNLISTED))
    assert "\x1b[1;31merror\x1b[0m" in colored
    for sequence in ("0", "1", "2", "31", "32", "1;31", "1;33"):
        colored = colored.replace(f"\x1b[{sequence}m", "")
    assert colored == EXPECTED


def test_the_gravest_come_first_wherever_they_are() -> None:
    shown = lines(floating("a.yaml", 1, severity=Severity.NOTE), floating("b.yaml", 1), mismatch("z.yaml", 1, "1.0.0"))
    assert [line.split()[0] for line in shown if line.startswith(("error", "warning", "note"))] == ["error", "warning", "note"]


def test_places_are_shown_as_the_reader_would_open_them() -> None:
    shown = lines(mismatch("a.yaml", 3, "1.0.0"), view=View(folders={"platform": "../platform"}))
    assert "  ../platform/a.yaml:3:8  1.0.0, should be 1.4.2" in shown


def test_a_related_place_in_a_neighbours_work_tree_can_be_opened_too() -> None:
    finding = floating("a.yaml", 1)._replace(related=(place("go.mod", 9, repo="engine"), place("go.mod", 9, repo="agent")))
    shown = lines(finding, view=View(folders={"platform": "", "engine": "../engine"}))
    assert "  see ../engine/go.mod:9:1, agent@worktree:go.mod:9:1" in shown


def test_a_revision_is_named_above_its_findings() -> None:
    finding = floating("a.yaml", 1)
    at_commit = finding._replace(place=finding.place._replace(rev=COMMIT))
    assert lines(at_commit)[:2] == ["platform at 3f2a9c1d0b", ""]


def test_repositories_have_sections_of_their_own() -> None:
    finding = floating("a.yaml", 1)
    other = finding._replace(place=finding.place._replace(repo="engine"))
    shown = lines(finding, other)
    assert shown.index("engine at worktree") < shown.index("platform at worktree")


def test_many_related_places_are_cut_short() -> None:
    finding = floating("a.yaml", 1)._replace(related=tuple(place("b.yaml", number) for number in range(1, 9)))
    assert "  see b.yaml:1:1, b.yaml:2:1, b.yaml:3:1, b.yaml:4:1 and 4 more" in lines(finding)


def test_reasons_that_differ_stand_with_their_place() -> None:
    shown = lines(floating("a.yaml", 1), floating("b.yaml", 2)._replace(why=("somebody said so",)))
    assert shown.count("    because latest is no version") == shown.count("    because somebody said so") == 1


def test_an_absent_value_is_shown_as_empty_quotes() -> None:
    assert '  a.yaml:1:12  "", should be 1.0.0' in lines(floating("a.yaml", 1)._replace(actual="", expected="1.0.0"))


def test_prose_is_wrapped_to_the_width_and_places_are_not() -> None:
    finding = mismatch("a-folder-with-a-long-name/and-another-one/values.yaml", 3, "1.0.0")
    shown = lines(finding, view=View(width=50))
    assert all(len(line) <= 50 for line in shown[1:] if not line.startswith("  a-folder"))
    place = shown.index("  a-folder-with-a-long-name/and-another-one/values.yaml:3:8  1.0.0,")
    assert shown[place + 1] == "    should be 1.4.2"


def test_what_should_be_written_has_a_line_of_its_own_where_both_are_long() -> None:
    finding = floating("a.yaml", 1)._replace(actual="a" * 20, expected="b" * 30)
    shown = lines(finding, view=View(width=60))
    assert shown[shown.index(f"  a.yaml:1:12  {'a' * 20},") + 1] == f"{' ' * 15}should be {'b' * 30}"


def test_a_clean_report_is_one_line() -> None:
    assert render(Report((), files=1, sites=0, seconds=0.004), View()) == "nothing wrong (1 file, 0 references, 0.00 s)\n"


def test_a_clean_list_does_not_hide_what_it_leaves_out() -> None:
    assert summary(Report((), files=2, sites=3), View(unlisted={Severity.NOTE: 1, Severity.WARNING: 0})).startswith(
        "nothing to list ("
    )


def test_nothing_from_a_repository_drives_the_terminal() -> None:
    nasty = "\x1b]0;owned\x07\u202egnp.exe\r\n\udcff"
    finding = floating(nasty, 1)._replace(node=nasty, message=nasty, actual=nasty, expected=nasty, why=(nasty,))
    shown = render(Report((finding,)), View())
    assert shown.replace("\n", "").isprintable()
    assert "\\x1b]0;owned\\x07\\u202egnp.exe\\r\\n\\xff" in shown


@given(reports, st.booleans(), st.integers(1, 200))
def test_any_report_can_be_shown(report: Report, color: bool, width: int) -> None:
    shown = render(report, View(color=color, width=width))
    assert shown.encode("utf-8").decode("utf-8").endswith(" s)\n") or "waived)" in shown


@given(reports)
def test_the_order_of_findings_changes_nothing(report: Report) -> None:
    turned = report._replace(findings=report.findings[::-1])
    if len({finding.order for finding in report.findings}) == len(report.findings):
        assert render(turned, View()) == render(report, View())
