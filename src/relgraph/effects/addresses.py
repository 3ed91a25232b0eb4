"""How near an address is, and which addresses nothing should be asked to connect to.

A server that redirects a client can make it knock on doors that the server itself cannot reach. So every name is resolved
here, each address is judged, and the connection goes to the address that was judged, not to the name again.
"""

import socket
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

__all__ = ["Reach", "is_forbidden", "is_loopback_name", "reach_of", "resolve"]

# Services that give out a machine's credentials: link-local ones are refused as a class, these have other addresses
# (AWS over IPv6, Alibaba, Oracle, Azure).
_METADATA = frozenset(map(ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16")))
_NAT64 = IPv6Network("64:ff9b::/96")


class Reach(IntEnum):
    """Where an address leads: the larger, the nearer to this machine."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2


def resolve(host: str, port: int) -> list[tuple[int, tuple[str, int] | tuple[str, int, int, int]]]:
    """Socket families and addresses of a host's name or literal. Raises OSError (``socket.gaierror``) where it has none."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found if isinstance(address[0], str)]


def reach_of(address: str) -> Reach:
    """How near a literal address is."""
    value = _unwrapped(address)
    if value.is_loopback:
        return Reach.LOOPBACK
    return Reach.PUBLIC if value.is_global else Reach.PRIVATE


def is_forbidden(address: str) -> bool:
    """Whether an address is never a registry's: link-local, multicast, unspecified, or a cloud's metadata service."""
    value = _unwrapped(address)
    if value.is_link_local or value.is_multicast or value.is_unspecified or value in _METADATA:
        return True
    return isinstance(value, IPv4Address) and value.packed[0] == 0


def is_loopback_name(host: str) -> bool:
    """Whether a host, as it is written, can only be this machine: ``localhost``, ``*.localhost`` or a loopback literal."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return reach_of(name) is Reach.LOOPBACK
    except ValueError:
        return False


def _unwrapped(address: str) -> IPv4Address | IPv6Address:
    value = ip_address(address.partition("%")[0])
    if isinstance(value, IPv6Address):
        inner = value.ipv4_mapped or value.sixtofour
        if inner is None and value in _NAT64:
            inner = IPv4Address(value.packed[12:])
        if inner is not None:
            return inner
    return value
