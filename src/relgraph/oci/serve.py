"""A layout as a registry on loopback, for programs that read from registries only: helm, docker, flux, skopeo.

The pull side of the OCI distribution specification 1.1: manifests, blobs with ranges, tags and referrers page by page, and
the list of repositories that older tools ask for (``_catalog``). Nothing can be written. What is served is verified: a blob
that is damaged on disk ends the connection before its last byte, so that no reader takes it for whole.
"""

import re
import socket
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from relgraph import __version__
from relgraph.effects.addresses import is_loopback_name
from relgraph.errors import EnvironmentFailure, RelgraphError
from relgraph.oci.content import CHUNK, Reader
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import Digest, is_digest
from relgraph.oci.errors import NotFound
from relgraph.oci.json import encode
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Index
from relgraph.oci.reference import check_repository, is_tag

__all__ = ["DEFAULT_REPOSITORY", "LayoutServer"]

#: The repository under which tags without one are served.
DEFAULT_REPOSITORY = "layout"

_ROUTE = re.compile(r"/v2/(?P<name>[^?#]+)/(?P<kind>manifests|blobs|referrers)/(?P<reference>[^/]+)|/v2/(?P<tags>[^?#]+)/tags/list")
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII)
_PAGE = 1000
_IDLE = 60.0

Log = Callable[[str, str, int], None]


class LayoutServer:
    """A server of one layout; it reads the layout anew for each request, so that what is pushed meanwhile is there.

    ``host`` is an address of this machine, ``port`` 0 means any that is free; ``log`` is told method, path and status.
    On a loopback address only requests that name a loopback host are answered: a web page must not be able to read through
    a name of its own that leads here. Raises EnvironmentFailure where the address cannot be had.
    """

    def __init__(
        self,
        layout: Layout,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        default: str = DEFAULT_REPOSITORY,
        log: Log = lambda method, path, status: None,
    ) -> None:
        check_repository(default)
        handler = type("_BoundHandler", (_Handler,), {"layout": layout, "default": default, "log": staticmethod(log)})
        handler.loopback_only = is_loopback_name(host)  # type: ignore[attr-defined]  # a class made here
        server = type("_Server", (_Server,), {"address_family": socket.AF_INET6 if ":" in host else socket.AF_INET})
        try:
            self._server = server((host, port), handler)
        except (OSError, OverflowError) as problem:
            reason = getattr(problem, "strerror", None) or problem
            raise EnvironmentFailure(f"{host}:{port} cannot be listened on: {reason}", hint="name another --port") from None
        name = f"[{host}]" if ":" in host else host
        self.address = f"{name}:{self._server.server_address[1]}"

    def serve(self) -> None:
        """Answer requests until :meth:`stop` is called by another thread, or the user interrupts."""
        self._server.serve_forever(poll_interval=0.2)

    def stop(self) -> None:
        """End :meth:`serve`."""
        self._server.shutdown()

    def close(self) -> None:
        """Give the address up."""
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    layout: Layout
    default: str
    log: Log
    loopback_only: bool
    protocol_version = "HTTP/1.1"
    server_version = f"relgraph/{__version__}"
    sys_version = ""
    timeout = _IDLE
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer, with a body."""
        self._answer()

    def do_HEAD(self) -> None:
        """Answer, without a body."""
        self._answer()

    def _refuse_writing(self) -> None:
        self.close_connection = True  # its body was not read
        self._fail(HTTPStatus.METHOD_NOT_ALLOWED, "UNSUPPORTED", "this registry can only be read")

    do_POST = do_PUT = do_PATCH = do_DELETE = _refuse_writing  # noqa: N815

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - http.server's form
        """Tell the server's log."""
        self.log(self.command, self.path, int(code))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Nothing: what fails is answered."""

    def _answer(self) -> None:
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # a body that nobody reads must not be taken for the next request
        if self.loopback_only and not self._is_local():
            self._fail(HTTPStatus.MISDIRECTED_REQUEST, "DENIED", "this registry answers to loopback names only")
            return
        try:
            self._route(urlsplit(self.path))
        except NotFound as problem:
            self._fail(HTTPStatus.NOT_FOUND, "MANIFEST_UNKNOWN", str(problem))
        except RelgraphError as problem:
            self._fail(HTTPStatus.INTERNAL_SERVER_ERROR, "UNKNOWN", str(problem))

    def _is_local(self) -> bool:
        host = self.headers.get("Host", "")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return is_loopback_name(name)

    def _route(self, target: Any) -> None:
        query = {key: values[-1] for key, values in parse_qs(target.query).items()}
        if target.path in ("/v2", "/v2/"):
            self._json({})
            return
        if target.path == "/v2/_catalog":
            names = [name or self.default for name in self.layout.repositories()]
            self._page(target.path, sorted(names), query, lambda page: {"repositories": page})
            return
        route = _ROUTE.fullmatch(target.path)
        name = route and (route["name"] or route["tags"])
        if route is None or not name:
            self._fail(HTTPStatus.NOT_FOUND, "UNSUPPORTED", "no such address")
            return
        repository = self._repository(name)
        if repository is None:
            self._fail(HTTPStatus.NOT_FOUND, "NAME_UNKNOWN", f"no repository {name}")
        elif route["tags"]:
            self._page(target.path, list(repository.tags()), query, lambda page: {"name": name, "tags": page})
        elif route["kind"] == "manifests":
            self._manifest(repository, route["reference"])
        elif not is_digest(route["reference"]):
            self._fail(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", "not a digest")
        elif route["kind"] == "blobs":
            self._blob(Digest(route["reference"]))
        else:
            self._referrers(repository, Digest(route["reference"]), query.get("artifactType", ""))

    def _repository(self, name: str) -> LocalRepository | None:
        known = self.layout.repositories()
        if name in known:
            return LocalRepository(self.layout, name)
        return LocalRepository(self.layout) if name == self.default else None

    def _manifest(self, repository: LocalRepository, reference: str) -> None:
        if not is_digest(reference) and not is_tag(reference):
            self._fail(HTTPStatus.BAD_REQUEST, "MANIFEST_INVALID", "neither a tag nor a digest")
            return
        document = repository.load(reference)
        self._send(HTTPStatus.OK, document.media_type, document.raw, {"Docker-Content-Digest": document.digest})

    def _blob(self, digest: Digest) -> None:
        size = self.layout.size_of(digest)
        headers = {"Docker-Content-Digest": str(digest), "Accept-Ranges": "bytes"}
        first, last = 0, size - 1
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        if asked is not None:
            if asked[3] is not None:
                first = max(0, size - int(asked[3]))
            else:
                first, last = int(asked[1]), min(last, int(asked[2] or last))
            if first > last:
                headers["Content-Range"] = f"bytes */{size}"
                self._send(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "application/json", b"", headers)
                return
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        with self.layout.open_blob(Descriptor("", digest, size)) as reader:
            self.send_response(HTTPStatus.OK if asked is None else HTTPStatus.PARTIAL_CONTENT)
            self._headers("application/octet-stream", last - first + 1, headers)
            if self.command == "HEAD":
                return
            try:
                for data in _between(reader, first, last):
                    self.wfile.write(data)
            except (RelgraphError, OSError):
                self.close_connection = True  # short of what was announced: the client notices

    def _referrers(self, repository: LocalRepository, digest: Digest, artifact_type: str) -> None:
        found = repository.referrers(Descriptor("", digest, 0), artifact_type)
        headers = {"OCI-Filters-Applied": "artifactType"} if artifact_type else {}
        index = Index.make(found)
        self._send(HTTPStatus.OK, index.media_type, index.raw, headers)

    def _page(self, path: str, names: list[str], query: dict[str, str], body: Callable[[list[str]], dict[str, Any]]) -> None:
        text = query.get("n", str(_PAGE))
        size = min(int(text), _PAGE) if text.isascii() and text.isdigit() and len(text) < 10 else _PAGE
        rest = [name for name in names if name > query.get("last", "")]
        page = rest[:size]
        headers = {}
        if page and len(rest) > size:
            headers["Link"] = f'<{quote(path)}?{urlencode({"n": size, "last": page[-1]})}>; rel="next"'
        self._json(body(page), headers)

    def _json(self, value: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send(HTTPStatus.OK, "application/json", encode(value), headers or {})

    def _fail(self, status: HTTPStatus, code: str, words: str) -> None:
        self._send(status, "application/json", encode({"errors": [{"code": code, "message": words}]}), {})

    def _send(self, status: HTTPStatus, media_type: str, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self._headers(media_type, len(body), headers)
        if self.command != "HEAD":
            self.wfile.write(body)

    def _headers(self, media_type: str, length: int, headers: dict[str, str]) -> None:
        self.send_header("Docker-Distribution-API-Version", "registry/2.0")
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(length))
        self.send_header("X-Content-Type-Options", "nosniff")
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _between(reader: Reader, first: int, last: int) -> Iterator[bytes]:
    """The bytes from ``first`` to ``last``. All before them are read, too: so what is sent was verified as far as it goes."""
    position = 0
    while position <= last:
        data = reader.read(CHUNK) or b""
        if not data:
            return
        piece = data[max(0, first - position) : last + 1 - position]
        position += len(data)
        if piece:
            yield piece
