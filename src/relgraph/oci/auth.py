"""Authorization: what is sent so that a registry does what is asked (distribution project, ``spec/auth/token.md``).

A registry answers 401 with a challenge. For ``Bearer`` a token is fetched from the realm that the challenge names, with the
credentials of that registry, if and only if the realm is on the registry's own host or on one declared to belong to it; for
``Basic`` the credentials go to the registry itself. Tokens are kept for as long as they last, one for each registry and scope.
"""

import base64
import threading
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from relgraph.effects import clock
from relgraph.effects.addresses import Reach
from relgraph.effects.network import Answer, Network
from relgraph.oci.challenge import Challenge, parse_challenges
from relgraph.oci.credentials import Credential, CredentialSource
from relgraph.oci.errors import InvalidContent, RegistryFailure, Unauthorized
from relgraph.oci.json import Json, decode
from relgraph.oci.progress import Reporter
from relgraph.oci.retry import PASSING, retry_after
from relgraph.oci.settings import Settings
from relgraph.oci.urls import host_of, reach_allowed, same_origin, shown, unsafe

__all__ = ["Authority", "Scope"]

_LARGEST = 1 << 20
_SHORTEST_LIFE = 60.0  # what a token lasts where its service does not say (token.md)


class Scope(NamedTuple):
    """What a request needs: access to a repository of a registry, and to read others (to mount from them)."""

    registry: str
    repository: str
    actions: str = "pull"
    mounts: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The scope as token services have it: ``repository:acme/web:pull,push``."""
        if not self.repository:
            return ()
        return (f"repository:{self.repository}:{self.actions}", *(f"repository:{other}:pull" for other in self.mounts))


class Authority:
    """Finds the ``Authorization`` header for requests; safe for several threads, which fetch a token once."""

    def __init__(self, network: Network, settings: Settings, credentials: CredentialSource, reporter: Reporter) -> None:
        self._network = network
        self._settings = settings
        self._credentials = credentials
        self._reporter = reporter
        self._lock = threading.Lock()
        self._fetching: dict[Scope, threading.Lock] = {}
        self._headers: dict[Scope, tuple[str, float]] = {}
        self._challenges: dict[str, Challenge] = {}

    def header(self, scope: Scope) -> str | None:
        """What to send before a challenge came: what is known from earlier ones."""
        with self._lock:
            challenge = self._challenges.get(scope.registry)
        if challenge is None:
            return None
        return self._known(scope) or self._obtain(challenge, scope, None)

    def respond(self, scope: Scope, header: str, rejected: str | None) -> str | None:
        """What to send after a 401 whose ``WWW-Authenticate`` is ``header``; None where nothing better is known.

        ``rejected`` is what was sent with the request. Raises :class:`~relgraph.oci.errors.Unauthorized` where a token
        service refuses, or is one that must not have the credentials.
        """
        challenges = {challenge.scheme: challenge for challenge in reversed(parse_challenges(header))}
        challenge = challenges.get("bearer") or challenges.get("basic")
        if challenge is None:
            return None
        with self._lock:
            self._challenges[scope.registry] = challenge
        value = self._obtain(challenge, scope, rejected)
        return value if value != rejected else None

    def _known(self, scope: Scope) -> str | None:
        value, until = self._headers.get(scope, ("", 0.0))
        return value if value and clock.monotonic() < until else None

    def _obtain(self, challenge: Challenge, scope: Scope, rejected: str | None) -> str | None:
        with self._lock:
            lock = self._fetching.setdefault(scope, threading.Lock())
        with lock:
            known = self._known(scope)
            if known is not None and known != rejected:  # another thread was faster
                return known
            credential = self._credentials.find(scope.registry, scope.repository)
            if challenge.scheme == "basic":
                if credential is None or not credential.username:
                    return None
                value, life = _basic(credential), float("inf")
            elif credential is not None and credential.bearer:
                value, life = f"Bearer {credential.bearer}", float("inf")
            else:
                token, life = self._fetch(challenge, scope, credential)
                value = f"Bearer {token}"
            self._headers[scope] = (value, clock.monotonic() + life)
            return value

    def _fetch(self, challenge: Challenge, scope: Scope, credential: Credential | None) -> tuple[str, float]:
        realm = challenge.parameters.get("realm", "")
        self._check(realm, scope.registry, credential)
        asked = tuple(challenge.parameters.get("scope", "").split())
        words = tuple(dict.fromkeys((*scope.words, *asked)))
        answer = self._request(realm, challenge, words, scope.registry, credential)
        if answer.status in (400, 401, 403) and asked and asked != words:
            # Some services refuse a scope as a whole for a part of it: then what the registry asked for, no more.
            answer.close()
            answer = self._request(realm, challenge, asked, scope.registry, credential)
        with answer:
            if answer.status != 200:
                raise _refusal(answer, realm, scope.registry, credential)
            body = _read(answer, realm)
        value = _token(body)
        if value is None:
            raise RegistryFailure(f"{scope.registry}: the token service {host_of(realm)} answered without a token", status=200)
        life = body.get("expires_in") if isinstance(body, dict) else None
        seconds = float(life) if isinstance(life, int | float) and not isinstance(life, bool) else _SHORTEST_LIFE
        return value, max(seconds, _SHORTEST_LIFE) * 0.9

    def _check(self, realm: str, registry: str, credential: Credential | None) -> None:
        base = self._settings.base(registry)
        problem = unsafe(realm, self._settings)
        if problem:
            raise Unauthorized(f"{registry}: it sends clients for a token to {shown(realm)!r}: {problem}", status=401)
        if credential is not None and not self._settings.is_trusted(host_of(base), host_of(realm)):
            raise Unauthorized(
                f"{registry}: it sends clients for a token to another host, {host_of(realm)}, which does not get its credentials",
                status=401,
                hint=f"if that host is the registry's own token service, declare it: --trust {host_of(base)}={host_of(realm)}",
            )

    def _request(
        self, realm: str, challenge: Challenge, words: tuple[str, ...], registry: str, credential: Credential | None
    ) -> Answer:
        fields = [("service", challenge.parameters["service"])] if challenge.parameters.get("service") else []
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "relgraph"}
        body: bytes | None = None
        if credential is not None and credential.identity:
            method, url = "POST", realm
            fields += [("grant_type", "refresh_token"), ("refresh_token", credential.identity), ("client_id", "relgraph")]
            body = urlencode([*fields, ("scope", " ".join(words))]).encode("ascii")
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        else:
            method = "GET"
            if credential is not None:
                headers["Authorization"] = _basic(credential)
            query = urlencode([*fields, *(("scope", word) for word in words)])
            url = f"{realm}{'&' if urlsplit(realm).query else '?'}{query}" if query else realm
        base = self._settings.base(registry)
        nearest = Reach.LOOPBACK if same_origin(base, realm) else reach_allowed(self._network, self._settings, base, realm)
        began = clock.monotonic()
        answer = self._network.send(method, url, headers, body, nearest=nearest, total=self._settings.document)
        self._reporter.exchange(method, shown(realm), answer.status, clock.monotonic() - began)
        return answer


def _basic(credential: Credential) -> str:
    return "Basic " + base64.b64encode(f"{credential.username}:{credential.password}".encode()).decode("ascii")


def _read(answer: Answer, realm: str) -> Json:
    parts: list[bytes] = []
    while data := answer.read(1 << 16):
        parts.append(data)
        if sum(map(len, parts)) > _LARGEST:
            break
    try:
        return decode(b"".join(parts), what="token", limit=_LARGEST)
    except InvalidContent:
        # Nothing of the answer is repeated: it may hold a token.
        raise RegistryFailure(f"the token service {host_of(realm)} answered with something else than a token", status=200) from None


def _token(body: Json) -> str | None:
    if not isinstance(body, dict):
        return None
    for name in ("token", "access_token"):
        value = body.get(name)
        if isinstance(value, str) and value and all("!" <= character <= "~" for character in value):
            return value
    return None


def _refusal(answer: Answer, realm: str, registry: str, credential: Credential | None) -> RegistryFailure:
    where = f"{registry}: its token service {host_of(realm)}"
    if answer.status in PASSING:
        asked = retry_after(answer.headers.get("Retry-After"), clock.now())
        return RegistryFailure(f"{where} answered {answer.status}", status=answer.status, passing=True, retry_after=asked)
    if 300 <= answer.status < 400:
        return RegistryFailure(f"{where} answered with a redirect, which is not followed", status=answer.status)
    hint = (
        f"log in again: docker login {registry}" if credential is not None else f"no credentials are known: docker login {registry}"
    )
    return Unauthorized(f"{where} refused ({answer.status})", status=answer.status, hint=hint)
