"""Makefiles: variables, rules, includes, and where they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.syntax.make import Assignment, Makefile, read_makefile
from relgraph.syntax.text import Text


def _read(source: str) -> Makefile:
    return read_makefile(Text("Makefile", source.encode()))


def _variables(source: str) -> list[tuple[str, str, str]]:
    return [(variable.name, variable.operator, variable.value) for variable in _read(source).variables]


@pytest.mark.parametrize("operator", ["=", ":=", "::=", ":::=", "?=", "+=", "!="])
def test_every_way_to_assign(operator: str) -> None:
    assert _variables(f"A {operator} b c\n") == [("A", operator, "b c")]
    assert _variables(f"A{operator}b c") == [("A", operator, "b c")]


def test_values_end_before_comments_and_go_on_over_lines() -> None:
    assert _variables("A := 1.2 # not 1.3\nB := x\\#y\nC = a \\\n   b\\\n\tc\nD :=\\\n  e\n") == [
        ("A", ":=", "1.2"),
        ("B", ":=", "x\\#y"),
        ("C", "=", "a b c"),
        ("D", ":=", "e"),
    ]


def test_modifiers_and_computed_names() -> None:
    variables = _read("export override A = 1\n$(X)_B := 2\nprivate C=3\n").variables
    assert [(variable.name, variable.modifiers) for variable in variables] == [
        ("A", ("export", "override")),
        ("$(X)_B", ()),
        ("C", ("private",)),
    ]


def test_define_keeps_its_lines() -> None:
    variable = _read("define NOTE =\none\ntwo\nendef\nA = 1\n").variables[0]
    assert (variable.name, variable.value, "define" in variable.modifiers) == ("NOTE", "one\ntwo", True)
    assert _variables("define X\na\nendef\nA = 1\n") == [("X", "=", "a"), ("A", "=", "1")]
    assert _variables("define X\na") == [("X", "=", "a")]


def test_rules_have_targets_prerequisites_and_recipes() -> None:
    (rule,) = _read("a b: c d | e ## help\n\t@one \\\n\t  two\n\n\tthree\n").rules
    assert (rule.targets, rule.prerequisites, rule.order_only) == (("a", "b"), ("c", "d"), ("e",))
    assert [line.text for line in rule.recipe] == ["@one \\\n\t  two", "three"]


def test_recipes_on_the_rules_own_line() -> None:
    (rule,) = _read("a: b ; cmd x\n\tmore\n").rules
    assert (rule.prerequisites, [line.text for line in rule.recipe]) == (("b",), ["cmd x", "more"])


def test_target_specific_variables_are_no_rules() -> None:
    makefile = _read("build: WHAT ?= ./cmd/...\nbuild: x\n\tgo build $(WHAT)\n")
    assert makefile.variables[0].targets == ("build",)
    assert (makefile.variables[0].name, makefile.variables[0].operator) == ("WHAT", "?=")
    assert [rule.targets for rule in makefile.rules] == [("build",)]


def test_targets_may_be_computed_double_or_static_patterns() -> None:
    rules = _read("$(DIR)/x: y\n\ta\nb:: c\n%.o: %.c\n$(OBJ): %.o: %.c\n").rules
    assert [rule.targets for rule in rules] == [("$(DIR)/x",), ("b",), ("%.o",), ("$(OBJ)",)]
    assert rules[3].prerequisites == ("%.c",)


def test_includes() -> None:
    includes = _read("include a.mk b.mk # c\n-include d.mk\nsinclude e.mk\n").includes
    assert [(include.path, include.optional) for include in includes] == [
        ("a.mk", False),
        ("b.mk", False),
        ("d.mk", True),
        ("e.mk", True),
    ]


def test_conditions_are_told_not_decided() -> None:
    source = "ifeq (,$(X))\nA = 1\nelse ifdef Y\nA = 2\nelse\nA = 3\nendif\nA = 4\nt:\nifdef Z\n\tcmd\nendif\n"
    makefile = _read(source)
    assert [variable.conditions for variable in makefile.variables] == [("ifeq (,$(X))",), ("ifdef Y",), ("!ifdef Y",), ()]
    assert makefile.rules[0].recipe[0].conditions == ("ifdef Z",)


def test_lines_that_are_nothing_are_skipped() -> None:
    assert _read("\n# c\n$(info hello)\nexport X Y\n\tindented before any rule\n.PHONY\n") == Makefile((), (), ())


_LINES = st.lists(
    st.sampled_from(
        [
            "A = 1",
            "B:=$(A) \\",
            "t: a b",
            "\tcmd $$x",
            "define X",
            "endef",
            "ifeq (a,b)",
            "else",
            "endif",
            "include x",
            "#c",
            "",
            "é ?= ü",
            "a:;b",
            "=",
            ":",
            "\\",
            "$(",
            "x: Y=1",
        ]
    ),
    max_size=15,
)


@given(st.one_of(_LINES.map("\n".join), st.text(alphabet="a=:?+\t\n\\#$() é\r;|", max_size=60)))
def test_positions_hold_what_is_told(source: str) -> None:
    makefile = _read(source)
    for variable in makefile.variables:
        assert source.startswith(variable.name, variable.name_start)
        assert _squeezed(source[variable.start : variable.end]) == _squeezed(variable.value)
    for rule in makefile.rules:
        assert source.startswith(rule.targets[0], rule.start)
        for line in rule.recipe:
            assert source[line.start : line.end].removesuffix("\r") == line.text
    for include in makefile.includes:
        assert source[include.start : include.end] == include.path


def _squeezed(text: str) -> str:
    return "".join(text.replace("\\\r\n", "").replace("\\\n", "").split())


@pytest.mark.parametrize("piece", ["$(", "\\\n", "a:", "=", "\t", "define x\n", "ifeq\n", "#", "$(a", "A=\\\n"])
def test_long_input_ends(piece: str) -> None:
    assert isinstance(_read(piece * 10000), Makefile)


def test_values_are_plain_tuples() -> None:
    assert _read("A=1\n").variables == (Assignment("A", "=", "1", 2, 3, 0),)
