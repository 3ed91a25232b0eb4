"""What a rule is: a code, a severity by nature, a page, examples that must pass and fail, and a pure function."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from relgraph.infer.facts import Facts
from relgraph.model.example import Commit
from relgraph.model.finding import Finding, Severity
from relgraph.model.published import NOTHING_LOOKED_AT, Published

__all__ = ["Commit", "Example", "Rule"]


class Example(NamedTuple):
    """A small world: commits of the judged repository, oldest first, and those of its siblings by name.

    The judged revision is the last commit. ``address`` of a repository called NAME is ``github.com/example/NAME``; the
    judged one is called ``platform``. With ``graph``, a graph document, the declared repositories of those names are judged by it, and with
    what ``published`` says of their releases.
    """

    commits: tuple[Commit, ...]
    siblings: Mapping[str, tuple[Commit, ...]] = MappingProxyType({})
    graph: str = ""
    published: Published = NOTHING_LOOKED_AT


class Rule(NamedTuple):
    """One rule.

    ``check`` is called once a run and yields findings for the targets only. ``passing`` holds worlds where the rule says
    nothing, ``failing`` worlds where it reports at least once; tests run both.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    explanation: str
    check: Callable[[Facts], Iterable[Finding]]
    failing: tuple[Example, ...]
    passing: tuple[Example, ...]
