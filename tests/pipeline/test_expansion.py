import pytest

from relgraph.pipeline.expansion import cut_short, expand_value, replace_pattern, strip_pattern
from relgraph.pipeline.value import COMMIT, SHORT_COMMIT, Holes


@pytest.mark.parametrize(
    ("value", "op", "argument", "second", "result"),
    [
        ("v1.4.0", "#", "v", None, "1.4.0"),
        ("refs/tags/v1", "##", "*/", None, "v1"),
        ("refs/tags/v1", "#", "*/", None, "tags/v1"),
        ("v1.4.0-rc.1", "%", "-*", None, "v1.4.0"),
        ("v1.4.0-rc-1", "%%", "-*", None, "v1.4.0"),
        ("a/b/c", "/", "/", "-", "a-b/c"),
        ("a/b/c", "//", "/", "-", "a-b-c"),
        ("abc", "/#", "a", "x", "xbc"),
        ("abc", "/%", "c", "x", "abx"),
        (None, ":-", "dev", None, "dev"),
        ("", ":-", "dev", None, "dev"),
        ("", "-", "dev", None, ""),
        ("x", ":+", "y", None, "y"),
        (None, ":+", "y", None, ""),
        ("web", "^", "", None, "Web"),
        ("web", "^^", "", None, "WEB"),
        ("WEB", ",,", "", None, "web"),
        ("WEB", ",", "", None, "wEB"),
        ("v1.4.0", ":", "1", None, "1.4.0"),
        ("abcdefghij", ":", "0", "7", "abcdefg"),
        ("abcdef", ":", " -2", None, "ef"),
        ("abcdef", ":", "1", "-1", "bcde"),
        ("abc", "length", "", None, "3"),
        (None, "", "", None, ""),
    ],
)
def test_operators(value: str | None, op: str, argument: str, second: str | None, result: str) -> None:
    assert expand_value(value, op, argument, second, Holes()) == result


def test_a_commit_id_cut_short_is_a_short_commit_id() -> None:
    holes = Holes()
    commit = holes.mark("commit id", COMMIT)
    assert holes.shape(cut_short(commit, 0, 7, holes)) == SHORT_COMMIT
    assert holes.shape(expand_value(commit, ":", "0", "8", holes)) == SHORT_COMMIT


def test_what_lies_before_a_hole_is_certain() -> None:
    holes = Holes()
    text = "v1." + holes.mark("patch")
    assert cut_short(text, 1, None, holes) == text[1:]
    assert cut_short(text, 0, 2, holes) == "v1"
    assert holes.value(cut_short(text, 0, 5, holes)).text is None


def test_patterns_that_are_not_known_give_none() -> None:
    holes = Holes()
    assert strip_pattern("v1", holes.mark("x"), suffix=False, longest=False) is None
    assert replace_pattern("v1", "/", holes.mark("x"), "y") is None
    assert replace_pattern("v1", "/", "", "y") == "v1"
