"""Which files a ``.dockerignore`` leaves out. The cases were held against Docker's own client."""

from posixpath import normpath

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from relgraph.build import dockerignore
from relgraph.build.dockerignore import read_ignored

FILES = ("a", "a.md", "b/a", "b/c/a.md", "b/c/d/e", "b.x/y", "c/[x]", "x*y", "#h", ".hid", "b/.hid", "docs/README.md", "docs/x.md")


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("a", {"a"}),
        ("a/\n", {"a"}),
        ("/a", {"a"}),
        ("./b/../a", {"a"}),
        ("../a", set()),
        ("*.md", {"a.md"}),
        ("**/*.md", {"a.md", "b/c/a.md", "docs/README.md", "docs/x.md"}),
        ("b", {"b/a", "b/c/a.md", "b/c/d/e", "b/.hid"}),
        ("b/*\n!b/c", {"b/a", "b/.hid"}),
        ("b/**/e", {"b/c/d/e"}),
        ("**", set(FILES)),
        ("*\n!b/c/a.md", set(FILES) - {"b/c/a.md"}),
        ("*\n!docs/**\ndocs/*.md\n!docs/README.md", set(FILES) - {"docs/README.md"}),
        ("[ab]", {"a", "b/a", "b/c/a.md", "b/c/d/e", "b/.hid"}),
        ("b.?/y", {"b.x/y"}),
        ("x\\*y", {"x*y"}),
        ("c/[[]x]", {"c/[x]"}),
        ("#h", set()),
        ("\\#h", {"#h"}),
        ("\ufeffa\r\n", {"a"}),
        ("  a  \n! a", set()),
        (".*", {".hid"}),
        ("[z-a]\n[", set()),
        ("", set()),
    ],
)
def test_the_last_pattern_that_matches_decides(text: str, left_out: set[str]) -> None:
    ignored = read_ignored(text.encode())
    assert {path for path in FILES if ignored.ignores(path)} == left_out


@given(st.binary(max_size=200), st.text(min_size=1, max_size=40))
def test_no_file_makes_it_raise(data: bytes, path: str) -> None:
    assert read_ignored(data).ignores(path) in (True, False)


@given(
    st.lists(st.sampled_from(("*", "**", "**/", "a", "b", "/", "?", "[ab]")), min_size=1, max_size=9),
    st.text("ab/", min_size=1, max_size=12),
)
def test_many_free_parts_match_as_few_do(pieces: list[str], path: str) -> None:
    word = normpath("".join(pieces)).lstrip("/")
    assume(word and path.strip("/") == path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dockerignore, "_FEW", 99)
        few = dockerignore._pattern(word)
        patch.setattr(dockerignore, "_FEW", -1)
        many = dockerignore._pattern(word)
    assert few is not None
    assert many is not None
    assert bool(few(path)) is bool(many(path)), word


def test_a_long_line_takes_no_time() -> None:
    ignored = read_ignored(b"*a" * 40 + b"\n" + b"**/" * 40 + b"x\n" + b"\\" * 10_000)
    assert not ignored.ignores("b/" * 30 + "a" * 60 + "b")
