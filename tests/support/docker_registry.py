"""Debian's ``docker-registry`` (distribution 2.8) on a free port of loopback, with its own folder and configuration."""

import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import NamedTuple, Self

__all__ = ["DockerRegistry", "Request"]

_ACCESS = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+) HTTP/1\.1" (?P<status>\d{3}) (?P<size>\d+)')
_CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: false}}}}
storage:
  filesystem: {{rootdirectory: {root}}}
  delete: {{enabled: true}}
  cache: {{blobdescriptor: inmemory}}
http: {{addr: "127.0.0.1:{port}"}}
{more}
"""


class Request(NamedTuple):
    """One line of the access log; ``size`` is that of the answer's body."""

    method: str
    path: str
    status: int
    size: int


class DockerRegistry:
    """A running registry; ``address`` is ``127.0.0.1:PORT``. Leaving the context ends it, by its process id."""

    def __init__(self, folder: Path, *, more: str = "") -> None:
        program = shutil.which("docker-registry")
        if program is None:
            raise FileNotFoundError("docker-registry is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._log = folder / "log"
        self._data = folder / "data"
        config = folder / "config.yml"
        config.write_text(_CONFIG.format(root=folder / "data", port=self.port, more=more))
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([program, "serve", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait()

    def requests(self) -> list[Request]:
        """What was asked so far, without the probe that waited for the start."""
        found = [Request(m["method"], m["path"], int(m["status"]), int(m["size"])) for m in _ACCESS.finditer(self._log.read_text())]
        return [request for request in found if request.path != "/"]

    def forget(self, repository: str) -> None:
        """Remove a repository and the blobs that it alone has, to give their space back."""
        root = self._data / "docker" / "registry" / "v2"
        layers = root / "repositories" / repository / "_layers" / "sha256"
        for layer in layers.iterdir():
            if len(list((root / "repositories").glob(f"**/_layers/sha256/{layer.name}"))) == 1:
                shutil.rmtree(root / "blobs" / "sha256" / layer.name[:2] / layer.name)
        shutil.rmtree(root / "repositories" / repository)

    def close(self) -> None:
        """End the registry."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait(self) -> None:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if self._process.poll() is not None:
                    raise RuntimeError(f"docker-registry ended: {self._log.read_text()}") from None
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("docker-registry does not answer")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
