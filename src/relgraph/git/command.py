"""How git is called: always the same few switches, and an environment in which a repository cannot run programs.

A repository brings its own configuration, and configuration can name programs: a file-system monitor, hooks, transports.
Everything of the kind is switched off, so that looking at a repository that somebody else made is only looking. Nothing is
ever fetched here (:mod:`relgraph.git.clones` does that): an object that a partial clone lacks is an object that is not there. The
user's own configuration is read as ever, because ``safe.directory`` and ``core.excludesFile`` stand in it. Git 2.25 is the oldest
that is supported.
"""

from collections.abc import Callable
from functools import cache

from relgraph.effects import environment, process
from relgraph.errors import EnvironmentFailure

__all__ = ["BIG", "INSTALL", "Git", "Pending", "environment_of_git", "reason_of"]

BIG = 16 << 20
"""Content above this many bytes is not read: 16 MiB."""

_SWITCHES = (
    "--no-pager",
    "--no-optional-locks",
    "--no-replace-objects",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor="),  # empty: off for every git; "false" was the name of a program before 2.36
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "protocol.allow=never"),
    *("-c", f"core.bigFileThreshold={BIG}"),  # git streams what is larger, so that skipping it costs no memory either
)
_FORCED = {
    "GIT_NO_LAZY_FETCH": "1",  # heard by git 2.45 and the security releases of older ones
    "GIT_ALLOW_PROTOCOL": "none",  # for those that do not hear it
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_INHERITED = (
    "PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "USERPROFILE", "HOMEDRIVE",
    "HOMEPATH", "PROGRAMDATA", "TEMP", "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_*", "GIT_CONFIG_VALUE_*",
)  # fmt: skip
INSTALL = "install git 2.25 or newer, and make sure that it is on PATH"
_LIMIT = 120.0


@cache
def _environment() -> dict[str, str]:
    return environment_of_git()


def environment_of_git(*more: str) -> dict[str, str]:
    """The variables that git gets: those that it needs to work at all, those named besides, and what keeps it within bounds."""
    return environment.inherited(*_INHERITED, *more) | _FORCED


class Pending:
    """A git command that works in the background; :meth:`output` waits for it."""

    def __init__(
        self, running: process.Running, failure: Callable[[process.Completed], EnvironmentFailure], ok: tuple[int, ...]
    ) -> None:
        self._running = running
        self._failure = failure
        self._ok = ok

    def output(self) -> bytes:
        """What it wrote. Raises EnvironmentFailure when it failed."""
        completed = self._running.finish()
        if completed.status not in self._ok:
            raise self._failure(completed)
        return completed.stdout


class Git:
    """Git in one folder, called without a shell, without side effects and with time limits."""

    def __init__(self, folder: str, *, extra: dict[str, str] | None = None) -> None:
        self.folder = folder
        self._env = _environment() | (extra or {})

    def start(self, *arguments: str, data: bytes = b"", ok: tuple[int, ...] = (0,)) -> Pending:
        """Start ``git ARGUMENTS``; ``ok`` are the exit statuses that are no failure."""
        running = process.start(self._argv(arguments), env=self._env, cwd=self.folder, data=data, limit=_LIMIT, hint=INSTALL)
        return Pending(running, lambda completed: self._failed(arguments, completed), ok)

    def run(self, *arguments: str, data: bytes = b"", ok: tuple[int, ...] = (0,)) -> bytes:
        """What ``git ARGUMENTS`` writes. Raises EnvironmentFailure with git's own words when it fails."""
        return self.start(*arguments, data=data, ok=ok).output()

    def spawn(self, *arguments: str) -> process.Child:
        """A git that stays and is talked to."""
        return process.spawn(self._argv(arguments), env=self._env, cwd=self.folder, limit=_LIMIT, hint=INSTALL)

    def _argv(self, arguments: tuple[str, ...]) -> tuple[str, ...]:
        return ("git", *_SWITCHES, *arguments)

    def _failed(self, arguments: tuple[str, ...], completed: process.Completed) -> EnvironmentFailure:
        reason = reason_of(completed)
        return EnvironmentFailure(f"{self.folder}: git {arguments[0]}: {reason}", hint=_hint(reason, self.folder))


def reason_of(completed: process.Completed) -> str:
    """What git says of its end: its first fatal line, and the lines indented below it."""
    lines = completed.stderr.decode("utf-8", "replace").splitlines()
    fatal = next((number for number, line in enumerate(lines) if line.startswith("fatal: ")), len(lines) - 1)
    if fatal < 0:
        return f"ended by signal {-completed.status}" if completed.status < 0 else f"exit status {completed.status}"
    said = [lines[fatal].removeprefix("fatal: ").removeprefix("error: ")]
    for line in lines[fatal + 1 :]:
        if not line.startswith("\t"):
            break
        said.append(line.strip())
    return " ".join(said)


def _hint(reason: str, folder: str) -> str:
    if "dubious ownership" in reason or "unsafe repository" in reason:
        return f"the folder belongs to another user; if you trust it: git config --global --add safe.directory '{folder}'"
    if "not a git repository" in reason:
        return "give the folder of a clone, or clone the repository first"
    if "promisor remote" in reason or ("transport" in reason and "not allowed" in reason):
        return "the clone is partial and lacks these objects: check the revision out once, or clone without --filter"
    if "index file" in reason:
        return "`git reset` writes the index anew; what is committed does not need it: give PATH@HEAD"
    if "repository extension" in reason or "repo version" in reason:
        return "a newer git made this repository; install one that knows it"
    if any(
        word in reason.lower()
        for word in ("bad object", "corrupt", "missing object", "unable to read", "could not read", "not a tree object")
    ):
        return "the repository lacks objects or is damaged; `git fsck` says more"
    return "does git itself work there? `git status` in that folder should say more"
