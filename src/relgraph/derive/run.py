"""Making derived files again, only what changed."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from relgraph.derive.executor import Derive
from relgraph.derive.opening import Opened
from relgraph.derive.world import ACTION, Derivation
from relgraph.engine.events import QUIET, Watch
from relgraph.engine.outcome import Outcome, Remote
from relgraph.engine.run import run_plan

if TYPE_CHECKING:
    from relgraph.engine.preview import Foreseen

__all__ = ["derive", "foresee", "state_of"]

# Builds and releases keep their steps in the same state.
_OWN = f"{ACTION} "


def derive(
    opened: Opened,
    only: Mapping[str, Collection[str]] | None,
    *,
    environment: Mapping[str, str],
    jobs: int,
    keep_going: bool = False,
    watch: Watch = QUIET,
    remote: Remote | None = None,
) -> list[tuple[Derivation, Outcome]]:
    """Bring derived files up to date, repository after repository; ``only`` are the ids of the steps that are wanted, by repository.

    ``remote`` is a cache that several machines share.

    Ends with the first repository in which something failed, unless ``keep_going``. Raises as :func:`~relgraph.engine.run.run_plan` does.
    """
    outcomes = []
    for derivation in opened.world.derivations:
        if only is not None and derivation.repo not in only:
            continue
        executor = Derive()
        try:
            outcome = run_plan(
                derivation.prepared,
                {ACTION: executor},
                state=state_of(opened.root, derivation),
                workers=jobs,
                environment=environment,
                keep_going=keep_going,
                only=() if only is None else only[derivation.repo],
                watch=watch,
                remote=remote,
                owns=_OWN,
            )
        finally:
            executor.close()
        outcomes.append((derivation, outcome))
        if outcome.interrupted or (not outcome.ok and not keep_going):
            break
    return outcomes


def foresee(
    opened: Opened, only: Mapping[str, Collection[str]] | None, *, environment: Mapping[str, str], watch: Watch = QUIET
) -> "list[tuple[Derivation, Foreseen]]":
    """What :func:`derive` would do, step by step; nothing is changed."""
    from relgraph.engine.preview import preview

    found = []
    for derivation in opened.world.derivations:
        if only is None or derivation.repo in only:
            steps = preview(
                derivation.prepared,
                {ACTION: Derive()},
                state=state_of(opened.root, derivation),
                environment=environment,
                only=() if only is None else only[derivation.repo],
                watch=watch,
                owns=_OWN,
            )
            found += [(derivation, one) for one in steps]
    return found


def state_of(root: Path, derivation: Derivation) -> Path:
    """Where the engine keeps what it knows of a repository's derived files: with the workspace."""
    own = Path(derivation.root) == root or Path(derivation.root) in root.parents
    return root / ".relgraph" if own else root / ".relgraph" / "repos" / derivation.repo.partition(".")[2]
