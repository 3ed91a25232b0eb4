import pytest
from hypothesis import given
from hypothesis import strategies as st

from invented import RULES, SAMPLE, reports
from relgraph.cli.table import FORMATS as OFFERED
from relgraph.model.finding import Report
from relgraph.report.registry import FORMATS, render
from relgraph.report.view import View


def test_the_command_line_offers_what_there_is() -> None:
    assert tuple(FORMATS) == OFFERED


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_ends_its_last_line(name: str) -> None:
    assert render(name, SAMPLE, View(rules=RULES)).endswith("\n")


@given(st.sampled_from(sorted(FORMATS)), reports)
def test_a_report_is_the_same_text_every_time_and_can_be_written(name: str, report: Report) -> None:
    first = render(name, report, View(rules=RULES))
    first.encode("utf-8")
    assert first == render(name, report, View(rules=RULES))
