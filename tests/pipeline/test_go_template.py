import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.pipeline.go_template import MISSING, Template, render
from relgraph.pipeline.value import Holes

SCOPE: dict[str, object] = {
    "Version": "1.4.0",
    "Tag": "v1.4.0",
    "Empty": "",
    "Draft": False,
    "Env": {"NAME": "web"},
    "Values": {"image": {"repository": "ghcr.io/example/web", "tag": ""}},
    "Chart": {"AppVersion": "1.4.0"},
}


def rendered(text: str, *, subject_first: bool = False) -> str:
    holes = Holes()

    def resolve(path: tuple[str, ...]) -> object:
        value: object = SCOPE
        for key in path:
            value = value.get(key, MISSING) if isinstance(value, dict) else MISSING
        return holes.mark(f".{path[0]}") if path and path[0] == "Unknown" else value

    includes = {"web.image": "{{ .Values.image.repository }}:{{ .Chart.AppVersion }}"}
    return str(holes.value(render(text, Template(resolve, holes, includes, subject_first))))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ .Version }}", "1.4.0"),
        ("v{{.Version}}-{{ .Env.NAME }}", "v1.4.0-web"),
        ("{{ $.Version }}", "1.4.0"),
        ("{{ .Values.image.tag | default .Chart.AppVersion }}", "1.4.0"),
        ("{{ default \"dev\" .Empty }}", "dev"),
        ("{{ .Version | quote }}", "1.4.0"),
        ('{{ printf "%s:%s" .Env.NAME .Version }}', "web:1.4.0"),
        ('{{ trimPrefix "v" .Tag }}', "1.4.0"),
        ('{{ .Tag | trimPrefix "v" }}', "1.4.0"),
        ('{{ trimprefix .Tag "v" }}', "1.4.0"),
        ('{{ .Version | replace "." "-" }}', "1-4-0"),
        ("{{ .Tag | upper }}", "V1.4.0"),
        ("{{ trunc 3 .Version }}", "1.4"),
        ("{{ if .Draft }}draft{{ else }}final{{ end }}", "final"),
        ("{{ if not .Draft }}final{{ end }}", "final"),
        ('{{ if eq .Env.NAME "api" }}a{{ else if eq .Env.NAME "web" }}w{{ else }}x{{ end }}', "w"),
        ("{{ if and .Version .Empty }}both{{ else }}one{{ end }}", "one"),
        ('{{ ternary "a" "b" .Draft }}', "b"),
        ('{{ include "web.image" . }}', "ghcr.io/example/web:1.4.0"),
        ("a {{- .Version -}} b", "a1.4.0b"),
        ("{{ $x := .Version }}{{ $x }}", "1.4.0"),
        ('{{ (index .Values "image").repository }}', "<{{ (index .Values \"image\").repository }}>"),
        ('{{ index .Env "NAME" }}', "web"),
        ("{{/* nothing */}}x", "x"),
        ("{{ coalesce .Empty .Version }}", "1.4.0"),
        ("{{ `raw` }}", "raw"),
        ("{{ .Missing }}", ""),
        ("plain", "plain"),
        ("{{ hasPrefix \"v\" .Tag }}", "true"),
    ],
)  # fmt: skip
def test_templates(text: str, result: str) -> None:
    assert rendered(text) == result


def test_the_order_of_arguments_of_goreleaser() -> None:
    assert rendered('{{ replace .Version "." "_" }}', subject_first=True) == "1_4_0"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("v{{ .Unknown }}", "v<.Unknown>"),
        ("{{ range .Values }}x{{ end }}y", "<a template's range>y"),
        ("{{ with .Values }}x{{ else }}z{{ end }}y", "<a template's with>y"),
        ("{{ if .Unknown }}a{{ else }}b{{ end }}", "<text that depends on a condition>"),
        ("{{ if .Unknown }}a{{ else }}a{{ end }}", "a"),
        ("{{ mystery .Version }}", "<{{ mystery .Version }}>"),
        ("{{ .Unknown | default 1 }}", "<default of something unknown>"),
        ('{{ include "none" . }}', '<{{ include "none" . }}>'),
    ],
)
def test_what_is_not_known_says_why(text: str, result: str) -> None:
    assert rendered(text) == result


@given(
    st.text('{}|.$ "`()-aV/*', max_size=40)
    | st.lists(st.sampled_from(["{{", "}}", "if", "end", "else", ".Version", "|", "(", '"x"', " "]), max_size=15).map("".join)
)
def test_no_template_raises(text: str) -> None:
    rendered(text)
