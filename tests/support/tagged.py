"""Small workspaces of a test's own: a repository with a graph, tagged."""

from collections.abc import Mapping
from pathlib import Path

from releases import git

__all__ = ["TO", "add", "workspace"]

#: Where their releases go, from a workspace at the root of its repository.
TO = "layout:../published"

_HEAD = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: work}
repos:
  work: {url: "https://git.example/acme/work", path: ".", records: registry.example/acme/releases}
"""


def workspace(folder: Path, graph: str, files: Mapping[str, str], *, tag: str = "v1.0.0", head: str = _HEAD) -> Path:
    """A repository ``work`` with these files and nodes, committed and tagged; its folder."""
    root = folder / "work"
    root.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    add(root, {"graph/work.yaml": head + graph, ".gitignore": ".relgraph/\n", **files}, tag=tag)
    return root


def add(root: Path, files: Mapping[str, str], *, tag: str = "", message: str = "Change") -> None:
    """Commit these files, a second after the commit before."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "add", "--all")
    count = len(git(root, "rev-list", "--all").splitlines())
    git(root, "commit", "-qm", message, "--allow-empty", environment={"GIT_COMMITTER_DATE": f"{1_770_000_000 + count} +0000"})
    if tag:
        git(root, "tag", tag)
