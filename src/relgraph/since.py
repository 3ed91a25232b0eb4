"""What a change touches: the findings that were not there before it.

The workspace is judged twice: as asked, and with the named repositories (and the declaration) as they were where the change left the
named revision: at the newest commit that both hold, as a review shows it. What was found there already, by its fingerprint, is not
reported again unless it has become graver; whatever is left was caused by what changed, in its own files or elsewhere.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from relgraph.errors import DeclarationError, UsageError
from relgraph.git.folder import folder_at
from relgraph.git.repository import open_repository
from relgraph.git.target import Target, open_target
from relgraph.model.finding import Report
from relgraph.model.graph import Graph
from relgraph.model.repository import WORKTREE
from relgraph.verify import Request, Workspace, clone_of, revision_of, verify
from relgraph.workspace.load import graphs_of

__all__ = ["Earlier", "without"]


class Earlier:
    """The workspace as it was before a change, judged when first asked.

    ``since`` are revisions by repository name; ``""`` is the workspace's own repository, with its declaration. Raises UsageError for an
    unknown repository or revision.
    """

    def __init__(self, workspace: Workspace, request: Request, since: Iterable[tuple[str, str]]) -> None:
        self._workspace = workspace
        self._request = request
        self._since = tuple(since)
        self._report: Report | None = None
        #: What stood in the way of judging it, for the user; empty where nothing did.
        self.problem = ""

    @property
    def report(self) -> Report:
        """What was found then. Without a graph of that name, nothing was."""
        if self._report is None:
            revisions = dict(self._request.revisions)
            graph: Graph | None = self._workspace.graph
            for name, rev in self._since:
                base = self._base(name, rev)
                revisions[name] = base
                if not name:
                    graph = self._declared(base)
            then = None if graph is None else verify(Workspace(self._workspace.root, graph), self._asked(graph, revisions))
            self._report = Report(()) if then is None else then
        return self._report

    def _asked(self, graph: Graph, revisions: Mapping[str, str]) -> Request:
        # A repository that the graph did not declare then is not asked for.
        known = {node.name for node in graph.nodes.values() if node.kind == "repo"}
        return self._request._replace(revisions=tuple((name, rev) for name, rev in revisions.items() if not name or name in known))

    def _base(self, name: str, rev: str) -> str:
        """The id of the commit where the judged revision and the named one parted."""
        workspace, request = self._workspace, self._request
        if name:
            node = workspace.graph.nodes.get(f"repos.{name}")
            if node is None:
                raise UsageError(f"--since {name}={rev}: the graph has no repository '{name}'")
            path = clone_of(workspace, node, request)
            if path is None:
                raise UsageError(f"--since {name}={rev}: {node.id} has no clone here")
            judged = revision_of(workspace, node, path, request)
        else:
            path, judged = workspace.root, dict(request.revisions).get("")
            if not _in_repository(path):
                raise UsageError(
                    f"--since {rev}: the workspace {path} is in no git repository",
                    hint="name one that it declares: --since NAME=REV",
                )
        repository, tree = open_target(Target(str(path), rev), as_of=request.as_of)
        with repository:
            judged = judged or (WORKTREE if repository.has_worktree and request.as_of is None else "HEAD")
            return repository.merge_base(tree.rev, judged) or tree.rev

    def _declared(self, base: str) -> Graph | None:
        """The graph as it was declared at a commit of the workspace's own repository; None where there was none that can be read."""
        root, name = self._workspace.root, self._workspace.graph.name
        try:
            graph = graphs_of(folder_at(root / "graph", base) or {}).get(name)
        except DeclarationError as problem:
            self.problem = f"the declaration of {base[:12]} cannot be read ({problem}), so all findings count as new"
            return None
        if graph is None:
            self.problem = f"there was no graph '{name}' at {base[:12]}, so all findings count as new"
        return graph


def without(report: Report, earlier: Report) -> Report:
    """The findings that the earlier report has not, or has as less grave; of equal fingerprints, as many as there are more."""
    known = Counter(finding.fingerprint for finding in earlier.findings)
    gravest: dict[str, int] = {}
    for finding in earlier.findings:
        gravest[finding.fingerprint] = min(finding.severity.rank, gravest.get(finding.fingerprint, finding.severity.rank))
    new = []
    for finding in report.findings:
        if known[finding.fingerprint] > 0 and gravest[finding.fingerprint] <= finding.severity.rank:
            known[finding.fingerprint] -= 1
        else:
            new.append(finding)
    return report._replace(findings=tuple(new))


def _in_repository(path: Path) -> bool:
    try:
        open_repository(str(path)).close()
    except UsageError:
        return False
    return True
