"""Words of simple commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.syntax.shell import Word, read_command


def _words(source: str) -> list[str]:
    return [word.text for word in read_command(source, 0, len(source))[0]]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("a b  c", ["a", "b", "c"]),
        ("a 'b c' \"d e\"", ["a", "b c", "d e"]),
        ("a \\\n  b \\\r\n c", ["a", "b", "c"]),
        ("a b | c", ["a", "b"]),
        ("a b && c", ["a", "b"]),
        ("a b; c", ["a", "b"]),
        ("a $(b c) d", ["a", "$(b c)", "d"]),
        ("a ${B:-c d} e", ["a", "${B:-c d}", "e"]),
        ("a ${{ b.c }} d", ["a", "${{ b.c }}", "d"]),
        ("a {{ .b }} d", ["a", "{{ .b }}", "d"]),
        ("a > out b 2>&1", ["a", "b"]),
        ("a <<EOF b", ["a", "b"]),
        ("a b) c", ["a", "b"]),
        ('a b" c', ["a", "b"]),
        ("a b` c", ["a", "b"]),
        ("a b\nc", ["a", "b"]),
        ('a x="b c"', ["a", 'x="b c"']),
        ("a b\\ c", ["a", "b c"]),
        ("", []),
    ],
)
def test_a_command_ends_where_it_ends(source: str, words: list[str]) -> None:
    assert _words(source) == words


def test_positions_are_those_of_the_text_without_quotes() -> None:
    source = "x 'ab' \"cd\" e'f'"
    words, end = read_command(source, 1, len(source))
    assert words[0] == Word(2, 6, "ab", 3)
    assert words[1] == Word(7, 11, "cd", 8)
    assert (words[2].text, words[2].inner) == ("ef", -1)
    assert end == len(source)


@given(st.text(alphabet="ab \\\n\"'`$(){}|;&<>=#é\r\t", max_size=80), st.integers(0, 20))
def test_every_word_lies_in_its_range(source: str, start: int) -> None:
    start = min(start, len(source))
    words, end = read_command(source, start, len(source))
    position = start
    for word in words:
        assert position <= word.start < word.end <= end <= len(source)
        position = word.end
        if word.inner >= 0:
            assert source[word.inner : word.inner + len(word.text)] == word.text


@pytest.mark.parametrize("piece", ['"', "'", "$(", "(", "${", "\\\n", "a", "`", '"$(', "x=", "{{", "<<"])
def test_long_input_ends(piece: str) -> None:
    source = piece * 20000
    read_command(source, 0, len(source))
