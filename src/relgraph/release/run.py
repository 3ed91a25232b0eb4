"""A plan of builds and releases, run: executors, store and state put together."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from relgraph.effects.environment import inherited
from relgraph.engine.events import QUIET, Watch
from relgraph.engine.executor import Executor, Job
from relgraph.engine.outcome import Outcome
from relgraph.engine.preview import Foreseen, preview
from relgraph.engine.run import run_plan
from relgraph.errors import RelgraphError
from relgraph.git.state import private_folder
from relgraph.model.plan import Facts, Step
from relgraph.model.record import Record
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.layout import Layout
from relgraph.oci.reference import LayoutReference
from relgraph.oci.stores import Stores
from relgraph.release.destinations import destination, layout_name
from relgraph.release.executors import Build, Check, Move, Name, Opener, Push, opener, stored
from relgraph.release.prepare import Prepared
from relgraph.release.recording import Keep, fetch_record, record_home, record_tag
from relgraph.release.signing import Sign, Signer
from relgraph.release.steps import deep_keys
from relgraph.workspace.record import find_record

__all__ = ["Ran", "Settings", "executors_of", "foresee", "is_released", "known_record", "run"]


class Settings(NamedTuple):
    """How a run is carried out; ``cache`` is the repository of a shared cache, or empty."""

    workers: int = 4
    keep_going: bool = False
    watch: Watch = QUIET
    cache: str = ""
    cache_read_only: bool = False


class Ran(NamedTuple):
    """What came of a run: the engine's outcome, the exit status that it stands for, and what may be done about the first failure."""

    outcome: Outcome
    status: int
    hint: str


def executors_of(
    prepared: Prepared, open_store: Opener, store: Layout, *, to: str, signer: Signer | None, workers: int
) -> dict[str, Executor]:
    """What carries out the steps of a release's plan."""
    planned = prepared.planned
    names = {node: layout_name(one.unit.part.reference) for node, one in planned.items()}
    home = record_home(prepared.workspace.graph, prepared.repo.id)
    found: dict[str, Executor] = {
        "build": Build(planned, store, prepared.export, open_store),
        "check": Check(open_store, planned),
        "push": Push(open_store, store, names, workers),
        "tag": Name(open_store),
        "move": Move(open_store, planned),
        "record": Keep(
            open_store,
            prepared.scope,
            planned,
            graph=prepared.workspace.graph,
            version=prepared.version,
            root=prepared.workspace.root,
            home=home,
            home_at=str(destination(home, to)) if home else "",
            keys=deep_keys(prepared.plan),
            signer=signer,
        ),
    }
    if signer is not None:
        sources = {node.id: node.ref for node in prepared.workspace.graph.nodes.values() if node.kind == "repo"}
        found["sign"] = Sign(open_store, planned, signer, sources)
    return found


def run(prepared: Prepared, stores: Stores, settings: Settings, *, to: str = "", signer: Signer | None = None) -> Ran:
    """Carry the plan out. Raises what the engine raises; a step that fails is part of the outcome."""
    root = prepared.workspace.root
    state = private_folder(root)
    store = Layout(state / "store", create=True)
    open_store = opener(stores)
    executors = executors_of(prepared, open_store, store, to=to, signer=signer, workers=settings.workers)
    remote = None
    if settings.cache:
        from relgraph.release.sharing import SharedCache  # noqa: PLC0415 - most runs share nothing

        key = signer.key if signer is not None else None
        remote = SharedCache(open_store(settings.cache), store, key=key, read_only=settings.cache_read_only)
    outcome = run_plan(
        prepared.plan,
        executors,
        state=state,
        workers=settings.workers,
        keep_going=settings.keep_going,
        watch=settings.watch,
        environment=inherited("*"),
        remote=remote,
    )
    first = outcome.results.get(outcome.first_failed)
    return Ran(outcome, outcome.status, first.hint if first is not None else "")


class _Kept:
    """What a forecast asks of builds: whether what they made before is still in the store. It carries out nothing."""

    def __init__(self, store: Layout | None) -> None:
        self._store = store

    def run(self, job: Job) -> Facts:
        raise NotImplementedError(job.step.id)

    def intact(self, step: Step, facts: Facts) -> bool:  # noqa: ARG002 - found by digest
        return self._store is not None and stored(self._store, facts)


def foresee(prepared: Prepared) -> tuple[Foreseen, ...]:
    """What :func:`run` would do, step by step; nothing is written. Steps on destinations are always carried out."""
    folder = private_folder(prepared.workspace.root)
    kept = _Kept(Layout(folder / "store") if (folder / "store" / "oci-layout").exists() else None)
    actions = {step.action for step in prepared.plan.steps}
    return preview(prepared.plan, dict.fromkeys(actions, kept), state=folder, environment=inherited("*"))


def known_record(
    root: Path, repo: str, version: str, home: str, open_store: Opener, *, to: str = "", signer: Signer | None = None
) -> Record | None:
    """The record of a release: the workspace's, else the one beside what was published; None where it was never released.

    ``home`` is the repository of the records, as declared. With a signer, a record of a registry counts only where that key signed it.
    """
    found = find_record(root, repo, version)
    if found is not None or not home:
        return found
    place = destination(home, to)
    if isinstance(place, LayoutReference) and not Path(place.path, "oci-layout").exists():
        return None
    repository = open_store(str(place))

    def trusts(made: Descriptor, tag: str) -> bool:
        return signer is None or signer.signed(repository, made, home, tag)

    return fetch_record(repository, repo, version, trusts)


def is_released(record: Record, published: Mapping[str, str], open_store: Opener, *, home_at: str) -> bool:
    """Whether everything that is to be published (destinations by node id) is there as it was recorded, and the record too: one request each.

    The record is what a release pushes last; where it is missing, something before it may be.
    """
    items = {item.node: item for item in record.items}
    if items.keys() != published.keys():
        return False
    try:
        open_store(home_at).resolve(record_tag(record.repo, record.version))
        return all(str(open_store(to).resolve(items[node].tag).digest) == items[node].digest for node, to in published.items())
    except RelgraphError:
        return False  # what is wrong there is told before anything is done
