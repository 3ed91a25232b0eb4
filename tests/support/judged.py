"""What a rule says of a small world."""

from collections.abc import Mapping, Sequence
from datetime import date

from relgraph.git.memory import MemoryRepository
from relgraph.infer.facts import Facts
from relgraph.judging import judge
from relgraph.model.finding import Finding
from relgraph.model.world import Subject, World
from relgraph.reading import read_subject
from relgraph.rules.rule import Commit, Rule

__all__ = ["facts_of", "findings", "of_files", "subject_of", "world_of"]


def subject_of(commits: Sequence[Commit], *, name: str = "platform", read: bool = True, as_of: date | None = None) -> Subject:
    """The last commit (until a day) of a repository called ``github.com/example/NAME``."""
    repository = MemoryRepository(commits, name=name, as_of=as_of)
    tree = repository.tree("HEAD")
    assert tree is not None
    return read_subject(repository, tree) if read else Subject(repository, tree)


def world_of(
    commits: Sequence[Commit], siblings: Mapping[str, Sequence[Commit]] | None = None, *, as_of: date | None = None
) -> World:
    """One judged repository and its siblings."""
    lenders = tuple(subject_of(history, name=name, read=False, as_of=as_of) for name, history in (siblings or {}).items())
    return World((subject_of(commits, as_of=as_of),), lenders)


def facts_of(commits: Sequence[Commit], siblings: Mapping[str, Sequence[Commit]] | None = None) -> Facts:
    """The facts of such a world."""
    return Facts(world_of(commits, siblings))


def findings(
    rule: Rule, commits: Sequence[Commit], siblings: Mapping[str, Sequence[Commit]] | None = None, *, as_of: date | None = None
) -> list[Finding]:
    """What a rule says of such a world, in order of place."""
    return [one for one in judge(world_of(commits, siblings, as_of=as_of), (rule,)) if one.rule == rule.code]


def of_files(rule: Rule, files: dict[str, str], siblings: Mapping[str, Sequence[Commit]] | None = None) -> list[Finding]:
    """What a rule says of one commit with these files."""
    return findings(rule, (Commit(files),), siblings)
