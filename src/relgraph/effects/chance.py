"""Random numbers and names: what spreads retries and keeps temporary names apart. Nothing here is secret."""

import random
import secrets

__all__ = ["fraction", "name"]


def fraction() -> float:
    """A number from 0 up to, but without, 1."""
    return random.random()


def name() -> str:
    """Sixteen hexadecimal digits that no other process has."""
    return secrets.token_hex(8)
