"""What judging makes of what rules say, whatever that is."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from relgraph.git.memory import MemoryRepository
from relgraph.infer.facts import Facts
from relgraph.judging import judge
from relgraph.model.example import Commit
from relgraph.model.finding import Finding, Severity
from relgraph.model.world import World
from relgraph.reading import read_subject
from relgraph.rules.registry import RULES


@given(st.text(min_size=1), st.lists(st.text(), max_size=3))
def test_whatever_a_rule_quotes_its_message_is_one_line(quoted: str, reasons: list[str]) -> None:
    def check(facts: Facts) -> Iterator[Finding]:
        (subject,) = facts.world.targets
        yield facts.finding(
            ("RG999", "invented", Severity.NOTE), subject, subject.sites[0], f"it says {quoted} here", why=tuple(reasons)
        )

    repository = MemoryRepository((Commit({"Dockerfile": "FROM golang:1.24\n"}),))
    tree = repository.tree("HEAD")
    assert tree is not None
    (finding,) = judge(World((read_subject(repository, tree),)), (RULES[0]._replace(check=check),))
    assert finding.message.splitlines() == [finding.message]
    assert finding.message.split() == f"it says {quoted} here".split()
    assert all(len(reason.splitlines()) <= 1 for reason in finding.why)
    assert len(finding.why) == len(reasons)
