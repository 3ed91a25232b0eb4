"""What a release asks of git besides content: whether anything is uncommitted, and what a tag is on the remote."""

import os
import re
from pathlib import Path

from relgraph.effects import process
from relgraph.effects.environment import inherited
from relgraph.errors import EnvironmentFailure, Refused
from relgraph.git.command import Git
from relgraph.git.repository import GitRepository

__all__ = ["changed_files", "private_folder", "remote_tag", "work_tree"]

_LIMIT = 60.0
# What stands before the host of an address: a name, and perhaps a token.
_USER = re.compile(r"//[^/\s@]+@")


def changed_files(folder: str) -> list[str]:
    """Paths, from the root of the work tree, that differ from the last commit or are untracked and not ignored.

    Raises EnvironmentFailure where the folder is in no repository.
    """
    output = Git(folder).run("status", "--porcelain=v1", "-z", "--untracked-files=all", "--ignore-submodules=none", "--no-renames")
    return [record[3:].decode("utf-8", "surrogateescape") for record in output.split(b"\0") if record]


def work_tree(folder: str) -> Path | None:
    """The top of the work tree that a folder lies in, links resolved; None where it lies in none."""
    try:
        return Path(os.fsdecode(Git(folder).run("rev-parse", "--show-toplevel").removesuffix(b"\n"))).resolve()
    except EnvironmentFailure:
        return None


def private_folder(root: Path) -> Path:
    """The folder below ``root`` for what runs leave on this machine, which need not be there yet.

    Raises Refused where it came with the repository: what lies in it is taken for what was built here.
    """
    folder = root / ".relgraph"
    if folder.is_symlink():
        raise Refused(f"{folder} is a link to elsewhere", hint="remove it: that folder is for what relgraph keeps on this machine")
    try:
        tracked = Git(str(root)).run("ls-files", "-z", "--", folder.name) if folder.exists() else b""
    except EnvironmentFailure:
        tracked = b""  # it lies in no repository
    if tracked:
        first = tracked.partition(b"\0")[0].decode("utf-8", "replace")
        raise Refused(f"{first} is in git, and would be taken for what was built here", hint="git rm -r .relgraph, and commit")
    return folder


def remote_tag(repository: GitRepository, tag: str) -> str | None:
    """The commit that the first remote (``origin``, where there is one) has under a tag; empty where it has none, None without a remote.

    The one place where git speaks to the network: with the user's own configuration and credentials, and no prompt. Raises
    EnvironmentFailure.
    """
    git = repository.location.git
    names = git.run("remote").decode("utf-8", "replace").split()
    if not names:
        return None
    remote = "origin" if "origin" in names else names[0]
    environment = inherited("*") | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_ASKPASS": "", "SSH_ASKPASS": ""}
    environment.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
    done = process.run(
        ("git", "-c", "protocol.ext.allow=never", "ls-remote", "--tags", "--", remote, f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}"),
        env=environment,
        cwd=git.folder,
        limit=_LIMIT,
    )
    if done.status:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = _USER.sub("//", said[-1]) if said else f"exit status {done.status}"
        raise EnvironmentFailure(f"git ls-remote {remote}: {why}")
    found: dict[str, str] = {}
    for line in os.fsdecode(done.stdout).splitlines():
        commit, _, ref = line.partition("\t")
        found[ref] = commit
    return found.get(f"refs/tags/{tag}^{{}}") or found.get(f"refs/tags/{tag}", "")
