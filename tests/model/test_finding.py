from hypothesis import given
from hypothesis import strategies as st

from relgraph.model.finding import one_line

BREAKS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
texts = st.text(st.sampled_from(f"ab \t\\é{BREAKS}\udcff")) | st.text()


@given(texts)
def test_a_line_has_no_breaks_and_loses_no_word(text: str) -> None:
    line = one_line(text)
    assert line.splitlines() in ([], [line])
    assert line.split() == text.split()
    assert one_line(line) == line


@given(texts)
def test_what_is_one_line_stays_as_it_is(text: str) -> None:
    line = text.translate(dict.fromkeys(map(ord, BREAKS)))
    assert one_line(line) == line
