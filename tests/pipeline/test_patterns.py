import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.pipeline.patterns import filter_pattern, glob_pattern, has_glob, line_limit, posix_pattern, script_pattern


@pytest.mark.parametrize(
    ("glob", "text", "matches"),
    [
        ("v*", "v1.4.0", True),
        ("v*", "1.4.0", False),
        ("*.tgz", "web-1.4.0.tgz", True),
        ("web-?.tgz", "web-1.tgz", True),
        ("[0-9]*", "1x", True),
        ("[!0-9]*", "1x", False),
        (r"\*", "*", True),
        ("a.b", "axb", False),
    ],
)
def test_globs(glob: str, text: str, matches: bool) -> None:
    pattern = glob_pattern(glob)
    assert pattern is not None
    assert (pattern.fullmatch(text) is not None) is matches


def test_globs_of_paths_stop_at_slashes() -> None:
    pattern = glob_pattern("charts/*/Chart.yaml", path=True)
    assert pattern is not None
    assert pattern.fullmatch("charts/web/Chart.yaml")
    assert not pattern.fullmatch("charts/a/b/Chart.yaml")
    assert has_glob("charts/*")
    assert not has_glob("charts/web")


@pytest.mark.parametrize(
    ("pattern", "extended", "text", "found"),
    [
        (r"\(:.*\)v", False, "web:v1.dev", ":v1.dev"),
        (r"a\+", False, "baa", "aa"),
        (r"a+", False, "aa+", "a+"),
        (r"a+", True, "baa", "aa"),
        (r"(a|b)c", True, "abc", "bc"),
        (r"a\|b", False, "xb", "b"),
        (r"x\{2\}", False, "xxx", "xx"),
        (r"x{2}", True, "xxx", "xx"),
        (r"x{", True, "ax{b", "x{"),
        (r"[[:digit:]][[:digit:]]*", False, "v12", "12"),
        (r"[^[:space:]]*", True, "a b", "a"),
        (r"^\s*tag:", False, "  tag: x", "  tag:"),
        (r"[\]", False, "a\\b", "\\"),
        (r"*a", False, "*a", "*a"),
        (r"a$", False, "ba", "a"),
        (r"a$b", False, "a$b", "a$b"),
        (r"\.", True, "a.b", "."),
        (r"\<web\>", False, "my web", "web"),
        (r"\([a-z]\)\1", False, "abb", "bb"),
    ],
)
def test_posix_expressions(pattern: str, extended: bool, text: str, found: str) -> None:
    translated = posix_pattern(pattern, extended=extended)
    assert translated is not None
    match = translated.search(text)
    assert match is not None
    assert match.group() == found


@pytest.mark.parametrize(
    "pattern", [r"\(a*\)*b", r"\(a\+\)\+", "[a", "a\\", r"\(", "x" * 500, r".*.*.*.*.*.*.*.*.*", r"\(.*\)\{2,\}"]
)
def test_what_is_dangerous_or_broken_is_refused(pattern: str) -> None:
    assert posix_pattern(pattern, extended=False) is None


@given(st.text("ab.*[]\\(){}+?|^$1-:", max_size=20), st.booleans())
def test_translation_never_raises(pattern: str, extended: bool) -> None:
    translated = posix_pattern(pattern, extended=extended)
    assert translated is None or isinstance(translated, re.Pattern)


@given(st.text("ab*?[]!\\-", max_size=12))
def test_globs_never_raise(pattern: str) -> None:
    glob_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "tag", "matches"),
    [
        ("v*", "v1.4.0", True),
        ("v*", "v1/x", False),
        ("**", "a/b", True),
        ("v[0-9]+.[0-9]+.[0-9]+", "v1.14.0", True),
        ("v[0-9]+.[0-9]+.[0-9]+", "v1.4.0-rc.1", False),
        ("v?1.0", "1.0", True),
        ("+", "+", True),
    ],
)
def test_filters_of_workflows(pattern: str, tag: str, matches: bool) -> None:
    regex = filter_pattern(pattern)
    assert regex is not None
    assert (regex.fullmatch(tag) is not None) is matches


def test_expressions_of_actions_are_held_to_the_same_limits() -> None:
    safe = script_pattern(r"v(\d+\.\d+)")
    assert safe is not None
    assert safe.search("v1.4.0") is not None
    for dangerous in ("(a+)+b", "[", "[a--b]", "x" * 500):
        assert script_pattern(dangerous) is None


def test_lines_may_be_shorter_the_more_an_expression_stretches() -> None:
    limits = [line_limit(re.compile("a*" * count)) for count in range(7)]
    assert limits == sorted(limits, reverse=True)
    assert limits[0] > limits[-1] > 0


@given(st.text("ab*?+[]!-\\^&|~.", max_size=14))
def test_filters_never_raise(pattern: str) -> None:
    filter_pattern(pattern)
    script_pattern(pattern)
