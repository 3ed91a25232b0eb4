"""Plans on the screen."""

import io
import os

import pytest

from relgraph.cli.forecast import show_forecast, why_step
from relgraph.cli.terminal import Terminal
from relgraph.engine.preview import Forecast, Foreseen
from relgraph.model.plan import Step

WHY = "recipe: file config/defaults.yaml was 100644 2a5a9216a554, is 100644 2cbcc06ded7c"
STEPS = (
    Foreseen(Step("build images.controller", "build"), Forecast.RUN, (WHY,)),
    Foreseen(Step("build charts.platform-chart", "build"), Forecast.CACHED, ()),
)


class Window(io.StringIO):
    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


def shown(monkeypatch: pytest.MonkeyPatch, columns: int, why: str = "") -> list[str]:
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((columns, 24)))
    out = Window()
    terminal = Terminal(out, io.StringIO(), {"NO_COLOR": "1"})
    if why:
        why_step(why, STEPS, terminal, as_json=False)
    else:
        show_forecast("plan", STEPS, terminal, as_json=False)
    return out.getvalue().splitlines()


def test_reasons_stand_beside_the_steps_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, 100) == [
        "run      build images.controller      recipe: file config/defaults.yaml was 100644 2a5a9216a554, is",
        "                                      100644 2cbcc06ded7c",
        "cached   build charts.platform-chart",
        "1 to run, 1 up to date",
    ]


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_reasons_stand_below_where_there_is_none(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    lines = shown(monkeypatch, columns)
    assert lines[0] == "run      build images.controller"
    assert " ".join(" ".join(lines[1:-2]).split()) == WHY
    assert max(map(len, lines)) <= columns


def test_all_reasons_of_a_step_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(monkeypatch, 60, "build images.controller")
    assert lines[0] == "build images.controller: it runs"
    assert " ".join(" ".join(lines[1:]).split()) == WHY


def test_programs_are_given_one_line_a_step() -> None:
    out = io.StringIO()
    show_forecast("plan", STEPS, Terminal(out, io.StringIO(), {}), as_json=False)
    assert out.getvalue().splitlines()[0] == f"run      build images.controller      {WHY}"
