"""Which proxy stands between this machine and a server."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network

__all__ = ["bypasses", "proxies_of"]


def proxies_of(variables: Mapping[str, str]) -> dict[str, str]:
    """The proxies that environment variables name (``HTTPS_PROXY``, ``HTTP_PROXY``, in any case), and ``no``: who goes without."""
    lower = {name.lower(): value for name, value in variables.items() if value}
    return {scheme: lower[f"{scheme}_proxy"] for scheme in ("http", "https", "no") if f"{scheme}_proxy" in lower}


def bypasses(host: str, port: int, listed: str) -> bool:
    """Whether a host goes without a proxy: ``listed`` is the value of ``NO_PROXY``, as curl and Go read it."""
    # Hosts, domains (with their subdomains), with or without a port, networks, or *.
    for item in filter(None, (item.strip().lower() for item in listed.split(","))):
        name = item.removeprefix("*").lstrip(".")
        if item == "*" or name in (host, f"{host}:{port}") or host.endswith(f".{name}"):
            return True
        try:
            if "/" in item and ip_address(host) in ip_network(item, strict=False):
                return True
        except ValueError:  # one of them is a name
            pass
    return False
