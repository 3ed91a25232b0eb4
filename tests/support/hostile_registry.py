"""A registry in this process that does what it is told: well, or in any of the ways in which registries do harm.

By default it is a small, correct registry (distribution specification 1.1). A test adds faults::

    registry.fault("GET", "/blobs/", truncated(100), times=1)

Every request is recorded with its headers, so that a test can say what was sent to whom.
"""

import hashlib
import json
import re
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

__all__ = [
    "Fault",
    "HostileRegistry",
    "Seen",
    "answered",
    "challenged",
    "dripping",
    "dripping_head",
    "extra_bytes",
    "gzip_bomb",
    "redirected",
    "reset_after",
    "stalled",
    "truncated",
    "wrong_bytes",
]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"

_MANIFESTS = re.compile(r"/v2/(.+)/manifests/([^/]+)")
_BLOBS = re.compile(r"/v2/(.+)/blobs/(sha\d+:[0-9a-f]+)")
_UPLOADS = re.compile(r"/v2/(.+)/blobs/uploads/([^/]*)")
_TAGS = re.compile(r"/v2/(.+)/tags/list")
_REFERRERS = re.compile(r"/v2/(.+)/referrers/(sha\d+:[0-9a-f]+)")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")


class Seen(NamedTuple):
    """A request as it came; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)


class Exchange:
    """One request that is being answered; what a fault works with."""

    def __init__(self, registry: "HostileRegistry", handler: "_Handler") -> None:
        self.registry = registry
        self.method = handler.command
        self.target = handler.path
        self.path = urlsplit(handler.path).path
        self.query = {name: values[-1] for name, values in parse_qs(urlsplit(handler.path).query).items()}
        self.headers = handler.headers
        self._handler = handler

    def body(self) -> bytes:
        """The request's body; nothing for chunked ones, which no client of ours sends."""
        return self._handler.rfile.read(int(self.headers.get("Content-Length", "0")))

    def send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None, *, length: int | None = None) -> None:
        """A whole answer; ``length`` overrides the announced length."""
        self.head(status, len(body) if length is None else length, headers or {})
        if self.method != "HEAD":
            self.write(body)

    def head(self, status: int, length: int | None, headers: dict[str, str]) -> None:
        """The head of an answer."""
        self._handler.send_response(status)
        fields = {"Content-Type": "application/octet-stream"} | headers
        if length is not None:
            fields["Content-Length"] = str(length)
        for name, value in fields.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def write(self, data: bytes) -> None:
        """Bytes, as they are."""
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def fail(self, status: int, code: str, words: str = "no", headers: dict[str, str] | None = None) -> None:
        """An error as the specification has it."""
        body = json.dumps({"errors": [{"code": code, "message": words}]}).encode()
        self.send(status, body, {"Content-Type": "application/json"} | (headers or {}))

    def hang_up(self) -> None:
        """Close the connection after what was written."""
        self._handler.close_connection = True

    def reset(self) -> None:
        """Break the connection off: the client sees a reset."""
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._handler.close_connection = True
        self._handler.connection.close()

    def wait(self) -> None:
        """Do nothing until the registry ends."""
        self.registry.ended.wait(30)
        self.hang_up()

    def content(self) -> bytes | None:
        """What a correct registry would send for this GET of a blob or manifest."""
        return self.registry.content(self)


Behaviour = Callable[[Exchange], None]


class Fault(NamedTuple):
    """What happens to requests of a method (or any, for ``*``) whose address has a text in it, so many times."""

    method: str
    part: str
    behaviour: Behaviour
    left: list[int]


class HostileRegistry:
    """A running registry on ``address``. Leaving the context ends it.

    ``token`` makes it want a bearer token, ``basic`` a ``user:password``; ``realm`` is where it sends clients for tokens (its
    own ``/token`` by default). ``referrers`` switches the referrers API, ``mounts`` cross-repository mounts, ``ranges`` ranges.
    """

    def __init__(self, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.ended = threading.Event()
        self.seen: list[Seen] = []
        self.blobs: dict[str, set[str]] = {}
        self.data: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.tags: dict[tuple[str, str], str] = {}
        self.token = ""
        self.basic = ""
        self.realm = ""
        self.issued: list[Seen] = []
        self.referrers = True
        self.mounts = True
        self.ranges = True
        self.page = 1000
        self.upload_location = ""
        self._faults: list[Fault] = []
        self._uploads = 0
        self._lock = threading.Lock()
        registry = self

        class Handler(_Handler):
            owner = registry

        self._server = _Server((host, 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.address = f"{host}:{self.port}"
        self.url = f"{'https' if tls else 'http'}://{self.address}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def fault(self, method: str, part: str, behaviour: Behaviour, *, times: int = 1_000_000) -> None:
        """Let requests misbehave."""
        self._faults.append(Fault(method, part, behaviour, [times]))

    def add_blob(self, repository: str, data: bytes) -> str:
        """Let a repository have a blob; its digest."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.data[digest] = data
        self.blobs.setdefault(repository, set()).add(digest)
        return digest

    def add_manifest(self, repository: str, raw: bytes, tag: str = "", media_type: str = MANIFEST) -> str:
        """Let a repository have a manifest under a tag; its digest."""
        digest = self.add_blob(repository, raw)
        self.types[digest] = media_type
        if tag:
            self.tags[repository, tag] = digest
        return digest

    def counted(self, method: str, part: str = "") -> int:
        """How many requests there were of a method, whose address has a text in it."""
        return sum(request.method == method and part in request.target for request in self.seen)

    def close(self) -> None:
        """End the registry."""
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What it does well.

    def handle(self, exchange: Exchange) -> None:
        """Answer a request: by the first fault that fits, or correctly."""
        headers = {name.lower(): value for name, value in exchange.headers.items()}
        with self._lock:
            seen = Seen(exchange.method, exchange.target, headers)
            self.seen.append(seen)
            fault = next(
                (
                    fault
                    for fault in self._faults
                    if fault.left[0] > 0 and fault.method in ("*", exchange.method) and fault.part in exchange.target
                ),
                None,
            )
            if fault is not None:
                fault.left[0] -= 1
        if exchange.path == "/token":
            self.issued.append(seen)
        if fault is not None:
            fault.behaviour(exchange)
        elif exchange.path == "/token":
            self._issue(exchange)
        elif self._allowed(exchange):
            self._serve(exchange)

    def _allowed(self, exchange: Exchange) -> bool:
        given = exchange.headers.get("Authorization", "")
        if self.basic:
            import base64

            if given == "Basic " + base64.b64encode(self.basic.encode()).decode():
                return True
            exchange.body()
            exchange.fail(401, "UNAUTHORIZED", headers={"WWW-Authenticate": 'Basic realm="test"'})
            return False
        if self.token and given != f"Bearer {self.token}":
            exchange.body()
            realm = self.realm or f"{self.url}/token"
            challenge = f'Bearer realm="{realm}",service="test",scope="repository:x:pull"'
            exchange.fail(401, "UNAUTHORIZED", headers={"WWW-Authenticate": challenge})
            return False
        return True

    def _issue(self, exchange: Exchange) -> None:
        exchange.body()
        body = json.dumps({"token": self.token, "expires_in": 300}).encode()
        exchange.send(200, body, {"Content-Type": "application/json"})

    def _serve(self, exchange: Exchange) -> None:
        path, method = exchange.path, exchange.method
        if path in ("/v2/", "/v2"):
            exchange.send(200, b"{}", {"Content-Type": "application/json"})
        elif match := _UPLOADS.fullmatch(path):
            self._upload(exchange, match[1])
        elif match := _BLOBS.fullmatch(path):
            self._blob(exchange, match[1], match[2])
        elif (match := _MANIFESTS.fullmatch(path)) and method == "PUT":
            self._put_manifest(exchange, match[1], match[2])
        elif match:
            self._manifest(exchange, match[1], match[2])
        elif match := _TAGS.fullmatch(path):
            self._tags(exchange, match[1])
        elif (match := _REFERRERS.fullmatch(path)) and self.referrers:
            self._referrers(exchange, match[1], match[2])
        else:
            exchange.fail(404, "UNSUPPORTED")

    def content(self, exchange: Exchange) -> bytes | None:
        """The bytes of the blob or manifest that a request names."""
        if match := _BLOBS.fullmatch(exchange.path):
            return self.data.get(match[2]) if match[2] in self.blobs.get(match[1], ()) else None
        if match := _MANIFESTS.fullmatch(exchange.path):
            return self.data.get(self.tags.get((match[1], match[2]), match[2]))
        return None

    def _blob(self, exchange: Exchange, repository: str, digest: str) -> None:
        if digest not in self.blobs.get(repository, ()):
            exchange.fail(404, "BLOB_UNKNOWN")
            return
        data = self.data[digest]
        asked = re.fullmatch(r"bytes=(\d+)-", exchange.headers.get("Range", ""))
        headers = {"Docker-Content-Digest": digest}
        if asked and self.ranges:
            first = int(asked[1])
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
            exchange.send(206, data[first:], headers)
        else:
            exchange.send(200, data, headers)

    def _manifest(self, exchange: Exchange, repository: str, reference: str) -> None:
        digest = self.tags.get((repository, reference), reference)
        if digest not in self.types or digest not in self.blobs.get(repository, ()):
            exchange.fail(404, "MANIFEST_UNKNOWN")
            return
        exchange.send(200, self.data[digest], {"Content-Type": self.types[digest], "Docker-Content-Digest": digest})

    def _put_manifest(self, exchange: Exchange, repository: str, reference: str) -> None:
        raw = exchange.body()
        value = json.loads(raw)
        for child in [*value.get("layers", []), *value.get("manifests", []), *([value["config"]] if "config" in value else [])]:
            if child["digest"] not in self.blobs.get(repository, ()):
                exchange.fail(404, "MANIFEST_BLOB_UNKNOWN", child["digest"])
                return
        with self._lock:
            tag = reference if _TAG.fullmatch(reference) else ""
            digest = self.add_manifest(repository, raw, tag, exchange.headers.get("Content-Type", MANIFEST))
        headers = {"Docker-Content-Digest": digest, "Location": f"/v2/{repository}/manifests/{digest}"}
        if self.referrers and value.get("subject"):
            headers["OCI-Subject"] = value["subject"]["digest"]
        exchange.send(201, b"", headers)

    def _upload(self, exchange: Exchange, repository: str) -> None:
        if exchange.method == "POST":
            exchange.body()
            mount, origin = exchange.query.get("mount", ""), exchange.query.get("from", "")
            if mount and self.mounts and mount in self.blobs.get(origin, ()):
                self.blobs.setdefault(repository, set()).add(mount)
                exchange.send(201, b"", {"Docker-Content-Digest": mount, "Location": f"/v2/{repository}/blobs/{mount}"})
                return
            with self._lock:
                self._uploads += 1
            location = self.upload_location or f"/v2/{repository}/blobs/uploads/{self._uploads}?_state=abc"
            exchange.send(202, b"", {"Location": location})
            return
        data = exchange.body()
        digest = exchange.query.get("digest", "")
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
            exchange.fail(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
            return
        self.add_blob(repository, data)
        exchange.send(201, b"", {"Docker-Content-Digest": digest, "Location": f"/v2/{repository}/blobs/{digest}"})

    def _tags(self, exchange: Exchange, repository: str) -> None:
        names = sorted(tag for known, tag in self.tags if known == repository)
        if not names and repository not in self.blobs:
            exchange.fail(404, "NAME_UNKNOWN")
            return
        rest = [name for name in names if name > exchange.query.get("last", "")]
        size = min(self.page, int(exchange.query.get("n", "1000")))
        headers = {"Content-Type": "application/json"}
        if len(rest) > size:
            headers["Link"] = f'</v2/{repository}/tags/list?n={size}&last={rest[size - 1]}>; rel="next"'
        exchange.send(200, json.dumps({"name": repository, "tags": rest[:size]}).encode(), headers)

    def _referrers(self, exchange: Exchange, repository: str, digest: str) -> None:
        entries: list[dict[str, Any]] = []
        for known in self.blobs.get(repository, ()):
            if known in self.types:
                value = json.loads(self.data[known])
                if (value.get("subject") or {}).get("digest") == digest:
                    kind = value.get("artifactType") or value.get("config", {}).get("mediaType", "")
                    entry = {"mediaType": self.types[known], "digest": known, "size": len(self.data[known]), "artifactType": kind}
                    entries.append(entry | ({"annotations": value["annotations"]} if value.get("annotations") else {}))
        wanted = exchange.query.get("artifactType", "")
        body = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [e for e in entries if wanted in ("", e["artifactType"])]}
        headers = {"Content-Type": INDEX} | ({"OCI-Filters-Applied": "artifactType"} if wanted else {})
        exchange.send(200, json.dumps(body).encode(), headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that gives up is what many tests want


class _Handler(BaseHTTPRequestHandler):
    owner: HostileRegistry
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _any(self) -> None:
        self.owner.handle(Exchange(self.owner, self))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's form
        pass


# The ways in which it misbehaves.


def answered(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Behaviour:
    """An answer of one's own."""

    def behave(exchange: Exchange) -> None:
        exchange.body()
        exchange.send(status, body, headers)

    return behave


def challenged(realm: str) -> Behaviour:
    """401 with a realm of one's own."""
    return answered(401, b"", {"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'})


def wrong_bytes(exchange: Exchange) -> None:
    """Other bytes, as many as were asked for."""
    data = exchange.content() or b""
    exchange.send(200, bytes(byte ^ 1 for byte in data))


def extra_bytes(exchange: Exchange) -> None:
    """The content and something behind it, without an announced length."""
    exchange.head(200, None, {"Connection": "close"})
    exchange.write((exchange.content() or b"") + b"!")
    exchange.hang_up()


def truncated(size: int) -> Behaviour:
    """The announced length, fewer bytes, and the end of the connection."""

    def behave(exchange: Exchange) -> None:
        data = exchange.content() or b""
        exchange.head(200, len(data), {})
        exchange.write(data[:size])
        exchange.hang_up()

    return behave


def reset_after(size: int) -> Behaviour:
    """Some bytes, then a reset."""

    def behave(exchange: Exchange) -> None:
        data = exchange.content() or b""
        if size:
            exchange.head(200, len(data), {})
            exchange.write(data[:size])
            time.sleep(0.05)  # a reset overtakes what is still in the buffers
        exchange.reset()

    return behave


def stalled(exchange: Exchange) -> None:
    """The head of an answer, and nothing more."""
    data = exchange.content() or b"x"
    exchange.head(200, len(data), {})
    exchange.write(data[:1])
    exchange.wait()


def dripping(interval: float) -> Behaviour:
    """A byte now and then."""

    def behave(exchange: Exchange) -> None:
        data = exchange.content() or b"x" * 1000
        exchange.head(200, len(data), {"Content-Type": MANIFEST})
        for position in range(len(data)):
            if exchange.registry.ended.wait(interval):
                break
            exchange.write(data[position : position + 1])
        exchange.hang_up()

    return behave


def dripping_head(interval: float) -> Behaviour:
    """The head of an answer, a byte now and then, without end."""

    def behave(exchange: Exchange) -> None:
        exchange.write(b"HTTP/1.1 200 OK\r\nX-Filler: ")
        while not exchange.registry.ended.wait(interval):
            exchange.write(b"x")
        exchange.hang_up()

    return behave


def redirected(url: str, status: int = 307) -> Behaviour:
    """A redirect."""
    return answered(status, b"", {"Location": url})


def gzip_bomb(size: int) -> Behaviour:
    """A small body that says of itself that it unpacks to a large one."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)), packer.flush()])
    return answered(200, body, {"Content-Encoding": "gzip", "Content-Type": MANIFEST})
