"""Where repositories come from: one connection pool, one set of credentials, any number of registries."""

import threading
from collections.abc import Mapping
from typing import Self

from relgraph.effects.network import Network
from relgraph.oci.auth import Authority
from relgraph.oci.credentials import NO_CREDENTIALS, CredentialSource, DockerCredentials
from relgraph.oci.progress import SILENT, Reporter
from relgraph.oci.reference import RegistryReference
from relgraph.oci.remote import RemoteRepository
from relgraph.oci.retry import Retries
from relgraph.oci.session import Session
from relgraph.oci.settings import Settings

__all__ = ["Registries"]

_SETTINGS = Settings()


class Registries:
    """Opens repositories. Safe for several threads; close it to close its connections, or use it as a context.

    ``variables`` are the environment variables of the process: proxies, and where credentials are kept.
    """

    def __init__(
        self,
        settings: Settings = _SETTINGS,
        *,
        credentials: CredentialSource | None = None,
        variables: Mapping[str, str] | None = None,
        reporter: Reporter = SILENT,
    ) -> None:
        self.settings = settings
        self.reporter = reporter
        self._network = Network(settings.limits, ca_file=settings.ca_file, variables=variables)
        if credentials is None:
            credentials = NO_CREDENTIALS if variables is None else DockerCredentials(variables, warn=reporter.warn)
        self._authority = Authority(self._network, settings, credentials, reporter)
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def open(self, reference: RegistryReference, *, mount_from: str = "") -> RemoteRepository:
        """The repository of a reference; nothing is requested yet. ``mount_from`` is another one of the same registry."""
        return RemoteRepository(self._session(reference.registry), reference.repository, mount_from=mount_from)

    def close(self) -> None:
        """Close what is idle."""
        self._network.close()

    def _session(self, registry: str) -> Session:
        with self._lock:
            if registry not in self._sessions:
                retries = Retries(self.settings.patience, self.reporter)
                self._sessions[registry] = Session(registry, self._network, self._authority, self.settings, retries, self.reporter)
            return self._sessions[registry]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
