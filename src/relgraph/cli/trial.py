"""A rule tried on one of its own examples, so that its page shows what it really says."""

from datetime import date

from relgraph.git.memory import MemoryRepository
from relgraph.infer.declaring import declare
from relgraph.infer.facts import Facts
from relgraph.judging import judge_facts
from relgraph.model.finding import Finding
from relgraph.model.world import Subject, World
from relgraph.reading import read_subject
from relgraph.rules.rule import Example, Rule
from relgraph.workspace.find import choose
from relgraph.workspace.load import load_graphs

__all__ = ["GRAPH_PATH", "facts_of", "try_rule"]

GRAPH_PATH = "graph/example.yaml"
"""Where the graph of an example stands, for the places in what is said of it."""

_JUDGED = "platform"
_TODAY = date(2026, 1, 2)  # the day after the one on which examples are committed


def try_rule(rule: Rule, example: Example) -> tuple[Finding, ...]:
    """What the rule finds in the example, in order of place. The example is read from memory: nothing is run or written."""
    facts = facts_of(example)
    return () if facts is None else tuple(finding for finding in judge_facts(facts, (rule,)).findings if finding.rule == rule.code)


def facts_of(example: Example) -> Facts | None:
    """The facts of an example's world, by its graph where it has one; None where the judged repository has no commit."""
    repositories = {_JUDGED: MemoryRepository(example.commits, name=_JUDGED)}
    repositories |= {name: MemoryRepository(commits, name=name) for name, commits in example.siblings.items()}
    trees = {name: tree for name, repository in repositories.items() if (tree := repository.tree("HEAD")) is not None}
    if _JUDGED not in trees:
        return None
    if not example.graph:
        lenders = tuple(Subject(repositories[name], tree) for name, tree in trees.items() if name != _JUDGED)
        return Facts(World((read_subject(repositories[_JUDGED], trees[_JUDGED]),), lenders))
    graph = choose(load_graphs([(GRAPH_PATH, example.graph.encode())]), None)
    subjects: dict[str, Subject] = {}
    external: dict[str, Subject] = {}
    for node in graph.nodes.values():
        if node.kind == "repo" and node.name in trees:
            if node.get("external", False):
                external[node.id] = Subject(repositories[node.name], trees[node.name])
            else:
                subjects[node.id] = read_subject(repositories[node.name], trees[node.name])
    return declare(graph, subjects, external, today=_TODAY, published=example.published)
