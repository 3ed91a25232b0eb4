import io

import pytest

from relgraph.cli.terminal import Terminal
from relgraph.errors import EnvironmentFailure


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("screen", "variables", "color"),
    [
        (True, {}, True),
        (True, {"TERM": "xterm"}, True),
        (True, {"TERM": "dumb"}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (False, {}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_color_is_for_terminals_and_for_who_asks(screen: bool, variables: dict[str, str], color: bool) -> None:
    assert Terminal(Screen() if screen else io.StringIO(), None, variables).color is color


def test_data_and_words_go_different_ways() -> None:
    out, err = io.StringIO(), Screen()
    terminal = Terminal(out, err, {})
    terminal.write("data\n")
    terminal.say("for people")
    terminal.complain("wrong")
    assert (out.getvalue(), err.getvalue()) == ("data\n", "for people\nwrong\n")


def test_where_nobody_looks_nothing_is_said() -> None:
    err = io.StringIO()
    Terminal(io.StringIO(), err, {}).say("for people")
    assert err.getvalue() == ""


def test_no_output_is_a_failure_and_no_error_stream_is_not() -> None:
    terminal = Terminal(None, None, {})
    terminal.complain("into the void")
    with pytest.raises(EnvironmentFailure, match="standard output is closed"):
        terminal.write("data")


def test_a_width_that_nobody_knows_is_a_hundred() -> None:
    assert Terminal(io.StringIO(), None, {}).width == 100
    assert Terminal(Screen(), None, {}).width == 100
