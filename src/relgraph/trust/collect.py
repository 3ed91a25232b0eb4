"""Signed material, fetched: both schemes, with limits, and without an opinion.

Bundles are referrers of the manifest with an artifact type of sigstore's (or, from older writers, without a telling one:
their manifests are looked into). The tag scheme keeps signatures under ``sha256-<hex>.sig`` and attestations under ``.att``.
"""

from collections.abc import Iterator

from relgraph.oci.descriptor import Descriptor
from relgraph.oci.errors import ContentMismatch, InvalidContent, NotFound
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import ReadOnlyRepository, read_blob, read_document
from relgraph.trust.bundle import is_bundle_type
from relgraph.trust.dsse import decode_base64
from relgraph.trust.errors import Malformed
from relgraph.trust.material import Material
from relgraph.trust.verdict import Role, Scheme

__all__ = ["ATTESTATION_LAYER", "SIGNATURE_ANNOTATION", "SIGNATURE_LAYER", "collect", "companion_tag"]

#: The layers of the tag scheme, and the annotation that holds a signature.
SIGNATURE_LAYER = "application/vnd.dev.cosign.simplesigning.v1+json"
ATTESTATION_LAYER = "application/vnd.dsse.envelope.v1+json"
SIGNATURE_ANNOTATION = "dev.cosignproject.cosign/signature"

_MOST_MANIFESTS = 256
_MOST_LAYERS = 256
_MOST_BYTES = 128 << 20
_PAYLOAD = 1 << 20
_SUFFIXES = {Role.SIGNATURE: ".sig", Role.ATTESTATION: ".att"}
_LAYERS = {Role.SIGNATURE: SIGNATURE_LAYER, Role.ATTESTATION: ATTESTATION_LAYER}
# Artifact types under which writers have listed bundles although they are something else: a manifest's config by old ones
# (go-containerregistry before it knew artifact types), nothing by others.
_DOUBTFUL = ("", "application/vnd.oci.empty.v1+json", "application/vnd.oci.image.config.v1+json")


def companion_tag(subject: Descriptor, role: Role) -> str:
    """The tag under which the tag scheme keeps what belongs to a manifest."""
    return f"{subject.digest.algorithm}-{subject.digest.hex}{_SUFFIXES[role]}"


def collect(repository: ReadOnlyRepository, subject: Descriptor, *, attestations: bool = True) -> tuple[Material, ...]:
    """All signed material of a manifest. Without ``attestations`` the tag of those is not looked at.

    Material that is listed and cannot be read whole is part of the answer, with its problem. Errors of the connection are
    raised: no answer is not the answer "no signature".
    """
    found = [*_bundles(repository, subject), *_tagged(repository, subject, Role.SIGNATURE)]
    if attestations:
        found += _tagged(repository, subject, Role.ATTESTATION)
    return tuple(found)


def _bundles(repository: ReadOnlyRepository, subject: Descriptor) -> Iterator[Material]:
    looked_at = 0
    for entry in repository.referrers(subject):
        if not is_bundle_type(entry.artifact_type) and entry.artifact_type not in _DOUBTFUL:
            continue
        looked_at += 1
        if looked_at > _MOST_MANIFESTS:
            yield Material(Scheme.BUNDLE, None, str(entry.digest), b"", problem=f"more than {_MOST_MANIFESTS} bundles")
            return
        yield from _bundle(repository, subject, entry)


def _bundle(repository: ReadOnlyRepository, subject: Descriptor, entry: Descriptor) -> Iterator[Material]:
    blank = Material(Scheme.BUNDLE, None, str(entry.digest), b"")
    try:
        document = read_document(repository, entry.bare)
        if not isinstance(document, Manifest):
            return
        layers = [layer for layer in document.layers if is_bundle_type(layer.media_type)]
        if not layers:
            if is_bundle_type(entry.artifact_type):
                yield blank._replace(problem="it is listed as a bundle and has none")
            return
        if document.subject is None or document.subject.digest != subject.digest:
            yield blank._replace(problem="it is listed here and refers to something else")
            return
        for layer in layers[:_MOST_LAYERS]:
            yield blank._replace(body=read_blob(repository, layer, limit=_MOST_BYTES))
    except (InvalidContent, ContentMismatch, NotFound) as problem:
        yield blank._replace(problem=str(problem))


def _tagged(repository: ReadOnlyRepository, subject: Descriptor, role: Role) -> Iterator[Material]:
    try:
        document = repository.load(companion_tag(subject, role))
    except NotFound:
        return
    except (InvalidContent, ContentMismatch) as problem:
        yield Material(Scheme.TAG, role, "", b"", problem=str(problem))
        return
    blank = Material(Scheme.TAG, role, str(document.digest), b"")
    layers = document.layers if isinstance(document, Manifest) else ()
    if len(layers) > _MOST_LAYERS:
        yield blank._replace(problem=f"more than {_MOST_LAYERS} layers")
        return
    for layer in layers:
        if layer.media_type != _LAYERS[role]:
            continue
        try:
            signature = b""
            if role is Role.SIGNATURE:
                signature = decode_base64(layer.annotations.get(SIGNATURE_ANNOTATION), "signature")
            limit = _PAYLOAD if role is Role.SIGNATURE else _MOST_BYTES
            yield blank._replace(body=read_blob(repository, layer, limit=limit), signature=signature)
        except (InvalidContent, ContentMismatch, NotFound, Malformed) as problem:
            yield blank._replace(problem=str(problem))
