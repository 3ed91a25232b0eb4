import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.cli.board import Board, cells, cut, duration, line_of, watching
from relgraph.cli.terminal import Screen, Terminal
from relgraph.engine.events import Begun, Ended, Finished, Said, Started, State, Warned
from relgraph.model.plan import Step

STEPS = tuple(Step(f"build images.{name}", "build") for name in "abcd")
BEGUN = Begun("plan", 0.0, STEPS[:3], 1, 2, 20.0, 3)
WIDE = Screen(120, 40)


class Stream(io.StringIO):
    def isatty(self) -> bool:
        return True


def started(number: int, at: float = 0.0, expected: float = 0.0, attempt: int = 1) -> Started:
    return Started(STEPS[number], at, 0, attempt, expected, "", "")


def ended(number: int, state: State, *, why: str = "", tail: tuple[str, ...] = (), left: float = 0.0) -> Ended:
    return Ended(STEPS[number], state, 3.0, 2.5 if state is State.DONE else 0.0, 0, why, "log" if tail else "", tail, left)


def test_the_board_shows_what_runs_how_long_and_what_is_left() -> None:
    board = Board()
    for event in (
        BEGUN,
        started(0, 1.0, expected=9.0),
        started(1, 2.0, attempt=2),
        Said(STEPS[0].id, 2.5, "compiling \x1b[31mmain"),
    ):
        board.take(event)
    first, second, whole = board.lines(4.0, WIDE)
    assert "build images.a  3.0 s of about 9.0 s  compiling" in first
    assert "\x1b" not in first
    assert "build images.b  2.0 s, attempt 2" in second
    assert "2 running · 0 done · 1 cached · 3 left, about 16 s" in whole


def test_what_ended_is_counted_once() -> None:
    board = Board()
    for event in (BEGUN, started(0), ended(0, State.DONE, left=5.0), started(1), ended(1, State.FAILED), ended(2, State.SKIPPED)):
        board.take(event)
    (whole,) = board.lines(3.0, WIDE)
    assert "0 running · 1 done · 1 cached · 1 FAILED · 1 skipped · 0 left" in whole


@given(st.integers(20, 200), st.floats(0, 1e6), st.text(max_size=300), st.booleans())
def test_no_line_is_wider_than_the_screen(width: int, now: float, said: str, color: bool) -> None:
    board = Board(color=color)
    for event in (BEGUN, started(0), Said(STEPS[0].id, 0.0, said)):
        board.take(event)
    for line in board.lines(now, Screen(width, 24), aside=said):
        assert cells(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= width - 3


@given(st.text(), st.integers(0, 20))
def test_what_is_cut_is_a_beginning_that_fits(text: str, width: int) -> None:
    assert text.startswith(cut(text, width))
    assert cells(cut(text, width)) <= width
    assert cut(text, cells(text)) == text


def test_wide_characters_take_two_columns() -> None:
    assert [cells(text) for text in ("abc", "ab…", "日本", "e\N{COMBINING ACUTE ACCENT}")] == [3, 3, 4, 1]


@pytest.mark.parametrize(("rows", "seen"), [(40, 12), (10, 6), (1, 1)])
def test_many_steps_at_once_do_not_fill_the_screen(rows: int, seen: int) -> None:
    board = Board()
    steps = tuple(Step(f"s{number}", "build") for number in range(40))
    board.take(Begun("plan", 0.0, steps, 0, 40, 0.0, 0))
    for step in steps:
        board.take(Started(step, 0.0, 0, 1, 0.0, "", ""))
    lines = board.lines(1.0, Screen(100, rows))
    assert len(lines) == seen + 2
    assert f"and {40 - seen} more" in lines[-2]


def test_nobody_foretells_what_never_ran() -> None:
    board = Board()
    board.take(Begun("plan", 0.0, STEPS, 0, 2, 20.0, 1))
    assert board.lines(1.0, WIDE)[-1].endswith("4 left")


def test_a_second_run_begins_anew() -> None:
    board = Board()
    for event in (BEGUN, started(0), ended(0, State.FAILED), Finished(4.0, 4.0, 0), BEGUN):
        board.take(event)
    assert board.lines(1.0, WIDE)[-1].endswith("0 running · 0 done · 1 cached · 3 left, about 19 s")


def test_a_screen_without_unicode_is_shown_none() -> None:
    board = Board(unicode=False)
    for event in (BEGUN, started(0), Said(STEPS[0].id, 0.0, "x" * 300)):
        board.take(event)
    assert all(line.isascii() for line in board.lines(1.0, WIDE))


def test_colours_change_nothing_else() -> None:
    plain, colored = Board(), Board(color=True)
    for event in (BEGUN, started(0), started(1), ended(0, State.DONE), ended(3, State.FAILED), Said(STEPS[1].id, 0.0, "x" * 300)):
        plain.take(event)
        colored.take(event)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in colored.lines(1.0, WIDE)] == plain.lines(1.0, WIDE)
    assert "\x1b[1;31m1 FAILED" in colored.lines(1.0, WIDE)[-1]


def test_times_are_written_as_people_say_them() -> None:
    assert [duration(seconds) for seconds in (0.04, 9.94, 12.4, 59.7, 185, 3 * 3600 + 61, -1)] == [
        "0.0 s", "9.9 s", "12 s", "1 min 00 s", "3 min 05 s", "3 h 01 min", "0.0 s",
    ]  # fmt: skip


def test_without_a_terminal_there_are_plain_lines_and_a_failure_shows_its_last_words() -> None:
    err = io.StringIO()
    with watching(Terminal(io.StringIO(), err, {})) as watch:
        for event in (
            BEGUN,
            Warned(0.0, "careful"),
            ended(0, State.DONE),
            ended(3, State.CACHED),
            ended(1, State.FAILED, why="exit 2", tail=("cc: no", "such file", "relgraph: exit 2")),
            Finished(4.0, 4.0, 0),
        ):
            watch(event)
    assert err.getvalue().splitlines() == [
        "relgraph: warning: careful",
        "[1/3] done      build images.a  2.5 s",
        "[3/3] FAILED    build images.b: exit 2",
        "    cc: no",
        "    such file",
        "    (all of it: log)",
    ]


def test_a_terminal_sees_the_board_and_is_left_clean() -> None:
    err = Stream()
    with watching(Terminal(io.StringIO(), err, {"NO_COLOR": "1"})) as watch:
        for event in (BEGUN, started(0), ended(0, State.DONE), Finished(4.0, 4.0, 0)):
            watch(event)
    text = err.getvalue()
    assert "1 running" in text
    assert "done      build images.a  2.5 s\n" in text
    assert text.endswith("\r\x1b[K")


def test_colour_is_for_what_needs_attention() -> None:
    assert "\x1b[1;31m" in line_of(ended(1, State.FAILED, why="no"), color=True)
    assert "\x1b" not in line_of(ended(1, State.FAILED, why="no"))


def test_what_took_no_time_says_none() -> None:
    assert line_of(Ended(STEPS[0], State.DONE, 0.0, 0.04, 0, "", "", (), 0.0)) == "done      build images.a"


@pytest.mark.parametrize("outputs", [True, False])
def test_what_a_step_wrote_stands_below_it_where_that_is_wanted(outputs: bool, tmp_path: Path) -> None:
    log, err = tmp_path / "log", io.StringIO()
    log.write_bytes(b"made one\nmade \x1b[2J\xff\n")
    with watching(Terminal(io.StringIO(), err, {}), outputs=outputs) as watch:
        watch(Begun("plan", 0.0, STEPS[:1], 0, 1, 0.0, 0))
        watch(ended(0, State.DONE)._replace(log=str(log)))
    said = ["    made one", "    made \\x1b[2J\N{REPLACEMENT CHARACTER}"]
    assert err.getvalue().splitlines() == ["[1/1] done      build images.a  2.5 s", *(said if outputs else [])]


@pytest.mark.parametrize(("variables", "shown"), [({"TERM": "dumb"}, False), ({"TERM": "xterm"}, True)])
def test_a_screen_that_takes_nothing_back_has_no_board(variables: dict[str, str], shown: bool) -> None:
    err = Stream()
    with watching(Terminal(io.StringIO(), err, variables)) as watch:
        for event in (BEGUN, started(0), ended(0, State.DONE), Finished(4.0, 4.0, 0)):
            watch(event)
    assert ("\x1b" in err.getvalue()) is shown
    assert ("[1/3] done" in err.getvalue()) is not shown


def test_transfers_are_shown_beside_the_steps() -> None:
    err = Stream()
    terminal = Terminal(io.StringIO(), err, {"NO_COLOR": "1"})
    with watching(terminal) as watch:
        watch(BEGUN)
        terminal.progress("1 of 2 pieces")
        watch(started(0))
    assert "1 running" in err.getvalue()
    assert "  1 of 2 pieces\n" in err.getvalue()
    assert terminal.aside == ""


@pytest.mark.parametrize(("state", "interrupted", "last"), [
    (State.SKIPPED, 0, "          and 3 more that did not begin"),
    (State.CANCELLED, 2, "relgraph: ended early; the same again goes on from here"),
])  # fmt: skip
def test_what_did_not_begin_does_not_fill_the_screen(state: State, interrupted: int, last: str) -> None:
    err = io.StringIO()
    steps = tuple(Step(f"s{number}", "build") for number in range(8))
    with watching(Terminal(io.StringIO(), err, {})) as watch:
        watch(Begun("plan", 0.0, steps, 0, 2, 0.0, 0))
        for step in steps:
            watch(Ended(step, state, 0.0, 0.0, -1, "not begun", "", (), 0.0))
        watch(Finished(1.0, 1.0, interrupted))
    lines = err.getvalue().splitlines()
    assert lines[4:6] == [f"[5/8] {state.value:9} s4: not begun", "          and 3 more that did not begin"]
    assert lines[-1] == last
    assert len(lines) == (7 if interrupted else 6)
