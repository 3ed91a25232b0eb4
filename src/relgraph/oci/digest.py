"""Digests: ``algorithm:encoded`` (OCI image specification 1.1, descriptor.md), checked before anything is done with them.

Only the two registered algorithms that resist collisions are allowed, so that a digest is safe as part of a path.
"""

import hashlib
import re
from typing import TYPE_CHECKING, Self

from relgraph.oci.errors import InvalidDigest

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["ALGORITHMS", "Digest", "digest_of", "is_digest"]

#: The algorithms allowed, with the number of hexadecimal digits of each.
ALGORITHMS = {"sha256": 64, "sha512": 128}

_DIGEST = re.compile("|".join(rf"{name}:[0-9a-f]{{{digits}}}" for name, digits in ALGORITHMS.items()), re.ASCII)
_FORM = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+", re.ASCII)


class Digest(str):
    """A digest that was checked. It is its own text: it compares, hashes and prints as ``sha256:...``.

    Raises :class:`~relgraph.oci.errors.InvalidDigest` for anything else than the lower-case hexadecimal form of an
    algorithm of :data:`ALGORITHMS`.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check ``text``."""
        if isinstance(text, cls):
            return text
        if _DIGEST.fullmatch(text) is None:
            allowed = ", ".join(f"{algorithm}:<{digits} hex digits>" for algorithm, digits in ALGORITHMS.items())
            raise InvalidDigest(_complaint(text), hint=f"allowed: {allowed}")
        return super().__new__(cls, text)

    @property
    def algorithm(self) -> str:
        """``sha256`` or ``sha512``."""
        return self.partition(":")[0]

    @property
    def hex(self) -> str:
        """The part after the colon."""
        return self.partition(":")[2]

    def hasher(self) -> "_Hash":
        """A new hash object of this algorithm."""
        return hashlib.new(self.algorithm, usedforsecurity=True)


def digest_of(data: bytes, algorithm: str = "sha256") -> Digest:
    """The digest of ``data``."""
    return Digest(f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}")


def is_digest(text: str) -> bool:
    """Whether ``text`` is a digest of an allowed algorithm."""
    return _DIGEST.fullmatch(text) is not None


def _complaint(text: str) -> str:
    shown = text if len(text) <= 160 else f"{text[:80]}...({len(text)} characters)"
    algorithm = text.partition(":")[0]
    if _FORM.fullmatch(text) is None:
        return f"not a digest: {shown!r}"
    if algorithm not in ALGORITHMS:
        return f"digest {shown!r}: algorithm {algorithm} is not allowed"
    return f"digest {shown!r}: {algorithm} has {ALGORITHMS[algorithm]} lower-case hexadecimal digits"
