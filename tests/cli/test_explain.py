import json

import pytest

from relgraph.cli.commands import explain
from relgraph.cli.graph_page import EXAMPLE
from relgraph.cli.main import main
from relgraph.cli.rules import about
from relgraph.cli.trial import try_rule
from relgraph.rules.registry import RULES
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.workspace.load import schema

RULE = RULES[0]


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["explain", *words]) == 0
    return capsys.readouterr().out


def test_without_a_rule_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys).splitlines()
    assert [line.split()[:3] for line in lines[: len(RULES)]] == [[rule.code, rule.name, rule.severity] for rule in RULES]


def test_the_language_of_graphs_is_explained_and_is_a_schema_for_editors(capsys: pytest.CaptureFixture[str]) -> None:
    assert EXAMPLE in shown(capsys, "graph")
    assert shown(capsys, "graph", "--format", "markdown").startswith("# The graph language\n")
    assert json.loads(shown(capsys, "graph", "--format", "json")) == schema()


@pytest.mark.parametrize("word", [RULE.code, RULE.code.lower(), RULE.name, RULE.name.upper()])
def test_a_rule_is_found_by_code_or_name(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, word).startswith(f"{RULE.code} {RULE.name} ({RULE.severity}): {RULE.summary}\n")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_shows_both_worlds_and_what_the_rule_says_of_the_first(rule: Rule, capsys: pytest.CaptureFixture[str]) -> None:
    reported, _, silent = shown(capsys, rule.code).partition("\nNot reported:\n")
    assert "\nReported:\n" in reported
    assert f"{rule.code} {rule.name}" in reported.partition("relgraph says:")[2]
    assert "relgraph says:" not in silent
    assert all(f"  {path}" in silent for path in rule.passing[0].commits[-1].files)
    assert ("  graph/example.yaml\n" in silent) is bool(rule.passing[0].graph)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_says_what_to_do(rule: Rule) -> None:
    assert "\n\nWhat to do: " in about(rule).explanation


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.failing[0].graph], ids=lambda rule: rule.code)
def test_a_page_shows_the_graph_that_its_example_is_judged_by(rule: Rule, capsys: pytest.CaptureFixture[str]) -> None:
    graph = rule.failing[0].graph
    numbered = [f"  {number:4} | {line}".rstrip() for number, line in enumerate(graph.splitlines(), 1)]
    assert "\n".join(["  graph/example.yaml", *numbered, ""]) in shown(capsys, rule.code)
    assert f"\ngraph/example.yaml:\n\n```\n{graph}```\n" in shown(capsys, rule.code, "--format", "markdown")
    assert json.loads(shown(capsys, rule.code, "--format", "json"))["failing"][0]["graph"] == graph


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_in_markdown_closes_its_fences(rule: Rule, capsys: pytest.CaptureFixture[str]) -> None:
    page = shown(capsys, rule.code, "--format", "markdown")
    assert page.startswith(f"# {rule.code} {rule.name}\n\n*{rule.severity}*: ")
    assert sum(line.startswith("```") for line in page.splitlines()) % 2 == 0


def test_json_tells_all_about_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    page = json.loads(shown(capsys, RULE.code, "--format", "json"))
    assert (page["schema"], page["code"], page["severity"]) == ("relgraph.dev/rule/v1", RULE.code, RULE.severity)
    assert page["failing"][0]["commits"][0]["files"] == dict(RULE.failing[0].commits[0].files)


def test_json_lists_all_rules(capsys: pytest.CaptureFixture[str]) -> None:
    page = json.loads(shown(capsys, "--format", "json"))
    assert [rule["code"] for rule in page["rules"]] == [rule.code for rule in RULES]


def test_a_misspelt_rule_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", RULE.name[:-2]]) == 2
    assert f"hint: did you mean {RULE.name}?" in capsys.readouterr().err


def example_page(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], example: Example) -> str:
    rule = RULE._replace(
        code="RG999", name="invented", explanation="\n    Words.\n\n    - a list\n    - of two\n", failing=(example,)
    )
    monkeypatch.setattr("relgraph.rules.registry.RULES", (rule,))
    return shown(capsys, "RG999")


def test_commits_say_what_they_change(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    history = (
        Commit({"a": "one\n", "b": b"\xff\n"}, ("v1.0.0",)),
        Commit({"a": "two\n"}),
        Commit({"a": "two\n"}, ("v1.1.0",)),
    )
    page = example_page(monkeypatch, capsys, Example(history, {"engine": (Commit({"c": "three\n"}),)}))
    headings = [
        line.strip() for line in page.partition("Not reported")[0].splitlines() if line.startswith("  ") and "|" not in line
    ]
    assert headings == [
        "c (in the neighbour engine)",
        "a (commit 1, tagged v1.0.0)",
        "b (commit 1, tagged v1.0.0)",
        "a (commit 2)",
        "b (commit 2): removed",
        "no file changes (commit 3, tagged v1.1.0)",
    ]
    assert "     1 | \\xff\n" in page


def test_lists_keep_their_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert "\n- a list\n- of two\n" in example_page(monkeypatch, capsys, RULE.failing[0])


def test_a_fence_is_longer_than_any_within() -> None:
    assert explain.markdown_page(RULE._replace(failing=(Example((Commit({"a.md": "````\n"}),)),))).count("`````") == 2


def test_an_example_without_commits_finds_nothing() -> None:
    assert try_rule(RULE, Example(())) == ()
