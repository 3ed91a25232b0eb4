"""The files that follow from code: pages on commands, rules and the graph language, the schemas of findings and graphs, the index of rules."""

from collections.abc import Mapping
from json import dumps

from relgraph.cli.command import Command
from relgraph.cli.commands.explain import markdown_page, markdown_table
from relgraph.cli.commands.help import page
from relgraph.cli.graph_page import graph_page
from relgraph.cli.rule_index import INDEX, index_text
from relgraph.cli.table import COMMANDS
from relgraph.report.schema import findings_schema
from relgraph.rules.registry import RULES
from relgraph.workspace.load import schema as graph_schema

__all__ = ["pages"]

_NOTE = "<!-- Written by `invoke docs`; change the code that says it. -->"


def pages() -> Mapping[str, str]:
    """The text of every derived file, by its path from the repository's root."""
    found = {
        "docs/reference/commands.md": "\n".join([_NOTE, "", "# Commands", "", *_commands()]),
        "docs/reference/graph.md": f"{_NOTE}\n\n{graph_page()}",
        "docs/reference/rules.md": f"{_NOTE}\n\n# Rules\n\n{markdown_table(link='rules/{}.md')}",
        INDEX: index_text((rule.code, rule.name, rule.summary) for rule in RULES),
        "docs/schema/findings-v1.json": dumps(findings_schema(), indent=2) + "\n",
        "docs/schema/graph-v1.json": dumps(graph_schema(), indent=2) + "\n",
    }
    for rule in RULES:
        found[f"docs/reference/rules/{rule.code}.md"] = f"{_NOTE}\n\n{markdown_page(rule)}"
    return found


def _commands() -> list[str]:
    lines = []
    for command in COMMANDS:
        if not command.hidden:
            lines += [f"## {command.name}", "", "```text", page(command).rstrip(), "```", "", *_front_ends(command)]
    return lines


def _front_ends(command: Command) -> list[str]:
    return (
        [f"In a workspace also `invoke {command.name}`; `invoke --help {command.name}` shows its options.", ""]
        if command.task
        else []
    )
