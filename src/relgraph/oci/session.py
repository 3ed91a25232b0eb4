"""Requests to one registry: authorized, redirected with care, attempted again where that helps, and refused in words."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, TypeAlias
from urllib.parse import urljoin

from relgraph import __version__
from relgraph.effects import clock
from relgraph.effects.addresses import Reach
from relgraph.effects.connection import NetworkFailure
from relgraph.effects.network import Answer, Network
from relgraph.oci.auth import Authority, Scope
from relgraph.oci.errors import InvalidContent, NotFound, RegistryFailure, Unauthorized
from relgraph.oci.json import decode
from relgraph.oci.progress import Reporter
from relgraph.oci.retry import PASSING, Retries, retry_after
from relgraph.oci.settings import Settings
from relgraph.oci.urls import host_of, reach_allowed, same_origin, shown, unsafe

__all__ = ["Body", "Request", "Session", "clean"]

#: What is sent: nothing, bytes, or a function that begins the bytes anew for every attempt.
Body: TypeAlias = bytes | Callable[[], AbstractContextManager[Iterable[bytes]]] | None

_REDIRECTS = 5
_LARGEST_COMPLAINT = 1 << 16
_COMPLAINT_SECONDS = 10.0
_LONGEST_WORDS = 400


class Request(NamedTuple):
    """One request. ``accept`` are the statuses that are answers; any other is raised as an error.

    ``what`` names the object for messages; ``total`` bounds the whole exchange in seconds, None only its progress.
    """

    method: str
    url: str
    scope: Scope
    what: str
    headers: Mapping[str, str] = {}
    body: Body = None
    accept: tuple[int, ...] = (200,)
    total: float | None = None


class Session:
    """What all requests to one registry share. Safe for several threads."""

    def __init__(
        self, registry: str, network: Network, authority: Authority, settings: Settings, retries: Retries, reporter: Reporter
    ) -> None:
        self.registry = registry
        self.base = settings.base(registry)
        self.settings = settings
        self.reporter = reporter
        self.retries = retries
        self._network = network
        self._authority = authority
        self._warned: set[str] = set()

    def send(self, request: Request) -> Answer:
        """The answer, after as many attempts as it takes.

        Raises :class:`~relgraph.oci.errors.NotFound` for 404, :class:`~relgraph.oci.errors.Unauthorized` for 401 and 403,
        :class:`~relgraph.oci.errors.RegistryFailure` for other statuses and
        :class:`~relgraph.effects.network.NetworkFailure` where no answer came.
        """
        return self.retries.run(lambda: self.send_once(request))

    def send_once(self, request: Request) -> Answer:
        """The answer to a single attempt; failures that pass say so."""
        header = self._authority.header(request.scope)
        answer = self._follow(request, header)
        for _ in range(2):  # a token that has just expired is the second reason for a 401
            if answer.status != 401:
                break
            challenge = ", ".join(answer.headers.get_all("WWW-Authenticate", []))
            code, words = _complaint(answer)
            better = self._authority.respond(request.scope, challenge, header)
            if better is None:
                raise self._refusal(request, 401, code, words, None)
            header = better
            answer = self._follow(request, header)
        self._warn(answer)
        if answer.status in request.accept:
            return answer
        asked = retry_after(answer.headers.get("Retry-After"), clock.now())
        code, words = _complaint(answer)
        raise self._refusal(request, answer.status, code, words, asked)

    def locate(self, url: str, location: str | None, what: str) -> str:
        """The absolute address of a ``Location`` header; raises RegistryFailure for one that must not be requested."""
        if not location:
            raise RegistryFailure(f"{self.registry}: {what}: the answer does not say where to go on")
        target = urljoin(url, location)
        # A registry behind a proxy that ends TLS often believes that it is reached without; its own host is meant.
        if url.startswith("https:") and target.startswith("http:") and host_of(target) in (host_of(url), f"{host_of(url)}:443"):
            target = "https:" + target.removeprefix("http:")
        problem = unsafe(target, self.settings)
        if problem:
            raise RegistryFailure(f"{self.registry}: {what}: it sends to {shown(target)!r}: {problem}")
        return target

    def _follow(self, request: Request, header: str | None) -> Answer:
        url = request.url
        for _ in range(_REDIRECTS + 1):
            answer = self._exchange(request, url, header)
            if answer.status not in (301, 302, 303, 307, 308) or answer.status in request.accept:
                return answer
            _complaint(answer)
            target = self.locate(url, answer.headers.get("Location"), request.what)
            if request.method not in ("GET", "HEAD") and not (answer.status in (307, 308) and same_origin(url, target)):
                raise RegistryFailure(f"{self.registry}: {request.what}: redirected to {shown(target)}", status=answer.status)
            url = target
        raise RegistryFailure(f"{self.registry}: {request.what}: redirected more than {_REDIRECTS} times")

    def _exchange(self, request: Request, url: str, header: str | None) -> Answer:
        headers = {"User-Agent": f"relgraph/{__version__}", "Accept-Encoding": "identity", **request.headers}
        # The one place where credentials go on the wire: to the registry itself, and to hosts declared to belong to it.
        own = url.startswith(f"{self.base}/") or same_origin(url, self.base)
        if header is not None and (own or self.settings.is_trusted(host_of(self.base), host_of(url))):
            headers["Authorization"] = header
        nearest = Reach.LOOPBACK if own else reach_allowed(self._network, self.settings, self.base, url)
        body = request.body() if callable(request.body) else nullcontext(request.body)
        began = clock.monotonic()
        with body as data:
            answer = self._network.send(request.method, url, headers, data, nearest=nearest, total=request.total)
        trace = url if own else shown(url)
        self.reporter.exchange(request.method, trace, answer.status, clock.monotonic() - began)
        return answer

    def _refusal(self, request: Request, status: int, code: str, words: str, asked: float | None) -> Exception:
        told = f": {words}" if words else ""
        if status == 404:
            return NotFound(request.what, where=self.registry)
        message = f"{self.registry}: {request.what}: "
        if status in (401, 403):
            verb = "wants other credentials" if status == 401 else "does not allow it"
            hint = f"log in: docker login {self.registry}" if status == 401 else "has this account the right to do it?"
            return Unauthorized(f"{message}it {verb} ({status}){told}", status=status, code=code, hint=hint)
        hint = ""
        if status == 429:
            hint = "the registry limits requests; log in, or wait"
        elif status == 413:
            hint = "the registry, or a proxy before it, limits the size of uploads"
        return RegistryFailure(
            f"{message}it answered {status}{f' {code}' if code else ''}{told}",
            status=status,
            code=code,
            passing=status in PASSING,
            retry_after=asked,
            hint=hint,
        )

    def _warn(self, answer: Answer) -> None:
        # Distribution specification 1.1, "Warnings": 299 - "text".
        for value in answer.headers.get_all("Warning", [])[:10]:
            if value.startswith('299 - "') and value not in self._warned and len(self._warned) < 100:
                self._warned.add(value)
                self.reporter.warn(f"{self.registry}: {clean(value[7:].removesuffix(chr(34)))}")


def clean(text: str) -> str:
    """Words of a stranger for a message: one line, no control characters, not too long."""
    text = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return text if len(text) <= _LONGEST_WORDS else text[: _LONGEST_WORDS - 3] + "..."


def _complaint(answer: Answer) -> tuple[str, str]:
    """The code and words of an error's body (distribution specification 1.1, "Error Codes"); empty where it has none.

    It reads the body to its end, if that is near, so that the connection can be used again.
    """
    parts: list[bytes] = []
    size = 0
    with answer:
        try:
            answer.within(_COMPLAINT_SECONDS)
            while size <= _LARGEST_COMPLAINT and (data := answer.read(1 << 16)):
                parts.append(data)
                size += len(data)
            body = decode(b"".join(parts), what="error", limit=_LARGEST_COMPLAINT)
        except (InvalidContent, NetworkFailure):
            return "", ""
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return "", ""
    code, words = first.get("code"), first.get("message")
    return clean(code) if isinstance(code, str) else "", clean(words) if isinstance(words, str) else ""
