"""Programs of a step: in process groups of their own, all that they write in the step's log."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile

from relgraph.effects.groups import Groups
from relgraph.engine.executor import ended
from relgraph.engine.log import Log
from relgraph.errors import EnvironmentFailure

__all__ = ["Programs"]


class Programs:
    """Runs the programs of one step. ``limit`` is in seconds for each, 0 for none."""

    def __init__(self, groups: Groups, log: Log, root: str, scratch: str, environment: Mapping[str, str], limit: float) -> None:
        self._groups = groups
        self._log = log
        self._root = root
        self._scratch = scratch
        self._environment = environment
        self._limit = limit

    def command(self, argv: Sequence[str], cwd: str) -> None:
        """Run a program whose output goes to the log only. Raises EnvironmentFailure unless it ends with status 0."""
        self._execute(argv, cwd, self._environment, None, self._log.descriptor)

    def run(
        self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, data: bytes = b""
    ) -> bytes:
        """Run a program and return its standard output. Raises EnvironmentFailure unless it ends with status 0.

        Files instead of pipes: no reader has to keep up, and something that a program leaves running holds nothing open.
        """
        with TemporaryFile(dir=self._scratch) as output, TemporaryFile(dir=self._scratch) as given:
            given.write(data)
            given.seek(0)
            environment = {**self._environment, **(env or {})}
            written = b""
            try:
                self._execute(argv, str(cwd or self._root), environment, given.fileno() if data else None, output.fileno())
            finally:
                output.seek(0)
                written = output.read()
                self._log.write(written)
            return written

    def _execute(self, argv: Sequence[str], cwd: str, env: Mapping[str, str], stdin: int | None, stdout: int) -> None:
        ending = self._groups.run(
            argv, cwd=cwd, env=env, stdin=stdin, stdout=stdout, stderr=self._log.descriptor, limit=self._limit
        )
        if ending.cancelled:
            raise EnvironmentFailure("cancelled")
        if ending.status:
            raise ended(argv[0], ending.status, expired=ending.expired, limit=self._limit)
