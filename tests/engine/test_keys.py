from hypothesis import given
from hypothesis import strategies as st

from relgraph.engine.keys import ABSENT, digest_of, head_of, key_of, made_of, words
from relgraph.engine.log import log_name
from relgraph.model.plan import Step

BASE = Step("a", "act", '{"x":1}', ("n",), (), ("i",), ("o",), ("E",))


def test_all_that_decides_a_step_enters_its_head_and_nothing_else() -> None:
    deciding = [
        BASE._replace(action="other"),
        BASE._replace(recipe="{}"),
        BASE._replace(needs=("m",)),
        BASE._replace(inputs=("j",)),
        BASE._replace(outputs=("p",)),
        BASE._replace(environment=("F",)),
        BASE._replace(inputs=("i", "o"), outputs=()),
        BASE._replace(inputs=(), outputs=("i", "o")),
    ]
    assert len({head_of(step) for step in (BASE, *deciding)}) == 1 + len(deciding)
    other = [
        BASE._replace(id="b"),
        BASE._replace(limit=5.0),
        BASE._replace(retries=2),
        BASE._replace(pool="x"),
        BASE._replace(after=("m",)),
    ]
    assert {head_of(step) for step in other} == {head_of(BASE)}


def test_everything_in_a_key_makes_a_difference() -> None:
    mark, other = b"-" + bytes(32), b"x" + bytes(32)
    keys = [
        key_of(b"h", (), b"", [mark], []),
        key_of(b"h", (), b"", [other], []),
        key_of(b"h", (), b"", [mark], [b"m" * 32]),
        key_of(b"h", (None,), b"", [mark], []),
        key_of(b"h", ("",), b"", [mark], []),
        key_of(b"h", ("v",), b"", [mark], []),
        key_of(b"h", (), digest_of([("a", mark)]), [mark], []),
        key_of(b"h", (), digest_of([("b", mark)]), [mark], []),
        key_of(b"h", (), digest_of([("a", ABSENT)]), [mark], []),
        key_of(b"k", (), b"", [mark], []),
    ]
    assert len(set(keys)) == len(keys)


def test_what_a_step_made_does_not_depend_on_the_order_it_is_told_in() -> None:
    mark = b"-" + bytes(32)
    assert made_of({"a": "1", "b": "2"}, {"x": mark, "y": mark}) == made_of({"b": "2", "a": "1"}, {"y": mark, "x": mark})
    assert len({made_of({"a": "1"}, {}), made_of({}, {}), made_of({}, {"a": mark}), made_of({"a": "2"}, {})}) == 4


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_different_words_are_different_bytes(one: list[str], other: list[str]) -> None:
    assert (words(*one) == words(*other)) == (one == other)


@given(st.lists(st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=150), min_size=2, max_size=2, unique=True))
def test_logs_of_different_steps_have_different_names_that_fit(names: list[str]) -> None:
    one, other = map(log_name, names)
    assert one != other
    assert all("/" not in name and not name.startswith(".") and len(name) < 140 for name in (one, other))
