import pytest

from relgraph.cli.reference import pages
from relgraph.cli.table import COMMANDS
from relgraph.rules.registry import RULES

PAGES = pages()


def test_every_command_and_rule_has_its_place() -> None:
    assert all(f"\n## {command.name}\n" in PAGES["docs/reference/commands.md"] for command in COMMANDS if not command.hidden)
    assert all(f"[{rule.code}](rules/{rule.code}.md)" in PAGES["docs/reference/rules.md"] for rule in RULES)
    assert all(f"docs/reference/rules/{rule.code}.md" in PAGES for rule in RULES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_ends_with_one_line_feed(name: str) -> None:
    assert PAGES[name].endswith("\n")
    assert not PAGES[name].endswith("\n\n")


def test_pages_are_the_same_every_time() -> None:
    assert pages() == PAGES
