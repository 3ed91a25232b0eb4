"""What must hold before a release does anything: looked at whole, and told whole."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from relgraph.effects.environment import inherited
from relgraph.errors import EnvironmentFailure, Refused, RelgraphError
from relgraph.git.repository import GitRepository
from relgraph.git.state import private_folder, remote_tag, work_tree
from relgraph.model.finding import Finding, Severity
from relgraph.model.record import Record
from relgraph.oci.errors import NotFound
from relgraph.release.executors import Opener
from relgraph.release.prepare import Prepared, changed
from relgraph.verify import Request, verify

__all__ = ["preflight", "wrong"]


def preflight(
    prepared: Prepared, request: Request, open_store: Opener, record: Record | None, *, offline: bool = False
) -> list[str]:
    """Everything that forbids the release, one line each."""
    problems = _git(prepared, record, offline=offline)
    findings = wrong(prepared, request)
    problems += [
        f"verify: {finding.rule} {finding.place.path}:{finding.place.span.line}: {finding.message}" for finding in findings
    ]
    if prepared.scope.unbuilt:
        problems += [f"{node} is published and nothing builds it; say how in 'build'" for node in prepared.scope.unbuilt]
    problems += _tools(prepared)
    problems += _destinations(prepared.destinations, {unit.id: unit.part.tag for unit in prepared.scope.units}, open_store, record)
    return problems


def _git(prepared: Prepared, record: Record | None, *, offline: bool) -> list[str]:
    root = prepared.workspace.root
    release = prepared.scope.release
    subject = prepared.declared.subjects[prepared.repo.id]
    repository = subject.repository
    assert isinstance(repository, GitRepository)  # noqa: S101 - only real repositories are released
    problems: list[str] = []
    try:
        private_folder(root)
    except Refused as problem:
        problems.append(f"{problem} ({problem.hint})")
    top = work_tree(str(root))
    own = top is not None and top == _root_of(repository)
    left = changed(root, root) if top is not None else []
    if top is None:
        problems.append(
            f"{root} is in no git repository, so that nobody could tell by which graph it was released; commit it to one"
        )
    if left:
        problems.append(
            f"{left[0]} is changed or untracked; commit it or put it away"
            if len(left) == 1
            else f"{len(left)} files are changed or untracked, {left[0]} among them; commit them or put them away"
        )
    head = repository.tree("HEAD")
    if own and head is not None and head.rev != release.commit:
        problems.append(
            f"the graph and templates here are those of {head.rev[:12]}, not of {release.tag} ({release.commit[:12]}); check the tag out"
        )
    if record is not None and record.commit != release.commit:
        problems.append(f"{release.tag} has moved: it was released from {record.commit[:12]} and names {release.commit[:12]} now")
    if not offline:
        try:
            there = remote_tag(repository, release.tag)
        except EnvironmentFailure as problem:
            problems.append(f"the remote cannot be asked for {release.tag}: {problem}; --offline does without")
        else:
            if there == "":
                problems.append(f"{release.tag} is not on the remote; push it, or release with --offline")
            elif there is not None and there != release.commit:
                problems.append(f"{release.tag} is {there[:12]} on the remote and {release.commit[:12]} here; a tag must not move")
    return problems


def _tools(prepared: Prepared) -> list[str]:
    """Programs that builds need and that are not here."""
    path = inherited("PATH").get("PATH", os.defpath)
    users: dict[str, list[str]] = {}
    for node, one in sorted(prepared.planned.items()):
        for tool in one.recipe.tools:
            users.setdefault(tool, []).append(node)
    return [
        f"{tool} is not installed, and {', '.join(nodes)} cannot be built without it"
        for tool, nodes in users.items()
        if shutil.which(tool, path=path) is None
    ]


def _root_of(repository: GitRepository) -> Path | None:
    worktree = repository.location.worktree
    return Path(worktree).resolve() if worktree is not None else None


def wrong(prepared: Prepared, request: Request) -> list[Finding]:
    """Errors of verify in the repository that is released, and in the graph about what it publishes."""
    report = verify(prepared.workspace, request)
    repository = prepared.declared.subjects[prepared.repo.id].name
    homes = prepared.declared.homes
    return [
        finding
        for finding in report.findings
        if finding.severity is Severity.ERROR
        and (finding.place.repo == repository or homes.get(finding.node, finding.node) == prepared.repo.id)
    ]


@runtime_checkable
class _Writable(Protocol):
    """A repository that can say whether it may be pushed to, as those of registries can."""

    def check_writable(self) -> None: ...


def _destinations(destinations: Mapping[str, str], tags: Mapping[str, str], open_store: Opener, record: Record | None) -> list[str]:
    """Whether destinations answer and take what is pushed, with the credentials at hand, and what is published there already."""
    recorded = {item.node: item.digest for item in record.items} if record is not None else {}
    problems: list[str] = []
    for node, to in sorted(destinations.items()):
        try:
            repository = open_store(to)
            if isinstance(repository, _Writable):
                repository.check_writable()
            there = repository.resolve(tags[node])
        except NotFound:
            continue
        except RelgraphError as problem:
            problems.append(f"{to}: {problem}" + (f" ({problem.hint})" if problem.hint else ""))
            continue
        if node in recorded and there.digest != recorded[node]:
            problems.append(f"{to}:{tags[node]} is {there.digest}, but it was released as {recorded[node]}: somebody overwrote it")
    return problems
