"""Programs in process groups of their own, ended as a whole: on a time limit, when a run is cancelled, and when we die.

Each program leads a session, so that what the terminal sends to us does not reach it unasked. When it has ended, whatever it
left running in its group is ended too. A *guardian*, one small shell for all of them, kills the groups that are
under way when this process is gone, even by SIGKILL: unlike PR_SET_PDEATHSIG it reaches the children's children, works wherever there is a
shell, does not depend on the thread that started the child, and needs no code to run between fork and exec.
"""

import errno
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from tempfile import TemporaryFile
from typing import NamedTuple, Self

from relgraph.effects import clock
from relgraph.effects.process import find_program
from relgraph.errors import EnvironmentFailure

__all__ = ["Ending", "Groups"]

# Its input is a pipe that nothing is written to and that closes when we are gone; its output is the open file of groups. Where nobody asks
# about the dead (containers), a group that is gone looks alive: the wait has an end.
_GUARDIAN = """trap '' INT TERM HUP QUIT
read -r end
groups=
while read -r group; do
  if [ "$group" -gt 1 ] && kill -KILL "-$group"; then groups="$groups $group"; fi
done <&1
for try in 1 2 3 4 5 6 7 8; do
  left=
  for group in $groups; do if kill -0 "-$group"; then left="$left $group"; fi; done
  groups=$left
  [ "$groups" ] || exit
  sleep 0.02
done
"""
_ROW = 11  # bytes of one group in the file: ten digits and the end of the line


class Ending(NamedTuple):
    """How a program ended: exit status (negative: the signal that ended it), and whether it was its limit or a cancellation that ended it."""

    status: int
    expired: bool
    cancelled: bool


class Groups:
    """The process groups of one run, closed when it is over. Safe for several threads.

    ``grace`` are the seconds between SIGTERM and SIGKILL. ``hold`` is a descriptor that the guardian holds open as long as it lives: a
    lock on it is given up only when the groups of a process that died are gone as well.
    """

    def __init__(self, grace: float = 5.0, *, hold: int | None = None) -> None:
        self._hold = hold
        self._grace = grace
        self._lock = threading.Lock()
        self._running: dict[int, int] = {}  # the group's row in the file
        self._free: list[int] = []
        self._guardian: subprocess.Popen[bytes] | None = None
        self._file = -1
        self._cancelled = False

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: str,
        env: Mapping[str, str],
        stdin: int | None,
        stdout: int,
        stderr: int,
        limit: float = 0.0,
    ) -> Ending:
        """Run a program to its end; the numbers are open descriptors (``stdin`` None: nothing to read), ``limit`` seconds, 0 for none.

        Raises EnvironmentFailure where it is missing or cannot be started.
        """
        process = self._start(argv, cwd, env, stdin, stdout, stderr)
        if process is None:
            return Ending(-signal.SIGTERM, expired=False, cancelled=True)
        expired: list[int] = []
        timer = None
        if limit > 0:
            timer = threading.Timer(limit, self._expire, (process.pid, expired))
            timer.daemon = True
            timer.start()
        try:
            _wait(process)
        finally:
            if timer is not None:
                timer.cancel()
            with self._lock:
                # Its number is not given to another as long as we have not taken its status.
                _signal(process.pid, signal.SIGKILL)
                row = self._running.pop(process.pid)
                self._note(row, 0)
                self._free.append(row)
                status = process.wait()
        return Ending(status, expired=bool(expired), cancelled=self._cancelled and status != 0)

    def cancel(self, *, at_once: bool = False) -> None:
        """End all groups and start no more: SIGTERM, and after the time of grace SIGKILL. Returns at once."""
        with self._lock:
            first = not self._cancelled
            self._cancelled = True
            for group in self._running:
                _signal(group, signal.SIGKILL if at_once else signal.SIGTERM)
            if not first or at_once or not self._running:
                return
        timer = threading.Timer(self._grace, self._kill_all)
        timer.daemon = True
        timer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the guardian go. No program may be under way."""
        with self._lock:
            guardian, self._guardian = self._guardian, None
        if guardian is not None:
            assert guardian.stdin is not None
            guardian.stdin.close()
            guardian.wait()
            os.close(self._file)

    def _start(
        self, argv: Sequence[str], cwd: str, env: Mapping[str, str], stdin: int | None, stdout: int, stderr: int
    ) -> "subprocess.Popen[bytes] | None":
        program = find_program(argv[0], env.get("PATH", os.defpath)) if "/" not in argv[0] else argv[0]
        if program is None:
            raise EnvironmentFailure(f"{argv[0]}: not found on PATH", hint="install it, or say where it is by PATH")
        with self._lock:
            if self._cancelled:
                return None
            if self._guardian is None:
                self._guardian, self._file = _guardian(self._hold)
            try:
                process = subprocess.Popen(
                    [program, *argv[1:]],
                    stdin=subprocess.DEVNULL if stdin is None else stdin,
                    stdout=stdout,
                    stderr=stderr,
                    cwd=cwd,
                    env=dict(env),
                    start_new_session=True,
                )
            except OSError as error:
                raise EnvironmentFailure(
                    f"{argv[0]}: cannot be started: {error.strerror}",
                    hint=f"is {cwd} a folder that you may enter?" if error.filename == cwd else _hint(error),
                ) from error
            row = self._free.pop() if self._free else len(self._running)
            self._running[process.pid] = row
            self._note(row, process.pid)
        return process

    def _note(self, row: int, group: int) -> None:
        os.pwrite(self._file, b"%10d\n" % group, row * _ROW)

    def _expire(self, group: int, expired: list[int]) -> None:
        with self._lock:
            if group not in self._running:
                return
            expired.append(group)
            _signal(group, signal.SIGTERM)
        until = clock.monotonic() + self._grace
        while clock.monotonic() < until:
            clock.sleep(0.05)
            with self._lock:
                if group not in self._running:
                    return
        with self._lock:
            if group in self._running:
                _signal(group, signal.SIGKILL)

    def _kill_all(self) -> None:
        with self._lock:
            for group in self._running:
                _signal(group, signal.SIGKILL)


def _guardian(hold: int | None) -> "tuple[subprocess.Popen[bytes], int]":
    """The guardian, and the file from which it learns what to kill: a row a group. Writing there wakes nobody up."""
    with TemporaryFile() as file:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _GUARDIAN],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath},
            start_new_session=True,
            bufsize=0,
            pass_fds=() if hold is None else (hold,),
        )
        # Rows are written by position, so that the place from which the guardian reads, which is shared, stays the beginning.
        return process, os.dup(file.fileno())


def _wait(process: "subprocess.Popen[bytes]") -> None:
    """Wait for the end of a child and, where the system can (macOS cannot), leave its status where it is."""
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    else:
        process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # gone already (macOS says the latter of what has ended)
        pass


def _hint(error: OSError) -> str:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "let the process have more open files (ulimit -n), or run fewer steps at once"
    if error.errno in (errno.EAGAIN, errno.ENOMEM):
        return "the system has no room for another process; run fewer steps at once"
    return "may it be executed, and is the interpreter that its first line names there?"
