"""One connection: to an address that was judged, with a limit on every wait."""

import http.client
import select
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from relgraph.effects import addresses
from relgraph.effects.addresses import Reach
from relgraph.effects.clock import monotonic
from relgraph.errors import EnvironmentFailure

__all__ = ["LIMITS", "Connection", "Limits", "NetworkFailure", "Stale", "Trouble", "explain", "tls_context"]


class Trouble(Enum):
    """Why no answer came, or not all of it."""

    UNKNOWN_HOST = "unknown host"
    REFUSED = "refused"
    FORBIDDEN = "forbidden address"
    TLS = "TLS"
    TIMEOUT = "timeout"
    DROPPED = "dropped"
    PROTOCOL = "not HTTP"


class NetworkFailure(EnvironmentFailure):
    """A request without a (whole) answer."""

    def __init__(self, message: str, *, trouble: Trouble, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.trouble = trouble

    @property
    def passing(self) -> bool:
        """Whether the same request may well succeed in a moment."""
        return self.trouble in (Trouble.TIMEOUT, Trouble.DROPPED)


class Limits(NamedTuple):
    """Seconds: to connect; for a send or a receive to make any progress; for the head of an answer to be complete."""

    connect: float = 10.0
    stall: float = 60.0
    answer: float = 300.0


#: What is waited for where nothing else is said.
LIMITS = Limits()


class Stale(Exception):
    """A connection that ended before any byte of an answer."""


# What is received at once; below the size from which memory is asked of the system each time.
_BUFFER = 96 << 10


class _Deadline:
    """What the sockets below share: no receive lasts beyond a moment that is set for the request."""

    deadline: float | None = None
    stall: float = 60.0

    def patience(self) -> float:
        if self.deadline is None:
            return self.stall
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return min(left, self.stall)


class _Socket(_Deadline, socket.socket):
    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.patience())
        return super().recv_into(*args, **kwargs)

    def settimeout(self, value: float | None, /) -> None:
        if value != self.gettimeout():  # every call of the system is a chance for another thread to take over
            super().settimeout(value)

    def makefile(self, mode: str = "r", buffering: int | None = None, **kwargs: Any) -> Any:
        # For the same reason: a small body comes with its head.
        return super().makefile(mode, _BUFFER if buffering is None and mode == "rb" else buffering, **kwargs)  # type: ignore[call-overload]


class _TlsSocket(_Deadline, ssl.SSLSocket):
    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.patience())
        return super().recv_into(*args, **kwargs)


class Connection(http.client.HTTPConnection):
    """A connection to a checked address, with or without TLS, straight or through a proxy."""

    def __init__(
        self, host: str, port: int, *, context: ssl.SSLContext | None, limits: Limits, nearest: Reach, proxy: str | None
    ) -> None:
        host = f"[{host}]" if ":" in host else host
        self.address = f"{host}:{port}"
        self.reach: Reach | None = None
        self.absolute = proxy is not None and context is None
        self._clock = _Deadline()
        self._body_deadline: float | None = None
        self._limits = limits
        self._nearest = nearest
        self._tls = context
        self._wanted = host
        self._proxied = proxy is not None
        self._proxy_headers: dict[str, str] = {}
        if proxy is None:
            super().__init__(host.strip("[]"), port, timeout=limits.connect)
        else:
            parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
            super().__init__(parts.hostname or "", parts.port or 80, timeout=limits.connect)
            if parts.username is not None:
                self._proxy_headers = {"Proxy-Authorization": _basic(parts.username, parts.password or "")}
            if _is_bad_literal(host, nearest):
                raise _forbidden(self.address)
            if context is not None:
                self.set_tunnel(host, port, self._proxy_headers)
        # The name is private in http.client; its own subclasses replace what connects in the same way.
        self._create_connection: Callable[..., socket.socket] = self._connect_checked

    def begin(self, deadline: float | None) -> None:
        """Connect where that is still to be done, and set the moment by which the head of the answer must be there."""
        if self.sock is None:
            self.connect()
        self.sock.settimeout(self._limits.stall)
        limit = monotonic() + self._limits.answer
        self._clock.deadline = limit if deadline is None else min(limit, deadline)
        self._body_deadline = deadline

    def connect(self) -> None:
        """Connect, through the proxy's tunnel where there is one, and agree on TLS."""
        super().connect()
        if self._tls is not None:
            self.sock.settimeout(self._limits.connect)
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._wanted.strip("[]"))
        if isinstance(self.sock, _Deadline):  # always: both kinds of socket are
            self._clock = self.sock
        self._clock.stall = self._limits.stall
        self.sock.settimeout(self._limits.stall)

    def transmit(self, method: str, target: str, headers: Mapping[str, str], body: bytes | Iterable[bytes] | None) -> None:
        """Send a request. A server that answers before it has read all is not an error: its answer says why."""
        try:
            self.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            self.putheader("Host", _host_header(self.address, secure=self._tls is not None))
            for name, value in headers.items():
                self.putheader(name, value)
            if self.absolute:
                for name, value in self._proxy_headers.items():
                    self.putheader(name, value)
            if isinstance(body, bytes):
                if "Content-Length" not in headers:
                    self.putheader("Content-Length", str(len(body)))
                self.endheaders(body)
                return
            self.endheaders()
        except (BrokenPipeError, ConnectionResetError, ConnectionAbortedError):
            raise Stale from None
        self.sock.settimeout(self._limits.stall)
        try:
            for data in body or ():
                self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ConnectionAbortedError):
            pass  # receive() tells whether there is an answer

    def receive(self) -> http.client.HTTPResponse:
        """The head of the answer."""
        try:
            response = self.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, ConnectionAbortedError):
            raise Stale from None
        self._clock.deadline = self._body_deadline
        return response

    def finish_by(self, moment: float) -> None:
        """Let no receive of the answer that is being read last beyond a moment of the monotonic clock."""
        self._clock.deadline = moment

    def is_quiet(self) -> bool:
        """Whether an idle connection is still there: one that has something to read has ended, or speaks out of turn."""
        if self.sock is None:
            return False
        watch = select.poll()
        watch.register(self.sock, select.POLLIN)
        return not watch.poll(0)

    def _connect_checked(self, address: tuple[str, int], timeout: float, _source: object = None) -> socket.socket:
        problem: OSError | None = None
        for family, found in addresses.resolve(*address):
            reach = addresses.reach_of(found[0])
            # A proxy is named by the user of this machine, and judges addresses itself.
            if not self._proxied:
                if addresses.is_forbidden(found[0]) or reach > self._nearest:
                    raise _forbidden(self.address)
                self.reach = reach
            sock = _Socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(timeout)
                sock.connect(found)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as reason:
                sock.close()
                problem = reason
            else:
                sock.stall = self._limits.stall
                return sock
        raise problem or OSError(f"no address for {self.address}")


def _is_bad_literal(host: str, nearest: Reach) -> bool:
    """Whether a host is a literal address that must not be connected to; names are for the proxy to judge."""
    try:
        return addresses.is_forbidden(host.strip("[]")) or addresses.reach_of(host.strip("[]")) > nearest
    except ValueError:
        return False


def _forbidden(address: str) -> NetworkFailure:
    return NetworkFailure(
        f"{address}: not connected to: it is at an address that a registry may not lead to",
        trouble=Trouble.FORBIDDEN,
        hint="link-local and metadata addresses are never used, nearer addresses than the registry's only where declared",
    )


def explain(problem: Exception, address: str) -> NetworkFailure:
    """What went wrong, in the words of a user."""
    hint = ""
    if isinstance(problem, NetworkFailure):
        return problem
    if isinstance(problem, socket.gaierror):
        trouble, text, hint = Trouble.UNKNOWN_HOST, "its name cannot be resolved", "check the spelling and the network"
    elif isinstance(problem, ssl.SSLCertVerificationError):
        trouble, text = Trouble.TLS, f"its certificate is not trusted: {problem.verify_message}"
        hint = "add the authority's certificate with --ca-file"
    elif isinstance(problem, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        trouble, text = Trouble.DROPPED, "the connection was dropped"
    elif isinstance(problem, TimeoutError):
        trouble, text = Trouble.TIMEOUT, "no progress within the time limit"
    elif isinstance(problem, ssl.SSLError):
        trouble, text = Trouble.TLS, f"TLS failed: {problem.reason or problem}"
        hint = "does the registry speak plain HTTP? then declare it with --insecure HOST"
    elif isinstance(problem, ConnectionRefusedError):
        trouble, text, hint = Trouble.REFUSED, "the connection was refused", "is the registry running, and is the port right?"
    elif isinstance(problem, http.client.BadStatusLine | http.client.LineTooLong | http.client.UnknownProtocol):
        trouble, text = Trouble.PROTOCOL, "what answers there does not speak HTTP"
        hint = "does it speak HTTPS only, or is it another service?"
    elif isinstance(problem, OSError) and not isinstance(problem, ConnectionError) and problem.strerror:
        trouble, text = Trouble.REFUSED, problem.strerror
    else:
        trouble, text = Trouble.DROPPED, "the connection was dropped"
    return NetworkFailure(f"{address}: {text}", trouble=trouble, hint=hint)


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Verification on, the system's authorities and those of a file (PEM). Raises EnvironmentFailure for a file without any."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or paths.capath or context.cert_store_stats()["x509_ca"]):
        # A system without certificates of its own, such as a minimal image; requests brings some along.
        import certifi  # noqa: PLC0415 - rarely needed

        context.load_verify_locations(certifi.where())
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as problem:
            raise EnvironmentFailure(f"{ca_file}: no certificates can be read from it: {problem}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = _TlsSocket
    return context


def _host_header(address: str, *, secure: bool) -> str:
    return address.removesuffix(":443" if secure else ":80")


def _basic(user: str, password: str) -> str:
    from base64 import b64encode  # noqa: PLC0415 - proxies with passwords are rare

    return "Basic " + b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
