"""From a graph and the repositories at hand to facts: versions are read from tags and propagated once."""

from collections.abc import Mapping
from datetime import date

from relgraph.graph.propagate import RepoState, propagate
from relgraph.infer.declared import Declared
from relgraph.infer.facts import Facts
from relgraph.infer.standing import standing
from relgraph.model.graph import Graph
from relgraph.model.published import NOTHING_LOOKED_AT, Published
from relgraph.model.world import Subject, World

__all__ = ["declare"]


def declare(
    graph: Graph,
    subjects: Mapping[str, Subject],
    external: Mapping[str, Subject],
    *,
    today: date | None = None,
    published: Published = NOTHING_LOOKED_AT,
) -> Facts:
    """The facts of a declared world: ``subjects`` (by node id) are judged, ``external`` ones lend their tags. Waivers hold until ``today``."""
    everyone = {**subjects, **external}
    states: dict[str, RepoState] = {}
    for node in graph.nodes.values():
        if node.kind == "repo":
            subject = everyone.get(node.id)
            # Whatever has no clone and is no neighbour's was refused before; what is left began later.
            absent = RepoState(
                None, f"{node.name} {'is external and has no clone here' if node.get('external') else 'has no commits then'}"
            )
            states[node.id] = absent if subject is None else standing(node, subject)
    declared = Declared(graph, propagate(graph, states), everyone, today, published)
    return Facts(World(tuple(subjects.values()), tuple(external.values())), declared)
