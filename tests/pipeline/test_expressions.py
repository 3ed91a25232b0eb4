import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.pipeline.expressions import evaluate, interpolate, truth
from relgraph.pipeline.value import Holes

CONTEXT = {
    "env.REGISTRY": "ghcr.io",
    "github.ref_name": "v1.4.0",
    "github.ref": "refs/tags/v1.4.0",
    "github.event_name": "push",
    "steps.version.outputs.tag": "1.4.0",
    "env.EMPTY": "",
}


def text(expression: str) -> str:
    holes = Holes()
    return str(holes.value(evaluate(expression, lambda path: CONTEXT.get(path, holes.mark(path)), holes)))


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("github.ref_name", "v1.4.0"),
        ("env['REGISTRY']", "ghcr.io"),
        ("steps.version.outputs.tag", "1.4.0"),
        ("'it''s'", "it's"),
        ("format('{0}/{1}', env.REGISTRY, 'web')", "ghcr.io/web"),
        ("format('{{0}} {0}', 'a')", "{0} a"),
        ("env.EMPTY || 'other'", "other"),
        ("github.event_name == 'push' && 'yes' || 'no'", "yes"),
        ("github.event_name != 'push'", "false"),
        ("startsWith(github.ref, 'refs/tags/')", "true"),
        ("endsWith(github.ref, '.0')", "true"),
        ("contains(github.ref, 'rc')", "false"),
        ("!startsWith(github.ref, 'refs/heads/')", "true"),
        ("(true && false) || 'x'", "x"),
        ("success()", "true"),
        ("1", "1"),
        ("secrets.TOKEN", "<secrets.TOKEN>"),
        ("hashFiles('go.sum')", "<${{ hashFiles('go.sum') }}>"),
        ("format('{0}', secrets.X)", "<secrets.X>"),
        ("secrets.X == 'a'", "<${{ secrets.X == 'a' }}>"),
        ("github.run_number > 3", "<${{ github.run_number > 3 }}>"),
    ],
)
def test_values(expression: str, result: str) -> None:
    assert text(expression) == result


def test_conditions() -> None:
    holes = Holes()

    def lookup(path: str) -> str | None:
        return CONTEXT.get(path)

    assert truth("github.event_name == 'PUSH'", lookup, holes) is True
    assert truth("${{ github.event_name == 'release' }}", lookup, holes) is False
    assert truth("inputs.publish", lookup, holes) is None
    assert truth("failure()", lookup, holes) is False
    assert truth("env.EMPTY", lookup, holes) is False


def test_known_beginnings_decide() -> None:
    holes = Holes()
    ref = "refs/heads/" + holes.mark("branch")
    assert truth("startsWith(github.ref, 'refs/tags/')", lambda _: ref, holes) is False
    assert truth("startsWith(github.ref, 'refs/heads/')", lambda _: ref, holes) is True
    assert truth("github.ref == 'refs/tags/v1'", lambda _: ref, holes) is False
    assert truth("github.ref == 'refs/heads/main'", lambda _: ref, holes) is None


def test_texts_are_filled() -> None:
    holes = Holes()
    filled = interpolate("${{ env.REGISTRY }}/web:${{github.ref_name}}", CONTEXT.get, holes)
    assert filled == "ghcr.io/web:v1.4.0"


@given(st.text("abc.'()&|!=,{}0 []", max_size=30))
def test_no_expression_raises(expression: str) -> None:
    text(expression)
