"""``{name}`` in patterns and commands."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relgraph.derive.patterns import PLAIN, base_of, expression, named, with_name

_NAMES = st.text(st.sampled_from("abz09._-+@%=:,é"), min_size=1, max_size=8).filter(lambda name: PLAIN.fullmatch(name) is not None)


@pytest.mark.parametrize(
    ("pattern", "path", "name"),
    [
        ("src/{name}.txt", "src/a.txt", "a"),
        ("src/{name}.txt", "src/a.b.txt", "a.b"),
        ("src/{name}/main.go", "src/web/main.go", "web"),
        ("src/{name}/{name}.go", "src/web/web.go", "web"),
        ("src/**/{name}.txt", "src/deep/er/a.txt", "a"),
        ("src/**/{name}.txt", "src/a.txt", "a"),
        ("v?/{name}_*.go", "v1/pod_types.go", "pod"),
    ],
)
def test_a_name_is_what_stands_in_its_place(pattern: str, path: str, name: str) -> None:
    match = expression(pattern).fullmatch(path)
    assert match is not None
    assert match["name"] == name


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("src/{name}.txt", "src/deep/a.txt"),
        ("src/{name}.txt", "src/.txt"),
        ("src/{name}/{name}.go", "src/web/api.go"),
        ("src/{name}.txt", "src/aXtxt"),
        ("src/*/{name}.txt", "src/a.txt"),
    ],
)
def test_a_name_is_part_of_one_component(pattern: str, path: str) -> None:
    assert expression(pattern).fullmatch(path) is None


@given(_NAMES)
@settings(max_examples=50)
def test_what_is_filled_in_is_found_again(name: str) -> None:
    match = expression("a/{name}.x").fullmatch(with_name("a/{name}.x", name))
    assert match is not None
    assert match["name"] == name


def test_a_variable_of_the_shell_is_left_alone() -> None:
    assert with_name("for name in x; do echo ${name} {name}; done", "web") == "for name in x; do echo ${name} web; done"
    assert not named("echo ${name}")


@pytest.mark.parametrize(
    ("pattern", "base"), [("a/b/{name}.c", "a/b"), ("{name}", ""), ("a/*/b", "a"), ("a/b", "a"), ("a/**", "a"), ("ab*/c", "")]
)
def test_all_matches_lie_in_the_base(pattern: str, base: str) -> None:
    assert base_of(pattern) == base


@pytest.mark.parametrize("name", ["a b", "$(x)", "a;b", "-rf", "a'b", 'a"b', "a\nb", "*", "a|b", ""])
def test_names_that_mean_something_to_a_shell_are_not_plain(name: str) -> None:
    assert PLAIN.fullmatch(name) is None
