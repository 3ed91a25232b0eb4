"""A rule tried on one of its own examples, so that its page shows what it really says."""

from relgraph.git.memory import MemoryRepository
from relgraph.model.finding import Finding
from relgraph.model.world import Subject, World
from relgraph.rules.rule import Example, Rule
from relgraph.scan import judge, read_subject

__all__ = ["try_rule"]


def try_rule(rule: Rule, example: Example) -> tuple[Finding, ...]:
    """What the rule finds in the example, in order of place. The example is read from memory: nothing is run or written."""
    repository = MemoryRepository(example.commits)
    siblings = [MemoryRepository(commits, name=name) for name, commits in example.siblings.items()]
    lenders = [Subject(sibling, tree) for sibling in siblings if (tree := sibling.tree("HEAD")) is not None]
    tree = repository.tree("HEAD")
    if tree is None:
        return ()
    found = judge(World((read_subject(repository, tree),), tuple(lenders)), (rule,))
    return tuple(finding for finding in found if finding.rule == rule.code)
