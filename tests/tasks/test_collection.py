"""The invoke front end: the same table, the same words, the same exit statuses."""

from pathlib import Path
from typing import Any

import pytest
from invoke.exceptions import Exit
from invoke.program import Program

from relgraph.cli.command import Argument, Command, Form
from relgraph.cli.main import main
from relgraph.cli.table import COMMANDS
from relgraph.tasks import namespace
from relgraph.tasks.collection import words_of

PROGRAM = Program(namespace=namespace())


def invoke(*words: str) -> int:
    """The exit status of ``invoke WORDS``."""
    try:
        PROGRAM.run(["invoke", *words])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_every_command_of_a_workspace_is_a_task() -> None:
    assert set(namespace().task_names) == {command.name for command in COMMANDS if command.task}


def test_a_task_has_an_option_for_every_argument() -> None:
    collection = namespace()
    for command in COMMANDS:
        if command.task:
            flags = {name for argument in collection[command.name].get_arguments() for name in argument.names}
            assert {argument.name for argument in command.arguments} <= flags
            assert all(not argument.positional for argument in collection[command.name].get_arguments())


def test_data_comes_out_as_from_the_program(capfd: pytest.CaptureFixture[str]) -> None:
    assert invoke("explain", "--rule", "RG101", "--format=json") == 0
    said = capfd.readouterr().out
    main(["explain", "RG101", "--format", "json"])
    assert said == capfd.readouterr().out


def test_what_relgraph_refuses_exits_as_under_the_program(capfd: pytest.CaptureFixture[str]) -> None:
    assert invoke("scan", "--format", "jsn") == 2
    assert capfd.readouterr().err == "relgraph: error: --format cannot be 'jsn'\nhint: did you mean json?\n"


def test_what_invoke_refuses_exits_1(capfd: pytest.CaptureFixture[str]) -> None:
    assert invoke("scan", "--nonsense") == 1


@pytest.mark.parametrize("status", [1, 2, 3])
def test_statuses_are_passed_through(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.tasks.collection.main", lambda _: status)
    assert invoke("scan") == status


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["scan"], ["scan"]),
        (["scan", "--target", "a", "--target=b@v1", "--with", "c"], ["scan", "--with=c", "--", "a", "b@v1"]),
        (
            ["scan", "--as-of", "2026-01-31", "--rule=RG101", "--rule", "x"],
            ["scan", "--as-of=2026-01-31", "--rule=RG101", "--rule=x"],
        ),
        (["scan", "--target=--odd"], ["scan", "--", "--odd"]),
        (["explain"], ["explain"]),
    ],
)
def test_options_become_the_words_of_the_program(words: list[str], line: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def record(given: list[str]) -> int:
        seen.append(given)
        return 0

    monkeypatch.setattr("relgraph.tasks.collection.main", record)
    assert invoke(*words) == 0
    assert seen == [line]


def test_a_flag_stands_alone() -> None:
    command = Command("do", "do it", "nowhere:nothing", (Argument("dry-run", "change nothing", Form.FLAG),))
    given: dict[str, Any] = {"dry_run": True}
    assert words_of(command, given) == ["do", "--dry-run"]
    assert words_of(command, {"dry_run": False}) == ["do"]


def test_collections_are_independent() -> None:
    first, second = namespace(), namespace()
    assert first is not second
    assert first["scan"] is not second["scan"]


def test_a_task_can_be_called_by_another(tmp_path: Path) -> None:
    from invoke.context import Context

    with pytest.raises(Exit) as caught:
        namespace()["scan"](Context(), target=[str(tmp_path / "nowhere")])
    assert caught.value.code == 2
