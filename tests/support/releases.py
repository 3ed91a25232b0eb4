"""The demo's platform, released: what tests of releases begin with."""

import io
import os
import subprocess
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from relgraph.cli.main import main
from relgraph.demo.write import make_world

__all__ = ["Ran", "git", "platform", "relgraph"]


class Ran(NamedTuple):
    """How a command ended, and what it wrote."""

    status: int
    out: str
    err: str


def platform(folder: Path) -> Path:
    """The platform's work tree, with the agent's beside it."""
    return make_world(folder)


def relgraph(root: Path, *words: str) -> Ran:
    """Run a command in a folder, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with chdir(root), redirect_stdout(out), redirect_stderr(err):
        status = main(words)
    return Ran(status, out.getvalue(), err.getvalue())


def git(root: Path, *words: str, environment: Mapping[str, str] | None = None) -> str:
    """What a git command prints."""
    fixed = {
        "GIT_AUTHOR_NAME": "T", "GIT_AUTHOR_EMAIL": "t@example.org", "GIT_COMMITTER_NAME": "T", "GIT_COMMITTER_EMAIL": "t@example.org",
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip
    done = subprocess.run(
        ["git", *words], cwd=root, check=True, capture_output=True, text=True, env={**os.environ, **fixed, **(environment or {})}
    )
    return done.stdout.strip()
