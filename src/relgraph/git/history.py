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
    output = repository.location.git.run("log", "--no-merges", f"--max-count={_MOST}", "-z", "--format=%H %s", span, "--")
    # Only NUL cannot be in a message; other ends of lines can.
    rows = (row.partition(" ") for row in output.decode("utf-8", "surrogateescape").split("\0"))
    return tuple(Change(commit, subject) for commit, _, subject in rows if commit)
