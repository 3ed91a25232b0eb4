import pytest

from relgraph.cli.graph_page import EXAMPLE
from relgraph.cli.reference import pages
from relgraph.cli.table import COMMANDS
from relgraph.rules.registry import RULES
from relgraph.workspace.kinds.registry import KINDS
from relgraph.workspace.load import load_graphs

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


def test_every_field_of_the_graph_language_has_a_row_and_every_choice_its_words() -> None:
    text = PAGES["docs/reference/graph.md"]
    sections = dict(part.split("\n", 1) for part in text.split("\n## ")[1:])
    for kind in KINDS:
        assert all(f"| `{field.name}`" in sections[kind.section] for field in kind.fields), kind.section
    assert "`last-release`" in sections["uses of a node"]
    assert "| `ko` |" in sections["build of a node"]
    assert "| `rule` (required) |" in sections["waivers"]


def test_the_example_of_the_page_is_a_graph() -> None:
    graph = load_graphs([("graph/shop.yaml", EXAMPLE.encode())])["shop"]
    assert {"repos", "images", "charts", "files", "derived"} == {node.partition(".")[0] for node in graph.nodes}
    assert EXAMPLE in PAGES["docs/reference/graph.md"]
