"""Sigstore bundles: an envelope with what is needed to verify it (https://docs.sigstore.dev/about/bundle).

Written is version 0.3 with a public key as verification material. Read are all versions; what a transparency log or a
certificate adds is not looked at, since the keys come from the consumer.
"""

from typing import Any, NamedTuple

from relgraph.model.jsontext import JsonProblem, dump_go, load_strict
from relgraph.trust.dsse import Envelope, envelope_fields, read_envelope
from relgraph.trust.errors import Malformed
from relgraph.trust.keys import PublicKey

__all__ = ["MEDIA_TYPE", "Bundle", "is_bundle_type", "parse_bundle", "write_bundle"]

#: The media type of what is written, of the layer and of the artifact.
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"

_PREFIX = "application/vnd.dev.sigstore.bundle"


class Bundle(NamedTuple):
    """An envelope; ``hint`` names the key it wants to be verified with (only a hint), ``certificate`` says whether it rests
    on a certificate instead."""

    envelope: Envelope
    hint: str = ""
    certificate: bool = False


def is_bundle_type(media_type: str) -> bool:
    """Whether a media type is that of a bundle, in any version and spelling."""
    return media_type.startswith((_PREFIX + ".v", _PREFIX + "+json"))


def write_bundle(envelope: Envelope, key: PublicKey) -> bytes:
    """The bundle of an envelope that this key signed."""
    return dump_go(
        {
            "mediaType": MEDIA_TYPE,
            "verificationMaterial": {"publicKey": {"hint": key.hint}},
            "dsseEnvelope": envelope_fields(envelope),
        }
    )


def parse_bundle(data: bytes, *, limit: int) -> Bundle:
    """The bundle of a document. Raises :class:`~relgraph.trust.errors.Malformed`, also for one without an envelope: a bare
    signature says nothing about what was meant by it."""
    try:
        fields = load_strict(data, limit=limit)
    except JsonProblem as problem:
        raise Malformed(f"bundle: {problem}") from None
    media_type = fields.get("mediaType") if isinstance(fields, dict) else None
    if not isinstance(media_type, str) or not is_bundle_type(media_type):
        raise Malformed(f"bundle: its media type is {media_type!r}")
    if "dsseEnvelope" not in fields or "messageSignature" in fields:
        raise Malformed("bundle: it has no envelope")
    material: Any = fields.get("verificationMaterial")
    if not isinstance(material, dict):
        raise Malformed("bundle: verificationMaterial is missing")
    key = material.get("publicKey")
    hint = key.get("hint", "") if isinstance(key, dict) else ""
    return Bundle(read_envelope(fields["dsseEnvelope"]), hint if isinstance(hint, str) else "", not isinstance(key, dict))
