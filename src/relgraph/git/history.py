"""Commits between two revisions, as a changelog lists them."""

from typing import NamedTuple

from relgraph.git.repository import GitRepository

__all__ = ["Change", "changes"]

_MOST = 1000


class Change(NamedTuple):
    """A commit: its full id, and the first line of its message."""

    commit: str
    subject: str


def changes(repository: GitRepository, since: str, until: str) -> tuple[Change, ...]:
    """Commits that ``until`` has and ``since`` (a commit id or empty) has not, newest first, merges left out; at most 1,000.

    Both are full commit ids. Raises EnvironmentFailure where git fails.
    """
    span = f"{since}..{until}" if since else until
    output = repository.location.git.run("log", "--no-merges", f"--max-count={_MOST}", "--format=%H%x00%s", span, "--")
    lines = (line.partition("\0") for line in output.decode("utf-8", "replace").splitlines())
    return tuple(Change(commit, subject) for commit, _, subject in lines if commit)
