"""``explain``: the page of a rule, or the table of all."""

from collections.abc import Mapping

from relgraph.cli.command import Values
from relgraph.cli.rules import about, find_rule
from relgraph.cli.terminal import Terminal
from relgraph.report.style import paint
from relgraph.rules.registry import RULES
from relgraph.rules.rule import Commit, Example, Rule

__all__ = ["markdown_page", "markdown_table", "run"]


def run(values: Values, terminal: Terminal) -> int:
    """Print the page of the rule, or the table of all rules."""
    word, format_name = values.get("rule"), values.get("format")
    rule = None if word is None else find_rule(word)
    if format_name == "json":
        terminal.write(_json(rule))
    elif format_name == "markdown":
        terminal.write(markdown_table() if rule is None else markdown_page(rule))
    else:
        terminal.write(_table(terminal) if rule is None else _page(rule, terminal))
    return 0


def markdown_table(link: str = "") -> str:
    """All rules as a Markdown table; ``link`` is the address of a rule's page with ``{}`` for its code, or empty."""
    codes = {rule.code: f"[{rule.code}]({link.format(rule.code)})" if link else rule.code for rule in RULES}
    rows = [f"| {codes[rule.code]} | {rule.name} | {rule.severity} | {rule.summary} |" for rule in RULES]
    return "\n".join(["| rule | name | severity | reports |", "| --- | --- | --- | --- |", *rows, ""])


def markdown_page(rule: Rule) -> str:
    """A rule's page in Markdown."""
    lines = [f"# {rule.code} {rule.name}", "", f"*{rule.severity}*: {rule.summary}.", "", about(rule).explanation]
    for title, examples in (("Reported", rule.failing), ("Not reported", rule.passing)):
        if examples:
            lines += ["", f"## {title}"]
            for heading, content in _files(examples[0]):
                lines += ["", f"{heading}:", "", *_fenced(content)]
    return "\n".join([*lines, ""])


def _table(terminal: Terminal) -> str:
    width = max((len(rule.name) for rule in RULES), default=0)
    rows = [
        f"{rule.code}  {rule.name:{width}}  {paint(rule.severity, f'{rule.severity:7}', terminal.color)}  {rule.summary}"
        for rule in RULES
    ]
    return "\n".join([*rows, "", "`relgraph explain RULE` explains one, by code or name.", ""])


def _page(rule: Rule, terminal: Terminal) -> str:
    from textwrap import fill

    lines = [
        f"{paint('bold', f'{rule.code} {rule.name}', terminal.color)} ({paint(rule.severity, rule.severity, terminal.color)}): {rule.summary}"
    ]
    lines += ["", *(fill(text, terminal.width) + "\n" for text in about(rule).explanation.split("\n\n"))]
    for title, examples in (("Reported:", rule.failing), ("Not reported:", rule.passing)):
        if examples:
            lines.append(paint("bold", title, terminal.color))
            for heading, content in _files(examples[0]):
                lines += [
                    "",
                    f"  {heading}",
                    *(f"    {paint('dim', '|', terminal.color)} {line}".rstrip() for line in content.splitlines()),
                ]
            lines.append("")
    return "\n".join(lines)


def _json(rule: Rule | None) -> str:
    from json import dumps

    def page(one: Rule) -> dict[str, object]:
        return {
            "code": one.code,
            "name": one.name,
            "severity": one.severity.value,
            "summary": one.summary,
            "explanation": about(one).explanation,
        }

    if rule is None:
        return dumps({"schema": "relgraph.dev/rules/v1", "rules": [page(one) for one in RULES]}, indent=1) + "\n"
    examples = {
        name: [_world(example) for example in found] for name, found in (("failing", rule.failing), ("passing", rule.passing))
    }
    return dumps({"schema": "relgraph.dev/rule/v1", **page(rule), **examples}, indent=1) + "\n"


def _world(example: Example) -> dict[str, object]:
    def history(commits: tuple[Commit, ...]) -> list[dict[str, object]]:
        return [
            {
                "date": commit.date,
                "tags": list(commit.tags),
                "files": {path: _shown(content) for path, content in commit.files.items()},
            }
            for commit in commits
        ]

    siblings = {name: history(commits) for name, commits in example.siblings.items()}
    return {"commits": history(example.commits), "siblings": siblings}


def _files(example: Example) -> list[tuple[str, str]]:
    """Headings and contents: what each commit of the example's repositories changes, neighbours first."""
    found = []
    for name, commits in (*example.siblings.items(), ("", example.commits)):
        before: Mapping[str, str | bytes] = {}
        for number, commit in enumerate(commits, 1):
            where = [f"in the neighbour {name}"] if name else []
            if len(commits) > 1 or commit.tags:
                where.append(f"commit {number}" + (f", tagged {', '.join(commit.tags)}" if commit.tags else ""))
            note = f" ({'; '.join(where)})" if where else ""
            changed = {path: content for path, content in commit.files.items() if before.get(path) != content}
            found += [(f"{path}{note}", _shown(content)) for path, content in changed.items()]
            gone = [path for path in before if path not in commit.files]
            found += [(f"{path}{note}", "(removed)") for path in gone]
            if not changed and not gone:
                found.append((f"nothing changed{note}", ""))
            before = commit.files
    return found


def _shown(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode("utf-8", "backslashreplace")


def _fenced(content: str) -> list[str]:
    fence = "```"
    while fence in content:
        fence += "`"
    return [fence, *content.splitlines(), fence]
