"""Signed material as it was fetched: bytes, and where they came from. Nothing of it is believed yet."""

from typing import NamedTuple

from relgraph.trust.verdict import Role, Scheme

__all__ = ["Material"]


class Material(NamedTuple):
    """One piece.

    ``body`` is a bundle, an envelope (attestations of the tag scheme) or a payload (its signatures, with ``signature``
    beside it). ``origin`` is the digest of the manifest. ``problem`` says why it could not be fetched whole: material that is
    there and cannot be read counts as bad, not as absent.
    """

    scheme: Scheme
    role: Role | None
    origin: str
    body: bytes
    signature: bytes = b""
    problem: str = ""
