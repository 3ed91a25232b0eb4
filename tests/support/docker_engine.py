"""A Docker engine for tests: the one that ``DOCKER_HOST`` names, or one of our own, with a socket and data of its own.

Ours needs ``dockerd`` (Debian's ``docker.io``) and root. It has no network of its own and never fetches anything: images in tests
stand on ``scratch``. ``python tests/support/docker_engine.py FOLDER`` starts one there, and prints its address and its process id.
"""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

__all__ = ["DockerEngine", "reason_against"]

_PROGRAM = "dockerd"
_PATIENCE = 60  # seconds for the first answer


def reason_against() -> str:
    """Why no engine can be started here; empty where one can."""
    if shutil.which(_PROGRAM) is None:
        return f"{_PROGRAM} is not installed (Debian: docker.io)"
    return "" if os.geteuid() == 0 else f"{_PROGRAM} needs root"


class DockerEngine:
    """A running engine below a folder; ``host`` is what ``DOCKER_HOST`` says. Leaving the context ends it, by its process id."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "log"
        # The path of a socket has at most 107 bytes, and temporary folders of tests are long.
        self._socket = f"/tmp/relgraph-engine-{os.getpid()}-{time.monotonic_ns():x}.sock"
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
        self.pid = self._process.pid
        self._wait()

    def close(self) -> None:
        """End the engine, and containerd with it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        Path(self._socket).unlink(missing_ok=True)

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
            connection.sock.connect(self._socket)
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


def main() -> int:
    """Start an engine that outlives this process."""
    reason = reason_against()
    if reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    engine = DockerEngine(Path(sys.argv[1]))
    sys.stdout.write(f"{engine.host} {engine.pid}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
