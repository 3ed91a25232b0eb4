"""Signatures and attestations as they are stored."""

import base64
import json

import pytest

from relgraph.errors import EnvironmentFailure
from relgraph.oci.codecs.artifact import EMPTY_BLOB
from relgraph.oci.descriptor import EMPTY, Descriptor
from relgraph.oci.errors import InvalidContent, TagExists, TagMoved
from relgraph.oci.manifest import Document, Index, Manifest
from relgraph.oci.memory import MemoryRepository
from relgraph.oci.storage import read_blob
from relgraph.trust.collect import collect, companion_tag
from relgraph.trust.predicates import SLSA, SPDX
from relgraph.trust.sign import attach_document
from relgraph.trust.verdict import Role, Scheme
from trustworld import NOW, REPOSITORY, SLSA_BODY, TrustWorld


@pytest.fixture
def world() -> TrustWorld:
    return TrustWorld()


def _manifest(world: TrustWorld, descriptor: Descriptor) -> Manifest:
    document = world.repository.load(str(descriptor.digest))
    assert isinstance(document, Manifest)
    return document


def test_a_bundle_is_stored_as_cosign_stores_it(world: TrustWorld) -> None:
    manifest = _manifest(world, world.sign("a", claims={}))
    assert json.loads(manifest.raw) == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "config": {
            **EMPTY.to_json(),
            "artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        },
        "layers": [manifest.layers[0].to_json()],
        "subject": world.subject.bare.to_json(),
        "annotations": {
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1",
            "org.opencontainers.image.created": "2026-05-01T12:00:00Z",
        },
    }
    bundle = json.loads(read_blob(world.repository, manifest.layers[0], limit=1 << 20))
    assert json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"])) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": REPOSITORY, "digest": {"sha256": world.subject.digest.hex}}],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {},
    }


def test_a_signature_by_tag_is_stored_as_cosign_stores_it(world: TrustWorld) -> None:
    manifest = _manifest(world, world.sign("a", Scheme.TAG, claims={}))
    assert world.repository.resolve(f"sha256-{world.subject.digest.hex}.sig").digest == manifest.digest
    assert manifest.artifact_type == ""
    assert manifest.config.size == 233
    (layer,) = manifest.layers
    assert layer.media_type == "application/vnd.dev.cosign.simplesigning.v1+json"
    payload = read_blob(world.repository, layer, limit=1 << 20)
    signature = base64.b64decode(layer.annotations["dev.cosignproject.cosign/signature"])
    assert world.keys["a"].public.verifies(signature, payload)
    config = json.loads(read_blob(world.repository, manifest.config, limit=1 << 20))
    assert config["rootfs"]["diff_ids"] == [layer.digest]


def test_signatures_by_tag_are_added_to_those_that_are_there(world: TrustWorld) -> None:
    world.sign("a", Scheme.TAG)
    manifest = _manifest(world, world.sign("b", Scheme.TAG))
    assert len(manifest.layers) == 2
    config = json.loads(read_blob(world.repository, manifest.config, limit=1 << 20))
    assert len(config["history"]) == len(config["rootfs"]["diff_ids"]) == 2


def test_attestations_by_tag_lie_beside_the_signatures(world: TrustWorld) -> None:
    manifest = _manifest(world, world.attest(SLSA, SLSA_BODY, "a", Scheme.TAG))
    assert world.repository.resolve(companion_tag(world.subject, Role.ATTESTATION)).digest == manifest.digest
    assert dict(manifest.layers[0].annotations) == {"dev.cosignproject.cosign/signature": "", "predicateType": SLSA}
    assert manifest.layers[0].media_type == "application/vnd.dsse.envelope.v1+json"


def test_an_sbom_is_attached_where_others_look_for_it(world: TrustWorld) -> None:
    data = b'{"spdxVersion":"SPDX-2.3"}'
    manifest = _manifest(world, attach_document(world.repository, world.subject, SPDX, data, moment=None))
    assert manifest.artifact_type == "application/spdx+json"
    assert [layer.media_type for layer in manifest.layers] == ["application/spdx+json"]
    assert [entry.digest for entry in world.repository.referrers(world.subject, "application/spdx+json")] == [manifest.digest]
    assert collect(world.repository, world.subject) == ()
    with pytest.raises(ValueError, match="no media type"):
        attach_document(world.repository, world.subject, SLSA, data, moment=NOW)


class _Busy(MemoryRepository):
    """A repository in which somebody else is faster, so many times."""

    def __init__(self, others: int) -> None:
        super().__init__(REPOSITORY)
        self.others = others

    def publish(self, document: Document, tag: str = "", *, replacing: Descriptor | None = None) -> Descriptor:
        if tag.endswith(".sig") and self.others:
            self.others -= 1
            if self.others % 2:
                raise TagMoved(tag, where=self.name, before="a", after="b")
            raise TagExists(tag, where=self.name, existing="a", wanted="b")
        return super().publish(document, tag, replacing=replacing)


@pytest.mark.parametrize("others", [1, 2, 4])
def test_somebody_who_signs_at_the_same_moment_is_not_overwritten(world: TrustWorld, others: int) -> None:
    world.repository = _Busy(others)
    world.subject = world.publish("v1.0.0", b"content")
    world.sign("a", Scheme.TAG)
    assert world.ask().good


def test_a_tag_that_never_rests_is_given_up(world: TrustWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.effects.clock.sleep", lambda _: None)
    world.repository = _Busy(99)
    world.subject = world.publish("v1.0.0", b"content")
    with pytest.raises(EnvironmentFailure, match="other writers were faster"):
        world.sign("a", Scheme.TAG)


def test_a_signature_that_got_there_without_an_answer_is_not_stored_twice(world: TrustWorld) -> None:
    class Mute(MemoryRepository):
        failed = False

        def publish(self, document: Document, tag: str = "", *, replacing: Descriptor | None = None) -> Descriptor:
            done = super().publish(document, tag, replacing=replacing)
            if tag.endswith(".sig") and not self.failed:
                self.failed = True
                raise TagMoved(tag, where=self.name, before="a", after="b")
            return done

    world.repository = Mute(REPOSITORY)
    world.subject = world.publish("v1.0.0", b"content")
    assert len(_manifest(world, world.sign("a", Scheme.TAG)).layers) == 1


def test_a_tag_that_somebody_uses_otherwise_is_left_alone(world: TrustWorld) -> None:
    world.repository.push(EMPTY_BLOB.descriptor, EMPTY_BLOB.source)
    world.repository.publish(Index.make([]), companion_tag(world.subject, Role.SIGNATURE))
    with pytest.raises(InvalidContent, match="no manifest of signatures"):
        world.sign("a", Scheme.TAG)
