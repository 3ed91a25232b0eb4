"""Signatures and attestations, made and stored: in both schemes, as cosign writes them.

A signature in the tag scheme is added to those that are there; a bundle is a manifest of its own that refers to what it
signs. What is signed is always a digest, never a tag.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from relgraph.model.jsontext import dump_go
from relgraph.oci.codecs.artifact import EMPTY_BLOB, Artifact, Blob, blob_of
from relgraph.oci.codecs.codec import rfc3339
from relgraph.oci.codecs.flux import minimal_config
from relgraph.oci.codecs.rootfs import CONFIG
from relgraph.oci.descriptor import EMPTY, Descriptor
from relgraph.oci.errors import InvalidContent
from relgraph.oci.growing import grow
from relgraph.oci.manifest import Document, Manifest
from relgraph.oci.storage import Repository
from relgraph.trust.bundle import MEDIA_TYPE, write_bundle
from relgraph.trust.collect import ATTESTATION_LAYER, SIGNATURE_ANNOTATION, SIGNATURE_LAYER, companion_tag
from relgraph.trust.dsse import envelope_fields, seal
from relgraph.trust.judge import SIGNED_AT, SIGNED_TAG
from relgraph.trust.keys import PrivateKey
from relgraph.trust.predicates import PREDICATES, SIGNATURE
from relgraph.trust.simplesigning import Payload, write_payload
from relgraph.trust.statement import PAYLOAD_TYPE, Statement, Subject, write_statement
from relgraph.trust.verdict import Role, Scheme

__all__ = ["attach_document", "attest", "bundle_artifact", "sign", "signature_claims"]

_CREATED = "org.opencontainers.image.created"
_CONTENT = "dev.sigstore.bundle.content"
_PREDICATE = "dev.sigstore.bundle.predicateType"


def signature_claims(*, tag: str, moment: datetime) -> dict[str, str]:
    """What relgraph's signatures say besides the digest: the tag, where there is one, and the time."""
    return ({SIGNED_TAG: tag} if tag else {}) | {SIGNED_AT: rfc3339(moment)}


def sign(
    repository: Repository,
    subject: Descriptor,
    key: PrivateKey,
    *,
    scheme: Scheme,
    name: str,
    claims: Mapping[str, str],
    moment: datetime,
) -> Descriptor:
    """Sign a manifest and store the signature; the descriptor of the manifest that holds it.

    ``name`` is the repository as the signature names it (``host/path``), ``claims`` are its annotations.
    """
    if scheme is Scheme.TAG:
        payload = write_payload(Payload(name, str(subject.digest), claims))
        layer = blob_of(SIGNATURE_LAYER, payload, annotations={SIGNATURE_ANNOTATION: _base64(key.sign(payload))})
        return _append(repository, subject, Role.SIGNATURE, layer)
    statement = Statement((_subject(subject, name, claims),), SIGNATURE, {})
    return _store(repository, bundle_artifact(subject, statement, key, moment=moment))


def attest(
    repository: Repository,
    subject: Descriptor,
    key: PrivateKey,
    *,
    scheme: Scheme,
    name: str,
    predicate_type: str,
    predicate: Mapping[str, Any],
    moment: datetime,
) -> Descriptor:
    """Sign that a predicate holds of a manifest, and store that; the descriptor of the manifest that holds it."""
    statement = Statement((_subject(subject, name, {}),), predicate_type, predicate)
    if scheme is Scheme.BUNDLE:
        return _store(repository, bundle_artifact(subject, statement, key, moment=moment))
    envelope = seal(PAYLOAD_TYPE, write_statement(statement), key)
    annotations = {SIGNATURE_ANNOTATION: "", "predicateType": predicate_type}
    layer = blob_of(ATTESTATION_LAYER, dump_go(envelope_fields(envelope)), annotations=annotations)
    return _append(repository, subject, Role.ATTESTATION, layer)


def attach_document(
    repository: Repository, subject: Descriptor, predicate_type: str, data: bytes, *, moment: datetime | None
) -> Descriptor:
    """Store an SBOM as it is, unsigned, where other tools look for one: a manifest that refers to ``subject``.

    Raises ValueError for a type that has no such form.
    """
    media_type = next((predicate.media_type for predicate in PREDICATES if predicate.type == predicate_type), "")
    if not media_type:
        raise ValueError(f"{predicate_type} has no media type of its own")
    blob = blob_of(media_type, data)
    annotations = {_CREATED: rfc3339(moment)} if moment is not None else {}
    manifest = Manifest.make(EMPTY, [blob.descriptor], artifact_type=media_type, subject=subject.bare, annotations=annotations)
    return _store(repository, Artifact((EMPTY_BLOB, blob), (manifest,)))


def bundle_artifact(subject: Descriptor, statement: Statement, key: PrivateKey, *, moment: datetime) -> Artifact:
    """The manifest and blobs of a bundle that holds a statement about ``subject``."""
    body = write_bundle(seal(PAYLOAD_TYPE, write_statement(statement), key), key.public)
    layer = blob_of(MEDIA_TYPE, body)
    annotations = {_CREATED: rfc3339(moment), _CONTENT: "dsse-envelope", _PREDICATE: statement.predicate_type}
    # cosign repeats the artifact type in the config, for readers that know no artifact types.
    config = EMPTY._replace(artifact_type=MEDIA_TYPE)
    manifest = Manifest.make(config, [layer.descriptor], artifact_type=MEDIA_TYPE, subject=subject.bare, annotations=annotations)
    return Artifact((EMPTY_BLOB, layer), (manifest,))


def _subject(subject: Descriptor, name: str, claims: Mapping[str, str]) -> Subject:
    return Subject({subject.digest.algorithm: subject.digest.hex}, name, claims)


def _store(repository: Repository, artifact: Artifact) -> Descriptor:
    for blob in artifact.blobs:
        repository.push(blob.descriptor, blob.source)
    return repository.publish(artifact.root)


def _append(repository: Repository, subject: Descriptor, role: Role, layer: Blob) -> Descriptor:
    """Add a layer to the manifest under a companion tag; others may do the same at the same moment."""
    repository.push(layer.descriptor, layer.source)
    tag = companion_tag(subject, role)

    def add(before: Document | None) -> Manifest | None:
        if before is not None and not isinstance(before, Manifest):
            raise InvalidContent(f"{repository.name}: {tag} is no manifest of signatures", hint="somebody else uses this tag")
        layers = before.layers if before is not None else ()
        if layer.descriptor in layers:
            return None  # it got there, although the answer did not get here
        config = blob_of(CONFIG, minimal_config(*(item.digest for item in (*layers, layer.descriptor))))
        repository.push(config.descriptor, config.source)
        return Manifest.make(config.descriptor, [*layers, layer.descriptor])

    return grow(repository, tag, add).descriptor


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
