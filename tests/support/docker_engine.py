"""A Docker engine for tests: the one that ``DOCKER_HOST`` names, or one of our own, with a socket and data of its own.

Ours needs ``dockerd`` (Debian's ``docker.io``) and root. It has no network of its own and never fetches anything: images in tests
stand on ``scratch``. ``python tests/support/docker_engine.py start FOLDER`` leaves one running, whose address is in ``FOLDER/host``;
``stop FOLDER`` ends it.
"""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

__all__ = ["DockerEngine", "reason_against", "running"]

_PROGRAM = "dockerd"
_PATIENCE = 60  # seconds for the first answer, and for the end


def reason_against() -> str:
    """Why there is no engine and none can be started; empty where there is one, or one can."""
    if os.environ.get("DOCKER_HOST"):
        return ""
    if shutil.which(_PROGRAM) is None:
        return f"no Docker engine: DOCKER_HOST names none, and {_PROGRAM} is not installed (Debian: docker.io)"
    return "" if os.geteuid() == 0 else f"no Docker engine: DOCKER_HOST names none, and {_PROGRAM} needs root"


@contextmanager
def running(folder: Path) -> Generator[str, None, None]:
    """The address of an engine, as ``DOCKER_HOST`` says it: of one that is there, else of one below ``folder``, for as long as this lasts."""
    if host := os.environ.get("DOCKER_HOST"):
        yield host
        return
    with DockerEngine(folder) as engine:
        os.environ["DOCKER_HOST"] = engine.host
        try:
            yield engine.host
        finally:
            del os.environ["DOCKER_HOST"]


class DockerEngine:
    """A running engine below a folder; ``host`` is what ``DOCKER_HOST`` says. Leaving the context ends it, by its process id."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "log"
        # The path of a socket has at most 107 bytes, and temporary folders of tests are long.
        self._socket = Path(f"/tmp/relgraph-engine-{os.getpid()}-{time.monotonic_ns():x}.sock")
        self.host = f"unix://{self._socket}"
        words = [
            _PROGRAM,
            f"--host={self.host}",
            f"--data-root={folder / 'data'}",
            f"--exec-root={folder / 'exec'}",
            f"--pidfile={folder / 'pid'}",
            "--storage-driver=overlay2",
            "--bridge=none",
            "--iptables=false",
            "--ip6tables=false",
            "--ip-forward=false",
            "--ip-masq=false",
            "--log-level=warn",
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self._wait()
        (folder / "host").write_text(self.host)

    def close(self) -> None:
        """End the engine, and what it has started."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._socket.unlink(missing_ok=True)

    def _wait(self) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise RuntimeError(f"{_PROGRAM} ended: {self._log.read_text()[-4000:]}")
            if self._answers():
                return
            time.sleep(0.05)
        self.close()
        raise RuntimeError(f"{_PROGRAM} does not answer: {self._log.read_text()[-4000:]}")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("docker", timeout=5)
        try:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(5)
            connection.sock.connect(str(self._socket))
            connection.request("GET", "/_ping")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def main(word: str, folder: Path) -> int:
    """Start an engine that outlives this process, or end it."""
    if word == "stop":
        return _stop(folder)
    if reason := reason_against():
        sys.stderr.write(f"{reason}\n")
        return 1
    began = time.monotonic()
    engine = DockerEngine(folder)
    sys.stderr.write(f"{_PROGRAM}: {engine.host} ({time.monotonic() - began:.1f} s)\n")
    return 0


def _stop(folder: Path) -> int:
    process = int((folder / "pid").read_text())
    os.kill(process, signal.SIGTERM)
    for _ in range(_PATIENCE * 10):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return 0
        time.sleep(0.1)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
