import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import run_script, shell_on
from relgraph.pipeline.context import Exhausted


def made(makefile: str, command: str = "make all", files: dict[str, str] | None = None, **variables: str) -> str:
    return run_script(command, {"Makefile": makefile, **(files or {})}, **variables)


@pytest.mark.parametrize(
    ("makefile", "command", "printed"),
    [
        ("X ?= a\nall:\n\techo $(X)\n", "make all", "a\n"),
        ("X ?= a\nall:\n\techo $(X)\n", "X=b make all", "b\n"),
        ("X = a\nall:\n\techo $(X)\n", "X=b make all", "a\n"),
        ("X = a\nall:\n\techo $(X)\n", "make all X=c", "c\n"),
        ("X := a\nall:\n\techo $(X)\n", "X=b make X=c all", "c\n"),
        ("override X = a\nall:\n\techo $(X)\n", "make all X=c", "a\n"),
        ("X ?= a\nY = $(X)1\nX = b\nall:\n\t@echo ${Y}\n", "make", "b1\n"),
        ("X = a\nY := $(X)1\nX = b\nall:\n\t@echo ${Y}\n", "make", "a1\n"),
        ("X = a\nX += b\nall:\n\t-echo $(X)\n", "make", "a b\n"),
        ("X := $(shell echo v1 | sed 's/v//')\nall:\n\techo $(X)\n", "make", "1\n"),
        ("X != echo hi\nall:\n\techo $(X)\n", "make", "hi\n"),
        ("all: one two\none:\n\techo 1\ntwo: one\n\techo 2\n", "make", "1\n2\n"),
        ("all:\n\techo $@ $<\nx: all\n\techo $@ $^\n", "make x", "all\nx all\n"),
        ("sub-%:\n\techo $*\n", "make sub-web", "web\n"),
        ("all: X = b\nX = a\nall: dep\n\techo $(X)\ndep:\n\techo $(X)\n", "make", "b\nb\n"),
        ("ifeq ($(X),1)\nY = one\nelse\nY = other\nendif\nall:\n\techo $(Y)\n", "make X=1", "one\n"),
        ("ifeq ($(X),1)\nY = one\nelse\nY = other\nendif\nall:\n\techo $(Y)\n", "make", "other\n"),
        ('ifneq "$(X)" ""\nY = set\nendif\nall:\n\techo [$(Y)]\n', "make", "[]\n"),
        ("ifdef X\nY = set\nendif\nall:\n\techo [$(Y)]\n", "make X=1", "[set]\n"),
        ("all:\n\techo $$HOME_OF\n", "HOME_OF=x make", "x\n"),
        ("export X = a\nall:\n\tbash -c 'echo $$X'\n", "make", "a\n"),
        ("X = a\nall:\n\tbash -c 'echo [$$X]'\n", "make", "[]\n"),
        ("all:\n\techo a; \\\n\techo b\n", "make", "a\nb\n"),
        ("all:\n\t$(MAKE) other X=1\nother:\n\techo $(X)\n", "make", "1\n"),
        ("all:\n\techo $(X:v%=%) $(Y:.c=.o)\n", "make X='v1 v2' Y=a.c", "1 2 a.o\n"),
        ("include common.mk\nall:\n\techo $(X)\n", "make", "common\n"),
        ("define say\necho one\nendef\nall:\n\t$(say)\n", "make", "one\n"),
        ("twice = $(1)$(1)\nall:\n\techo $(call twice,a)\n", "make", "aa\n"),
        ("all:\n\techo '$(foreach x,a b,<$(x)>)'\n", "make", "<a> <b>\n"),
        ("all:\n\techo $(if $(X),yes,no)\n", "make", "no\n"),
        ("all:\n\techo $(or $(X),b)$(and a,c)\n", "make", "bc\n"),
        ("all:\n\tcd sub && pwd\n\tpwd\n", "make", "/workspace/sub\n/workspace\n"),
        ("all:\n\techo $(CURDIR)\n", "make", "/workspace\n"),
        ("first:\n\techo first\nall:\n\techo all\n", "make", "first\n"),
        (".DEFAULT_GOAL = all\nfirst:\n\techo first\nall:\n\techo all\n", "make", "all\n"),
        ("all: ; echo inline\n", "make", "inline\n"),
    ],
)
def test_makefiles(makefile: str, command: str, printed: str) -> None:
    assert made(makefile, command, {"common.mk": "X = common\n"}) == printed


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("subst v,,v1.v2", "1.2"),
        ("patsubst v%,%,v1 x v2", "1 x 2"),
        ("strip  a   b ", "a b"),
        ("filter a%,ab b ac", "ab ac"),
        ("filter-out a%,ab b ac", "b"),
        ("findstring b,abc", "b"),
        ("sort b a b", "a b"),
        ("word 2,a b c", "b"),
        ("wordlist 2,3,a b c d", "b c"),
        ("words a b", "2"),
        ("firstword a b", "a"),
        ("lastword a b", "b"),
        ("dir a/b c", "a/ ./"),
        ("notdir a/b c", "b c"),
        ("basename a.b", "a"),
        ("suffix a.b", ".b"),
        ("addprefix x-,a b", "x-a x-b"),
        ("addsuffix -x,a b", "a-x b-x"),
        ("join a b,c d", "ac bd"),
        ("abspath bin", "/workspace/bin"),
        ("wildcard *.mk none", "common.mk"),
        ("origin X", "file"),
        ("value X", "$(Y)"),
    ],
)
def test_functions(call: str, result: str) -> None:
    assert made(f"X = $(Y)\nall:\n\techo '$({call})'\n", "make all", {"common.mk": ""}) == f"{result}\n"


def test_what_is_not_known_stays_in_the_value() -> None:
    assert (
        made("TAG ?= $(shell git rev-parse --short HEAD)\nIMG ?= example/web:$(TAG)\nall:\n\techo $(IMG)\n")
        == "example/web:<short commit id>\n"
    )


def test_a_variable_of_the_environment_that_a_default_yields_to_is_a_leak() -> None:
    shell = shell_on({"Makefile": "WEB ?= ghcr.io/example/web:dev\nall:\n\techo $(WEB)\nother:\n\techo\n"})
    shell.run("export WEB=example/web; make other")
    assert shell.context.leaks == {}
    shell.run("make all")
    (leak,) = shell.context.leaks.values()
    assert (leak.name, str(leak.given), str(leak.default), leak.target) == ("WEB", "example/web", "ghcr.io/example/web:dev", "all")
    assert leak.default_spot.span.line == 1


def test_a_goal_that_no_rule_makes_is_a_problem() -> None:
    shell = shell_on({"Makefile": "all:\n"})
    shell.run("make publish")
    assert [problem.message for problem in shell.context.problems] == ["no rule makes publish"]


def test_make_in_another_folder() -> None:
    assert run_script("make -C sub all", {"sub/Makefile": "all:\n\tpwd\n"}) == "/workspace/sub\n"
    assert run_script("make -f other.mk all", {"other.mk": "all:\n\techo hi\n"}) == "hi\n"


@given(st.text("$(){}:=?+!@%\n\t abX,#\\-&|;", max_size=60))
def test_no_makefile_raises(makefile: str) -> None:
    shell = shell_on({"Makefile": makefile})
    try:
        shell.run("make\nmake a b X=1")
    except Exhausted:
        pass


def test_variables_that_refer_to_themselves_end() -> None:
    assert "refers to itself" in made("A = $(B)\nB = $(A)\nall:\n\techo $(A)\n")


# A function that lists all files of a tree calls itself for each of them; a tree of thousands would take minutes.
def test_functions_are_called_so_often_and_then_no_more() -> None:
    walk = "rwildcard = $(foreach d,$(wildcard $(1:=/*)),$(call rwildcard,$d)$(filter %.go,$d))\n"
    files = {f"src/p{number}/q{inner}.go": "" for number in range(30) for inner in range(50)}
    recipe = "FILES := $(call rwildcard,src)\nall:\n\techo $(if $(FILES),some,none)\n"
    assert "some" in made(walk + recipe, files={"src/a.go": ""})
    assert "none" not in made(walk + recipe, files=files)
