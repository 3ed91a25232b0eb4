import itertools
import re
import textwrap

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from relgraph.syntax.text import Text
from relgraph.syntax.yaml import Scalar, Style, address, scalars, unquote


def read(source: str, **options: object) -> dict[str, str]:
    """Values by address; a document other than the first has its number before the address."""
    found = {}
    for scalar in scalars(source, **options):  # type: ignore[arg-type]  # options are passed through
        prefix = f"{scalar.document}:" if scalar.document else ""
        found[prefix + address(scalar.path)] = unquote(source[scalar.start : scalar.end], scalar.style)
    return found


def dedented(source: str, **options: object) -> dict[str, str]:
    return read(textwrap.dedent(source), **options)


def only(source: str) -> Scalar:
    (scalar,) = scalars(source)
    return scalar


def test_mappings_and_sequences_give_addresses() -> None:
    source = """\
        jobs:
          test:
            steps:
              - uses: acme/checkout@v4
              - uses: acme/setup@v1
                with:
                  go-version: 1.24
            needs: [lint, "build"]
        """
    assert dedented(source) == {
        "jobs.test.steps[0].uses": "acme/checkout@v4",
        "jobs.test.steps[1].uses": "acme/setup@v1",
        "jobs.test.steps[1].with.go-version": "1.24",
        "jobs.test.needs[0]": "lint",
        "jobs.test.needs[1]": "build",
    }


def test_a_sequence_may_stand_as_far_left_as_its_key() -> None:
    assert dedented("a:\n- x\n- y: 1\n  z: 2\nb: 3\n") == {"a[0]": "x", "a[1].y": "1", "a[1].z": "2", "b": "3"}


def test_sequences_nest_on_one_line() -> None:
    assert read("- - a\n  - b\n- - c\n") == {"[0][0]": "a", "[0][1]": "b", "[1][0]": "c"}


def test_a_dash_may_stand_alone() -> None:
    assert read("-\n  a: 1\n-\n  - 2\n") == {"[0].a": "1", "[1][0]": "2"}


def test_documents_are_counted_and_empty_ones_are_not() -> None:
    assert read("---\n# nothing\n---\na: 1\n--- # two\na: 2\n...\n---\na: 3\n") == {"a": "1", "1:a": "2", "2:a": "3"}


@pytest.mark.parametrize(
    ("written", "text", "style"),
    [
        ("1.2.3", "1.2.3", Style.PLAIN),
        ('"1.2.3"', "1.2.3", Style.DOUBLE),
        ("'1.2.3'", "1.2.3", Style.SINGLE),
        ("'don''t'", "don''t", Style.SINGLE),
        ('"a \\" b"', 'a \\" b', Style.DOUBLE),
        ("&anchor 1.2", "1.2", Style.PLAIN),
        ('!!str "1.2"', "1.2", Style.DOUBLE),
        ("a#b", "a#b", Style.PLAIN),
        ("http://host:80/x", "http://host:80/x", Style.PLAIN),
        ("{{ .Values.tag }}", "{{ .Values.tag }}", Style.PLAIN),
        ('{{ default "# x" .y }}', '{{ default "# x" .y }}', Style.PLAIN),
        ('"{{ .tag | default "v1" }}"', '{{ .tag | default "v1" }}', Style.DOUBLE),
        ("'{{\"{{.Name}}\"}}-x'", '{{"{{.Name}}"}}-x', Style.SINGLE),
        ('"{{"/etc/{{.Key}}"}}"', '{{"/etc/{{.Key}}"}}', Style.DOUBLE),
        ("${{ env.TAG }}", "${{ env.TAG }}", Style.PLAIN),
        ('"unclosed', "unclosed", Style.DOUBLE),
        ('""', "", Style.DOUBLE),
    ],
)
@pytest.mark.parametrize("tail", ["", "  # note", "   ", "\r"])
def test_scalars_are_cut_to_their_text(written: str, text: str, style: Style, tail: str) -> None:
    source = f"key: {written}{tail}\nnext: 1\n"
    scalar = scalars(source)[0]
    assert (source[scalar.start : scalar.end], scalar.style) == (text, style)
    assert source[scalar.comment : scalar.comment_end] == ("note" if "note" in tail else "")
    assert read(source)["next"] == "1"


def test_keys_may_be_quoted_spaced_or_templated() -> None:
    source = "\"a b\": 1\n'c: d': 2\ne f : 3\n{{ .name }}: 4\nx/{{ .y }}: 5\nhttp://z: 6\n"
    assert read(source) == {"a b": "1", "c: d": "2", "e f": "3", "{{ .name }}": "4", "x/{{ .y }}": "5", "http://z": "6"}


def test_comments_are_no_values() -> None:
    assert read("a: 1\n# b: 2\n  # c: 3\nd: # e: 4\n  f: 5 # g\n") == {"a": "1", "d.f": "5"}


def test_null_values_and_aliases_are_left_out() -> None:
    assert read("a:\nb: *base\n<<: *base\nc: 1\n") == {"c": "1"}


def test_an_alias_bomb_is_only_text() -> None:
    source = "a: &a [x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20))
    assert len(scalars(source)) < 100


def test_template_lines_do_not_disturb_the_structure() -> None:
    source = """\
        {{- if .Values.on }}
        a:
        {{- range .Values.list }}
          b: {{ .x }}
        {{- /*
        c: not read
        */}}
          {{- with .y }}
          d:
            {{- toYaml . | nindent 4 }}
            e: 1
          {{- end }}
        {{- end }}
        {% if jinja %}
        f: 2
        {% endif %}
        {{- end }}
        """
    assert dedented(source) == {"a.b": "{{ .x }}", "a.d.e": "1", "f": "2"}


def test_both_branches_of_a_template_are_read() -> None:
    found = scalars("{{ if .a }}\nimage: x\n{{ else }}\nimage: y\n{{ end }}\n")
    assert [scalar.path for scalar in found] == [("image",), ("image",)]


def test_block_scalars_are_one_value_and_what_looks_like_keys_in_them_is_text() -> None:
    source = "a:\n  run: |\n    x: 1\n\n    # no comment\n    - y\n  b: >-  # folded\n    z: 2\nc: 3\n"
    found = {address(scalar.path): scalar for scalar in scalars(source)}
    run, folded = found["a.run"], found["a.b"]
    assert (run.style, source[run.start : run.end]) == (Style.LITERAL, "    x: 1\n\n    # no comment\n    - y")
    assert (folded.style, source[folded.start : folded.end]) == (Style.FOLDED, "    z: 2")
    assert set(found) == {"a.run", "a.b", "c"}


@pytest.mark.parametrize("header", ["|", "|-", "|+", "|2", "|2-", "|-2", ">", "> # why", "&a |", "!!str |"])
def test_block_headers(header: str) -> None:
    assert read(f"a: {header}\n  b: 1\nc: 2\n") == {"a": "  b: 1", "c": "2"}


def test_block_scalars_of_items_end_with_the_item() -> None:
    assert read("- |\n  a: 1\n- b: |\n    c\n  d: 2\n- e\n") == {"[0]": "  a: 1", "[1].b": "    c", "[1].d": "2", "[2]": "e"}


def test_a_template_line_at_the_margin_does_not_end_a_block_scalar() -> None:
    assert read("a: |\n  x\n{{ if .y }}\n  z: 1\n{{ end }}\nb: 2\n") == {"a": "  x\n{{ if .y }}\n  z: 1", "b": "2"}


def test_an_empty_block_scalar_has_no_text() -> None:
    assert read("a: |\nb: 1\n") == {"a": "", "b": "1"}


def test_plain_scalars_go_on_over_lines() -> None:
    assert read("a: one\n  two\n\n  three # end\nb:\n  four\n  five\nc: 6\n") == {"a": "one two three", "b": "four five", "c": "6"}


def test_a_dash_in_text_that_goes_on_opens_no_sequence() -> None:
    assert read("a: one\n  - two\nb: # none\n  - three\nc:\n- d: four\n  e: five\n") == {
        "a": "one - two", "b[0]": "three", "c[0].d": "four", "c[0].e": "five",
    }  # fmt: skip


def test_quoted_scalars_go_on_over_lines() -> None:
    assert read("a: \"one\n  b: two\"\nc: 'x\n  y' # z\nd: 1\n") == {"a": "one b: two", "c": "x y", "d": "1"}


def test_an_unclosed_quote_costs_one_line_only() -> None:
    assert read('a: "one\nb: "two"\nc: 3\n') == {"a": "one", "b": "two", "c": "3"}


def test_flow_collections() -> None:
    source = 'a: [1.22, \'1.23\', "1.24", {b: c, d: [e]}]\nf: {g: h, "i": j,k: }\nl: []\nm: [{{ .x }}, ${{ y }}]\n'
    assert read(source) == {
        "a[0]": "1.22", "a[1]": "1.23", "a[2]": "1.24", "a[3].b": "c", "a[3].d[0]": "e",
        "f.g": "h", "f.i": "j", "m[0]": "{{ .x }}", "m[1]": "${{ y }}",
    }  # fmt: skip
    assert all(scalar.flow for scalar in scalars(source))


def test_flow_collections_may_span_lines() -> None:
    assert read("a: [one\n  two, {b: three\n  four}]\n") == {"a[0]": "one two", "a[1].b": "three four"}
    assert read("a: [\n  b, # no\n  c,\n]\nd:\n  {e: f,\n   g: h}\ni: 1\n") == {
        "a[0]": "b",
        "a[1]": "c",
        "d.e": "f",
        "d.g": "h",
        "i": "1",
    }


def test_json_is_yaml() -> None:
    source = '{\n  "a": {"b@v1":"x", "c": [1, 2.5]},\n  "d": "e:f"\n}\n'
    assert read(source) == {"a.b@v1": "x", "a.c[0]": "1", "a.c[1]": "2.5", "d": "e:f"}


def test_an_unclosed_flow_collection_ends_with_its_lines() -> None:
    assert read("a:\n  b: [c, d\n  e: f\n") == {"a.b[0]": "c", "a.e": "f"}


def test_line_ends_and_byte_order_marks() -> None:
    assert read("\ufeffa: 1\r\nb:\r\n  c: |\r\n    d\r\n  e: 'f'\r\n") == {"a": "1", "b.c": "    d", "b.e": "f"}


def test_a_range_of_a_text_is_read_with_a_base() -> None:
    source = "data:\n  inner.yaml: |\n    image: x\n    list:\n    - y\n"
    outer = only(source)
    found = scalars(source, outer.start, outer.end, base=outer.path)
    assert [(scalar.path, source[scalar.start : scalar.end]) for scalar in found] == [
        (("data", "inner.yaml", "image"), "x"),
        (("data", "inner.yaml", "list", 0), "y"),
    ]


def test_only_wanted_keys() -> None:

    source = "image: a\nother: b\n  c\nlist:\n- image: d\n  x: e\nargs: [f, {image: g}]\nimages:\n- h\ntext: |\n  image: i\n"
    found = [source[scalar.start : scalar.end] for scalar in scalars(source, wanted=re.compile("image"))]
    assert found == ["a", "d", "g", "h"]


@pytest.mark.parametrize(
    ("raw", "style", "value"),
    [
        ("a\\n\\x41\\u0042\\U00000043\\/\\t", Style.DOUBLE, "a\nABC/\t"),
        ("\\UFFFFFFFF", Style.DOUBLE, "\\UFFFFFFFF"),
        ("a\\\n  b", Style.DOUBLE, "ab"),
        ("x  \n\n  y", Style.PLAIN, "x y"),
        ("  x\n  y", Style.LITERAL, "  x\n  y"),
    ],
)
def test_unquoting(raw: str, style: Style, value: str) -> None:
    assert unquote(raw, style) == value


def test_deep_nesting_ends_somewhere_and_the_rest_is_still_read() -> None:
    assert read("- " * 5000 + "x\na: 1\n")["a"] == "1"
    assert read("a: " + "[" * 5000 + "x" + "]" * 5000 + "\nb: 1\n")["b"] == "1"


KEYS = st.from_regex(r"[a-z][a-zA-Z0-9_./-]{0,12}", fullmatch=True)
PLAIN = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9./@=-]{0,12}", fullmatch=True)
VALUES = st.one_of(PLAIN, PLAIN.map(lambda v: f'"{v}"'), PLAIN.map(lambda v: f"'{v}'"))
TREES = st.recursive(
    VALUES,
    lambda inner: st.one_of(st.dictionaries(KEYS, inner, min_size=1, max_size=4), st.lists(inner, min_size=1, max_size=4)),
    max_leaves=12,
)


def written(tree: object, indent: int = 0) -> str:
    pad = " " * indent
    if isinstance(tree, dict):
        return "".join(
            f"{pad}{key}:{'' if isinstance(value, str) else chr(10)}{written(value, indent + 2) if not isinstance(value, str) else ' ' + value + chr(10)}"
            for key, value in tree.items()
        )
    if isinstance(tree, list):
        return "".join(
            f"{pad}-{' ' + value + chr(10) if isinstance(value, str) else chr(10) + written(value, indent + 2)}" for value in tree
        )
    return f"{pad}{tree}\n"


def leaves(tree: object, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], str]]:
    if isinstance(tree, dict):
        return [leaf for key, value in tree.items() for leaf in leaves(value, (*path, key))]
    if isinstance(tree, list):
        return [leaf for index, value in enumerate(tree) for leaf in leaves(value, (*path, index))]
    return [(path, str(tree).strip("\"'"))]


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4))
def test_what_is_written_is_read(tree: dict[str, object]) -> None:
    source = written(tree)
    assert [(scalar.path, source[scalar.start : scalar.end]) for scalar in scalars(source)] == leaves(tree)


WORDS = st.text(alphabet="ab1.:-#'\"{}[],&*!|>%@ \\é", min_size=1, max_size=120).filter(
    lambda word: "{{" not in word and "{%" not in word
)
DATA = st.recursive(
    WORDS, lambda inner: st.one_of(st.dictionaries(WORDS, inner, min_size=1, max_size=3), st.lists(inner, min_size=1, max_size=3))
)


def data_leaves(data: object, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], str]]:
    if isinstance(data, dict):
        return [leaf for key, value in data.items() for leaf in data_leaves(value, (*path, key))]
    if isinstance(data, list):
        return [leaf for index, value in enumerate(data) for leaf in data_leaves(value, (*path, index))]
    return [(path, str(data))]


@given(st.dictionaries(KEYS, DATA, min_size=1, max_size=3), st.sampled_from([None, "'", '"']), st.booleans())
def test_what_a_writer_of_yaml_writes_is_read(data: dict[str, object], style: str | None, flow: bool) -> None:
    # Keys within are kept plain, because the reader takes quoted keys as they are written.
    source = yaml.safe_dump(
        plain_keys(data),
        default_style=style,
        default_flow_style=flow,
        sort_keys=False,
        allow_unicode=True,
        width=10**6 if flow else 80,
    )
    found = [(unquoted_keys(scalar.path), unquote(source[scalar.start : scalar.end], scalar.style)) for scalar in scalars(source)]
    assert found == data_leaves(plain_keys(data))


def plain_keys(data: object) -> object:
    if isinstance(data, dict):
        return {re.sub(r"[^a-z]", "", key) + f"k{index}": plain_keys(value) for index, (key, value) in enumerate(data.items())}
    return [plain_keys(value) for value in data] if isinstance(data, list) else data


def unquoted_keys(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    return tuple(part.strip("'\"") if isinstance(part, str) else part for part in path)


ANYTHING = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="ab:-#\"'|>[]{}&*!%@ \n\t\r,\\=$./0", max_size=300),
    st.lists(
        st.sampled_from(
            [
                "a: ",
                "- ",
                "\n",
                "  ",
                "|",
                ">",
                '"',
                "'",
                "{{",
                "}}",
                "[",
                "]",
                "{",
                "}",
                "# x",
                "---\n",
                "\r\n",
                ", ",
                "b",
                "&a ",
                "*a",
                "1.2",
            ]
        ),
        max_size=60,
    ).map("".join),
)


@given(ANYTHING)
def test_nothing_raises_and_offsets_stay_within_the_text(source: str) -> None:
    for scalar in scalars(source):
        assert 0 <= scalar.start <= scalar.end <= len(source)
        assert scalar.comment <= scalar.comment_end <= len(source)
        unquote(source[scalar.start : scalar.end], scalar.style)
        address(scalar.path)


@given(ANYTHING)
def test_scalars_are_apart_and_in_order(source: str) -> None:
    ends = [(scalar.start, scalar.end) for scalar in scalars(source)]
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(ends))


@given(ANYTHING)
def test_what_is_wanted_is_part_of_everything(source: str) -> None:

    everything = {(scalar.path, scalar.start) for scalar in scalars(source)}
    assert {(scalar.path, scalar.start) for scalar in scalars(source, wanted=re.compile("a"))} <= everything


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(data: bytes) -> None:
    text = Text("x.yaml", data)
    for scalar in scalars(text.text):
        span = text.span(scalar.start, scalar.end)
        assert data[span.start : span.end].decode("utf-8", "surrogateescape") == text.text[scalar.start : scalar.end]


@pytest.mark.parametrize("line", ['a: "', "a: 'b", "a: [b,", "{{ x", "a: {{ # ", "- - ", "a: |", "a: &x ", "a: {b: c, "])
def test_long_texts_of_unclosed_things_are_read_to_their_end(line: str) -> None:
    source = f"{line}\n" * 5000 + "end: 1\n"
    assert isinstance(scalars(source), list)
    assert isinstance(scalars(line * 5000), list)
