"""What is said of a release: its notes, from records and git, and who has to follow."""

from relgraph.errors import DeclarationError
from relgraph.git.history import changes
from relgraph.git.repository import GitRepository
from relgraph.graph.impact import impact
from relgraph.infer.standing import Release, releases
from relgraph.model.graph import EdgeKind
from relgraph.model.record import Record
from relgraph.release.notes import notes
from relgraph.release.prepare import Prepared
from relgraph.workspace.record import find_record

__all__ = ["announce", "dependants"]


def announce(prepared: Prepared, record: Record) -> str:
    """The notes of a release that is recorded, as Markdown."""
    repository = prepared.declared.subjects[prepared.repo.id].repository
    assert isinstance(repository, GitRepository)  # noqa: S101 - only real repositories are released
    earlier = _earlier(prepared)
    before: Record | None = None
    for release in reversed(earlier):
        try:
            before = find_record(prepared.workspace.root, prepared.repo.name, release.version.bare)
        except DeclarationError:
            before = None
        if before is not None:
            break
    since = before.commit if before is not None else earlier[-1].tag.commit if earlier else ""
    own = {node for node, repo in prepared.declared.homes.items() if repo == prepared.repo.id}
    titles = {node.id: str(node.get("title") or "") for node in prepared.workspace.graph.nodes.values()}
    return notes(record, before, changes(repository, since, record.commit), dependants(prepared), titles, own)


def dependants(prepared: Prepared) -> dict[str, list[str]]:
    """Nodes of other repositories that name what was released, by repository: each needs a new reference, in this order."""
    homes = prepared.declared.homes
    found: dict[str, list[str]] = {}
    for step in impact(prepared.workspace.graph, prepared.repo.id):
        home = homes.get(step.node, step.node)
        if home != prepared.repo.id and step.edge.kind is not EdgeKind.BUILDS_FROM:
            found.setdefault(prepared.workspace.graph.nodes[home].name, []).append(step.node)
    return found


def _earlier(prepared: Prepared) -> list[Release]:
    """Releases before this one, oldest first, whose commits it contains."""
    subject = prepared.declared.subjects[prepared.repo.id]
    known = releases(prepared.repo, subject)
    at = next((number for number, one in enumerate(known) if one.tag.name == prepared.scope.release.tag), len(known))
    contained = subject.repository.ancestors(subject.rev)
    return [one for one in known[:at] if one.tag.name in contained and one.tag.commit != subject.rev]
