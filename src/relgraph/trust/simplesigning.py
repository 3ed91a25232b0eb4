"""The payload of cosign's tag scheme (https://github.com/sigstore/cosign, ``specs/SIGNATURE_SPEC.md``)."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from relgraph.model.jsontext import JsonProblem, dump_go, load_strict
from relgraph.trust.errors import Malformed

__all__ = ["TYPE", "Payload", "parse_payload", "write_payload"]

#: What the payload says that it is.
TYPE = "cosign container image signature"

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_LIMIT = 1 << 20


class Payload(NamedTuple):
    """That the signer means the manifest of this digest in this repository; ``optional`` are the signer's annotations."""

    repository: str
    digest: str
    optional: Mapping[str, str] = {}


def write_payload(payload: Payload) -> bytes:
    """The bytes that are signed, in the order in which cosign writes them."""
    return dump_go(
        {
            "critical": {
                "identity": {"docker-reference": payload.repository},
                "image": {"docker-manifest-digest": payload.digest},
                "type": TYPE,
            },
            "optional": dict(sorted(payload.optional.items())) or None,
        }
    )


def parse_payload(data: bytes) -> Payload:
    """The payload of signed bytes. Raises :class:`~relgraph.trust.errors.Malformed`, also for a payload of another type:
    a key that signs other things must not have signed an image by accident."""
    try:
        fields = load_strict(data, limit=_LIMIT)
    except JsonProblem as problem:
        raise Malformed(f"payload: {problem}") from None
    critical = _object(fields, "critical")
    digest = _object(critical, "image").get("docker-manifest-digest")
    repository = _object(critical, "identity").get("docker-reference", "")
    if critical.get("type") != TYPE:
        raise Malformed(f"payload: its type is {critical.get('type')!r}, not {TYPE!r}")
    if not isinstance(digest, str) or _DIGEST.fullmatch(digest) is None:
        raise Malformed(f"payload: not a digest: {digest!r}")
    if not isinstance(repository, str):
        raise Malformed("payload: docker-reference is no text")
    optional = fields.get("optional") or {}
    if not isinstance(optional, dict):
        raise Malformed("payload: optional is no object")
    return Payload(repository, digest, {key: value for key, value in optional.items() if isinstance(value, str)})


def _object(fields: Any, name: str) -> dict[str, Any]:
    value = fields.get(name) if isinstance(fields, dict) else None
    if not isinstance(value, dict):
        raise Malformed(f"payload: {name} is missing")
    return value
