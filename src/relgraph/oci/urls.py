"""Addresses that registries hand out: which may be followed, and what of them may be shown."""

from urllib.parse import urlsplit

from relgraph.effects.addresses import Reach
from relgraph.effects.network import Network
from relgraph.oci.settings import Settings

__all__ = ["host_of", "reach_allowed", "same_origin", "shown", "unsafe"]

_PORTS = {"http": 80, "https": 443}


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address; raises ValueError for one that has none."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses are on one server."""
    return origin(one) == origin(other)


def host_of(url: str) -> str:
    """The host of an address, with its port where that is not the scheme's own."""
    try:
        scheme, host, port = origin(url)
    except ValueError:
        return "?"
    host = f"[{host}]" if ":" in host else host
    return host if port == _PORTS.get(scheme) else f"{host}:{port}"


def unsafe(url: str, settings: Settings) -> str:
    """Why an address must not be requested; empty where nothing speaks against it."""
    if any(not "!" <= character <= "~" for character in url):
        return "it has characters that no address has"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it is no address"
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        return "it is no web address"
    if parts.username is not None or parts.password is not None:
        return "it has a user's name in it"
    if parts.scheme == "http" and not settings.is_plain(host_of(url)):
        return "it is not encrypted, and that host is not declared as insecure"
    return ""


def reach_allowed(network: Network, settings: Settings, registry: str, url: str) -> Reach:
    """How near the server of ``url`` may be, when ``registry`` (an address) sent us there: no nearer than the registry itself.

    A registry in the open internet that points into a private network uses us to get there. A host that is declared may
    be anywhere.
    """
    if settings.is_trusted(host_of(registry), host_of(url)) or host_of(url) in settings.insecure:
        return Reach.LOOPBACK
    _, host, port = origin(registry)
    return network.reached(host, port)


def shown(url: str) -> str:
    """An address for messages: no user, no query, no fragment, not too long."""
    try:
        parts = urlsplit(url)
        text = f"{parts.scheme}://{host_of(url)}{parts.path}" if parts.scheme else parts.path
    except ValueError:
        return "?"
    return text if len(text) <= 300 else text[:297] + "..."
