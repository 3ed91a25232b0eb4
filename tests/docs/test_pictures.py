"""The pictures of the documentation show today's program."""

import pytest

from pictures import differences, plain
from screen import Screen, picture, words_of


def test_the_pictures_are_of_todays_program() -> None:
    assert differences() == []


def test_what_differs_from_run_to_run_is_not_compared() -> None:
    assert plain("⠹ build images.api  1.0 s of about 4.0 s") == plain("⠸ build images.api  11 s") == "* build images.api"
    assert plain("2 cached · 2 left, about 3.1 s") == plain("2 cached · 2 left") == "2 cached · 2 left"


def test_a_screen_shows_what_a_terminal_does() -> None:
    screen = Screen(8)
    screen.feed("one\r\n\x1b[32mtwo\x1b[0m and more\r\x1b[1A\x1b[K2")
    assert screen.lines == ["one", "2", "more"]
    screen.feed("\x1b[1A\r1")
    assert screen.lines == ["1ne", "2", "more"]


def test_a_picture_holds_the_text() -> None:
    screen = Screen(40)
    screen.feed("done      \x1b[31mbuild <a>\x1b[0m & \x1b[2mmore\x1b[0m\r\n\r\nend")
    assert words_of(picture(screen, 40, "a title")) == ["done build <a> & more", "end"]


@pytest.mark.parametrize("text", ["\x1b[2J", "\x07", "\x1b[38;5;1m", "\x1b]0;title"])
def test_what_a_screen_does_not_know_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not known"):
        Screen(8).feed(text)
