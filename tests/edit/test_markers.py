"""Markers in Markdown: what they are, what is wrong with them, and that nothing else is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.edit.markers import Marker, fill, find_markers
from relgraph.errors import DeclarationError

KINDS = ("graph", "versions")
OPEN, CLOSE = "<!-- relgraph:graph -->", "<!-- /relgraph -->"


def found(text: str) -> list[tuple[str, tuple[str, ...], int, str]]:
    data = text.encode()
    return [(one.kind, one.words, one.line, data[one.start : one.end].decode()) for one in find_markers("a.md", data, KINDS)]


def told(text: str) -> list[str]:
    with pytest.raises(DeclarationError) as caught:
        find_markers("a.md", text.encode(), KINDS)
    return [*caught.value.details] or [str(caught.value)]


def filled(text: str, *contents: str) -> str:
    data = text.encode()
    return fill(data, zip(find_markers("a.md", data, KINDS), contents, strict=True)).decode()


def test_a_marker_has_a_kind_words_and_content() -> None:
    text = f"# Page\n\n<!-- relgraph:versions  a.b  last=3 -->\nold\nlines\n{CLOSE}\nrest\n"
    assert found(text) == [("versions", ("a.b", "last=3"), 3, "old\nlines\n")]


@pytest.mark.parametrize(
    "line", ["<!--relgraph:graph-->", "<!--  relgraph:graph\t-->  ", "<!-- relgraph: graph -->", "\t<!-- relgraph:graph -->"]
)
def test_white_space_is_free(line: str) -> None:
    assert found(f"{line}\nx\n<!--/relgraph-->")[0][:3] == ("graph", (), 1)


def test_several_markers_in_one_file() -> None:
    text = f"{OPEN}\n{CLOSE}\nmiddle\n<!-- relgraph:versions x -->\n{CLOSE}\n"
    assert [(kind, line) for kind, _, line, _ in found(text)] == [("graph", 1), ("versions", 4)]


@pytest.mark.parametrize("fence", ["```", "~~~", "````", "  ```"])
def test_a_marker_in_a_code_block_is_an_example(fence: str) -> None:
    text = f"{fence}markdown\n{OPEN}\nx\n{CLOSE}\n```not the end\n{fence}\n\n{OPEN}\n{CLOSE}\n"
    assert [line for _, _, line, _ in found(text)] == [8]


def test_a_fence_ends_where_one_at_least_as_long_does() -> None:
    text = f"````\n```\n{OPEN}\n{CLOSE}\n`````\n{OPEN}\n{CLOSE}\n"
    assert [line for _, _, line, _ in found(text)] == [6]


def test_words_in_backticks_open_no_code_block() -> None:
    assert [line for _, _, line, _ in found(f"``` a `` b\n{OPEN}\n{CLOSE}\n")] == [2]


def test_the_content_of_a_marker_may_hold_a_code_block() -> None:
    text = f"{OPEN}\n```mermaid\nflowchart LR\n```\n{CLOSE}\n{OPEN}\n```\nnever closed\n{CLOSE}\n"
    assert [line for _, _, line, _ in found(text)] == [1, 6]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (f"x\n{OPEN}\ny\n", ["a.md:2: a marker is opened and not closed (<!-- /relgraph --> closes it)"]),
        (f"{CLOSE}\n", ["a.md:1: a marker is closed that was not opened"]),
        (f"{OPEN}\n{OPEN}\n{CLOSE}\n", ["a.md:1: a marker is opened and not closed before the next one in line 2"]),
        (f"<!-- relgraph:grpah -->\n{CLOSE}\n", ["a.md:1: 'relgraph:grpah' is no marker (did you mean 'relgraph:graph'?)"]),
        (f"<!-- relgraph:x -->\n{CLOSE}\n", ["a.md:1: 'relgraph:x' is no marker (there are relgraph:graph, relgraph:versions)"]),
        (f"<!-- relgraph: -->\n{CLOSE}\n", ["a.md:1: 'relgraph:' is no marker (there are relgraph:graph, relgraph:versions)"]),
        (
            f"<!-- relgraph:graph\nx -->\n{CLOSE}\n",
            ["a.md:1: the comment does not end in its line (a marker stands in a line of its own)"],
        ),
        ("# Page\n", ["a.md: no marker (<!-- relgraph:graph --> opens one, <!-- /relgraph --> closes it)"]),
        (
            f"{CLOSE}\n<!-- relgraph:x -->\n{CLOSE}\n{OPEN}\n",
            [
                "a.md:1: a marker is closed that was not opened",
                "a.md:2: 'relgraph:x' is no marker (there are relgraph:graph, relgraph:versions)",
                "a.md:4: a marker is opened and not closed (<!-- /relgraph --> closes it)",
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, problems: list[str]) -> None:
    assert told(text) == problems


def test_many_problems_have_a_heading() -> None:
    with pytest.raises(DeclarationError, match=r"2 problems with the markers of a\.md") as caught:
        find_markers("a.md", f"{CLOSE}\n{OPEN}\n".encode(), KINDS)
    assert caught.value.status == 2


def test_content_is_set_apart_by_blank_lines() -> None:
    assert filled(f"a\n{OPEN}\nold\n{CLOSE}\nb", "new\nlines") == f"a\n{OPEN}\n\nnew\nlines\n\n{CLOSE}\nb"


def test_an_indented_marker_indents_its_content() -> None:
    text = f"- item\n\n  {OPEN}\n  {CLOSE}\n"
    assert filled(text, "```\nx\n\n  y\n```") == f"- item\n\n  {OPEN}\n\n  ```\n  x\n\n    y\n  ```\n\n  {CLOSE}\n"


def test_line_feeds_are_those_of_the_marker() -> None:
    text = f"a\r\n{OPEN}\r\nold\r\n{CLOSE}\r\nb\n"
    assert filled(text, "x\ny") == f"a\r\n{OPEN}\r\n\r\nx\r\ny\r\n\r\n{CLOSE}\r\nb\n"


def test_bytes_that_are_no_text_stay_as_they_are() -> None:
    data = b"\xff\xfe\x00\n" + OPEN.encode() + b"\n\x80\n" + CLOSE.encode() + b"\n\xff"
    (marker,) = find_markers("a.md", data, KINDS)
    assert fill(data, [(marker, "x")]) == b"\xff\xfe\x00\n" + OPEN.encode() + b"\n\nx\n\n" + CLOSE.encode() + b"\n\xff"


pieces = st.sampled_from(
    [
        OPEN,
        "<!-- relgraph:versions a b -->",
        CLOSE,
        "```",
        "~~~",
        "    ",
        "\n",
        "\r\n",
        "\r",
        "text",
        "- ",
        "  ",
        "<!-- x -->",
        "é",
        "\u2028",
        "`",
    ]
)
documents = st.lists(pieces, max_size=40).map("".join)
contents = st.lists(
    st.text(st.sampled_from("ab `~<!->|#é"), max_size=6).filter(lambda line: "<!--" not in line), min_size=1, max_size=4
)


def markers_of(data: bytes) -> tuple[Marker, ...]:
    try:
        return find_markers("a.md", data, KINDS)
    except DeclarationError as problem:
        assert "a.md" in str(problem)
        return ()


@given(documents, st.data())
def test_writing_touches_nothing_outside_and_is_idempotent(text: str, random: st.DataObject) -> None:
    data = text.encode()
    markers = markers_of(data)
    new = ["\n".join(random.draw(contents)) for _ in markers]
    once = fill(data, zip(markers, new, strict=True))
    again = find_markers("a.md", once, KINDS) if markers else ()
    assert [(one.kind, one.words) for one in again] == [(one.kind, one.words) for one in markers]
    assert fill(once, zip(again, new, strict=True)) == once
    outside = [
        data[a:b] for a, b in zip([0, *(one.end for one in markers)], [*(one.start for one in markers), len(data)], strict=True)
    ]
    after = [once[a:b] for a, b in zip([0, *(one.end for one in again)], [*(one.start for one in again), len(once)], strict=True)]
    assert outside == after


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail_otherwise(data: bytes) -> None:
    markers_of(data)
