"""How registries are talked to, as one value: what is declared, how long is waited, how much is done at once."""

from collections.abc import Mapping
from typing import NamedTuple

from relgraph.effects.addresses import is_loopback_name
from relgraph.effects.connection import Limits
from relgraph.oci.retry import Patience

__all__ = ["DOCKER_API", "Settings"]

#: Where the API of ``docker.io`` is.
DOCKER_API = "registry-1.docker.io"
# Token services on a host of their own that their registries' operators document.
_KNOWN_REALMS = {DOCKER_API: ("auth.docker.io",), "registry.gitlab.com": ("gitlab.com",)}


class Settings(NamedTuple):
    """Everything that is not a request.

    ``insecure`` names the hosts (with their port) that are spoken to over plain HTTP; loopback hosts always are, unless they
    are in ``secure``. ``trusted`` gives for a registry's host the other hosts that may have its credentials: token services,
    and storage it sends clients to. ``document`` is the limit in seconds for a manifest, a token or a page of tags as a
    whole; ``slowest`` the bytes a second that a blob must make on average over ``window`` seconds.
    """

    insecure: frozenset[str] = frozenset()
    secure: frozenset[str] = frozenset()
    trusted: Mapping[str, tuple[str, ...]] = {}
    limits: Limits = Limits()
    patience: Patience = Patience()
    document: float = 120.0
    slowest: float = 1024.0
    window: float = 60.0
    workers: int = 8
    ca_file: str | None = None

    def is_plain(self, host: str) -> bool:
        """Whether a host (with its port, where it has one) is spoken to over plain HTTP."""
        if host in self.insecure:
            return True
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return host not in self.secure and is_loopback_name(name)

    def is_trusted(self, registry: str, host: str) -> bool:
        """Whether ``host`` may have the credentials of ``registry``'s host."""
        return host == registry or host in _KNOWN_REALMS.get(registry, ()) or host in self.trusted.get(registry, ())

    def base(self, registry: str) -> str:
        """The address of a registry's API without a path: ``https://registry-1.docker.io``."""
        host = DOCKER_API if registry == "docker.io" else registry
        return f"{'http' if self.is_plain(host) else 'https'}://{host}"
