"""The one door to the network: HTTP/1.1 requests over connections that are kept, checked and bounded in time.

No policy is made here: no redirect is followed, nothing is tried twice, no credential is known. What is made sure of:

- a connection goes to an address that was judged (:mod:`relgraph.effects.addresses`);
- every wait has a limit, also against a server that sends a byte now and then;
- a response that ends early is an error, and bodies stream in both directions.
"""

import http.client
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from email.message import Message
from typing import Self
from urllib.parse import urlsplit

from relgraph.effects.addresses import Reach
from relgraph.effects.clock import monotonic
from relgraph.effects.connection import LIMITS, Connection, Limits, NetworkFailure, Stale, Trouble, explain, tls_context
from relgraph.effects.proxies import bypasses, proxies_of

__all__ = ["Answer", "Limits", "Network", "NetworkFailure", "Trouble"]

_IDLE_PER_ORIGIN = 16
_IDLE_SECONDS = 45.0


class Answer:
    """A response whose body is read as it comes. Headers are looked up without regard to case. Close it, or read it to the end."""

    def __init__(self, connection: Connection, response: http.client.HTTPResponse, give_back: Callable[[], None]) -> None:
        self.status = response.status
        self.reason = response.reason
        self.headers: Message = response.headers
        self._connection = connection
        self._response = response
        self._give_back: Callable[[], None] | None = give_back
        self._left = None if response.chunked else response.length
        if self._left == 0:  # so it is for HEAD, too
            self._done()

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes as soon as any are there, all that are left for -1. Raises :class:`NetworkFailure`."""
        if size < 0:
            return b"".join(iter(lambda: self.read(1 << 18), b""))
        if self._give_back is None or size == 0:
            return b""
        try:
            data = self._response.read1(size)
        except (OSError, http.client.HTTPException, ValueError) as problem:
            self.close()
            raise explain(problem, self._connection.address) from problem
        if self._left is not None:
            self._left -= len(data)
        if not data:
            if self._left:
                self.close()
                raise NetworkFailure(f"{self._connection.address}: the connection ended too early", trouble=Trouble.DROPPED)
            self._done()
        elif self._left == 0:
            self._done()
        return data

    def within(self, seconds: float) -> None:
        """Let the rest of the body come within so many seconds, or fail."""
        if self._give_back is not None:
            self._connection.finish_by(monotonic() + seconds)

    def close(self) -> None:
        """Give the connection up; one whose body was not read to its end cannot be used again."""
        if self._give_back is not None:
            self._give_back = None
            self._response.close()
            self._connection.close()

    def _done(self) -> None:
        give_back, self._give_back = self._give_back, None
        if give_back is None:
            return
        self._response.close()
        if self._response.will_close:
            self._connection.close()
        else:
            give_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Network:
    """Connections to any number of servers, kept for reuse; safe for several threads.

    ``variables`` are environment variables: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``NO_PROXY`` (any case) are honoured. ``ca_file``
    holds certificates (PEM) that are trusted beside the system's.
    """

    def __init__(self, limits: Limits = LIMITS, *, ca_file: str | None = None, variables: Mapping[str, str] | None = None) -> None:
        self.limits = limits
        self._ca_file = ca_file
        self._proxies = proxies_of(variables or {})
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, str, int, Reach], list[tuple[float, Connection]]] = {}
        self._reached: dict[str, Reach] = {}

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None = None,
        *,
        nearest: Reach = Reach.LOOPBACK,
        total: float | None = None,
    ) -> Answer:
        """Send a request and return when the head of its answer is there.

        ``body`` as an iterable needs a Content-Length among the headers. ``nearest`` is the nearest address that may be
        connected to. ``total`` bounds the whole exchange in seconds, the body included; without it a body takes as long
        as it makes progress. Raises :class:`NetworkFailure`.
        """
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        key = (scheme, host, port, nearest)
        connection, reused = self._take(key)
        if connection.absolute:
            target = f"{scheme}://{parts.netloc.rpartition('@')[2]}{target}"
        try:
            response = self._exchange(connection, method, target, headers, body, total)
        except Stale:
            # The server closed an idle connection at the moment of its reuse: not the request's fault, and no byte of an
            # answer came. A body that can be sent once only is the caller's to send again.
            connection.close()
            if not reused or not (body is None or isinstance(body, bytes)):
                raise NetworkFailure(f"{connection.address}: the connection was dropped", trouble=Trouble.DROPPED) from None
            connection = self._new(key)
            response = self._exchange(connection, method, target, headers, body, total, last=True)
        if connection.reach is not None:
            self._reached[f"{host}:{port}"] = connection.reach
        return Answer(connection, response, lambda: self._put(key, connection))

    def reached(self, host: str, port: int) -> Reach:
        """How near the server was that a request to this host reached; public where none did, or a proxy stood between."""
        return self._reached.get(f"{host}:{port}", Reach.PUBLIC)

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for kept in idle.values():
            for _, connection in kept:
                connection.close()

    def _exchange(
        self,
        connection: Connection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None,
        total: float | None,
        *,
        last: bool = False,
    ) -> http.client.HTTPResponse:
        try:
            connection.begin(monotonic() + total if total is not None else None)
            connection.transmit(method, target, headers, body)
            return connection.receive()
        except Stale:
            if last:
                raise NetworkFailure(f"{connection.address}: the connection was dropped", trouble=Trouble.DROPPED) from None
            raise
        except NetworkFailure:
            connection.close()
            raise
        except (OSError, http.client.HTTPException) as problem:
            connection.close()
            raise explain(problem, connection.address) from problem
        except BaseException:  # what the body's iterator raises, an interrupt: a half-sent request is no connection
            connection.close()
            raise

    def _take(self, key: tuple[str, str, int, Reach]) -> tuple[Connection, bool]:
        oldest = monotonic() - _IDLE_SECONDS
        while True:
            with self._lock:
                kept = self._idle.get(key)
                if not kept:
                    break
                since, connection = kept.pop()
            if since > oldest and connection.is_quiet():
                return connection, True
            connection.close()
        return self._new(key), False

    def _new(self, key: tuple[str, str, int, Reach]) -> Connection:
        scheme, host, port, nearest = key
        proxy = None if bypasses(host, port, self._proxies.get("no", "")) else self._proxies.get(scheme)
        context = self._tls() if scheme == "https" else None
        return Connection(host, port, context=context, limits=self.limits, nearest=nearest, proxy=proxy)

    def _put(self, key: tuple[str, str, int, Reach], connection: Connection) -> None:
        with self._lock:
            kept = self._idle.setdefault(key, [])
            if len(kept) < _IDLE_PER_ORIGIN:
                kept.append((monotonic(), connection))
                return
        connection.close()

    def _tls(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = tls_context(self._ca_file)
            return self._context
