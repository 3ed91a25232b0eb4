"""The demo's repositories, made on disk by real git; the same commits, with the same ids, on every machine."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from relgraph.demo.world import AGENT, PLATFORM, Commit
from relgraph.effects import process
from relgraph.effects.environment import inherited
from relgraph.errors import EnvironmentFailure

__all__ = ["apply", "commit", "make_world"]

_NAME = {
    "GIT_AUTHOR_NAME": "Demo",
    "GIT_AUTHOR_EMAIL": "demo@example.org",
    "GIT_COMMITTER_NAME": "Demo",
    "GIT_COMMITTER_EMAIL": "demo@example.org",
}
_HINT = "install git 2.25 or newer"
_BARE = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


def make_world(folder: Path) -> Path:
    """Both repositories below ``folder``; the workspace, which is the platform's. Raises EnvironmentFailure."""
    for name, commits in (("agent", AGENT), ("platform", PLATFORM)):
        root = folder / name
        root.mkdir(parents=True)
        _git(root, "init", "--quiet", "--initial-branch=main")
        _lend_name(root)
        for one in commits:
            commit(root, one)
    return folder / "platform"


def _lend_name(root: Path) -> None:
    """Let somebody commit here who has never told git a name, as in a container: the tutorial goes on with commits of one's own."""
    variables = inherited(
        "PATH", "HOME", "TMPDIR", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"
    )
    if process.run(("git", "config", "user.email"), env=variables, cwd=str(root), hint=_HINT).status:
        _git(root, "config", "user.name", _NAME["GIT_AUTHOR_NAME"])
        _git(root, "config", "user.email", _NAME["GIT_AUTHOR_EMAIL"])


def commit(root: Path, one: Commit) -> None:
    """Write a commit's files, commit them, and tag."""
    apply(root, one.files)
    _git(root, "add", "--all")
    moment = {"GIT_AUTHOR_DATE": f"{one.time} +0000", "GIT_COMMITTER_DATE": f"{one.time} +0000"}
    _git(root, "commit", "--quiet", "--message", one.message, environment=moment)
    if one.tag:
        _git(root, "tag", one.tag)


def apply(root: Path, files: Mapping[str, str | None]) -> None:
    """Write files, or remove them where the content is None; scripts can be run."""
    for path, text in files.items():
        target = root / path
        if text is None:
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        if path.endswith(".sh"):
            target.chmod(0o755)


def _git(root: Path, *words: str, environment: Mapping[str, str] | None = None) -> None:
    variables = inherited("PATH", "HOME", "TMPDIR") | _NAME | _BARE | dict(environment or {})
    done = process.run(("git", *words), env=variables, cwd=str(root), hint=_HINT)
    if done.status:
        raise EnvironmentFailure(f"git {words[0]} in {root}: {_last(done.stderr.decode('utf-8', 'replace').splitlines())}")


def _last(lines: Iterable[str]) -> str:
    return next(reversed([*lines]), "failed")
