"""Programs of others, run as they are."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeAlias

__all__ = ["GetPeer", "Peer", "Relgraph"]


class Peer:
    """A program of somebody else. It sees an environment of its own, with everything it keeps below one folder."""

    def __init__(self, program: Path, home: Path) -> None:
        self.program = program
        self.home = home
        self.variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            "COSIGN_PASSWORD": "secret",
            "COSIGN_YES": "true",
        }

    def run(self, *words: object, cwd: Path | None = None, **variables: str) -> str:
        """What it writes to standard output. Fails with all that it said where it does not succeed."""
        done = self.attempt(*words, cwd=cwd, **variables)
        assert done.returncode == 0, f"{self.program.name} {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def attempt(self, *words: object, cwd: Path | None = None, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Like :meth:`run`, whatever becomes of it."""
        return subprocess.run(
            [self.program, *map(str, words)],
            cwd=cwd or self.home,
            env={**self.variables, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )


#: Gives a peer by its name, or skips the test.
GetPeer: TypeAlias = Callable[[str], Peer]


class Relgraph(Protocol):
    """Runs a command of relgraph; what it reports, as a value."""

    def __call__(self, *words: object, status: int = 0) -> Any:
        """``status`` is the exit status expected."""
