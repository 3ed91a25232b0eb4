"""Commits as a changelog lists them, whatever their messages hold."""

from pathlib import Path

from releases import git
from relgraph.git.history import changes
from relgraph.git.repository import open_repository


def test_a_message_cannot_make_another_commit_of_itself(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    subjects = ["First", "evil\x0bvertical\x0cfeed\x1crecord\x85next\u2028line", "caf\u00e9 2"]
    for subject in subjects:
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", subject)
    with open_repository(str(tmp_path)) as repository:
        head, first = git(tmp_path, "rev-parse", "HEAD"), git(tmp_path, "rev-list", "--max-parents=0", "HEAD")
        found = changes(repository, "", head)
        assert [change.subject for change in found] == subjects[::-1]
        assert [change.commit for change in found] == git(tmp_path, "rev-list", "HEAD").split()
        assert changes(repository, first, head) == found[:2]
