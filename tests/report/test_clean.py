import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.report.clean import decodable, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, v1.2.3", "plain text, v1.2.3"),
        ("naïve 版本 🚀", "naïve 版本 🚀"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\tb\r\nc", "a\\tb\\r\\nc"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\udc80\udcff", "\\x80\\xff"),
        ("\ud800", "\\ud800"),
        ("a\u202eb\u2066c\u200bd\ufeff", "a\\u202eb\\u2066c\\u200bd\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("C:\\path", "C:\\path"),
    ],
)
def test_what_a_reader_cannot_see_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_byte_that_is_no_utf8_keeps_its_number() -> None:
    assert decodable(b"caf\xe9 \xff".decode("utf-8", "surrogateescape")) == "caf\\xe9 \\xff"


def test_decodable_changes_nothing_else() -> None:
    assert decodable("a\x00\x1b\n\u202eé") == "a\x00\x1b\n\u202eé"


@given(st.text())
def test_what_is_shown_can_be_encoded_and_stays_on_its_line(text: str) -> None:
    shown = visible(text)
    assert len(shown.encode("utf-8").splitlines()) <= 1
    assert visible(shown) == shown


@given(st.binary())
def test_every_byte_sequence_can_be_shown(data: bytes) -> None:
    decodable(data.decode("utf-8", "surrogateescape")).encode("utf-8")
