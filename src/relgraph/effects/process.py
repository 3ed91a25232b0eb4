"""Subprocesses: a program run to its end, or a child that stays and is talked to through pipes.

Programs are found on PATH by absolute folders only: a child's working directory may be a repository that somebody else
wrote, and a relative folder on PATH would let that repository supply the program. Arguments are always a list, the
environment is always given whole, and every wait has a limit.
"""

import errno
import io
import os
import select
import subprocess
import weakref
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import IO, NamedTuple

from relgraph.errors import EnvironmentFailure

try:
    import fcntl
except ImportError:  # Windows
    _F_SETPIPE_SZ = None
else:
    _F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", None)

__all__ = ["Child", "ChildEnded", "Completed", "Running", "find_program", "run", "spawn", "start"]

_PIPE = 1 << 20  # what the child may write ahead of its reader, where the system lets us choose
_HAS_READV = hasattr(os, "readv")
_HAS_POLL = hasattr(select, "poll")
_PATIENCE = 5.0  # seconds for a child to end after its input was closed


class Completed(NamedTuple):
    """How a program ended: its exit status (negative: the signal that ended it) and all that it wrote."""

    status: int
    stdout: bytes
    stderr: bytes


class ChildEnded(Exception):
    """A child closed its output before it had written what was asked of it."""


class Running:
    """A program that works while we do something else; :meth:`finish` waits for it."""

    def __init__(self, process: "subprocess.Popen[bytes]", *, program: str, data: bytes, limit: float) -> None:
        self._process = process
        self._program = program
        self._data = data
        self._limit = limit
        self._completed: Completed | None = None
        # A program that nobody waits for yet need not wait either, for someone to take what it has written.
        _widen(process.stdout)
        self._finalizer = weakref.finalize(self, _end, process, kill=True)

    def finish(self) -> Completed:
        """All that the program wrote. Raises EnvironmentFailure when it takes longer than its limit."""
        if self._completed is None:
            try:
                if self._data or not _HAS_POLL:
                    stdout, stderr = self._process.communicate(self._data or None, timeout=self._limit)
                else:
                    stdout, stderr = _collected(self._process, self._limit)
            except subprocess.TimeoutExpired:
                self._finalizer()
                raise EnvironmentFailure(
                    f"{self._program}: no answer within {self._limit:g} seconds",
                    hint="try again; a file system that does not answer is a usual cause",
                ) from None
            self._finalizer.detach()
            self._completed = Completed(self._process.returncode, stdout, stderr)
        return self._completed


class Child:
    """A program that stays: requests go to its standard input, answers come from its standard output.

    What it writes to standard error is dropped. A read that gets nothing for ``limit`` seconds raises
    EnvironmentFailure; one that meets the end of the output raises :class:`ChildEnded`. Close it, or leave it to the
    garbage collector.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", *, program: str, limit: float) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._input = process.stdin
        _widen(process.stdout)
        self._output = io.BufferedReader(_Patient(process.stdout.fileno(), program, limit), 1 << 16)
        self._finalizer = weakref.finalize(self, _end, process, kill=False)
        self._process = process

    def write(self, data: bytes) -> None:
        """Send a request. That the child is gone is noticed by the next read, after the answers it had already given."""
        left = memoryview(data)
        try:
            while left:
                left = left[self._input.write(left) :]
        except (BrokenPipeError, ValueError):
            pass

    def line(self) -> bytes:
        """The next line, without its newline."""
        line = self._output.readline()
        if not line.endswith(b"\n"):
            raise ChildEnded
        return line[:-1]

    def read(self, size: int) -> bytes:
        """Exactly the next ``size`` bytes."""
        data = self._output.read(size)
        if len(data) != size:
            raise ChildEnded
        return data

    def skip(self, size: int) -> None:
        """Read ``size`` bytes and drop them, holding few of them at a time."""
        while size > 0:
            size -= len(self.read(min(size, 1 << 16)))

    def close(self) -> None:
        """Close the input and wait for the end; a child that does not end is ended."""
        self._finalizer()

    def kill(self) -> None:
        """End the child at once, whatever it is writing."""
        self._process.kill()
        self._finalizer()


class _Patient(io.RawIOBase):
    """A pipe's reading end whose reads wait no longer than a limit."""

    def __init__(self, descriptor: int, program: str, limit: float) -> None:
        self._descriptor = descriptor
        self._program = program
        self._milliseconds = max(1, int(limit * 1000))
        self._limit = limit
        self._poll: select.poll | None = None
        if _HAS_POLL:
            self._poll = select.poll()
            self._poll.register(descriptor, select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # what BufferedReader passes
        if self._poll is not None and not self._poll.poll(self._milliseconds):
            raise EnvironmentFailure(f"{self._program}: no answer within {self._limit:g} seconds")
        if _HAS_READV:
            return os.readv(self._descriptor, [buffer])
        data = os.read(self._descriptor, len(buffer))
        buffer[: len(data)] = data
        return len(data)


def run(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: str | None = None, data: bytes = b"", limit: float = 60.0, hint: str = ""
) -> Completed:
    """Run a program to its end with ``data`` as its input. ``limit`` is in seconds; ``hint`` says how to get the program.

    Raises EnvironmentFailure when the program is missing, cannot be started, or takes longer.
    """
    return start(argv, env=env, cwd=cwd, data=data, limit=limit, hint=hint).finish()


def start(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: str | None = None, data: bytes = b"", limit: float = 60.0, hint: str = ""
) -> Running:
    """Like :func:`run`, but return at once."""
    process = _popen(argv, env, cwd, hint, subprocess.PIPE if data else subprocess.DEVNULL, subprocess.PIPE)
    return Running(process, program=argv[0], data=data, limit=limit)


def spawn(argv: Sequence[str], *, env: Mapping[str, str], cwd: str | None = None, limit: float = 60.0, hint: str = "") -> Child:
    """Start a child that is talked to. Raises EnvironmentFailure when the program is missing or cannot be started."""
    return Child(_popen(argv, env, cwd, hint, subprocess.PIPE, subprocess.DEVNULL), program=argv[0], limit=limit)


def _popen(
    argv: Sequence[str], env: Mapping[str, str], cwd: str | None, hint: str, stdin: int, stderr: int
) -> "subprocess.Popen[bytes]":
    program = find_program(argv[0], env.get("PATH", os.defpath))
    if program is None:
        raise EnvironmentFailure(f"{argv[0]}: not found on PATH", hint=hint)
    try:
        return subprocess.Popen(
            [program, *argv[1:]], stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, cwd=cwd, env=dict(env), bufsize=0
        )
    except OSError as error:
        if cwd is not None and error.filename == cwd:
            raise EnvironmentFailure(
                f"{argv[0]}: cannot enter {cwd}: {error.strerror}", hint="is it a folder that you may enter and read?"
            ) from error
        if error.errno in (errno.EMFILE, errno.ENFILE):
            hint = "let the process have more open files (ulimit -n), or look at fewer repositories at once"
        elif error.errno in (errno.EAGAIN, errno.ENOMEM):
            hint = "the system has no room for another process; try again when it has"
        raise EnvironmentFailure(f"{argv[0]}: cannot be started: {error.strerror}", hint=hint) from error


def find_program(program: str, path: str) -> str | None:
    """Where a program is, by the absolute folders of a PATH; None where it is not."""
    for folder in path.split(os.pathsep):
        if not os.path.isabs(folder):
            continue
        for suffix in ("", ".exe") if os.name == "nt" else ("",):
            candidate = os.path.join(folder, program + suffix)
            if os.access(candidate, os.X_OK) and os.path.isfile(candidate):
                return candidate
    return None


def _widen(stream: IO[bytes] | None) -> None:
    """Let a pipe hold more, where the system has such a thing."""
    if _F_SETPIPE_SZ is not None and stream is not None:
        try:
            fcntl.fcntl(stream.fileno(), _F_SETPIPE_SZ, _PIPE)
        except OSError:  # beyond what the system allows a user: the default does
            pass


def _collected(process: "subprocess.Popen[bytes]", limit: float) -> tuple[bytes, bytes]:
    """All that a program without input writes until its end; raises TimeoutExpired where that takes longer than ``limit`` seconds.

    As ``communicate`` does, in larger pieces, and without sleeping between looks at whether the program has ended.
    """
    deadline = monotonic() + limit
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout as stdout, process.stderr as stderr:
        found: dict[int, list[bytes]] = {stdout.fileno(): [], stderr.fileno(): []}
        poll = select.poll()
        for descriptor in found:
            poll.register(descriptor, select.POLLIN)
        waiting = len(found)
        while waiting:
            for descriptor, _ in poll.poll(_milliseconds(deadline, process, limit)):
                piece = os.read(descriptor, 1 << 16)
                found[descriptor].append(piece)
                if not piece:
                    poll.unregister(descriptor)
                    waiting -= 1
        if not _ended(process, deadline - monotonic()):
            raise subprocess.TimeoutExpired(process.args, limit)
    written, complaints = found.values()
    return b"".join(written), b"".join(complaints)


def _milliseconds(deadline: float, process: "subprocess.Popen[bytes]", limit: float) -> int:
    left = deadline - monotonic()
    if left <= 0:
        raise subprocess.TimeoutExpired(process.args, limit)
    return int(left * 1000) + 1


def _ended(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Whether the program ends within so many seconds."""
    if process.poll() is None and _HAS_POLL and hasattr(os, "pidfd_open"):
        # Python's own wait with a limit looks, sleeps and looks again: half a millisecond for each of many short programs.
        try:
            descriptor = os.pidfd_open(process.pid)
        except OSError:  # a Linux before 5.3
            pass
        else:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll(max(0, int(seconds * 1000)))
            os.close(descriptor)
            return process.poll() is not None
    try:
        process.wait(max(0.0, seconds))
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(process: "subprocess.Popen[bytes]", *, kill: bool) -> None:
    # Closed pipes tell a well-behaved child to end; the wait leaves no zombie behind.
    if kill:
        process.kill()
    streams: tuple[IO[bytes] | None, ...] = (process.stdin, process.stdout, process.stderr)
    for stream in streams:
        if stream is not None:
            try:
                stream.close()
            except OSError:
                pass
    if not _ended(process, _PATIENCE):
        process.kill()
        process.wait()
