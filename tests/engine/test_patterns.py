import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relgraph.engine.patterns import base_of, is_pattern, matcher, overlap


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("a/b.txt", ["a/b.txt"], ["a/bxtxt", "a/b.txt/c", "x/a/b.txt"]),
        ("a/*", ["a/b", "a/.b"], ["a", "a/b/c", "b"]),
        ("a/**", ["a/b", "a/b/c"], ["a", "ab", "ab/c"]),
        ("**", ["a", "a/b/c"], []),
        ("**/*.go", ["x.go", "a/x.go", "a/b/x.go"], ["x.gox", "a/x.py"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb", "a/b/c"]),
        ("a/**/**/b", ["a/b", "a/x/b"], ["a/xb"]),
        ("a?c", ["abc"], ["ac", "a/c", "abbc"]),
        ("a**b/c", ["axxb/c", "ab/c"], ["a/b/c"]),
        ("[ab].txt", ["[ab].txt"], ["a.txt"]),
        ("*\n*", ["a\nb"], ["ab"]),
    ],
)
def test_patterns_match_whole_paths(pattern: str, yes: list[str], no: list[str]) -> None:
    assert [path for path in yes if not matcher(pattern)(path)] == []
    assert [path for path in no if matcher(pattern)(path)] == []


def test_base_is_the_folder_of_all_that_matches() -> None:
    assert [base_of(pattern) for pattern in ("a/b/*.c", "*.c", "a/**", "a/?/b", "a/b/c")] == ["a/b", "", "a", "a", "a/b"]
    assert [is_pattern(pattern) for pattern in ("a/*", "a?", "a[b]", "a")] == [True, True, False, False]


PARTS = st.sampled_from(["a", "b", "*", "?", "a*", "*b", "a?", "**", "*a*"])
PATTERNS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)
NAMES = ["".join(letters) for size in (1, 2, 3) for letters in itertools.product("abz", repeat=size)]
PATHS = [
    "/".join(parts)
    for size, names in ((1, NAMES), (2, NAMES[:12]), (3, NAMES[:12]), (4, ["a", "b", "z"]))
    for parts in itertools.product(names, repeat=size)
]


@given(PATTERNS, PATTERNS)
@settings(max_examples=150, deadline=None)
def test_two_patterns_overlap_where_a_path_matches_both(one: str, other: str) -> None:
    left, right = matcher(one), matcher(other)
    assert overlap(one, other) == overlap(other, one) == any(left(path) and right(path) for path in PATHS)


@given(PATTERNS, st.sampled_from(PATHS))
@settings(max_examples=200, deadline=None)
def test_matching_agrees_with_its_definition(pattern: str, path: str) -> None:
    def matches(parts: list[str], names: list[str]) -> bool:
        if not parts:
            return not names
        if parts[0] == "**":
            # At the end some name must be left: a folder is no file in itself.
            if len(parts) == 1:
                return bool(names)
            return matches(parts[1:], names) or (bool(names) and matches(parts, names[1:]))
        text = re.escape(parts[0]).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
        return bool(names) and re.fullmatch(text, names[0]) is not None and matches(parts[1:], names[1:])

    parts = pattern.split("/")
    while parts[-2:] == ["**", "**"]:
        parts.pop()
    assert bool(matcher(pattern)(path)) == matches(parts, path.split("/"))


def test_long_names_and_many_stars_take_no_time() -> None:
    pattern = "/".join(["*a*a*a*a*b"] + ["**"] * 20 + ["c"])
    assert not matcher("*a" * 40 + "*b")("a" * 300)
    assert not matcher("**/a/" * 20 + "**/b")("/".join(["a"] * 200))
    assert not matcher(pattern)("/".join(["a"] * 200))
    assert overlap("*a" * 40, "*b" * 40) is False
