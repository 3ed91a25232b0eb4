"""Random numbers and names: what spreads retries and keeps temporary names apart, and bytes that nobody can guess."""

import random
import secrets

__all__ = ["fraction", "name", "unguessable"]


def fraction() -> float:
    """A number from 0 up to, but without, 1."""
    return random.random()


def name() -> str:
    """Sixteen hexadecimal digits that no other process has."""
    return secrets.token_hex(8)


def unguessable(size: int) -> bytes:
    """So many bytes from the system's source for secrets."""
    return secrets.token_bytes(size)
