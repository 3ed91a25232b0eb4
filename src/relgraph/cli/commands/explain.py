"""``explain``: the page of a rule, or the table of all."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from relgraph.cli.command import Values
from relgraph.cli.rules import about, find_rule
from relgraph.cli.terminal import Terminal
from relgraph.cli.trial import GRAPH_PATH, try_rule
from relgraph.report.style import paint
from relgraph.report.text import blocks
from relgraph.report.view import View
from relgraph.rules.registry import RULES
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["markdown_page", "markdown_table", "run"]


def run(values: Values, terminal: Terminal) -> int:
    """Print the page of the rule, the table of all rules, or the page on the language of graphs."""
    word, format_name = values.get("rule"), values.get("format")
    if word == "graph":
        terminal.write(_language(format_name or ""))
        return 0
    rule = None if word is None else find_rule(word)
    if format_name == "json":
        terminal.write(_json(rule))
    elif format_name == "markdown":
        terminal.write(markdown_table() if rule is None else markdown_page(rule))
    else:
        terminal.write(_table(terminal) if rule is None else _page(rule, terminal))
    return 0


def _language(format_name: str) -> str:
    from relgraph.cli.graph_page import graph_page
    from relgraph.workspace.load import schema

    return json.dumps(schema(), indent=2) + "\n" if format_name == "json" else graph_page()


class _File(NamedTuple):
    """A file of an example: what stands above it, and its lines."""

    heading: str
    lines: tuple[str, ...]


def markdown_table(link: str = "") -> str:
    """All rules as a Markdown table; ``link`` is the address of a rule's page with ``{}`` for its code, or empty."""
    codes = {rule.code: f"[{rule.code}]({link.format(rule.code)})" if link else rule.code for rule in RULES}
    rows = [f"| {codes[rule.code]} | {rule.name} | {rule.severity} | {rule.summary} |" for rule in RULES]
    return "\n".join(["| rule | name | severity | reports |", "| --- | --- | --- | --- |", *rows, ""])


def markdown_page(rule: Rule) -> str:
    """A rule's page in Markdown."""
    lines = [f"# {rule.code} {rule.name}", "", f"*{rule.severity}*: {rule.summary}.", "", about(rule).explanation]
    for title, example in _examples(rule):
        lines += ["", f"## {title}"]
        for file in _files(example):
            lines += ["", f"{file.heading}:", "", *_fenced(file.lines)]
        if said := _said(rule, example, View()):
            lines += ["", "relgraph says:", "", *_fenced(said)]
    return "\n".join([*lines, ""])


def _table(terminal: Terminal) -> str:
    width = max((len(rule.name) for rule in RULES), default=0)
    rows = []
    for rule in RULES:
        severity = paint(rule.severity, f"{rule.severity:7}", terminal.color)
        rows.append(f"{rule.code}  {rule.name:{width}}  {severity}  {rule.summary}")
    return "\n".join([*rows, "", "`relgraph explain RULE` explains one, by code or name.", ""])


def _page(rule: Rule, terminal: Terminal) -> str:
    color = terminal.color
    title, severity = paint("bold", f"{rule.code} {rule.name}", color), paint(rule.severity, rule.severity, color)
    lines = [f"{title} ({severity}): {rule.summary}", ""]
    for paragraph in about(rule).explanation.split("\n\n"):
        lines += [*_wrapped(paragraph, terminal.width), ""]
    for heading, example in _examples(rule):
        lines += [paint("bold", f"{heading}:", color), ""]
        for file in _files(example):
            lines += [f"  {file.heading}", *_numbered(file.lines, color), ""]
        if said := _said(rule, example, View(color=color, width=terminal.width - 2)):
            lines += ["  relgraph says:", *(f"  {line}".rstrip() for line in said), ""]
    return "\n".join(lines)


def _json(rule: Rule | None) -> str:
    from json import dumps

    if rule is None:
        return dumps({"schema": "relgraph.dev/rules/v1", "rules": [_facts(one) for one in RULES]}, indent=1) + "\n"
    worlds = {"failing": [_world(one) for one in rule.failing], "passing": [_world(one) for one in rule.passing]}
    return dumps({"schema": "relgraph.dev/rule/v1", **_facts(rule), **worlds}, indent=1) + "\n"


def _facts(rule: Rule) -> dict[str, object]:
    return about(rule)._asdict()


def _world(example: Example) -> dict[str, object]:
    def history(commits: tuple[Commit, ...]) -> list[dict[str, object]]:
        return [
            {
                "date": commit.date,
                "tags": list(commit.tags),
                "files": {path: _text(content) for path, content in commit.files.items()},
            }
            for commit in commits
        ]

    siblings = {name: history(commits) for name, commits in example.siblings.items()}
    world: dict[str, object] = {"commits": history(example.commits), "siblings": siblings}
    return world | {"graph": example.graph} if example.graph else world


def _examples(rule: Rule) -> Iterator[tuple[str, Example]]:
    """The first example of either kind, with its title."""
    for title, examples in (("Reported", rule.failing), ("Not reported", rule.passing)):
        yield from ((title, example) for example in examples[:1])


def _said(rule: Rule, example: Example, view: View) -> list[str]:
    return blocks(try_rule(rule, example), view)[:-1]


def _files(example: Example) -> Iterator[_File]:
    """The graph that the example is judged by, if any; then what each commit of its repositories changes, neighbours first."""
    if example.graph:
        yield _File(GRAPH_PATH, tuple(example.graph.splitlines()))
    for name, commits in (*example.siblings.items(), ("", example.commits)):
        before: Mapping[str, str | bytes] = {}
        for number, commit in enumerate(commits, 1):
            where = [f"in the neighbour {name}"] if name else []
            if len(commits) > 1 or commit.tags:
                where.append(f"commit {number}" + (f", tagged {', '.join(commit.tags)}" if commit.tags else ""))
            note = f" ({'; '.join(where)})" if where else ""
            changed = [path for path in commit.files if before.get(path) != commit.files[path]]
            gone = [path for path in before if path not in commit.files]
            yield from (_File(f"{path}{note}", tuple(_text(commit.files[path]).splitlines())) for path in changed)
            yield from (_File(f"{path}{note}: removed", ()) for path in gone)
            if not changed and not gone:
                yield _File(f"no file changes{note}", ())
            before = commit.files


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode("utf-8", "backslashreplace")


def _numbered(lines: Sequence[str], color: bool) -> list[str]:
    return [f"  {paint('dim', f'{number:4} |', color)} {line}".rstrip() for number, line in enumerate(lines, 1)]


def _wrapped(paragraph: str, width: int) -> list[str]:
    from textwrap import wrap

    lines = paragraph.splitlines()
    # Lists and tables keep their lines.
    if any(line.startswith(("- ", "* ", "|", "  ")) or line[:2].rstrip(".").isdigit() for line in lines):
        return lines
    return wrap(paragraph, width, break_on_hyphens=False, break_long_words=False)


def _fenced(lines: Sequence[str]) -> list[str]:
    fence = "```"
    while any(fence in line for line in lines):
        fence += "`"
    return [fence, *lines, fence]
