"""The rules of .helmignore, as Helm applies them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.errors import DeclarationError
from relgraph.oci.codecs.helmignore import parse_rules


@pytest.mark.parametrize(
    ("rules", "ignored", "kept"),
    [
        ("*.md", ["README.md", "docs/README.md"], ["README.txt", "md"]),
        ("/README.md", ["README.md"], ["docs/README.md"]),
        ("docs/*.md", ["docs/a.md"], ["docs/sub/a.md", "a.md", "x/docs/a.md"]),
        ("docs/", ["docs/a", "docs/b/c", "x/docs/a"], ["docs"]),
        ("docs", ["docs", "docs/a", "x/docs"], ["docs2"]),
        ("a?c", ["abc", "x/axc"], ["ac", "abbc"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "x"]),
        ("[^a-c]x", ["dx"], ["ax", "cx"]),
        ("a\\*", ["a*"], ["ab"]),
        ("[]", [], ["a"]),
        ("# *\n\n  *.tmp  ", ["x.tmp"], ["x", "#"]),
        ("\ufeff*.bom", ["x.bom"], ["x"]),
        # A rule with ! ignores what it does not match: so does Helm.
        ("!*.yaml", ["a.txt"], ["a.yaml"]),
        ("", ["templates/.hidden"], ["templates/shown", ".hidden", "templates/sub/.hidden"]),
    ],
)
def test_rules(rules: str, ignored: list[str], kept: list[str]) -> None:
    if rules == "[]":
        with pytest.raises(DeclarationError, match=r"line 1: '\[\]'"):
            parse_rules(rules.encode())
        return
    parsed = parse_rules(rules.encode())
    assert [path for path in (*ignored, *kept) if parsed.ignores(path, folder=False)] == ignored


@pytest.mark.parametrize(("rules", "line"), [("a\n**/b", 2), ("[a", 1), ("x\n\ny[", 3), ("a\\", 1), ("[-a]", 1), ("[a-]", 1)])
def test_what_helm_cannot_read_is_refused_with_its_line(rules: str, line: int) -> None:
    with pytest.raises(DeclarationError, match=f"line {line}:"):
        parse_rules(rules.encode())


@given(st.text("ab*?[]^-\\!/#. \n", max_size=12), st.text("ab/.", max_size=8))
def test_any_rules_are_read_or_refused(rules: str, path: str) -> None:
    try:
        parsed = parse_rules(rules.encode())
    except DeclarationError:
        return
    parsed.ignores(path, folder=False)


def test_many_stars_do_not_take_long() -> None:
    assert not parse_rules(b"*a" * 30 + b"b").ignores("a" * 200, folder=False)
