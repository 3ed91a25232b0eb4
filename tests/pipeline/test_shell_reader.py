import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.pipeline.shell_reader import read_script
from relgraph.pipeline.shell_tree import (
    AndOr,
    Assignment,
    Case,
    Expression,
    For,
    Function,
    Group,
    If,
    Literal,
    Parameter,
    Pipeline,
    Redirected,
    Simple,
    Substitution,
    While,
    Word,
)
from relgraph.pipeline.shell_tree import (
    Test as Condition,
)


def only(text: str, *, expressions: bool = False) -> object:
    script = read_script(text, expressions=expressions)
    assert script.error is None
    (node,) = script.body
    return node


def simple(text: str, *, expressions: bool = False) -> Simple:
    node = only(text, expressions=expressions)
    assert isinstance(node, Simple)
    return node


def plain(words: tuple[Word, ...]) -> list[str | None]:
    return [word.plain for word in words]


def test_words_and_where_they_stand() -> None:
    text = 'helm package chart --version "1.4.0"'
    node = simple(text)
    assert plain(node.words) == ["helm", "package", "chart", "--version", "1.4.0"]
    assert [text[word.start : word.end] for word in node.words] == ["helm", "package", "chart", "--version", '"1.4.0"']


def test_assignments_stand_before_the_command() -> None:
    node = simple("A=1 B+=x make chart C=2")
    assert [(one.name, one.append) for one in node.assignments] == [("A", False), ("B", True)]
    assert plain(node.words) == ["make", "chart", "C=2"]


def test_arrays_keep_their_elements() -> None:
    (assignment,) = simple("CHARTS=(\n  web  # the first\n  api\n)").assignments
    assert isinstance(assignment, Assignment)
    assert plain(assignment.items or ()) == ["web", "api"]


def test_quotes_join_to_one_word() -> None:
    (_, script, _) = simple("sed 's@A@'\"${v}\"'@g' file").words
    assert [type(part) for part in script.parts] == [Literal, Parameter, Literal]


def test_expressions_are_parts_even_within_single_quotes() -> None:
    (_, word) = simple("echo 'v${{ env.TAG }}-x'", expressions=True).words
    assert [part.text for part in word.parts if isinstance(part, Expression)] == ["env.TAG"]
    (_, literal) = simple("echo 'v${{ env.TAG }}-x'").words
    assert literal.plain == "v${{ env.TAG }}-x"


@pytest.mark.parametrize(
    ("text", "name", "op", "argument"),
    [
        ("$TAG", "TAG", "", None),
        ("${TAG}", "TAG", "", None),
        ("${TAG#v}", "TAG", "#", "v"),
        ("${TAG##*/}", "TAG", "##", "*/"),
        ("${TAG%-*}", "TAG", "%", "-*"),
        ("${TAG:-dev}", "TAG", ":-", "dev"),
        ("${TAG:=dev}", "TAG", ":=", "dev"),
        ("${#TAG}", "TAG", "length", None),
        ("${!TAG}", "TAG", "indirect", None),
        ("${TAG^^}", "TAG", "^^", ""),
        ("${TAGS[@]}", "TAGS[@]", "", None),
        ("$1", "1", "", None),
        ("$#", "#", "", None),
    ],
)
def test_parameters(text: str, name: str, op: str, argument: str | None) -> None:
    (_, word) = simple(f"echo {text}").words
    (part,) = word.parts
    assert isinstance(part, Parameter)
    assert (part.name, part.op) == (name, op)
    assert (part.argument.plain if part.argument is not None else None) == argument


def test_replacements_have_two_arguments() -> None:
    (_, word) = simple("echo ${TAG//\\//-}").words
    (part,) = word.parts
    assert isinstance(part, Parameter)
    assert part.op == "//"
    assert part.argument is not None
    assert part.argument.plain == "/"
    assert part.second is not None
    assert part.second.plain == "-"


def test_here_documents_end_where_their_delimiter_stands() -> None:
    script = read_script("cat <<EOF | grep x\nversion: $V\nEOF\necho done\ncat <<-'END'\n\t$raw\n\tEND\n")
    assert script.error is None
    first, second, third = script.body
    assert isinstance(first, Pipeline)
    assert isinstance(first.commands[0], Simple)
    here = first.commands[0].redirects[0]
    assert [part.name for part in here.target.parts if isinstance(part, Parameter)] == ["V"]
    assert isinstance(second, Simple)
    assert plain(second.words) == ["echo", "done"]
    assert isinstance(third, Simple)
    assert third.redirects[0].target.plain == "$raw\n"


def test_two_here_documents_of_one_line() -> None:
    node = simple("cat <<A <<B\none\nA\ntwo\nB\n")
    assert [redirect.target.plain for redirect in node.redirects] == ["one\n", "two\n"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("if a; then b; elif c; then d; else e; fi", If),
        ("for x in a b; do echo $x; done", For),
        ("for ((i=0; i<3; i++)); do echo $i; done", For),
        ("while read -r line; do echo $line; done", While),
        ("until false; do break; done", While),
        ("case $x in a|b) one;; (*) two;; esac", Case),
        ("{ a; b; }", Group),
        ("(a; b)", Group),
        ("a && b || c", AndOr),
        ("! a | b", Pipeline),
        ("build() { a; }", Function),
        ("function build { a; }", Function),
        ("[[ $x =~ ^v[0-9]+(a|b)$ && -n $y ]]", Condition),
        ("while read x; do a; done < list", Redirected),
        ("((x++))", Simple),
    ],
)
def test_compound_commands(text: str, kind: type) -> None:
    assert isinstance(only(text), kind)


def test_substitutions_nest() -> None:
    (_, word) = simple("echo $(basename `git describe $(date)`)").words
    (part,) = word.parts
    assert isinstance(part, Substitution)


def test_comments_and_continued_lines_are_passed_over() -> None:
    node = simple("docker push \\\n  image # not this\n")
    assert plain(node.words) == ["docker", "push", "image"]


@pytest.mark.parametrize(
    "text", ["if a; then", "echo 'x", 'echo "x', "(a", "case x in", "a ) b", "${", "echo ${x", "done", "x=(a", "`a"]
)
def test_what_cannot_be_read_ends_the_script_and_says_where(text: str) -> None:
    script = read_script(f"echo before\n{text}")
    assert script.error is not None
    assert len(script.body) >= 1


def test_deep_nesting_is_refused() -> None:
    assert read_script("(" * 5000 + ")" * 5000).error is not None
    assert read_script("echo " + "${a:-" * 5000).error is not None


_pieces = st.sampled_from(
    "a b1 $X ${X#v} ${X:-d} $(a) `a` 'q' \"q$X\" ${{ x }} if then else fi for in do done case esac while { } ( ) [[ ]] && || | ; & > >> < << EOF \n \\ # ! $ = x= (( ))".split(
        " "
    )
)


@given(st.lists(_pieces, max_size=30).map(" ".join) | st.text(max_size=80), st.booleans())
def test_nothing_raises_and_words_stand_where_they_say(text: str, expressions: bool) -> None:
    script = read_script(text, expressions=expressions)
    for node in script.body:
        if isinstance(node, Simple):
            for word in node.words:
                assert 0 <= word.start <= word.end <= len(text)
            assert 0 <= node.start <= node.end <= len(text)
