"""Credentials for registries, from where docker, podman and their helpers keep them.

Files, in this order: ``$REGISTRY_AUTH_FILE``; ``$DOCKER_CONFIG/config.json``, else ``~/.docker/config.json``;
``$XDG_RUNTIME_DIR/containers/auth.json``; ``~/.config/containers/auth.json`` (containers-auth.json(5)). In each: the helper of
``credHelpers`` for the host, the ``credsStore``, then ``auths``. A file or a helper that is broken is a warning, and the search
goes on.
"""

import base64
import binascii
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from relgraph.errors import EnvironmentFailure
from relgraph.oci.errors import InvalidContent
from relgraph.oci.json import decode

__all__ = ["NO_CREDENTIALS", "Credential", "CredentialSource", "DockerCredentials", "FixedCredentials"]

_HELPER = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_HELPER_LIMIT = 10.0
_DOCKER_KEY = "https://index.docker.io/v1/"
_LARGEST_FILE = 4 << 20


class Credential(NamedTuple):
    """A user's name and password, or a refresh token (``identity``), or a ready bearer token (``bearer``).

    Its text and representation hide the secrets.
    """

    username: str = ""
    password: str = ""
    identity: str = ""
    bearer: str = ""

    def __repr__(self) -> str:
        return f"Credential(username={self.username!r}, ...)"


class CredentialSource(Protocol):
    """Finds credentials."""

    def find(self, registry: str, repository: str) -> Credential | None:
        """The credential for a repository of a registry (``docker.io``, ``ghcr.io``, ``localhost:5000``), or None."""


class FixedCredentials:
    """Credentials by registry, given by the program."""

    def __init__(self, by_registry: Mapping[str, Credential]) -> None:
        self._by_registry = dict(by_registry)

    def find(self, registry: str, repository: str) -> Credential | None:  # noqa: ARG002 - the same for all repositories
        """The registry's credential."""
        return self._by_registry.get(registry)


#: No credentials for anyone.
NO_CREDENTIALS = FixedCredentials({})


class DockerCredentials:
    """The credentials of docker's and podman's users.

    ``variables`` are the environment variables, all of which helpers get; ``warn`` is told what was broken. What was found is
    kept: a helper is asked once for a registry.
    """

    def __init__(self, variables: Mapping[str, str], *, warn: Callable[[str], None]) -> None:
        self._variables = variables
        self._warn = warn
        self._lock = threading.Lock()
        self._files: list[tuple[Path, dict[str, Any]]] | None = None
        self._helped: dict[tuple[str, str], Credential | None] = {}

    def find(self, registry: str, repository: str) -> Credential | None:
        """The first credential that the files and helpers have for the repository."""
        with self._lock:
            if self._files is None:
                self._files = [(path, value) for path in self._paths() if (value := self._read(path)) is not None]
            for path, value in self._files:
                credential = self._search(path, value, registry, repository)
                if credential is not None:
                    return credential
        return None

    def _paths(self) -> Iterator[Path]:
        named, docker = self._variables.get("REGISTRY_AUTH_FILE"), self._variables.get("DOCKER_CONFIG")
        home, runtime = self._variables.get("HOME"), self._variables.get("XDG_RUNTIME_DIR")
        if named:
            yield Path(named)
        if docker:
            yield Path(docker, "config.json")
        elif home:
            yield Path(home, ".docker", "config.json")
        if runtime:
            yield Path(runtime, "containers", "auth.json")
        if home:
            yield Path(self._variables.get("XDG_CONFIG_HOME") or Path(home, ".config"), "containers", "auth.json")

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            with path.open("rb") as file:
                value = decode(file.read(_LARGEST_FILE + 1), what=str(path), limit=_LARGEST_FILE)
        except FileNotFoundError:
            return None
        except OSError as problem:
            self._warn(f"{path}: credentials cannot be read: {problem.strerror or problem}")
            return None
        except InvalidContent as problem:
            self._warn(f"credentials cannot be read: {problem}")
            return None
        if not isinstance(value, dict):
            self._warn(f"{path}: credentials cannot be read: it is no JSON object")
            return None
        return value

    def _search(self, path: Path, value: dict[str, Any], registry: str, repository: str) -> Credential | None:
        keys = _keys(registry, repository)
        helpers = value.get("credHelpers")
        named = [helpers[key] for key in keys if key in helpers] if isinstance(helpers, dict) else []
        for helper in [*named[:1], *([value["credsStore"]] if value.get("credsStore") else [])]:
            credential = self._ask(path, helper, registry)
            if credential is not None:
                return credential
        entries = value.get("auths")
        if not isinstance(entries, dict):
            return None
        by_key = {_normal(key): entry for key, entry in entries.items()}
        for key in keys:
            entry = by_key.get(_normal(key))
            if isinstance(entry, dict):
                credential = self._entry(path, key, entry)
                if credential is not None:
                    return credential
        return None

    def _entry(self, path: Path, key: str, entry: dict[str, Any]) -> Credential | None:
        identity, bearer = entry.get("identitytoken"), entry.get("registrytoken")
        username, password = entry.get("username"), entry.get("password")
        if isinstance(entry.get("auth"), str) and entry["auth"]:
            try:
                username, colon, password = base64.b64decode(entry["auth"], validate=True).decode().strip("\0").partition(":")
            except (binascii.Error, UnicodeDecodeError):
                colon = ""
            if not colon:
                self._warn(f"{path}: the entry for {key} is no name and password")
                username, password = "", ""
        credential = Credential(_text(username), _text(password), _text(identity), _text(bearer))
        return credential if any(credential) else None

    def _ask(self, path: Path, helper: object, registry: str) -> Credential | None:
        if not isinstance(helper, str) or _HELPER.fullmatch(helper) is None:
            self._warn(f"{path}: {helper!r} cannot be the name of a credential helper")
            return None
        if (helper, registry) not in self._helped:
            self._helped[helper, registry] = self._run(helper, registry)
        return self._helped[helper, registry]

    def _run(self, helper: str, registry: str) -> Credential | None:
        from relgraph.effects import process  # noqa: PLC0415 - what runs programs takes milliseconds to load

        # The protocol of docker-credential-helpers: the server goes in, an object comes out; absence is an error's text.
        program = f"docker-credential-{helper}"
        server = _DOCKER_KEY if registry == "docker.io" else registry
        try:
            done = process.run([program, "get"], env=self._variables, data=server.encode(), limit=_HELPER_LIMIT)
        except EnvironmentFailure as problem:
            self._warn(f"no credentials for {registry}: {problem}")
            return None
        if done.status != 0:
            if b"credentials not found" not in done.stdout + done.stderr:
                self._warn(f"no credentials for {registry}: {program} failed with status {done.status}")
            return None
        try:
            value = json.loads(done.stdout)
            username, secret = value["Username"], value["Secret"]
        except (ValueError, KeyError, TypeError, RecursionError):
            self._warn(f"no credentials for {registry}: {program} answered with something else")
            return None
        if not isinstance(username, str) or not isinstance(secret, str) or not secret:
            return None
        return Credential(identity=secret) if username == "<token>" else Credential(username, secret)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _keys(registry: str, repository: str) -> list[str]:
    # Most special first: containers-auth.json(5) allows entries for a namespace or a repository.
    parts = repository.split("/") if repository else []
    keys = ["/".join((registry, *parts[:length])) for length in range(len(parts), -1, -1)]
    if registry == "docker.io":
        keys += [_DOCKER_KEY, "index.docker.io", "registry-1.docker.io"]
    return keys


def _normal(key: str) -> str:
    # docker wrote addresses with a scheme and a path of the old API at times.
    if key == _DOCKER_KEY:
        return key
    for scheme in ("https://", "http://"):
        key = key.removeprefix(scheme)
    return re.sub(r"/v[12]/?\Z|/\Z", "", key)
