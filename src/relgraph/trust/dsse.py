"""DSSE: a payload, its type, and signatures over both (https://github.com/secure-systems-lab/dsse, protocol 1.0)."""

import base64
import binascii
from collections.abc import Iterable
from typing import Any, NamedTuple

from relgraph.model.jsontext import JsonProblem, load_strict
from relgraph.trust.errors import Malformed
from relgraph.trust.keys import PrivateKey, PublicKey

__all__ = ["Envelope", "decode_base64", "envelope_fields", "parse_envelope", "read_envelope", "seal", "signed_bytes"]

_MOST_SIGNATURES = 64


class Envelope(NamedTuple):
    """A payload, its media type, and signatures; whose they are is found out by trying keys, never by what is written."""

    payload_type: str
    payload: bytes
    signatures: tuple[bytes, ...]

    def signers(self, keys: Iterable[PublicKey]) -> frozenset[PublicKey]:
        """Those of the keys that signed. A key that signed twice is one key."""
        data = signed_bytes(self.payload_type, self.payload)
        return frozenset(key for key in keys if any(key.verifies(signature, data) for signature in self.signatures))


def signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: what is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload_type: str, payload: bytes, key: PrivateKey) -> Envelope:
    """The envelope of a payload with one signature."""
    return Envelope(payload_type, payload, (key.sign(signed_bytes(payload_type, payload)),))


def envelope_fields(envelope: Envelope) -> dict[str, Any]:
    """The envelope as an object of JSON, in the order of sigstore's definition."""
    return {
        "payload": base64.b64encode(envelope.payload).decode(),
        "payloadType": envelope.payload_type,
        "signatures": [{"sig": base64.b64encode(signature).decode()} for signature in envelope.signatures],
    }


def parse_envelope(data: bytes, *, limit: int) -> Envelope:
    """The envelope of a JSON document. Raises :class:`~relgraph.trust.errors.Malformed`."""
    try:
        return read_envelope(load_strict(data, limit=limit))
    except JsonProblem as problem:
        raise Malformed(f"envelope: {problem}") from None


def read_envelope(fields: Any) -> Envelope:
    """The envelope of an object of JSON. Raises :class:`~relgraph.trust.errors.Malformed`."""
    if not isinstance(fields, dict):
        raise Malformed("envelope: not an object")
    payload_type, signatures = fields.get("payloadType"), fields.get("signatures")
    if not isinstance(payload_type, str) or not isinstance(signatures, list):
        raise Malformed("envelope: payloadType and signatures are expected")
    if not 0 < len(signatures) <= _MOST_SIGNATURES:
        raise Malformed(f"envelope: {len(signatures)} signatures")
    found = [decode_base64(item.get("sig") if isinstance(item, dict) else None, "envelope: sig") for item in signatures]
    return Envelope(payload_type, decode_base64(fields.get("payload"), "envelope: payload"), tuple(found))


def decode_base64(value: Any, what: str) -> bytes:
    """Strict base64. Raises :class:`~relgraph.trust.errors.Malformed`."""
    if not isinstance(value, str) or not value.isascii():
        raise Malformed(f"{what}: base64 is expected")
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(f"{what}: base64 is expected") from None
    # Spare bits at the end would give one value several spellings.
    if base64.b64encode(data).decode() != value:
        raise Malformed(f"{what}: base64 with spare bits")
    return data
