"""RG619: a node's files are not in its repository."""

import re
from collections.abc import Collection, Iterator

from relgraph.infer.declared import matches
from relgraph.infer.facts import Facts
from relgraph.model.finding import Finding, Severity
from relgraph.model.repository import WORKTREE
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit, Example, Rule
from relgraph.rules.undeclared_artifact import GRAPH

__all__ = ["RULE"]

_CODE, _NAME = "RG619", "declared-files"
_FIXED = re.compile(r"[^*?\[{]*")


def _check(facts: Facts) -> Iterator[Finding]:
    declared = facts.declared
    if declared is None:
        return
    for node in declared.graph.nodes.values():
        home = declared.homes.get(node.id, "")
        subject = declared.subjects.get(home)
        if subject is None or node.kind in ("repo", "derived"):
            continue
        patterns = (*node.paths, *((node.source,) if node.source else ()))
        for pattern in patterns:
            if not _is_there(subject, pattern.strip("/")):
                yield facts.declared_finding(
                    (_CODE, _NAME, Severity.WARNING),
                    node.origin,
                    f"{subject.name} has no file {pattern}",
                    node=node.id,
                    actual=pattern,
                    why=(f"{node.id} is declared to consist of it", "what is not found is not checked"),
                )


def _is_there(subject: Subject, pattern: str) -> bool:
    """Whether a path or pattern names a file; also where that is only so today, and the repository is looked at as it was before."""
    if _names(subject.tree.entries, pattern):
        return True
    trees = (subject.repository.tree(rev) for rev in (WORKTREE, "HEAD") if rev != subject.rev)
    return any(tree is not None and _names(tree.entries, pattern) for tree in trees)


def _names(entries: Collection[str], pattern: str) -> bool:
    if pattern in ("", ".") or pattern in entries:
        return True
    fixed = _FIXED.match(pattern)
    start = pattern if fixed is None else fixed[0]
    return any(path.startswith(start) and matches(pattern, path) for path in entries)


RULE = Rule(
    _CODE,
    _NAME,
    Severity.WARNING,
    "the files that a node is declared to have do not exist",
    """
    The graph says which files a node consists of, by a folder (`source`) or by patterns (`paths`), and the repository has none such:
    they were moved or removed, or the name is misspelt. References in them are then nobody's, and what the node uses is not checked.

    What to do: correct the path, or remove the node.
    """,
    _check,
    failing=(
        Example(
            (Commit({"go.mod": "module github.com/example/platform\n", "docs/a.md": "A\n"}, tags=("v0.1.0",)),),
            graph=GRAPH.format(more="files: {docs: {from: platform, paths: [doc/**]}}"),
        ),
    ),
    passing=(
        Example(
            (Commit({"go.mod": "module github.com/example/platform\n", "docs/a.md": "A\n"}, tags=("v0.1.0",)),),
            graph=GRAPH.format(more="files: {docs: {from: platform, paths: [docs/**]}}"),
        ),
    ),
)
