"""Plans as bytes for the cache."""

import marshal

from relgraph.derive.world import Derivation, World
from relgraph.engine.prepare import Prepared
from relgraph.model.plan import Plan, Step

__all__ = ["dump_worlds", "load_worlds"]


def dump_worlds(world: World) -> bytes:
    """What a workspace derives, as bytes."""
    rows = []
    for one in world.derivations:
        prepared = one.prepared
        plan = (prepared.plan.name, prepared.plan.root, [tuple(step) for step in prepared.plan.steps])
        rows.append((one.repo, one.root, one.each, one.found, (plan, *prepared[1:]), one.places, one.repeated))
    return marshal.dumps((world.graph, rows, world.missing))


def load_worlds(data: bytes) -> World | None:
    """The value of :func:`dump_worlds`; None where the bytes are of another form."""
    try:
        graph, rows, missing = marshal.loads(data)  # noqa: S302 - behind a checksum, in the user's own file
        make = Step._make
        derivations = []
        for repo, root, each, found, ((name, folder, steps), *rest), places, repeated in rows:
            prepared = Prepared(Plan(name, folder, tuple(map(make, steps))), *rest)
            derivations.append(Derivation(repo, root, each, found, prepared, places, repeated))
        return World(graph, tuple(derivations), missing)
    except (EOFError, ValueError, TypeError):
        return None
