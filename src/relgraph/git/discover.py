"""What lies at a path: which repository, with or without a work tree, and what its configuration says."""

import os
from collections.abc import Callable
from typing import NamedTuple

from relgraph.effects import environment
from relgraph.errors import EnvironmentFailure, UsageError
from relgraph.git.command import Git

__all__ = ["Location", "discover"]


class Location(NamedTuple):
    """A repository found on disk.

    ``git`` is called in ``folder``: the root of the work tree where there is one, else the git directory or the path that
    was given. ``config`` holds the ``remote.*``, ``url.*`` and ``extensions.*`` settings in their order, values as they are.
    """

    git: Git
    folder: str
    worktree: str | None
    shallow: bool
    partial: bool
    config: tuple[tuple[str, str], ...]


def discover(path: str, meanwhile: Callable[[], None] | None = None) -> Location:
    """The repository at a path: a work tree's root or a folder below it, a ``.git`` directory, a bare repository.

    Raises UsageError where the path does not exist or is in no repository, EnvironmentFailure where git fails: it is
    missing, too old, or refuses a folder of another owner. ``meanwhile`` is called while git looks.
    """
    try:
        folder = os.path.realpath(path)
    except FileNotFoundError as problem:  # a relative path, and nothing that it could be relative to
        raise UsageError(f"{path}: the current folder no longer exists", hint="change to another folder") from problem
    if not os.path.exists(folder):
        raise UsageError(f"{path}: no such file or directory", hint="give the path of a clone, optionally PATH@REVISION")
    if not os.path.isdir(folder):
        raise UsageError(f"{path}: a file, not a repository", hint="give the path of a clone, optionally PATH@REVISION")
    if os.path.basename(folder) == ".git":
        # Within a .git directory git sees no work tree, though the folder above is one.
        above = _look(os.path.dirname(folder), path, None)
        if above.worktree is not None:
            return above
    return _look(folder, path, meanwhile)


def _look(folder: str, shown: str, meanwhile: Callable[[], None] | None) -> Location:
    git = Git(folder)
    question = git.start(
        "rev-parse", "--is-inside-work-tree", "--is-shallow-repository", "--show-cdup", "--absolute-git-dir", ok=(0, 128)
    )
    # Both at once: together they take as long as one.
    settings = git.start("config", "-z", "--get-regexp", r"^(remote|url|extensions)\.", ok=(0, 1, 128))
    if meanwhile is not None:
        meanwhile()
    answer = os.fsdecode(question.output())
    lines = answer.split("\n", 2)
    if len(lines) < 3 or lines[0] not in ("true", "false"):
        _refuse(git, shown)
    inside, shallow, rest = lines[0] == "true", lines[1] == "true", lines[2]
    worktree: str | None = None
    git_directory = rest.removesuffix("\n")
    if inside:
        up, _, git_directory = git_directory.partition("\n")
        worktree = os.path.normpath(os.path.join(folder, up))
        # core.worktree is the repository's own word: it may not make us read the folders of somebody else.
        if not os.path.lexists(os.path.join(worktree, ".git")):
            worktree = None
    config = _settings(settings.output())
    values = dict(config)
    partial = "extensions.partialclone" in values or any(key.endswith(".promisor") for key in values)
    home = worktree or folder
    return Location(Git(home, extra=_index_of(git_directory)), home, worktree, shallow, partial, config)


def _refuse(git: Git, shown: str) -> None:
    try:
        git.run("rev-parse", "--git-dir")
    except EnvironmentFailure as failure:
        if "not a git repository" in str(failure):
            hint = failure.hint
            if os.path.lexists(os.path.join(git.folder, ".git")):
                hint = "there is a .git, but git cannot use it: may you read it, and is it whole?"
            raise UsageError(f"{shown}: not a git repository", hint=hint) from failure
        raise
    raise EnvironmentFailure(f"{shown}: git did not say where the repository is", hint="relgraph needs git 2.25 or newer")


def _settings(output: bytes) -> tuple[tuple[str, str], ...]:
    # NUL ends an entry, a newline its key (git-config(1), -z); an entry without a value has no newline.
    entries = output.decode("utf-8", "surrogateescape").split("\0")
    return tuple((key, value) for key, _, value in (entry.partition("\n") for entry in entries if entry))


def _index_of(git_directory: str) -> dict[str, str]:
    # In a hook of `git commit -a` the index is a file of another name, and git says so; to other repositories it means nothing.
    index = environment.variable("GIT_INDEX_FILE")
    if not index:
        return {}
    index = os.path.abspath(index)
    same = os.path.realpath(os.path.dirname(index)) == os.path.realpath(git_directory)
    return {"GIT_INDEX_FILE": index} if same else {}
