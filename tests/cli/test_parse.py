import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.cli.command import Argument, Command, Form, Values
from relgraph.cli.parse import find_command, parse
from relgraph.cli.table import COMMANDS, HELP
from relgraph.errors import UsageError

GREET = Command(
    "greet",
    "greet somebody",
    "nowhere:nothing",
    (
        Argument("name", "whom", Form.POSITIONAL, metavar="NAME", required=True),
        Argument("other", "whom else", Form.POSITIONAL, repeated=True),
        Argument("style", "how", choices=("short", "long"), default="short"),
        Argument("title", "with which titles", repeated=True),
        Argument("loud", "with emphasis", Form.FLAG),
    ),
)
REST = Command("rest", "do nothing", "nowhere:nothing")
TABLE = (GREET, REST, HELP)


def values(*words: str) -> Values:
    request = parse(("greet", *words), TABLE, HELP)
    assert request.command is GREET
    return request.values


def refusal(*words: str) -> tuple[str, str]:
    with pytest.raises(UsageError) as caught:
        parse(words, TABLE, HELP)
    return str(caught.value), caught.value.hint


def test_positionals_fill_their_places_in_order_and_the_last_takes_the_rest() -> None:
    found = values("ann", "bob", "cid")
    assert (found.get("name"), found.many("other")) == ("ann", ("bob", "cid"))


def test_options_may_stand_anywhere_and_be_joined_to_their_value() -> None:
    for words in (("--style", "long", "ann"), ("ann", "--style=long"), ("ann", "--style", "long", "--loud")):
        assert values(*words).get("style") == "long"


def test_what_is_not_given_has_its_default_or_nothing() -> None:
    found = values("ann")
    assert (found.get("style"), found.get("title"), found.many("other"), found.flag("loud")) == ("short", None, (), False)


def test_a_flag_is_given_or_not() -> None:
    assert values("ann", "--loud").flag("loud")
    assert values("ann", "--loud", "--loud").flag("loud")


def test_a_repeated_option_keeps_every_value() -> None:
    assert values("ann", "--title", "dr", "--title=prof").many("title") == ("dr", "prof")


def test_two_dashes_end_the_options() -> None:
    found = values("--", "--loud", "--help")
    assert (found.get("name"), found.many("other"), found.flag("loud")) == ("--loud", ("--help",), False)


def test_a_single_dash_is_a_value() -> None:
    assert values("-").get("name") == "-"
    assert values("ann", "--title", "-").many("title") == ("-",)


def test_an_empty_value_is_a_value() -> None:
    assert values("ann", "--title=", "--title", "").many("title") == ("", "")


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_no_command_and_help_ask_for_the_overview(words: list[str]) -> None:
    assert parse(words, TABLE, HELP) == (HELP, Values({}))


@pytest.mark.parametrize("words", [["--help"], ["ann", "-h"], ["--wrong", "--help"]])
def test_help_wins_over_what_is_wrong(words: list[str]) -> None:
    request = parse(["greet", *words], TABLE, HELP)
    assert (request.command, request.values.get("command")) == (HELP, "greet")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("gret",), "no such command: gret", "did you mean greet?"),
        (("GREET",), "no such command: GREET", "did you mean greet?"),
        (("zzz",), "no such command: zzz", "`relgraph help` lists the commands"),
        (("--loud", "greet"), "no such option: --loud", "`relgraph help` lists the commands"),
        (("greet", "ann", "--lod"), "greet has no option --lod", "did you mean --loud?"),
        (("greet", "ann", "-x"), "greet has no option -x", "`relgraph greet --help` lists its options"),
        (("greet", "ann", "--styl=long"), "greet has no option --styl", "did you mean --style?"),
        (("greet", "ann", "--style", "lon"), "--style cannot be 'lon'", "did you mean long?"),
        (("greet", "ann", "--style=x"), "--style cannot be 'x'", "one of short, long"),
        (("greet", "ann", "--style"), "--style needs a value", "--style=STYLE: how"),
        (("greet", "ann", "--style", "--loud"), "--style needs a value", "--style=STYLE: how"),
        (("greet", "ann", "--loud=yes"), "--loud takes no value", "write --loud alone"),
        (("greet",), "NAME is missing", "`relgraph greet` takes one NAME: whom"),
        (
            ("greet", "ann", "--style=long", "--style=long"),
            "--style is given twice",
            "`relgraph greet` takes one --style: how (short, long)",
        ),
        (("rest", "now"), "rest takes no further argument: now", "`relgraph rest --help` shows what it takes"),
    ],
)
def test_what_the_table_does_not_allow_is_refused_with_advice(words: tuple[str, ...], message: str, hint: str) -> None:
    assert refusal(*words) == (message, hint)


def test_hidden_commands_run_but_are_never_suggested() -> None:
    assert find_command("complete", COMMANDS).hidden
    with pytest.raises(UsageError) as caught:
        find_command("complet", COMMANDS)
    assert caught.value.hint == "did you mean completion?"


@given(st.lists(st.text(max_size=12) | st.sampled_from(["--", "--style", "--loud", "--title=", "long", "-h"]), max_size=6))
def test_any_words_are_understood_or_refused(words: list[str]) -> None:
    try:
        request = parse(["greet", *words], TABLE, HELP)
    except UsageError as problem:
        assert str(problem)
        assert problem.hint
    else:
        assert request.command in (GREET, HELP)
        assert request.command is HELP or request.values.get("name") is not None


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
def test_whatever_stands_behind_two_dashes_arrives_unchanged(words: list[str]) -> None:
    found = values("--", *words)
    assert ((found.get("name"), *found.many("other"))) == tuple(words)


def test_the_first_part_of_a_name_is_no_command_and_lists_those_that_begin_with_it() -> None:
    commands = tuple(Command(f"store.{name}", "", "x:y") for name in ("copy", "list", "pull"))
    for word in ("store", "store."):
        with pytest.raises(UsageError) as caught:
            find_command(word, commands)
        assert caught.value.hint == "did you mean store.copy, store.list or store.pull?"
