import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.cli.commands.completion import offers
from relgraph.cli.main import main
from relgraph.cli.rule_index import rule_index
from relgraph.cli.table import COMMANDS, FORMATS
from relgraph.rules.registry import RULES

VISIBLE = [command.name for command in COMMANDS if not command.hidden]


def values(*words: str) -> list[str]:
    return [value for value, _ in offers(words)]


def test_commands_come_first() -> None:
    assert values() == values("") == VISIBLE
    assert values("sc") == ["scan"]
    assert values("--") == ["--help", "--version"]


def test_options_are_offered_once_unless_they_repeat() -> None:
    assert "--format" in values("scan", "--")
    assert "--format" not in values("scan", "--format", "json", "--")
    assert "--format" not in values("scan", "--format=json", "--")
    assert "--with" in values("scan", "--with", "../engine", "--")
    assert values("scan", "--f") == ["--format"]


def test_the_value_of_an_option_is_offered_behind_it() -> None:
    assert values("scan", "--format", "") == list(FORMATS)
    assert values("scan", "--format", "j") == ["json", "junit"]
    assert values("scan", "--format=j") == ["--format=json", "--format=junit"]
    assert values("scan", "--with", "") == [":directories"]
    assert values("scan", "--output", "x") == [":files"]
    assert values("scan", "--as-of", "") == []


def test_positionals_know_their_place() -> None:
    assert values("scan", "") == values("scan", "a", "b", "") == [":directories"]
    assert values("completion", "") == ["bash", "zsh", "fish"]
    assert values("completion", "bash", "") == []
    assert values("scan", "--", "") == [":directories"]
    assert values("completion", "--", "f") == ["fish"]
    assert values("help", "sc") == ["scan"]


def test_rules_are_offered_by_code_and_name_with_what_they_report() -> None:
    code, name, summary = rule_index()[0]
    assert (code, f"{name}: {summary}") in offers(("explain", code[:3]))
    assert name in values("scan", "--rule", name[:4])


def test_the_index_of_rules_is_that_of_the_registry() -> None:
    # `invoke docs` writes it.
    assert rule_index() == [(rule.code, rule.name, rule.summary) for rule in RULES]


def test_nothing_is_known_of_an_unknown_command() -> None:
    assert values("nonsense", "") == []
    assert values("scan", "--nonsense=") == []


def test_a_candidate_and_what_it_is_are_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complete", "--", "sc"]) == 0
    assert capsys.readouterr().out.startswith("scan\tfind every reference")


@given(st.lists(st.text(max_size=6) | st.sampled_from(["scan", "explain", "--", "--format", "--rule=", "-"]), max_size=5))
def test_any_line_can_be_completed(words: list[str]) -> None:
    assert all(value.startswith((words[-1] if words else "", ":")) for value in values(*words))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "relgraph complete -- " in capsys.readouterr().out


def bash(folder: Path, *words: str) -> list[str]:
    """What bash makes of a line whose last word is being completed."""
    line = " ".join(f"'{word}'" for word in ("relgraph", *words))
    script = f"""eval "$(relgraph completion bash)"
compopt() {{ :; }}
COMP_WORDS=({line}) COMP_CWORD={len(words)}
_relgraph
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script], cwd=folder, env={"PATH": path}, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_words_values_and_folders(tmp_path: Path) -> None:
    (tmp_path / "clones").mkdir()
    (tmp_path / "notes.txt").touch()
    assert bash(tmp_path, "exp") == ["explain"]
    assert bash(tmp_path, "scan", "--format", "js") == ["json"]
    assert bash(tmp_path, "scan", "--format", "=", "js") == ["json"]
    assert bash(tmp_path, "scan", "--severity", "=") == ["error", "warning", "note"]
    assert bash(tmp_path, "scan", "") == ["clones"]
    assert sorted(bash(tmp_path, "scan", "--output", "")) == ["clones", "notes.txt"]
