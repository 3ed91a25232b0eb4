import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.pipeline.sed import apply_sed, read_sed

TEXT = 'name: web\nversion: 0.1.0\ntag: "unset"\nargs:\n- --version\n- "1.2.3"\n'


def applied(script: str, text: str = TEXT, *, extended: bool = False, silent: bool = False) -> str:
    program = read_sed([script], extended=extended)
    assert program is not None
    edit = apply_sed(program, text, silent=silent)
    assert edit is not None
    return edit.text


@pytest.mark.parametrize(
    ("script", "text", "result"),
    [
        ("s/^v//", "v1.4.0\n", "1.4.0\n"),
        (r"s/\(:.*\)v/\1/", "example/web:v1.4.0\n", "example/web:1.4.0\n"),
        # Greedy: the last v goes, not the first.
        (r"s/\(:.*\)v/\1/", "example/web:v1.4.0-dev.1\n", "example/web:v1.4.0-de.1\n"),
        ("s/a/b/", "aa", "ba"),
        ("s/a/b/g", "aa", "bb"),
        ("s/a/b/2", "aaa", "aba"),
        ("s#/#-#g", "a/b/c", "a-b-c"),
        (r"s/\//-/", "a/b", "a-b"),
        ("s/b/<&>/", "abc", "a<b>c"),
        (r"s/b/\&/", "abc", "a&c"),
        (r"s/,/\n/", "a,b", "a\nb"),
        ("s/A/x/I", "a", "x"),
        ("2d", "a\nb\nc\n", "a\nc\n"),
        ("$d", "a\nb\n", "a\n"),
        ("/b/d", "a\nb\n", "a\n"),
        ("/b/!d", "a\nb\n", "b\n"),
        ("2,3d", "a\nb\nc\nd\n", "a\nd\n"),
        ("/b/,$d", "a\nb\nc\n", "a\n"),
        ("/a/a more", "a\nb\n", "a\nmore\nb\n"),
        ("1i first", "a\n", "first\na\n"),
        ("/a/c other", "a\nb\n", "other\nb\n"),
        ("y/abc/xyz/", "cab", "zxy"),
        ("1q", "a\nb\n", "a\n"),
        ("s/a/b/;s/b/c/", "a", "c"),
        ("/x/{s/x/y/;s/y/z/}", "x\n", "z\n"),
        ("# nothing\ns/a/b/", "a", "b"),
        ('/--version/{n;s/[0-9.]*"$/2"/}', '- --version\n- "1"\n', '- --version\n- "2"\n'),
    ],
)
def test_scripts(script: str, text: str, result: str) -> None:
    assert applied(script, text) == result


def test_extended_expressions() -> None:
    assert applied("s/^(tag:).*/\\1 1.4.0/", extended=True).splitlines()[2] == "tag: 1.4.0"


def test_silent_scripts_print_what_is_asked_for() -> None:
    assert applied("s/^version: //p", silent=True) == "0.1.0\n"


def test_effects_tell_what_was_found() -> None:
    program = read_sed(["s/^tag:.*/tag: 1/", "s/^other:.*/other: 1/", "/^gone/d"], extended=False)
    assert program is not None
    edit = apply_sed(program, TEXT)
    assert edit is not None
    # Deleting what is not there is tidying up, and no miss.
    assert edit.effects == (("^tag:.*", True, ("tag: 1",)), ("^other:.*", False, ()))


@pytest.mark.parametrize(
    "script", ["b end", "s/a/b/w file", "H", "s/a", "s/a/\\U&/", "{s/a/b/", "s/\\(a/b/", "y/ab/c", "", "//d", "k"]
)
def test_what_is_not_modelled_is_not_guessed(script: str) -> None:
    program = read_sed([script], extended=False)
    edit = apply_sed(program, "a\n") if program is not None else None
    assert script == "" or edit is None


@given(st.text("sd/ab&\\1g;{}$,!pqn=\n 2", max_size=20), st.text("ab\n", max_size=10))
def test_no_script_raises(script: str, text: str) -> None:
    program = read_sed([script], extended=False)
    if program is not None:
        apply_sed(program, text)


@given(st.text("abv.:-0123\n", max_size=40))
def test_a_substitution_that_finds_nothing_changes_nothing(text: str) -> None:
    assert applied("s/Q/R/g", text) == text
