import pytest

from judged import subject_of
from relgraph.infer.chartvalues import Chart, chart_in, setting_path
from relgraph.rules.rule import Commit

CHART = "apiVersion: v2\nname: web\nversion: 0.1.0\n"


def chart(values: str = "", template: str = "", *, chart: str = CHART, **files: str) -> Chart:
    tree = subject_of(
        (Commit({"chart/Chart.yaml": chart, "chart/values.yaml": values, "chart/templates/web.yaml": template, **files}),),
        read=False,
    ).tree
    found = chart_in(tree, "web")
    assert found is not None
    return found


def knows(key: str, values: str = "", template: str = "", **more: str) -> bool:
    return chart(values, template, **more).knows(setting_path(key))


@pytest.mark.parametrize(
    ("written", "path"),
    [("a", ("a",)), ("a.b.c", ("a", "b", "c")), (r"a\.b.c", ("a.b", "c")), ("a[0].b", ("a", "b")), ("a.b[1][2]", ("a", "b"))],
)
def test_the_left_side_of_a_setting_is_a_path(written: str, path: tuple[str, ...]) -> None:
    assert setting_path(written) == path


VALUES = "agent:\n  level: 2  # how much\n  # burst: 10\nlist:\n- a: 1\nfree: {}\nnone: null\nquoted: 'x: y'\ntext: |\n  inner: no\nlast:\n  deep:\n    er: 1\n"


@pytest.mark.parametrize(
    "key",
    ["agent", "agent.level", "agent.burst", "list[0].b", "free.any.thing", "none.x", "quoted", "text", "last.deep.er", "last.deep"],
)
def test_keys_of_the_values_are_known(key: str) -> None:
    assert knows(key, VALUES)


@pytest.mark.parametrize("key", ["level.agent", "agent.levels", "agent.level.x", "inner", "text.inner", "er", "last.er"])
def test_other_keys_are_not(key: str) -> None:
    assert not knows(key, VALUES)


@pytest.mark.parametrize(
    ("template", "key"),
    [
        ("x: {{ .Values.a.b }}", "a.b"),
        ("x: {{ .Values.a.b }}", "a"),
        ("{{- toYaml .Values.resources | nindent 4 }}", "resources.limits.cpu"),
        ('x: {{ index .Values "sub-chart" "on" }}', "sub-chart.on"),
        ("{{- with .Values.pod }}{{ .name }}{{ end }}", "pod.name"),
        ("{{- $all := .Values }}", "whatever.it.is"),
    ],
)
def test_what_a_template_reads_is_known(template: str, key: str) -> None:
    assert knows(key, "", template)


def test_to_ask_whether_a_map_is_there_hands_on_nothing() -> None:
    assert not knows("agent.speed", "agent:\n  level: 1\n", "{{ if .Values.agent }}{{ .Values.agent.level }}{{ end }}")


def test_globals_and_dependencies_are_somebody_elses() -> None:
    text = CHART + "dependencies:\n- name: engine\n  alias: motor\n  version: 1.0.0\n  condition: motor.enabled\n"
    for key in ("global.x", "tags.y", "engine.a", "motor.b"):
        assert knows(key, "", chart=text)
    assert not knows("other.a", "", chart=text)


def test_a_library_has_no_values_of_its_own() -> None:
    tree = subject_of((Commit({"chart/Chart.yaml": CHART + "type: library\n"}),), read=False).tree
    assert chart_in(tree, "web") is None


def test_of_several_charts_the_name_decides() -> None:
    files = {"a/Chart.yaml": "name: web\n", "b/Chart.yaml": "name: worker\n"}
    tree = subject_of((Commit(files),), read=False).tree
    found = chart_in(tree, "worker")
    assert found is not None
    assert found.folder == "b"
    assert chart_in(tree, "other") is None


def test_what_was_meant_shares_words_with_what_was_written() -> None:
    assert chart("agent:\n  level: 1\ncontroller:\n  level: 1\n").alternatives(("level", "agent"))[0] == "agent.level"
