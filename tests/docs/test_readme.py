"""The README: its commands are commands, its first one works, and what it shows is what the demo says."""

import re
import shlex
from pathlib import Path

import pytest

from releases import relgraph
from relgraph.cli.parse import parse
from relgraph.cli.table import COMMANDS, HELP
from relgraph.tasks import namespace

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text("utf-8")
EXPLANATIONS = sorted((ROOT / "docs/explanation").glob("*.md"))
SHELL = re.findall(r"^```shell\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    """Command lines in running text and tables: ``relgraph NAME ...`` between backquotes."""
    return re.findall(r"`relgraph ([a-z][^`]*)`", page)


def test_the_first_command_sets_it_up_and_shows_the_main_job() -> None:
    first, second = SHELL
    assert first == "python3 -m venv .venv && . .venv/bin/activate && pip install -e . && invoke demo\n"
    assert second == "python3 -m venv .venv && . .venv/bin/activate && pip install -e '.[test]' && invoke test\n"
    assert "demo" in namespace().task_names


def test_what_it_shows_of_the_demo_is_what_the_demo_says(tmp_path: Path) -> None:
    ran = relgraph(tmp_path, "demo", "--folder", "try")
    said = " ".join((ran.out + ran.err).split())
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (block,) = [text for language, text in blocks if not language and "verify --fix" in text]
    for paragraph in block.split("\n\n"):
        for line in paragraph.splitlines():
            assert " ".join(line.removesuffix("…").split()) in said, line


@pytest.mark.parametrize("page", [ROOT / "README.md", *EXPLANATIONS], ids=lambda page: page.stem)
def test_every_command_it_names_is_one(page: Path) -> None:
    for line in commands(page.read_text("utf-8")):
        name, *words = shlex.split(line)
        if words:
            parse([name, *words], COMMANDS, HELP)
        else:
            assert name in {command.name for command in COMMANDS}, line


@pytest.mark.parametrize("page", EXPLANATIONS, ids=lambda page: page.stem)
def test_links_of_explanations_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:\s]+)[^)\s]*\)", page.read_text("utf-8")):
        assert target in ("http", "https") or (page.parent / target).exists(), target
