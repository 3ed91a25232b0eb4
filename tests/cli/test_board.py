import io

from hypothesis import given
from hypothesis import strategies as st

from relgraph.cli.board import Board, duration, line_of, watching
from relgraph.cli.terminal import Terminal
from relgraph.engine.events import Begun, Ended, Finished, Said, Started, State, Warned
from relgraph.model.plan import Step

STEPS = tuple(Step(f"build images.{name}", "build") for name in "abcd")
BEGUN = Begun("plan", 0.0, STEPS, 1, 2, 20.0, 3)


class Screen(io.StringIO):
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
    first, second, whole = board.lines(4.0, 120)
    assert "build images.a  3.0 s of about 9.0 s  compiling" in first
    assert "\x1b" not in first
    assert "build images.b  2.0 s, attempt 2" in second
    assert "2 running · 0 done · 1 cached · 3 left, about 16 s" in whole


def test_what_ended_is_counted_once() -> None:
    board = Board()
    for event in (BEGUN, started(0), ended(0, State.DONE, left=5.0), started(1), ended(1, State.FAILED), ended(2, State.SKIPPED)):
        board.take(event)
    (whole,) = board.lines(3.0, 120)
    assert "0 running · 1 done · 1 cached · 1 FAILED · 1 skipped · 0 left" in whole


@given(st.integers(20, 200), st.floats(0, 1e6))
def test_no_line_is_wider_than_the_screen(width: int, now: float) -> None:
    board = Board()
    for event in (BEGUN, started(0), Said(STEPS[0].id, 0.0, "x" * 300)):
        board.take(event)
    assert all(len(line) <= width for line in board.lines(now, width))


def test_many_steps_at_once_do_not_fill_the_screen() -> None:
    board = Board()
    steps = tuple(Step(f"s{number}", "build") for number in range(40))
    board.take(Begun("plan", 0.0, steps, 0, 40, 0.0, 0))
    for step in steps:
        board.take(Started(step, 0.0, 0, 1, 0.0, "", ""))
    lines = board.lines(1.0, 100)
    assert len(lines) == 14
    assert "and 28 more" in lines[-2]


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
            ended(1, State.FAILED, why="exit 2", tail=("cc: no", "such file")),
            Finished(4.0, 4.0, 0),
        ):
            watch(event)
    assert err.getvalue().splitlines() == [
        "relgraph: warning: careful",
        "done      build images.a  2.5 s",
        "FAILED    build images.b: exit 2",
        "    cc: no",
        "    such file",
        "    (all of it: log)",
    ]


def test_a_terminal_sees_the_board_and_is_left_clean() -> None:
    err = Screen()
    with watching(Terminal(io.StringIO(), err, {"NO_COLOR": "1"})) as watch:
        for event in (BEGUN, started(0), ended(0, State.DONE), Finished(4.0, 4.0, 0)):
            watch(event)
    text = err.getvalue()
    assert "1 running" in text
    assert "done      build images.a  2.5 s\n" in text
    assert text.endswith("\r\x1b[K")


def test_colour_is_for_what_needs_attention() -> None:
    assert "\x1b[31m" in line_of(ended(1, State.FAILED, why="no"), color=True)
    assert "\x1b" not in line_of(ended(1, State.FAILED, why="no"))
