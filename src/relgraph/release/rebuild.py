"""What is published against a build of the same commit now: by digest, and where that differs, file by file.

The build follows the declaration of that commit: where the workspace lies in the repository that is released, its graph and templates are
read there. Elsewhere today's are taken, and what they make of another recipe than the recorded one says nothing.
"""

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self

from relgraph.effects.environment import inherited
from relgraph.engine.executor import Job
from relgraph.engine.run import run_plan
from relgraph.errors import DeclarationError, EnvironmentFailure, RelgraphError
from relgraph.git.folder import folder_at
from relgraph.git.state import work_tree
from relgraph.model.plan import Facts, Step
from relgraph.model.record import Item, Record
from relgraph.oci.codecs.helm import CONTENT, MAX_CHART, package_files
from relgraph.oci.digest import Digest
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Document, Manifest
from relgraph.oci.storage import ReadOnlyRepository, read_blob
from relgraph.release.destinations import layout_name
from relgraph.release.executors import Build
from relgraph.release.prepare import Prepared, Wish, prepare
from relgraph.release.steps import deep_keys
from relgraph.verify import Request, Workspace, clone_of
from relgraph.workspace.load import graphs_of

__all__ = ["Rebuilder"]

#: Builders whose results follow from their inputs alone.
_PURE = ("helm", "bundle")
_SHOWN = 5


class _Made(NamedTuple):
    """What a build came to, what decided it, and whether the declaration is that of the release."""

    digest: str
    key: str
    own: bool


class _OrRecorded:
    """Builds what follows from its inputs; of the rest, the digest that was recorded."""

    def __init__(self, build: Build, prepared: Prepared, recorded: Mapping[str, Item]) -> None:
        self._build = build
        self._prepared = prepared
        self._recorded = recorded

    def run(self, job: Job) -> Facts:
        node = job.step.node
        if self._prepared.planned[node].unit.builder in _PURE:
            return self._build.run(job)
        if node not in self._recorded:
            raise EnvironmentFailure(f"{node}: it cannot be built the same again, and no record says its digest")
        item = self._recorded[node]
        return {"digest": item.digest, "mediaType": item.media_type, "size": "0"}

    def intact(self, step: Step, facts: Facts) -> bool:  # noqa: ARG002 - nothing is kept
        return False


class Rebuilder:
    """Builds each release once, in a folder of its own, and compares. Use it as a context; it is asked from one thread at a time."""

    def __init__(self, workspace: Workspace, request: Request) -> None:
        self._workspace = workspace
        self._request = request
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="relgraph-rebuild-")))
        self._made: dict[tuple[str, str], tuple[Layout, Mapping[str, _Made]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def differs(
        self, repo: str, tag: str, record: Record | None, item: Item, document: Document, published: ReadOnlyRepository
    ) -> str:
        """How a published artifact differs from a build of its tag; empty where it does not, or where that cannot be told."""
        layout, made = self._release(repo, tag, record)
        ours = made.get(item.node)
        if ours is None or not ours.digest or ours.digest == str(document.digest):
            return ""
        local = LocalRepository(layout, layout_name(item.reference))
        theirs, mine = _files(published, document), _files(local, layout.document(Digest(ours.digest)))
        # Packed by another program, or an earlier relgraph: the same files are the same, and layers cannot be compared.
        if item.key != ours.key and (not ours.own or theirs is None or mine is None or theirs == mine):
            return ""
        files = _difference(theirs, mine)
        return f"a build of {tag} comes to {ours.digest}" + (f": {files}" if files else "")

    def _release(self, repo: str, tag: str, record: Record | None) -> tuple[Layout, Mapping[str, _Made]]:
        key = (repo, tag)
        if key not in self._made:
            folder = self._folder / f"{len(self._made)}"
            folder.mkdir()
            layout = Layout(folder / "store", create=True)
            try:
                self._made[key] = layout, self._build(repo, tag, record, folder, layout)
            except RelgraphError:
                self._made[key] = layout, {}  # a release that this program cannot build has nothing to be compared with
        return self._made[key]

    def _build(self, repo: str, tag: str, record: Record | None, folder: Path, layout: Layout) -> Mapping[str, _Made]:
        recorded = {item.node: item for item in record.items} if record is not None else {}
        workspace, request, templates = self._workspace, self._request, None
        own = self._is_own(repo)
        if own:
            graph = graphs_of(folder_at(workspace.root / "graph", tag) or {}).get(workspace.graph.name)
            if graph is None:
                return {}  # nothing said then how it is built
            templates = folder_at(workspace.root / "templates", tag)
            workspace = Workspace(workspace.root, graph)
            request = request._replace(
                revisions=tuple((name, rev) for name, rev in request.revisions if f"repos.{name}" in graph.nodes)
            )
        with ExitStack() as stack:
            prepared = prepare(workspace, request, Wish(repo=repo, tag=tag, recorded=record), stack, templates)
            executor = _OrRecorded(Build(prepared.planned, layout, prepared.export), prepared, recorded)
            outcome = run_plan(
                prepared.plan, {"build": executor}, state=folder / "state", workers=1, keep_going=True, environment=inherited("*")
            )
        pure = {node for node, one in prepared.planned.items() if one.unit.builder in _PURE}
        keys = deep_keys(prepared.plan)
        return {node: _Made(outcome.results[f"build {node}"].facts.get("digest", ""), keys[node], own) for node in pure}

    def _is_own(self, repo: str) -> bool:
        """Whether the workspace lies in the work tree of a repository (by name)."""
        node = self._workspace.graph.nodes[f"repos.{repo}"]
        path = clone_of(self._workspace, node, self._request)
        top = work_tree(str(self._workspace.root))
        return top is not None and path is not None and path.resolve() == top


def _files(repository: ReadOnlyRepository, document: Document) -> dict[str, bytes] | None:
    """The files of a chart by path; None for other things."""
    if not isinstance(document, Manifest):
        return None
    layer = next((layer for layer in document.layers if layer.media_type == CONTENT), None)
    if layer is None:
        return None
    try:
        return package_files(read_blob(repository, layer, limit=MAX_CHART))
    except DeclarationError:
        return {}


def _difference(theirs: Mapping[str, bytes] | None, ours: Mapping[str, bytes] | None) -> str:
    if theirs is None or ours is None:
        return "its layers or its config differ"
    differing = sorted(path for path in theirs.keys() | ours.keys() if theirs.get(path) != ours.get(path))
    if not differing:
        return ""
    more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
    return f"{', '.join(differing[:_SHOWN])}{more} differ{'s' if len(differing) == 1 else ''}"
