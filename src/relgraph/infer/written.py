"""References by who writes them: the node whose file they stand in, and the node that they may be to."""

from collections.abc import Iterator
from heapq import merge
from operator import itemgetter

from relgraph.infer.declared import Declared, matches, patterns_of
from relgraph.infer.facts import Facts
from relgraph.infer.references import Reference
from relgraph.model.graph import Node
from relgraph.model.site import Kind, Site

__all__ = ["Written"]


class Written:
    """An index over all references of a declared world, made in one pass.

    A reference that names a published artifact is to that node. Any other is to whatever draws from its version line: the repository,
    and what is built from it; but files of a repository are meant only where their path is named.
    """

    def __init__(self, facts: Facts, declared: Declared) -> None:
        self._declared = declared
        self._artifacts: dict[tuple[str, str], list[tuple[int, Reference]]] = {}
        self._lines: dict[tuple[str, str], list[tuple[int, Reference]]] = {}
        for position, one in enumerate(facts.references):
            direct = declared.artifact(one.site)
            index, key = (self._lines, one.line) if direct is None else (self._artifacts, direct.id)
            for owner in declared.owners(one.subject, one.site.path):
                index.setdefault((owner.id, key), []).append((position, one))

    def references(self, tail: str, head: str) -> Iterator[Reference]:
        """The references to ``head`` in the files of ``tail`` (both node ids), in order of place."""
        node = self._declared.graph.nodes[head]
        line = self._lines.get((tail, self._declared.line(node)), ())
        named = self._artifacts.get((tail, head), ())
        for _, one in merge(named, (row for row in line if _may_name(row[1].site, node)), key=itemgetter(0)):
            yield one


def _may_name(site: Site, head: Node) -> bool:
    patterns = () if head.ref else patterns_of(head)
    if not patterns:
        return True
    return site.kind is Kind.GIT and any(matches(pattern, site.get("path")) for pattern in patterns)
