"""Real git repositories for tests, written fast: a world of commits goes through one ``git fast-import``.

The commits get the ids that :class:`relgraph.git.memory.MemoryRepository` gives to them.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from relgraph.git.memory import encoded, time_of
from relgraph.git.objects import SIGNATURE
from relgraph.model.example import Commit

__all__ = ["git", "git_environment", "write_example", "write_world"]


def git_environment(**extra: str) -> dict[str, str]:
    """An environment in which git knows nobody's configuration and always the same person and moment."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "relgraph",
        "GIT_AUTHOR_EMAIL": "relgraph@example.com",
        "GIT_AUTHOR_DATE": "1767268800 +0000",
        "GIT_COMMITTER_NAME": "relgraph",
        "GIT_COMMITTER_EMAIL": "relgraph@example.com",
        "GIT_COMMITTER_DATE": "1767268800 +0000",
        "LC_ALL": "C",
    } | extra


def git(folder: Path | str, *arguments: str, data: bytes = b"", env: Mapping[str, str] = MappingProxyType({})) -> str:
    """What ``git ARGUMENTS`` writes, without the last newline; ``env`` are further environment variables."""
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder, env=git_environment(**env), input=data, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


def write_world(
    folder: Path,
    commits: Sequence[Commit],
    *,
    bare: bool = False,
    annotated: bool = False,
    object_format: str = "sha1",
    remotes: Mapping[str, str] | None = None,
) -> Path:
    """Write a linear history on ``main`` into a new repository at ``folder``; its files are checked out unless it is bare.

    Tags are lightweight, or ``annotated`` with a tagger of the commit's time. ``remotes`` are URLs by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sha256 = ["--object-format=sha256"] if object_format == "sha256" else []
    git(folder, "init", "-q", "--template=", *sha256, *(["--bare"] if bare else []))
    git(folder, "symbolic-ref", "HEAD", "refs/heads/main")
    if commits:
        git(folder, "fast-import", "--quiet", "--date-format=raw", data=_stream(commits, annotated=annotated))
        if not bare:
            git(folder, "reset", "-q", "--hard")
    for name, url in (remotes or {}).items():
        git(folder, "config", f"remote.{name}.url", url)
    return folder


def write_example(
    folder: Path, commits: Sequence[Commit], siblings: Mapping[str, Sequence[Commit]], *, bare: bool = True
) -> dict[str, Path]:
    """Write the world of a rule's example; the folder of each repository by its name. The judged one is ``platform``."""
    return {
        name: write_world(folder / name, world, bare=bare, remotes={"origin": f"https://github.com/example/{name}.git"})
        for name, world in {"platform": commits, **siblings}.items()
    }


def _stream(commits: Sequence[Commit], *, annotated: bool) -> bytes:
    # git-fast-import(1), INPUT FORMAT; marks count from 1.
    parts: list[bytes] = []
    for position, commit in enumerate(commits):
        stamp = f"{SIGNATURE} {time_of(commit, position)} +0000".encode()
        parts.append(b"commit refs/heads/main\nmark :%d\nauthor %s\ncommitter %s\ndata 0\n" % (position + 1, stamp, stamp))
        parts.append((b"from :%d\n" % position if position else b"") + b"deleteall\n")
        for path, content in commit.files.items():
            data = encoded(content)
            parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (_quoted(path), len(data), data))
        parts.append(b"\n")
        mark = b"from :%d\n" % (position + 1)
        for branch in commit.branches:
            parts.append(b"reset refs/heads/%s\n%s\n" % (encoded(branch), mark))
        for tag in commit.tags:
            name = encoded(tag)
            parts.append(
                b"tag %s\n%stagger %s\ndata 0\n" % (name, mark, stamp) if annotated else b"reset refs/tags/%s\n%s\n" % (name, mark)
            )
    parts.append(b"done\n")
    return b"".join(parts)


def _quoted(path: str) -> bytes:
    escaped = encoded(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'
